package outbox

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/daero/daero/relay"
)

// What a Forwarder tells its listener of.
const (
	Leading  = "outbox.leading"
	Failed   = "outbox.failed"   // the first of a series
	Aside    = "outbox.aside"    // the log refuses a topic
	RowsDead = "outbox.row_dead" // a row was put aside for good
)

// Forwarder takes rows out of an outbox and appends them to a log.
type Forwarder struct {
	cfg     Config
	aside   map[string]time.Time // topics that the log refuses, until when
	failing bool

	leading                   atomic.Bool
	forwarded, repeated, dead atomic.Uint64
	failures                  atomic.Uint64
}

// New returns a Forwarder. Nothing runs before [Forwarder.Run].
func New(cfg Config) (*Forwarder, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Forwarder{cfg: cfg.withDefaults(), aside: map[string]time.Time{}}, nil
}

// Counts is what a Forwarder has done. Its numbers only grow.
type Counts struct {
	Leading   bool   // this process leads
	Forwarded uint64 // rows that the log has, and that are deleted
	Repeated  uint64 // appends that may be there twice: what became of the first is unknown
	Dead      uint64 // rows that were put aside
	Failures  uint64 // of the database or the log
}

// Counts returns what f has done.
func (f *Forwarder) Counts() Counts {
	return Counts{
		Leading: f.leading.Load(), Forwarded: f.forwarded.Load(), Repeated: f.repeated.Load(),
		Dead: f.dead.Load(), Failures: f.failures.Load(),
	}
}

// Stats looks at the table.
func (f *Forwarder) Stats(ctx context.Context) (Stats, error) { return f.cfg.Source.Stats(ctx) }

// Run forwards until ctx ends, and returns why it did. It goes on after every
// failure. What is with the log when ctx ends is waited for, and deleted.
func (f *Forwarder) Run(ctx context.Context) error {
	wait := f.cfg.RetryFirst
	for ctx.Err() == nil {
		err := f.cfg.Source.Lead(ctx, func(ctx context.Context, s Session) error {
			f.leading.Store(true)
			defer f.leading.Store(false)
			f.tell(Leading, "", "this process forwards from now on")
			wait = f.cfg.RetryFirst
			return f.lead(ctx, s)
		})
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			f.failed(err)
		}
		sleep(ctx, wait)
		wait = min(2*wait, f.cfg.RetryMax)
	}
	return context.Cause(ctx)
}

// lead forwards until the database fails, or ctx ends.
func (f *Forwarder) lead(ctx context.Context, s Session) error {
	wait := f.cfg.RetryFirst
	for ctx.Err() == nil {
		rows, err := s.Next(ctx, Want{Rows: f.cfg.Rows, Bytes: f.cfg.Bytes, Without: f.without(time.Now())})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			if err := s.Wait(ctx, f.poll()); err != nil {
				return err
			}
			continue
		}
		done, dead, failed := f.batch(ctx, rows)
		if err := f.finish(ctx, s, done, dead); err != nil {
			return err
		}
		if failed == nil {
			f.failing, wait = false, f.cfg.RetryFirst
			continue
		}
		f.failed(failed)
		sleep(ctx, wait)
		wait = min(2*wait, f.cfg.RetryMax)
	}
	return context.Cause(ctx)
}

// finishWithin bounds a deletion: a slow database must not be taken for one that
// is gone, since then all of it comes again.
const finishWithin = 30 * time.Second

// finish deletes what the log has. It is done also when ctx has ended: else
// all of it would come again.
func (f *Forwarder) finish(ctx context.Context, s Session, done []int64, dead []Dead) error {
	if len(done)+len(dead) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	if err := s.Finish(ctx, done, dead); err != nil {
		f.repeated.Add(uint64(len(done)))
		return err
	}
	f.forwarded.Add(uint64(len(done)))
	f.dead.Add(uint64(len(dead)))
	if len(dead) > 0 {
		f.tell(RowsDead, "", dead[0].Reason)
	}
	return nil
}

// without lists the topics that are left out now.
func (f *Forwarder) without(now time.Time) []string {
	var names []string
	for name, until := range f.aside {
		if now.Before(until) {
			names = append(names, name)
		} else {
			delete(f.aside, name)
		}
	}
	slices.Sort(names)
	return names
}

// poll is how long to wait for rows: not past the end of a topic's time aside.
func (f *Forwarder) poll() time.Duration {
	if len(f.aside) > 0 {
		return min(f.cfg.Poll, f.cfg.Aside)
	}
	return f.cfg.Poll
}

func (f *Forwarder) failed(err error) {
	f.failures.Add(1)
	if !f.failing {
		f.failing = true
		f.tell(Failed, "", err.Error())
	}
}

func (f *Forwarder) tell(what, topic, why string) {
	if f.cfg.Listener == nil {
		return
	}
	e := relay.Event{At: time.Now(), What: what, Target: f.cfg.Name, Why: why}
	if topic != "" {
		e.Why = "topic " + topic + ": " + why
	}
	f.cfg.Listener(e)
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
