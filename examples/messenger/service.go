package messenger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// What each request costs a worker on average.
const (
	MessageWork = 2 * time.Millisecond
	SyncWork    = 5 * time.Millisecond
	LoginWork   = 100 * time.Millisecond
)

// Bounds on what callers may send.
const (
	maxBody    = 64 << 10
	maxText    = 4_000 // characters
	maxName    = 64    // bytes
	MaxWorkers = 10_000
	maxDelayMS = 60_000
)

// Config describes a service. The zero Config is ready to use.
type Config struct {
	Workers       int     // default 24
	QueueLimit    int     // default 10,000
	DropAbandoned bool    // see [NewPool]
	Sigma         float64 // spread of service times (log-normal); default 0.2, below 0 none
	Seed          uint64  // of the service times
}

// Service is the chat service. It is safe for concurrent use.
type Service struct {
	pool  *Pool
	store *store
	sigma float64
	mux   *http.ServeMux

	mu  sync.Mutex
	rng *rand.Rand

	messages, syncs, logins, refused, dropped atomic.Uint64
	dependency                                atomic.Int64 // ns that what syncs depend on takes longer
}

// New returns a service.
func New(cfg Config) *Service {
	if cfg.Workers <= 0 {
		cfg.Workers = 24
	}
	if cfg.QueueLimit <= 0 {
		cfg.QueueLimit = 10_000
	}
	if cfg.Sigma == 0 {
		cfg.Sigma = 0.2
	}
	s := &Service{
		pool:  NewPool(min(cfg.Workers, MaxWorkers), cfg.QueueLimit, cfg.DropAbandoned),
		store: newStore(),
		sigma: max(cfg.Sigma, 0),
		rng:   rand.New(rand.NewPCG(cfg.Seed, 0x6d657373)),
		mux:   http.NewServeMux(),
	}
	s.mux.HandleFunc("POST /v1/messages", s.postMessage)
	s.mux.HandleFunc("GET /v1/sync", s.getSync)
	s.mux.HandleFunc("POST /v1/login", s.postLogin)
	s.mux.HandleFunc("PUT /admin/workers", s.putWorkers)
	s.mux.HandleFunc("PUT /admin/dependency", s.putDependency)
	s.mux.HandleFunc("PUT /admin/sessions", s.putSessions)
	s.mux.HandleFunc("GET /admin/stats", s.getStats)
	s.mux.HandleFunc("GET /{$}", page)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	s.mux.ServeHTTP(w, r)
}

// work occupies a worker; false if that failed and has been answered. Service
// times are log-normal with the given mean: exp(σz - σ²/2) has mean 1.
func (s *Service) work(w http.ResponseWriter, r *http.Request, mean time.Duration) bool {
	s.mu.Lock()
	z := s.rng.NormFloat64()
	s.mu.Unlock()
	d := time.Duration(float64(mean) * math.Exp(s.sigma*z-s.sigma*s.sigma/2))
	err := s.pool.Do(r.Context(), d)
	switch {
	case err == nil:
		return true
	case errors.Is(err, ErrQueueFull):
		s.refused.Add(1)
		w.Header().Set("Retry-After", "1")
		fail(w, http.StatusServiceUnavailable, "too many requests are waiting")
	default:
		fail(w, http.StatusServiceUnavailable, "the caller went away")
	}
	return false
}

func (s *Service) postMessage(w http.ResponseWriter, r *http.Request) {
	var in struct{ Text string }
	from, ok := s.caller(w, r)
	if !ok || !decode(w, r, &in) {
		return
	}
	if in.Text == "" || utf8.RuneCountInString(in.Text) > maxText {
		fail(w, http.StatusBadRequest, fmt.Sprintf("text must have 1 to %d characters", maxText))
		return
	}
	if s.work(w, r, MessageWork) {
		s.messages.Add(1)
		reply(w, http.StatusCreated, s.store.add(from, in.Text, time.Now().UTC()))
	}
}

func (s *Service) getSync(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.caller(w, r); !ok {
		return
	}
	since := uint64(0)
	if q := r.URL.Query().Get("since"); q != "" {
		var err error
		if since, err = strconv.ParseUint(q, 10, 64); err != nil {
			fail(w, http.StatusBadRequest, "since must be the id of a message")
			return
		}
	}
	if s.work(w, r, SyncWork+time.Duration(s.dependency.Load())) {
		s.syncs.Add(1)
		reply(w, http.StatusOK, map[string][]Message{"messages": s.store.after(since)})
	}
}

