package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// writers write all records: one goroutine for each key, which sends the next
// one once the last is acknowledged.
type writers struct {
	cfg    Config
	url    string
	start  time.Time
	client *http.Client
	acked  atomic.Int64

	mu      sync.Mutex
	written []Written
	refusal string // the last answer that was not good, for an error message
}

func newWriters(cfg Config, url string, start time.Time) *writers {
	return &writers{
		cfg: cfg, url: url, start: start,
		client: &http.Client{
			Timeout:   20 * time.Second,
			Transport: &http.Transport{MaxIdleConnsPerHost: cfg.Keys, MaxConnsPerHost: cfg.Keys},
		},
	}
}

// run returns when every record is acknowledged, ctx ends, or an answer shows
// that it never will be.
func (w *writers) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var keys sync.WaitGroup
	for key := range w.cfg.Keys {
		keys.Go(func() {
			r := rand.New(rand.NewPCG(w.cfg.Seed, uint64(key)))
			for n := 1; n <= share(w.cfg.Records, w.cfg.Keys, key); n++ {
				if err := w.write(ctx, Record{key, n}, r); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	keys.Wait()
	w.client.CloseIdleConnections()
	return context.Cause(ctx)
}

// share is how many of all records the key has.
func share(records, keys, key int) int {
	n := records / keys
	if key < records%keys {
		n++
	}
	return n
}

// write sends a record until it is acknowledged.
func (w *writers) write(ctx context.Context, r Record, random *rand.Rand) error {
	b, err := json.Marshal(body{Key: r.Key, N: r.N, Padding: strings.Repeat("x", 100)})
	if err != nil {
		return err
	}
	first := time.Since(w.start)
	for sends := 1; ; sends++ {
		spooled, ok, err := w.send(ctx, r, b)
		if err != nil {
			return err
		}
		if ok {
			w.mu.Lock()
			w.written = append(w.written, Written{Record: r, Sends: sends, Spooled: spooled, First: first, Acked: time.Since(w.start)})
			w.mu.Unlock()
			w.acked.Add(1)
			return nil
		}
		// Up to 50 ms: fewer kills would be met by a request if all waited longer.
		pause := time.NewTimer(time.Duration(5+random.IntN(45)) * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return context.Cause(ctx)
		}
	}
}

// send sends once. An error is an answer that no later one will better.
func (w *writers) send(ctx context.Context, r Record, b []byte) (spooled, ok bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(b))
	if err != nil {
		return false, false, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Idempotency-Key", ID(r))
	req.Header.Set(keyHeader, strconv.Itoa(r.Key))
	resp, err := w.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return false, false, context.Cause(ctx)
		}
		w.note(err.Error())
		return false, false, nil // unknown: it is sent again
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	switch {
	case resp.StatusCode == http.StatusAccepted:
		// Acknowledged, also if the rest of the answer is lost.
		return spooledAnswer(said), true, nil
	case err != nil || resp.StatusCode/100 == 5 || resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusConflict:
		w.note(resp.Status + ": " + string(said))
		return false, false, nil
	default:
		return false, false, fmt.Errorf("the acceptor answers %s: %s", resp.Status, said)
	}
}

func (w *writers) note(what string) {
	w.mu.Lock()
	w.refusal = what
	w.mu.Unlock()
}

// last returns the last answer that was not good.
func (w *writers) last() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refusal
}
