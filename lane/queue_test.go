package lane_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/lane"
)

// line is a queue under test: who got in, in that order. Everyone who gets in
// leaves at once, which lets the next in.
type line struct {
	t     *testing.T
	s     *lane.Set
	first *lane.Permit
	in    []string
	out   map[string]error
}

// newLine returns a line before one place, taken.
func newLine(t *testing.T, lanes ...lane.LaneConfig) *line {
	s := newSet(t, lane.Config{FixedLimit: 1, Lanes: lanes})
	return &line{t: t, s: s, first: enter(t, s.Lane(lanes[0].Name), lane.Request{}), out: map[string]error{}}
}

// join queues a request and returns once it waits or was refused.
func (q *line) join(name, in string, req lane.Request) {
	q.joinCtx(context.Background(), name, in, req)
}

func (q *line) joinCtx(ctx context.Context, name, in string, req lane.Request) {
	go func() {
		p, err := q.s.Lane(in).Enter(ctx, req)
		if err != nil {
			q.out[name] = err
			return
		}
		q.in = append(q.in, name)
		p.Done(lane.Served)
	}()
	synctest.Wait()
}

// open gives the place back and returns who got in.
func (q *line) open() []string {
	q.first.Done(lane.Served)
	synctest.Wait()
	empty(q.t, q.s)
	return q.in
}

func (q *line) want(names ...string) {
	q.t.Helper()
	if got := q.open(); !slices.Equal(got, names) {
		q.t.Errorf("let in %v, want %v", got, names)
	}
}

func (q *line) reason(name string, want lane.Reason) {
	q.t.Helper()
	var r *lane.Refusal
	if !errors.As(q.out[name], &r) || r.Reason != want || r.After <= 0 {
		q.t.Errorf("%s: %v, want a refusal for %s", name, q.out[name], want)
	}
}

func waits(length int, wait time.Duration) lane.LaneConfig {
	return lane.LaneConfig{Name: "a", Tier: lane.Normal, Queue: lane.Queue{Length: length, Wait: wait}}
}

func TestNamedUsersGoInTheOrderTheyCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newLine(t, waits(10, time.Minute))
		for i, name := range []string{"a", "b", "c", "d"} {
			q.join(name, "a", user(i))
			time.Sleep(10 * time.Millisecond)
		}
		q.want("a", "b", "c", "d")
	})
}

func TestAnonymousOnesGoInOrderInABurstAndNewestFirstInAStandingQueue(t *testing.T) {
	for name, test := range map[string]struct {
		stood time.Duration
		want  []string
	}{
		"burst":    {50 * time.Millisecond, []string{"a", "b", "c"}},
		"standing": {150 * time.Millisecond, []string{"c", "b", "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newLine(t, waits(10, time.Minute))
				q.s.Restore(lane.State{Bases: map[string]time.Duration{"a": time.Second}}) // long work: nobody expires
				q.join("a", "a", lane.Request{})
				time.Sleep(test.stood)
				q.join("b", "a", lane.Request{})
				q.join("c", "a", lane.Request{})
				q.want(test.want...)
			})
		})
	}
}

func TestInAStandingQueueNobodyWaitsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newLine(t, waits(10, time.Minute))
		q.join("old", "a", user(1))
		q.join("booked", "a", lane.Request{User: 2, Booked: true})
		time.Sleep(150 * time.Millisecond)
		q.join("new", "a", user(3)) // a step comes with it
		q.reason("old", lane.ReasonTimeout)
		q.want("booked", "new")
	})
}

func TestAWaitEndsAfterTheQueuesWait(t *testing.T) {
	for name, test := range map[string]struct {
		lane lane.LaneConfig
		req  lane.Request
		want time.Duration
	}{
		"as configured":   {waits(10, 70*time.Millisecond), lane.Request{}, 70 * time.Millisecond},
		"default":         {lane.LaneConfig{Name: "a", Tier: lane.Critical}, lane.Request{}, 250 * time.Millisecond},
		"no queue":        {lane.LaneConfig{Name: "a", Tier: lane.Sheddable}, lane.Request{}, 0},
		"turned off":      {waits(-1, 0), lane.Request{}, 0},
		"an appointment":  {lane.LaneConfig{Name: "a", Tier: lane.Sheddable}, lane.Request{Booked: true}, 2 * time.Second},
		"early, not full": {lane.LaneConfig{Name: "a", Tier: lane.Sheddable}, lane.Request{Booked: true, DueIn: time.Hour}, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newLine(t, test.lane)
				from := time.Now()
				r := refused(t, q.s.Lane("a"), test.req)
				if got := time.Since(from); got != test.want {
					t.Errorf("waited %s, want %s", got, test.want)
				}
				want := lane.ReasonTimeout
				if test.want == 0 {
					want = lane.ReasonFull
				}
				if r.Reason != want {
					t.Errorf("refused for %s, want %s", r.Reason, want)
				}
				q.want()
			})
		})
	}
}

func TestAQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newLine(t, waits(3, time.Minute))
		for _, name := range []string{"a", "b", "c", "d"} {
			q.join(name, "a", user(int(name[0])))
		}
		if n := snap(t, q.s, "a").Waiting; n != 3 {
			t.Errorf("%d wait, want 3", n)
		}
		q.reason("d", lane.ReasonQueueFull)
		q.want("a", "b", "c")
	})
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newLine(t, waits(10, time.Minute))
		gone := errors.New("the client went away")
		ctx, cancel := context.WithCancelCause(context.Background())
		q.joinCtx(ctx, "a", "a", user(1))
		q.join("b", "a", user(2))
		cancel(gone)
		synctest.Wait()
		if !errors.Is(q.out["a"], gone) {
			t.Errorf("got %v, want the context's cause", q.out["a"])
		}
		if n := snap(t, q.s, "a").Waiting; n != 1 {
			t.Errorf("%d wait, want 1", n)
		}
		q.want("b")
	})
}

// The place comes back in the same moment as the context ends: whoever wins, no
// permit is lost.
func TestAContextThatEndsAsItsTurnComesLeaksNothing(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			q := newLine(t, waits(10, time.Minute))
			ctx, cancel := context.WithCancel(context.Background())
			q.joinCtx(ctx, "a", "a", user(1))
			go cancel()
			q.open()
			if len(q.in)+len(q.out) != 1 {
				t.Errorf("in %v, out %v: want one answer", q.in, q.out)
			}
		})
	}
}

func TestAWaitThatWouldOutlastTheBudgetIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newLine(t, waits(10, time.Minute))
		q.s.Restore(lane.State{Bases: map[string]time.Duration{"a": 100 * time.Millisecond}})
		time.Sleep(20 * time.Millisecond)
		for _, name := range []string{"a", "b", "c"} {
			q.join(name, "a", user(int(name[0])))
		}
		q.join("hurried", "a", lane.Request{User: 9, Budget: 250 * time.Millisecond}) // three before it, 100 ms each
		q.join("patient", "a", lane.Request{User: 8, Budget: 5 * time.Second})
		q.reason("hurried", lane.ReasonDeadline)
		q.want("a", "b", "c", "patient")
	})
}

func TestWhoIsWokenFirst(t *testing.T) {
	queue := lane.Queue{Length: 10, Wait: time.Minute}
	synctest.Test(t, func(t *testing.T) {
		q := newLine(
			t, lane.LaneConfig{Name: "low", Tier: lane.Sheddable, Queue: queue},
			lane.LaneConfig{Name: "top", Tier: lane.Critical, Queue: queue}, lane.LaneConfig{Name: "mid", Tier: lane.Normal, Queue: queue},
		)
		q.join("low background", "low", lane.Request{User: 1, Intent: lane.Background})
		q.join("low anonymous", "low", lane.Request{})
		q.join("low named", "low", user(1))
		q.join("low booked", "low", lane.Request{User: 2, Booked: true})
		q.join("mid", "mid", lane.Request{Intent: lane.Background})
		q.join("top", "top", lane.Request{Intent: lane.Background})
		q.want("top", "mid", "low booked", "low named", "low anonymous", "low background")
	})
}

func TestParkingWakesTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newLine(t, waits(10, time.Minute))
		q.join("a", "a", user(1))
		err := q.first.Park(func() error {
			synctest.Wait()
			if !slices.Equal(q.in, []string{"a"}) {
				t.Errorf("let in %v while the place was free, want a", q.in)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		q.want("a")
	})
}

func TestNobodyOvertakesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newLine(t, waits(10, time.Minute))
		q.join("a", "a", user(1))
		q.join("b", "a", lane.Request{User: 2, Intent: lane.Background})
		q.first.Park(func() error { return nil })
		synctest.Wait()
		q.want("a", "b")
	})
}

func TestWaitersOfARetiredLaneAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newLine(t, waits(10, time.Second), lane.LaneConfig{Name: "b", Tier: lane.Normal})
		q.join("a", "a", user(1))
		if err := q.s.Reload(lane.Config{FixedLimit: 1, Lanes: []lane.LaneConfig{{Name: "b", Tier: lane.Normal}}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		q.reason("a", lane.ReasonTimeout)
		q.want()
	})
}