func (s *Service) postLogin(w http.ResponseWriter, r *http.Request) {
	var in struct{ User string }
	if !decode(w, r, &in) {
		return
	}
	if in.User == "" || len(in.User) > maxName {
		fail(w, http.StatusBadRequest, fmt.Sprintf("user must have 1 to %d bytes", maxName))
		return
	}
	if s.work(w, r, LoginWork) {
		s.logins.Add(1)
		reply(w, http.StatusOK, map[string]string{"token": s.store.login(in.User)})
	}
}

// caller returns who sends; a request without a token is nobody's, one with an
// unknown token is refused.
func (s *Service) caller(w http.ResponseWriter, r *http.Request) (string, bool) {
	auth := r.Header.Get("Authorization")
	if auth == "" {
		return "", true
	}
	token, _ := strings.CutPrefix(auth, "Bearer ")
	user, ok := s.store.user(token)
	if !ok {
		fail(w, http.StatusUnauthorized, "the session is unknown: log in again")
	}
	return user, ok
}

func (s *Service) putWorkers(w http.ResponseWriter, r *http.Request) {
	var in struct{ Workers int }
	if !decode(w, r, &in) {
		return
	}
	if in.Workers < 1 || in.Workers > MaxWorkers {
		fail(w, http.StatusBadRequest, fmt.Sprintf("workers must be 1 to %d", MaxWorkers))
		return
	}
	s.pool.Resize(in.Workers)
	reply(w, http.StatusOK, s.Stats())
}

// putDependency makes what syncs depend on slower, by so many milliseconds; a
// worker waits for it.
func (s *Service) putDependency(w http.ResponseWriter, r *http.Request) {
	var in struct {
		DelayMS int `json:"delay_ms"`
	}
	if !decode(w, r, &in) {
		return
	}
	if in.DelayMS < 0 || in.DelayMS > maxDelayMS {
		fail(w, http.StatusBadRequest, fmt.Sprintf("delay_ms must be 0 to %d", maxDelayMS))
		return
	}
	s.dependency.Store(int64(time.Duration(in.DelayMS) * time.Millisecond))
	reply(w, http.StatusOK, s.Stats())
}

// putSessions drops a share of the sessions: their clients have to log in
// again.
func (s *Service) putSessions(w http.ResponseWriter, r *http.Request) {
	var in struct {
		DropPercent float64 `json:"drop_percent"`
	}
	if !decode(w, r, &in) {
		return
	}
	if !(in.DropPercent >= 0 && in.DropPercent <= 100) {
		fail(w, http.StatusBadRequest, "drop_percent must be 0 to 100")
		return
	}
	s.dropped.Add(uint64(s.store.drop(in.DropPercent / 100)))
	reply(w, http.StatusOK, s.Stats())
}

// Stats is what a service has done and is doing.
type Stats struct {
	PoolStats
	Done     map[string]uint64 `json:"done"` // by kind
	Refused  uint64            `json:"refused"`
	Sessions int               `json:"sessions"`
	Dropped  uint64            `json:"sessions_dropped"`
	// Dependency is how much longer what syncs depend on takes, in ms.
	Dependency int64 `json:"dependency_delay_ms"`
}

// Stats returns what the service has done and is doing.
func (s *Service) Stats() Stats {
	sessions, _ := s.store.count()
	return Stats{
		PoolStats: s.pool.Stats(),
		Done:      map[string]uint64{"message": s.messages.Load(), "sync": s.syncs.Load(), "login": s.logins.Load()},
		Refused:   s.refused.Load(),
		Sessions:  sessions,
		Dropped:   s.dropped.Load(),

		Dependency: time.Duration(s.dependency.Load()).Milliseconds(),
	}
}

func (s *Service) getStats(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, s.Stats())
}

// decode reads one JSON object and nothing after it; false if that failed and
// has been answered.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("something follows the object")
		}
	}
	var tooBig *http.MaxBytesError
	switch {
	case err == nil:
		return true
	case errors.As(err, &tooBig):
		fail(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is over %d bytes", maxBody))
	default:
		fail(w, http.StatusBadRequest, "the body is not the JSON object that is expected: "+err.Error())
	}
	return false
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a caller that is gone cannot be told
}

func fail(w http.ResponseWriter, status int, why string) {
	reply(w, status, map[string]string{"error": why})
}
