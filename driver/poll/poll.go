// Package poll asks a source again and again and keeps its last answer, for
// signals whose source has to be asked.
//
// It knows nothing of what is asked: that is a function. What it adds is the
// pace, the waits after errors, and a Read that never blocks.
package poll

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/daero/daero/level"
)

// Bounds of what polls are made of.
const (
	// MinEvery and MaxEvery bound how often a source may be asked.
	MinEvery = 100 * time.Millisecond
	MaxEvery = time.Hour
	// maxWait bounds the wait after errors, so that a source that is back is
	// noticed; maxAsked bounds the wait that a source may ask for.
	maxWait  = 30 * time.Second
	maxAsked = 5 * time.Minute
)

// CheckEvery reports an interval out of bounds, with the cure.
func CheckEvery(every time.Duration) error {
	if every < MinEvery || every > MaxEvery {
		return fmt.Errorf("every %s: must be %s to %s", every, MinEvery, MaxEvery)
	}
	return nil
}

// Answer is what a source said.
type Answer struct {
	Value float64
	At    time.Time // when it was measured; zero: when the answer came
}

// ErrNothing says that a source answered and has no value at the moment.
var ErrNothing = errors.New("it has no value now")

// Config describes a Poller.
type Config struct {
	// Every is the interval, from one question to the next, within 10 %.
	Every time.Duration
	// Timeout bounds one question. Default: Every, at least 1 s.
	Timeout time.Duration
	// Ask asks once. An error with a method RetryAfter() time.Duration says how
	// long to leave the source alone.
	Ask func(ctx context.Context) (Answer, error)
	// Secrets never show in a note, even if the source repeats them.
	Secrets []string
	// Seed makes waits repeatable; 0: random.
	Seed uint64
}

// Poller asks while it runs. Read may be called at any time; Run once.
type Poller struct {
	cfg  Config
	rand *rand.Rand // of Run

	mu   sync.Mutex
	last level.Reading
}

// New returns a Poller of a checked configuration.
func New(cfg Config) *Poller {
	if cfg.Timeout == 0 {
		cfg.Timeout = max(cfg.Every, time.Second)
	}
	if cfg.Seed == 0 {
		var b [8]byte
		_, _ = crand.Read(b[:]) // never fails
		cfg.Seed = binary.LittleEndian.Uint64(b[:])
	}
	return &Poller{
		cfg: cfg, rand: rand.New(rand.NewPCG(cfg.Seed, 0)),
		last: level.Reading{Note: "not asked yet"},
	}
}

// Run asks until ctx ends and returns why it did. It never gives up: after an
// error it waits longer, up to half a minute.
func (p *Poller) Run(ctx context.Context) error {
	for failures := 0; ctx.Err() == nil; {
		began := time.Now()
		a, err := p.once(ctx)
		if ctx.Err() != nil {
			break
		}
		p.keep(time.Now(), a, err)
		if failures++; err == nil || errors.Is(err, ErrNothing) {
			failures = 0
		}
		if !sleep(ctx, p.wait(err, failures, time.Since(began))) {
			break
		}
	}
	return context.Cause(ctx)
}

// Read returns the last value and when it was measured. Note says why there is
// none, or none newer.
func (p *Poller) Read(time.Time) level.Reading {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// Stale is the age from which readings should count as stale: what three
// questions in a row have not renewed is not known any more.
func (p *Poller) Stale() time.Duration {
	return min(max(3*p.cfg.Every, level.DefaultStale), MaxEvery)
}

// once asks. A source that panics has failed like any other.
func (p *Poller) once(ctx context.Context) (a Answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("asking panicked: %v", r)
		}
	}()
	return p.cfg.Ask(ctx)
}

// keep puts an answer, or what went wrong, where Read finds it.
func (p *Poller) keep(now time.Time, a Answer, err error) {
	if err == nil && (math.IsNaN(a.Value) || math.IsInf(a.Value, 0)) {
		err = ErrNothing
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		p.last.Note = fmt.Sprintf("no answer within %s", p.cfg.Timeout)
	case err != nil:
		p.last.Note = Note(err.Error(), p.cfg.Secrets...)
	default:
		if a.At.IsZero() {
			a.At = now
		}
		p.last = level.Reading{Value: a.Value, At: a.At}
	}
}

// wait is how long to wait before the next question: the rest of the interval,
// or after errors twice as long each time, spread, so that gateways do not come
// back all at once.
//
//	0 failures   every ± 10 %, less what the question took
//	n failures   half to all of every × 2^n, at most 30 s (or every)
func (p *Poller) wait(err error, failures int, took time.Duration) time.Duration {
	every := p.cfg.Every
	if failures == 0 {
		d := time.Duration(float64(every) * (0.9 + 0.2*p.rand.Float64()))
		return max(d-took, every/10)
	}
	d, most := every, max(maxWait, every)
	for range failures {
		if d = 2 * d; d >= most {
			d = most
			break
		}
	}
	d = d/2 + time.Duration(p.rand.Float64()*float64(d/2))
	var later interface{ RetryAfter() time.Duration }
	if errors.As(err, &later) {
		d = max(d, min(later.RetryAfter(), maxAsked))
	}
	return d
}

// sleep waits and reports whether ctx still lasts.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
