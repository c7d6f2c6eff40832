package verify

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// body is what a record looks like.
type body struct {
	Key int `json:"key"`
	N   int `json:"n"`
	// Padding makes it as long as messages are.
	Padding string `json:"padding"`
}

// lifeHeader says which life of the relay delivers.
const lifeHeader = "Verify-Relay"

// target takes deliveries.
type target struct {
	cfg    childConfig
	ledger *ledger

	mu     sync.Mutex
	random *rand.Rand
}

func runTarget(ctx context.Context, cfg childConfig) error {
	l, err := openLedger(cfg.Ledger)
	if err != nil {
		return err
	}
	defer func() { _ = l.file.Close() }() // every write has been checked
	t := &target{cfg: cfg, ledger: l, random: rand.New(rand.NewPCG(cfg.Seed, uint64(cfg.Life)))}
	return serve(ctx, cfg.Listen, t)
}

// Work of a delivery: up to that long, by chance, and one in failOneIn is
// answered with 500 and not taken.
const (
	work      = 3 * time.Millisecond
	failOneIn = 500
	// forgetOneIn is how many the broken target takes for each one it forgets.
	forgetOneIn = 50
)

func (t *target) draw(n int64) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.random.Int64N(n)
}

// ServeHTTP takes one delivery: it is in the ledger before it is answered.
func (t *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		return // is it there?
	}
	a, err := t.arrival(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	// Also when the relay has gone meanwhile: services do not notice either.
	time.Sleep(time.Duration(t.draw(int64(work))))
	switch {
	case t.draw(failOneIn) == 0:
		http.Error(w, "by chance", http.StatusInternalServerError)
		return
	case t.cfg.Broken == Forgets && t.draw(forgetOneIn) == 0:
		return
	}
	number, err := t.ledger.arrived(a)
	if err != nil {
		http.Error(w, "the ledger failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	if http.NewResponseController(w).Flush() == nil {
		_ = t.ledger.answered(t.cfg.Life, number) // if it fails, one more counts as under way
	}
}

const maxBody = 64 << 10

func (t *target) arrival(r *http.Request) (*Arrival, error) {
	var b body
	if err := json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&b); err != nil {
		return nil, err
	}
	h := r.Header
	a := &Arrival{Record: Record{b.Key, b.N}, ID: h.Get("Idempotency-Key"), Target: t.cfg.Life}
	a.At.Topic = h.Get("Daero-Topic")
	partition, err := strconv.ParseInt(h.Get("Daero-Partition"), 10, 32)
	if err != nil {
		return nil, err
	}
	a.At.Partition = int32(partition)
	if a.At.Offset, err = strconv.ParseInt(h.Get("Daero-Offset"), 10, 64); err != nil {
		return nil, err
	}
	if a.Epoch, err = strconv.ParseInt(h.Get("Daero-Epoch"), 10, 64); err != nil {
		return nil, err
	}
	if a.Relay, err = strconv.Atoi(h.Get(lifeHeader)); err != nil {
		return nil, err
	}
	return a, nil
}
