package job

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/daero/daero/audit"
)

// MaxKept is how many rehearsals are kept; the oldest go.
const MaxKept = 20

var (
	// ErrClosed is returned when nothing can be started any more.
	ErrClosed = errors.New("rehearsals: the gateway is ending")
	// ErrNoPlace is returned when there is no directory to keep anything in.
	ErrNoPlace = errors.New("rehearsals: there is no directory to keep them in yet: they can be held once a configuration has started")
	// ErrNotFound is returned for an ID that nobody knows, and for a report that
	// a job does not have.
	ErrNotFound = errors.New("rehearsals: there is none of this ID")
)

// BusyError says that one is being held.
type BusyError struct{ Job Job }

// Error implements error.
func (e *BusyError) Error() string {
	return fmt.Sprintf("%s is being rehearsed since %s, by %s: wait, or cancel it", e.Job.Scenario, e.Job.Began.UTC().Format(time.TimeOnly), e.Job.By)
}

// Config describes a Host.
type Config struct {
	// Program knows the command rehearse. Default: this one.
	Program string
	// Scenarios and Arms are what can be rehearsed.
	Scenarios []Scenario
	Arms      []Arm
	// Check says what is wrong with a request that is otherwise complete.
	// Default: nothing.
	Check func(Request) error
	// Load says what a complete request will send. Default: nobody says.
	Load func(Request) Load
	// Audit records what was started and how it ended. It must not wait.
	// Default: nobody does.
	Audit func(audit.Entry)
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Host holds rehearsals. Open says where to keep them; until then, and after
// Close, none can be started.
type Host struct {
	cfg    Config
	endsIn time.Duration
	wg     sync.WaitGroup

	mu      sync.Mutex
	dir     string
	end     context.CancelCauseFunc // of everything; nil until Open
	ctx     context.Context         //nolint:containedctx // of the jobs, which outlive the requests that start them
	closed  bool
	running *run
	past    []*Job // the newest first
	told    []*func(Job)
}

// NewHost returns a host that does nothing yet.
func NewHost(cfg Config) *Host {
	if cfg.Audit == nil {
		cfg.Audit = func(audit.Entry) {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Host{cfg: cfg, endsIn: endsIn}
}

// Open reads what was kept in a directory, which is made when something is to
// be kept. What cannot be read is left alone. Only the first call does
// anything.
func (h *Host) Open(dir string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dir != "" || h.closed {
		return
	}
	h.dir = dir
	h.ctx, h.end = context.WithCancelCause(context.Background())
	h.past = load(dir)
	sweep(dir, h.cfg.Now())
}

// Close cancels what is running and waits for it.
func (h *Host) Close() {
	h.mu.Lock()
	h.closed = true
	if h.end != nil {
		h.end(ErrClosed)
	}
	h.mu.Unlock()
	h.wg.Wait()
}

// Scenarios and Arms are what can be rehearsed.
func (h *Host) Scenarios() []Scenario { return append([]Scenario{}, h.cfg.Scenarios...) }

// Arms are those of all scenarios.
func (h *Host) Arms() []Arm { return append([]Arm{}, h.cfg.Arms...) }

// Load says what a request would send, were it started.
func (h *Host) Load(r Request) (Load, error) {
	r, err := h.complete(r)
	if err != nil {
		return Load{}, &InvalidError{err}
	}
	if h.cfg.Load == nil {
		return Load{}, nil
	}
	return h.cfg.Load(r), nil
}

// OnProgress has f told of every job as it moves, about once a second, and when
// it has ended, until undo is called. f gets the job without its series and
// must not wait.
func (h *Host) OnProgress(f func(Job)) (undo func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	mine := &f
	h.told = append(h.told, mine)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.told = slices.DeleteFunc(h.told, func(other *func(Job)) bool { return other == mine })
	}
}

// tell tells whoever listens. mu is not held.
func (h *Host) tell(j Job) {
	h.mu.Lock()
	told := slices.Clone(h.told)
	h.mu.Unlock()
	for _, f := range told {
		(*f)(j)
	}
}

// Start begins a rehearsal. What is wrong with the request is an error that
// names every mistake; *BusyError says that one is being held.
func (h *Host) Start(r Request) (Job, error) {
	r, err := h.complete(r)
	if err != nil {
		return Job{}, &InvalidError{err}
	}
	h.mu.Lock()
	j, err := h.begin(r)
	h.mu.Unlock()
	if err != nil {
		return Job{}, err
	}
	h.cfg.Audit(audit.Entry{
		At: j.Began, Who: j.By, What: audit.RehearsalStarted, Target: j.Scenario,
		After: fmt.Sprintf("arms %v, %gs each, seed %d, against %s: %s", j.Arms, j.Seconds, j.Seed, strings.TrimSpace(j.Target+" "+j.URL), j.ID), Why: j.Reason,
	})
	h.tell(j)
	return j, nil
}

// InvalidError says what is wrong with a request.
type InvalidError struct{ err error }

// Error implements error.
func (e *InvalidError) Error() string { return e.err.Error() }

// Unwrap returns all mistakes, joined.
func (e *InvalidError) Unwrap() error { return e.err }

// begin makes a job and the goroutine that holds it. mu is held.
func (h *Host) begin(r Request) (Job, error) {
	switch {
	case h.closed:
		return Job{}, ErrClosed
	case h.dir == "":
		return Job{}, ErrNoPlace
	case h.running != nil:
		return Job{}, &BusyError{h.running.job.brief()}
	}
	now := h.cfg.Now().UTC()
	j := &Job{
		ID: newID(now), Scenario: r.Scenario, Arms: r.Arms, Target: r.Target, Seed: r.Seed, Seconds: r.Duration.Seconds(),
		Bars: r.Bars, State: Queued, By: r.By, Reason: r.Reason, Began: now, Verdicts: []Verdict{},
	}
	if r.Against != nil {
		j.URL = r.Against.URL
	}
	if h.cfg.Load != nil {
		load := h.cfg.Load(r)
		j.Load = &load
	}
	j.Progress.Of = float64(len(r.Arms)) * j.Seconds
	j.Progress.Left = j.Progress.Of
	part := filepath.Join(h.dir, j.ID+partly)
	if err := os.MkdirAll(filepath.Join(part, "tmp"), 0o700); err != nil {
		return Job{}, fmt.Errorf("rehearsals: %w", err)
	}
	ctx, cancel := context.WithCancelCause(h.ctx)
	h.running = &run{host: h, request: r, job: j, part: part, cancel: cancel}
	h.wg.Go(func() { h.running.hold(ctx) })
	return j.brief(), nil
}

// newID is a time, so that IDs sort, and some chance, so that none comes twice.
func newID(now time.Time) string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // it never fails
	return now.Format("20060102t150405") + "-" + hex.EncodeToString(b[:])
}

// Cancel ends the rehearsal of an ID, if it is being held, and returns it as it
// is now: it takes a moment to end. Who cancelled it is in the record.
func (h *Host) Cancel(id, by, reason string) (Job, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running == nil || h.running.job.ID != id {
		return Job{}, ErrNotFound
	}
	h.running.cancel(&cancelledError{by, reason})
	return h.running.job.brief(), nil
}

// cancelledError is why a job ends when a person wants it to.
type cancelledError struct{ by, reason string }

func (e *cancelledError) Error() string { return fmt.Sprintf("cancelled by %s: %s", e.by, e.reason) }

// Remove removes what was kept of a rehearsal that has ended.
func (h *Host) Remove(id, by, reason string) error {
	h.mu.Lock()
	i := slices.IndexFunc(h.past, func(j *Job) bool { return j.ID == id })
	if i < 0 {
		h.mu.Unlock()
		return ErrNotFound
	}
	j := h.past[i]
	err := os.RemoveAll(filepath.Join(h.dir, id))
	if err == nil {
		h.past = slices.Delete(h.past, i, i+1)
	}
	h.mu.Unlock()
	if err != nil {
		return fmt.Errorf("rehearsals: %w", err)
	}
	h.cfg.Audit(audit.Entry{At: h.cfg.Now(), Who: by, What: audit.RehearsalRemoved, Target: j.Scenario, Before: id, Why: reason})
	return nil
}

// Jobs returns the one that is being held, nil if none is, and those that have
// ended, the newest first, all without series.
func (h *Host) Jobs() (running *Job, past []Job) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running != nil {
		j := h.running.job.brief()
		running = &j
	}
	past = make([]Job, len(h.past))
	for i, j := range h.past {
		past[i] = j.brief()
	}
	return running, past
}

// Job returns one with its series.
func (h *Host) Job(id string) (Job, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running != nil && h.running.job.ID == id {
		return h.running.job.clone(), nil
	}
	for _, j := range h.past {
		if j.ID == id {
			return j.clone(), nil
		}
	}
	return Job{}, ErrNotFound
}

// Report opens the report of one that has ended, as HTML or as JSON. Whoever
// opens it closes it.
func (h *Host) Report(id string, html bool) (*os.File, error) {
	h.mu.Lock()
	dir, known := h.dir, slices.ContainsFunc(h.past, func(j *Job) bool { return j.ID == id && j.Report })
	h.mu.Unlock()
	if !known {
		return nil, ErrNotFound
	}
	name := reportJSON
	if html {
		name = reportHTML
	}
	f, err := os.Open(filepath.Join(dir, id, name)) // of an ID that we made
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotFound
	}
	return f, err
}
