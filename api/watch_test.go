package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// tower is a gateway's control and its pulse, in virtual time, and who watches.
type tower struct {
	t      *testing.T
	daero  *daero.Daero
	pulse  *api.Pulse
	api    *api.API
	ending chan struct{}
	token  string // a viewer's
	stop   func() // the pulse

	mu      sync.Mutex
	load    float64
	removed bool // the viewer's token
	down    bool // the store
}

// Read is the only signal.
func (w *tower) Read(now time.Time) level.Reading {
	w.mu.Lock()
	defer w.mu.Unlock()
	return level.Reading{Value: w.load, At: now}
}

func (w *tower) set(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// holidays is a calendar: there is always a holiday in an hour.
type holidays struct{}

func (holidays) Read(now time.Time) level.Reading { return level.Reading{At: now} }

func (holidays) Foresee(now time.Time, _ int) []daero.Foreseen {
	return []daero.Foreseen{{At: now.Add(time.Hour), Name: "New Year"}}
}

// viewers has one token, and is a store that can be away.
type viewers struct {
	*tower
	cred store.Credential
}

func (v viewers) Credential(context.Context, string) (store.Credential, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.down:
		return store.Credential{}, store.ErrUnavailable
	case v.removed:
		return store.Credential{}, store.ErrNotFound
	}
	return v.cred, nil
}

func (viewers) Touch(context.Context, string, time.Time) error { return nil }

// nobody keeps nothing.
type nobody struct{}

func (nobody) Entries(context.Context, store.Filter) ([]audit.Entry, error)      { return nil, nil }
func (nobody) AddOperator(context.Context, store.Credential) error               { return nil }
func (nobody) RemoveOperator(context.Context, string, time.Time) error           { return nil }
func (nobody) Operators(context.Context) ([]store.Operator, error)               { return nil, nil }
func (nobody) Redeem(context.Context, string, time.Time, store.Credential) error { return nil }

// watch runs f beside a tower. It must be in a bubble.
func watch(t *testing.T, f func(*tower)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &tower{t: t, ending: make(chan struct{})}
		var heard func(audit.Entry)
		told := daero.Listener{Recorded: func(e audit.Entry) { heard(e) }}
		told.LevelChanged = func(ch level.Change) { w.pulse.Listener().LevelChanged(ch) }
		told.Pressed = func(least time.Duration) { w.pulse.Listener().Pressed(least) }
		var err error
		w.daero, err = daero.New(daero.Config{Listener: told, Plan: daero.Plan{Backends: map[string]lane.Config{
			"default": {FixedLimit: 10, Lanes: []lane.LaneConfig{{Name: "login", Tier: lane.Sheddable}, {Name: "message", Tier: lane.Critical}}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		text, id, hash := newToken()
		w.token = text
		tokens := token.NewVerifier(viewers{w, store.Credential{Operator: store.Operator{Name: "kim", Role: store.Viewer}, ID: id, Hash: hash}})
		cfg := api.Config{
			Daero: w.daero, Record: nobody{}, Operators: nobody{}, Logins: nobody{}, Tokens: tokens, Build: "b1", Ending: w.ending,
		}
		if w.pulse, err = api.NewPulse(cfg, "gw-1"); err != nil {
			t.Fatal(err)
		}
		heard = w.pulse.Heard
		cfg.Pulse = w.pulse
		if w.api, err = api.New(cfg); err != nil {
			t.Fatal(err)
		}
		undo, err := w.daero.Control().Apply(daero.Response{
			Signals:  []daero.Signal{{Signal: level.Signal{Name: "busy", Unit: level.Percent, At: [4]float64{0.6, 0.7, 0.8, 0.9}, Alone: true}, Source: w}, {Signal: level.Signal{Name: "calendar", Arms: level.Caution}, Source: holidays{}}},
			Playbook: playbook.Config{Actions: actions},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		var ran sync.WaitGroup
		ran.Go(func() { w.pulse.Run(ctx) })
		synctest.Wait() // it has looked once
		w.stop = func() { cancel(); ran.Wait() }
		defer synctest.Wait()
		defer w.stop()
		defer undo()
		f(w)
	})
}

// serve sends n requests into a lane.
func (w *tower) serve(name string, n int) {
	for range n {
		if p, err := w.daero.Lane("default", name).Enter(w.t.Context(), lane.Request{}); err == nil {
			p.Done(lane.Served)
		}
	}
}

// get asks for a document.
func (w *tower) get(path string, status int) map[string]any {
	w.t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Authorization", "Bearer "+w.token)
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	promised(w.t).kept(w.t, r, "", rec)
	if rec.Code != status {
		w.t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
	}
	var doc map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil {
		w.t.Fatal(err)
	}
	return doc
}

// event is one of a stream's; a beat has no name.
type event struct {
	name, id string
	data     map[string]any
}

// screen is a browser that watches.
type screen struct {
	header http.Header
	cancel func()
	done   chan struct{} // closed when the handler has returned

	mu       sync.Mutex
	status   int
	text     string
	stuck    chan struct{} // not nil: writes wait, until closed or too late
	deadline time.Time
}

// look opens a stream.
func (w *tower) look(path string, headers ...string) *screen {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &screen{header: http.Header{}, cancel: cancel, done: make(chan struct{})}
	r := httptest.NewRequest("GET", path, nil).WithContext(ctx)
	r.Header.Set("Authorization", "Bearer "+w.token)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	go func() {
		defer close(s.done)
		w.api.ServeHTTP(s, r)
	}()
	synctest.Wait()
	return s
}

func (s *screen) Header() http.Header { return s.header }

func (s *screen) WriteHeader(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

func (s *screen) SetWriteDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline = t
	return nil
}

func (s *screen) FlushError() error { return nil }

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	stuck, deadline := s.stuck, s.deadline
	s.mu.Unlock()
	if stuck != nil {
		select {
		case <-stuck:
		case <-time.After(time.Until(deadline)):
			return 0, os.ErrDeadlineExceeded
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text += string(b)
	return len(b), nil
}

// seen returns what came since the last time.
func (s *screen) seen() (events []event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for block := range strings.SplitSeq(s.text, "\n\n") {
		var e event
		for line := range strings.SplitSeq(block, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			switch name {
			case "event":
				e.name = value
			case "id":
				e.id = value
			case "data":
				if err := json.Unmarshal([]byte(value), &e.data); err != nil {
					panic(err)
				}
			}
		}
		if block != "" {
			events = append(events, e)
		}
	}
	s.text = ""
	return events
}

func names(events []event) (n []string) {
	for _, e := range events {
		n = append(n, e.name)
	}
	return n
}

// only returns the events of a name.
func only(events []event, name string) []event {
	return slices.DeleteFunc(events, func(e event) bool { return e.name != name })
}

// over reports whether the stream has ended.
func (s *screen) over() bool {
	synctest.Wait()
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}
