package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/daero/daero/audit"
)

// Recorder takes entries of the audit record from goroutines that must not
// wait, and has one goroutine write them. What cannot be written waits in the
// queue and is tried again; what finds the queue full is lost, which is counted
// and recorded as soon as something can be.
type Recorder struct {
	write func(context.Context, []audit.Entry) error
	queue chan audit.Entry

	mu     sync.Mutex
	health Health
	untold uint64 // lost, and not yet recorded as such
}

// Health is how writing the record fares.
type Health struct {
	Waiting int    `json:"waiting"`
	Written uint64 `json:"written"`
	Lost    uint64 `json:"lost"`   // found the queue full, or were still waiting at the end
	Failed  uint64 `json:"failed"` // attempts to write
	// Error is what the last attempt failed with, "" after one that did not.
	Error string `json:"error,omitempty"`
}

// Bounds of a Recorder.
const (
	recorderQueue = 4096
	recorderBatch = 256
	recorderFirst = 200 * time.Millisecond // before another try, doubled each time
	recorderMost  = 10 * time.Second
	recorderEnd   = 5 * time.Second // for what is waiting at the end
)

// NewRecorder returns a Recorder that writes with write, which is called by
// one goroutine at a time, and keeps all of a batch or nothing.
func NewRecorder(write func(context.Context, []audit.Entry) error) *Recorder {
	return &Recorder{write: write, queue: make(chan audit.Entry, recorderQueue)}
}

// Record takes an entry. It never waits.
func (r *Recorder) Record(e audit.Entry) {
	select {
	case r.queue <- e:
	default:
		r.lose(1)
	}
}

func (r *Recorder) lose(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.health.Lost += uint64(n)
	r.untold += uint64(n)
}

// Health returns how writing fares.
func (r *Recorder) Health() Health {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.health
	h.Waiting = len(r.queue)
	return h
}

// Run writes until ctx ends, then what is waiting, for at most five seconds.
func (r *Recorder) Run(ctx context.Context) error {
	batch := make([]audit.Entry, 0, recorderBatch)
	for {
		select {
		case <-ctx.Done():
			r.flush(batch)
			return ctx.Err()
		case e := <-r.queue:
			batch = r.more(append(batch[:0], e))
		}
		for wait := recorderFirst; r.try(ctx, batch) != nil; wait = min(2*wait, recorderMost) {
			select {
			case <-ctx.Done():
				r.flush(batch)
				return ctx.Err()
			case <-time.After(wait):
			}
		}
		batch = batch[:0]
	}
}

// more fills a batch with what is waiting.
func (r *Recorder) more(batch []audit.Entry) []audit.Entry {
	for len(batch) < recorderBatch {
		select {
		case e := <-r.queue:
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

// try writes a batch once, and what was lost before it as an entry.
func (r *Recorder) try(ctx context.Context, batch []audit.Entry) error {
	r.mu.Lock()
	lost := r.untold
	r.mu.Unlock()
	if lost > 0 {
		batch = append(batch[:len(batch):len(batch)], audit.Entry{
			At: batch[len(batch)-1].At, Who: audit.By, What: audit.Lost,
			Why: fmt.Sprintf("%d entries could not be recorded in time", lost),
		})
	}
	err := r.write(ctx, batch)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.health.Failed++
		r.health.Error = err.Error()
		return err
	}
	r.health.Written += uint64(len(batch))
	r.health.Error = ""
	r.untold -= lost
	return nil
}

// flush writes what is left, once.
func (r *Recorder) flush(batch []audit.Entry) {
	ctx, cancel := context.WithTimeout(context.Background(), recorderEnd)
	defer cancel()
	for {
		if batch = r.more(batch); len(batch) == 0 {
			return
		}
		if r.try(ctx, batch) != nil {
			r.lose(len(batch) + len(r.queue))
			return
		}
		batch = batch[:0]
	}
}
