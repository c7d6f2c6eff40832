package daero

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/playbook"
)

// Bounds of telling somebody outside.
const (
	tellQueue   = 64 // notices that may wait for one target
	tellTries   = 6
	tellTimeout = 15 * time.Second // one try
	tellFirst   = time.Second      // between tries, doubled each time
	tellMost    = 30 * time.Second
)

// teller tells one target, one notice after the other, so that a target which
// fails or hangs holds up no other.
type teller struct {
	name   string
	effect Effect
	failed func(name string, n playbook.Notice, err error)
	queue  chan playbook.Notice

	mu sync.Mutex
	st TellerState
}

// TellerState is how telling one target fares.
type TellerState struct {
	Name           string
	Waiting        int
	Told           uint64 // notices that arrived
	Failed         uint64 // notices given up on
	Dropped        uint64 // notices that found the queue full
	Tries          uint64
	LastError      string
	LastTold, Last time.Time // when a notice last arrived, and when one was last tried
}

func newTeller(name string, effect Effect, failed func(string, playbook.Notice, error)) *teller {
	return &teller{name: name, effect: effect, failed: failed, queue: make(chan playbook.Notice, tellQueue), st: TellerState{Name: name}}
}

func (t *teller) state() TellerState {
	t.mu.Lock()
	defer t.mu.Unlock()
	st := t.st
	st.Waiting = len(t.queue)
	return st
}

// offer queues a notice; a full queue drops it and says so.
func (t *teller) offer(n playbook.Notice) {
	select {
	case t.queue <- n:
	default:
		t.note(func(st *TellerState) { st.Dropped++; st.LastError = "too many notices are waiting" })
		t.failed(t.name, n, errors.New("too many notices are waiting"))
	}
}

func (t *teller) note(f func(*TellerState)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(&t.st)
}

func (t *teller) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			t.flush()
			return
		case n := <-t.queue:
			t.tell(ctx, n)
		}
	}
}

// flush tries what is still waiting once: a response that ends must still say
// that its rows are left.
func (t *teller) flush() {
	for {
		select {
		case n := <-t.queue:
			_ = t.try(context.Background(), n) // it is noted, and there is no other try
		default:
			return
		}
	}
}

// permanent is an error that another try would not change.
type permanent interface{ Permanent() bool }

// later is an error that says when to try again.
type later interface{ RetryAfter() time.Duration }

// tell tries until the notice has arrived or there is no more hope.
func (t *teller) tell(ctx context.Context, n playbook.Notice) {
	wait := tellFirst
	for try := 1; ; try++ {
		err := t.try(ctx, n)
		if err == nil {
			return
		}
		var p permanent
		if errors.As(err, &p) && p.Permanent() || try == tellTries {
			t.note(func(st *TellerState) { st.Failed++ })
			t.failed(t.name, n, err)
			return
		}
		pause := wait
		var l later
		if errors.As(err, &l) {
			pause = min(max(pause, l.RetryAfter()), 5*time.Minute)
		}
		select {
		case <-ctx.Done():
			t.note(func(st *TellerState) { st.Failed++ })
			return
		case <-time.After(pause):
		}
		wait = min(2*wait, tellMost)
	}
}

// try tells once. A target that panics has failed like any other.
func (t *teller) try(ctx context.Context, n playbook.Notice) (err error) {
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panicked: %v", p)
		}
		t.note(func(st *TellerState) {
			st.Tries++
			st.Last = time.Now()
			if err != nil {
				st.LastError = err.Error()
				return
			}
			st.Told++
			st.LastTold, st.LastError = st.Last, ""
		})
	}()
	return t.effect.Do(ctx, n)
}

// effectFailed records that a target was not told.
func (c *Control) effectFailed(name string, n playbook.Notice, err error) {
	c.runs.failed(name, n.Row, err.Error())
	// The listener is asked, not the control: a notice may be dropped amid a step.
	c.record(audit.Entry{
		At: time.Now(), Who: audit.By, What: audit.ActionFailed, Target: name,
		After: n.Row.String(), Why: err.Error(),
	})
}

// tell offers the notices of this step's events to their targets.
func (c *Control) tell(now time.Time, events []playbook.Event) {
	for _, ev := range events {
		a := ev.Action
		if a == nil || !a.Kind.Tells() || ev.Shadow || !ev.Entered() && !ev.Left() {
			continue
		}
		t := c.teller(a.Target)
		if t == nil {
			continue
		}
		because := c.ladder.State().Because
		n := playbook.Notice{
			ID: fmt.Sprintf("%s-%s-%t-%d", a.Target, a.At, ev.Entered(), now.UnixNano()),
			At: now, Target: a.Target, Entered: ev.Entered(), Row: a.At, Level: c.stood.Level,
			Why: because.Why, Korean: because.Korean, Down: because.Down, DownKorean: because.DownKorean,
			Node: c.node(),
		}
		if p, paused := c.runner.Paused(now); paused {
			n.Why = "the playbook is paused by " + p.By + ": " + p.Reason
			n.Korean = "대응 수칙 일시 중지 (" + p.By + "): " + p.Reason
		}
		t.offer(n)
	}
}

// teller finds a target: of the response in force, else of the one that ends,
// which may have rows to take back.
func (c *Control) teller(name string) *teller {
	for i := len(c.entries) - 1; i >= 0; i-- {
		if t := c.entries[i].tellers[name]; t != nil {
			return t
		}
	}
	if c.leaving != nil {
		return c.leaving.tellers[name]
	}
	return nil
}

// node names this gateway, as the newest response says.
func (c *Control) node() string {
	if len(c.entries) > 0 {
		return c.entries[len(c.entries)-1].r.Node
	}
	return c.leaving.r.Node // only a response that ends tells without one in force
}
