package daero_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

const shedBackground = "shed login background"

// desk is a control in the test's hands, with a clock that stands still.
type desk struct {
	t    *testing.T
	d    *daero.Daero
	c    *daero.Control
	rec  *record
	load *dial
	now  time.Time
}

func newDesk(t *testing.T, actions ...playbook.Action) *desk {
	t.Helper()
	k := &desk{t: t, rec: &record{}, load: &dial{}, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	k.d = recorded(t, k.rec)
	k.c = k.d.Control()
	undo, _, err := k.c.Load(responding(k.load, append(actions, shed(level.Caution, playbook.Background, 0.4, 0.4))...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(undo)
	k.step(time.Second)
	return k
}

func (k *desk) step(d time.Duration) {
	for end := k.now.Add(d); k.now.Before(end); {
		k.now = k.now.Add(level.Interval)
		k.c.Step(k.now)
	}
}

func (k *desk) pause(by string, d time.Duration) playbook.Pause {
	return playbook.Pause{Until: k.now.Add(d), By: by, Reason: "why " + by}
}

// sets are one change of each kind, and again makes another value of it.
func (k *desk) sets(by string, d time.Duration) map[string]daero.Change {
	pin := level.Pin{Level: level.Alert, Until: k.now.Add(d), By: by, Reason: "why " + by}
	order := daero.LaneOrder{Backend: "default", Lane: "login", Shed: [2]float64{0.5, 0.5}, Until: k.now.Add(d), By: by, Reason: "why " + by}
	all := map[string]daero.Change{
		"pin":   {Held: daero.Held{What: daero.HoldsLevel}, Set: daero.Value{Pin: pin}},
		"pause": {Held: daero.Held{What: daero.HoldsPlaybook}, Set: daero.Value{Pause: k.pause(by, d)}},
		"stop":  {Held: daero.Held{What: daero.HoldsAction, ID: shedBackground}, Set: daero.Value{Pause: k.pause(by, d)}},
		"order": {Held: daero.Held{What: daero.HoldsLane, ID: "default/login"}, Set: daero.Value{Order: order}},
	}
	for name, ch := range all {
		ch.By, ch.Reason = by, "why "+by
		all[name] = ch
	}
	return all
}

// held is what stands of a kind.
func (k *desk) held(name string) any {
	st := k.c.State(k.now)
	switch name {
	case "pin":
		if st.Level.Pin != nil {
			return *st.Level.Pin
		}
	case "pause":
		if st.Paused != nil {
			return *st.Paused
		}
	case "stop":
		for _, a := range st.Actions {
			if a.ID == shedBackground && a.Stopped != nil {
				return *a.Stopped
			}
		}
	default:
		if len(st.Lanes) > 0 {
			return st.Lanes[0].LaneOrder
		}
	}
	return nil
}

func (k *desk) must(ch daero.Change) daero.Changed {
	k.t.Helper()
	d, err := k.c.Do(k.now, ch)
	if err != nil {
		k.t.Fatal(err)
	}
	return d
}

func conflictOf(t *testing.T, err error) *daero.ConflictError {
	t.Helper()
	e, ok := errors.AsType[*daero.ConflictError](err)
	if !ok {
		t.Fatalf("error %v, want a conflict", err)
	}
	return e
}

// TestRevision: it rises with what people do and with a reload, and with nothing
// that moves by itself.
func TestRevision(t *testing.T) {
	k := newDesk(t)
	last := k.c.Revision()
	if last == 0 || last >= 1<<53 {
		t.Errorf("it begins at %d, want a number that browsers can read", last)
	}
	rises := func(what string, want bool) {
		t.Helper()
		if is := k.c.Revision(); is > last != want || is != k.c.State(k.now).Revision {
			t.Errorf("%s: from %d to %d", what, last, is)
		}
		last = k.c.Revision()
	}
	k.load.set(2.5)
	k.step(5 * time.Second)
	rises("a level", false)
	for name, ch := range k.sets("kim", time.Minute) {
		k.must(ch)
		rises(name, true)
		ch.Set = daero.Value{}
		k.must(ch)
		rises("the end of "+name, true)
		if _, err := k.c.Do(k.now, ch); err == nil {
			t.Errorf("%s ended twice", name)
		}
		rises("nothing", false)
		ch.Set = k.sets("lee", 10*24*time.Hour)[name].Set
		if _, err := k.c.Do(k.now, ch); err == nil {
			t.Errorf("%s for ten days", name)
		}
		rises("a mistake", false)
	}
	for _, ch := range k.sets("kim", time.Second) {
		k.must(ch)
	}
	rises("all of them", true)
	k.step(5 * time.Second)
	for name := range k.sets("", 1) {
		if is := k.held(name); is != nil {
			t.Errorf("%s did not end: %v", name, is)
		}
	}
	rises("their end", false)
	undo, _, err := k.c.Load(responding(k.load))
	if err != nil {
		t.Fatal(err)
	}
	rises("a reload", true)
	undo()
	rises("its withdrawal", true)
	if other := newDesk(t).c.Revision(); other == last {
		t.Error("another process begins where this one is")
	}
}

// TestSecondOfTwo: who saw what is not so any more does nothing, and is told
// who did what.
func TestSecondOfTwo(t *testing.T) {
	k := newDesk(t)
	k.load.set(2.5)
	k.step(time.Second)
	for first, kim := range k.sets("kim", time.Hour) {
		for second, lee := range k.sets("lee", 2*time.Hour) {
			saw := k.c.Revision()
			kim.Seen, lee.Seen = saw, saw
			done := k.must(kim)
			before := k.held(second)
			e := conflictOf(t, func() error { _, err := k.c.Do(k.now, lee); return err }())
			if e.By != "kim" || e.What != done.What || !e.At.Equal(k.now) || e.Revision != done.Revision {
				t.Errorf("%s, then %s: told %+v", first, second, e)
			}
			if is := k.held(second); !reflect.DeepEqual(is, before) {
				t.Errorf("%s, then %s: %v became %v", first, second, before, is)
			}
			lee.Seen = done.Revision
			k.must(lee)
			k.now = k.now.Add(time.Second)
		}
	}
	undo, _, err := k.c.Load(responding(k.load))
	if err != nil {
		t.Fatal(err)
	}
	defer undo()
	ch := k.sets("lee", time.Hour)["pin"]
	ch.Seen = k.c.Revision() - 1
	if e := conflictOf(t, func() error { _, err := k.c.Do(k.now, ch); return err }()); e.What != audit.PlanApplied || e.By != audit.By {
		t.Errorf("after a reload: %+v", e)
	}
}

// TestOperatorsAtOnce: of many who decide on what they saw, each change was
// decided on what really stood, and every other one was refused.
func TestOperatorsAtOnce(t *testing.T) {
	k := newDesk(t)
	begin := k.c.Revision()
	const operators, tries = 8, 200
	var mu sync.Mutex
	made := map[uint64]uint64{} // what was seen, by what was made
	var wg sync.WaitGroup
	for i := range operators {
		wg.Go(func() {
			for n := range tries {
				seen := k.c.Revision()
				ch := daero.Change{
					Held: daero.Held{What: daero.HoldsLevel}, By: fmt.Sprint(i), Reason: "x", Seen: seen,
					Set: daero.Value{Pin: level.Pin{Level: level.Level(n % 5), Until: k.now.Add(time.Hour), By: fmt.Sprint(i), Reason: "x"}},
				}
				d, err := k.c.Do(k.now, ch)
				if err != nil {
					continue
				}
				mu.Lock()
				made[d.Revision] = seen
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if is := k.c.Revision(); is-begin != uint64(len(made)) || len(made) < tries {
		t.Errorf("%d were made, the revision rose by %d", len(made), is-begin)
	}
	for is, saw := range made {
		if is != saw+1 {
			t.Errorf("%d was made by who saw %d", is, saw)
		}
	}
}

// TestTwoOperators plays random shifts of two people who look, decide a while
// later, undo each other and let time pass: what stands is at any time what the
// changes that were let through say, and none was let through that was decided
// on something older.
func TestTwoOperators(t *testing.T) {
	conflicts, undone := 0, 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 7))
		k := newDesk(t)
		k.load.set(2.5)
		k.step(time.Second)
		names := []string{"pin", "pause", "stop", "order"}
		stands := map[string]daero.Value{} // the model
		seen := [2]uint64{k.c.Revision(), k.c.Revision()}
		var revisions []uint64
		changed := map[uint64]string{}
		is := k.c.Revision()
		for range 150 {
			who := r.IntN(2)
			name := names[r.IntN(len(names))]
			ch := k.sets([]string{"kim", "lee"}[who], time.Duration(1+r.IntN(100))*time.Second)[name]
			ch.Seen = seen[who]
			var err error
			var d daero.Changed
			switch r.IntN(6) {
			case 0:
				seen[who] = is
				continue
			case 1:
				k.step(time.Duration(r.IntN(20)) * level.Interval)
				continue
			case 2:
				ch.Set = daero.Value{}
				d, err = k.c.Do(k.now, ch)
			case 3:
				if len(revisions) == 0 {
					continue
				}
				rev := revisions[r.IntN(len(revisions))]
				name = changed[rev]
				d, err = k.c.Undo(k.now, rev, ch)
				if err == nil {
					undone++
				}
			default:
				d, err = k.c.Do(k.now, ch)
			}
			if err == nil {
				if seen[who] != is || d.Revision != is+1 {
					t.Fatalf("seed %d: %+v was made by who saw %d of %d", seed, d, seen[who], is)
				}
				is = d.Revision
				stands[name] = d.Set
				revisions, changed[is] = append(revisions, is), name
			} else if e, ok := errors.AsType[*daero.ConflictError](err); ok {
				conflicts++
				if e.Revision != is {
					t.Fatalf("seed %d: told %d, it is %d", seed, e.Revision, is)
				}
			}
			if k.c.Revision() != is {
				t.Fatalf("seed %d: revision %d, want %d after %v", seed, k.c.Revision(), is, err)
			}
			k.step(level.Interval)
			for _, name := range names {
				if want, got := stillHeld(k, stands[name]), k.held(name); !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d: %s is\n%+v, want\n%+v", seed, name, got, want)
				}
			}
		}
	}
	if conflicts < 500 || undone < 50 {
		t.Errorf("%d conflicts, %d undone: the property was hardly tried", conflicts, undone)
	}
}

// stillHeld is a value as held shows it, nil when its time is over.
func stillHeld(k *desk, v daero.Value) any {
	switch {
	case k.now.Before(v.Pin.Until):
		return v.Pin
	case k.now.Before(v.Pause.Until):
		return v.Pause
	case k.now.Before(v.Order.Until):
		return v.Order
	}
	return nil
}
