package daero_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// dial is a source that reads what it is set to.
type dial struct {
	mu sync.Mutex
	v  float64
}

func (d *dial) set(v float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.v = v
}

func (d *dial) Read(now time.Time) level.Reading {
	d.mu.Lock()
	defer d.mu.Unlock()
	return level.Reading{Value: d.v, At: now}
}

// record keeps audit entries.
type record struct {
	mu  sync.Mutex
	all []audit.Entry
}

func (r *record) listener() daero.Listener {
	return daero.Listener{Recorded: func(e audit.Entry) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.all = append(r.all, e)
	}}
}

// of returns the targets of entries of a kind, in their order.
func (r *record) of(what string) (targets []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.all {
		if e.What == what {
			targets = append(targets, e.Target)
		}
	}
	return targets
}

func (r *record) find(what string) (audit.Entry, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.all, func(e audit.Entry) bool { return e.What == what })
	if i < 0 {
		return audit.Entry{}, false
	}
	return r.all[i], true
}

// responding has one signal, thresholds 1 to 4, that may raise to serious alone.
func responding(d *dial, actions ...playbook.Action) daero.Response {
	return daero.Response{
		Signals: []daero.Signal{{
			Signal: level.Signal{Name: "load", At: [4]float64{1, 2, 3, 4}, Alone: true}, Source: d,
		}},
		Playbook: playbook.Config{Actions: actions},
	}
}

func shed(at level.Level, who playbook.Who, from, to float64) playbook.Action {
	return playbook.Action{At: at, Kind: playbook.Shed, Lane: "login", Who: who, From: from, To: to}
}

func recorded(t *testing.T, rec *record) *daero.Daero {
	t.Helper()
	d, err := daero.New(daero.Config{
		Plan: daero.Plan{
			Backends: map[string]lane.Config{"default": lanesOf(10)},
			Secrets:  [][]byte{[]byte(strings.Repeat("s", 32))},
		},
		Listener: rec.listener(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func apply(t *testing.T, d *daero.Daero, r daero.Response) (undo func()) {
	t.Helper()
	undo, err := d.Control().Apply(r)
	if err != nil {
		t.Fatal(err)
	}
	return undo
}

func loginOrders(d *daero.Daero) lane.Orders { return d.Lane("default", "login").Orders() }

func TestLevelActsAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, load := &record{}, &dial{}
		d := recorded(t, rec)
		undo := apply(t, d, responding(load, shed(level.Caution, playbook.Background, 0.2, 0.6), shed(level.Serious, playbook.Everyone, 0.1, 0.5)))
		time.Sleep(time.Second)
		if o := loginOrders(d); o != (lane.Orders{}) {
			t.Fatalf("at normal: %+v", o)
		}
		load.set(2.5)
		time.Sleep(3 * level.Interval) // two steps, and where between two steps it was set
		if o := loginOrders(d); !near(o.Shed[lane.Background], 0.4) || o.Shed[lane.Foreground] != 0 {
			t.Errorf("halfway through caution: %+v", o)
		}
		load.set(9)
		time.Sleep(3 * level.Interval)
		if o := loginOrders(d); !near(o.Shed[lane.Background], 0.6) || !near(o.Shed[lane.Foreground], 0.5) {
			t.Errorf("at the end of serious: %+v", o)
		}
		load.set(0)
		time.Sleep(10 * time.Minute)
		if o := loginOrders(d); o != (lane.Orders{}) {
			t.Errorf("after it: %+v", o)
		}
		levels := rec.of(audit.LevelChanged)
		if want := []string{"caution", "serious", "alert", "caution", "attention", "normal"}; !slices.Equal(levels, want) {
			t.Errorf("levels %v, want %v", levels, want)
		}
		entered, left := rec.of(audit.ActionEntered), rec.of(audit.ActionLeft)
		slices.Sort(left)
		if want := []string{"shed login background", "shed login"}; !slices.Equal(entered, want) || len(left) != 2 {
			t.Errorf("entered %v, left %v", entered, left)
		}
		undo()
	})
}

func near(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }

func TestUndoRestoresAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, load := &record{}, &dial{v: 9}
		d := recorded(t, rec)
		older := apply(t, d, responding(load, shed(level.Caution, playbook.Background, 1, 1)))
		newer := apply(t, d, responding(load,
			shed(level.Caution, playbook.Background, 1, 1),
			playbook.Action{At: level.Alert, Kind: playbook.Slow, Lane: "login", From: 1, To: 1, For: time.Minute},
			playbook.Action{At: level.Alert, Kind: playbook.Ceiling, Lane: "login", From: 0.5, To: 0.5}))
		time.Sleep(time.Second)
		road := d.Admission(daero.AdmissionConfig{}).Road("login")
		if o, p := loginOrders(d), road.Posted(); o.Ceiling != 0.5 || p == nil || p.Slow != time.Minute {
			t.Fatalf("in force: %+v, %+v", o, p)
		}
		newer()
		if o, p := loginOrders(d), road.Posted(); o != (lane.Orders{Shed: [2]float64{0, 1}}) || p != nil {
			t.Errorf("what only the newer ordered still stands: %+v, %+v", o, p)
		}
		older()
		if o := loginOrders(d); o != (lane.Orders{}) {
			t.Errorf("without a response: %+v", o)
		}
		newer()
		older() // again: nothing happens
	})
}

func TestBadResponseChangesNothing(t *testing.T) {
	d := newDaero(t, lanesOf(10))
	_, err := d.Control().Apply(daero.Response{
		Signals:  []daero.Signal{{Signal: level.Signal{Name: "load", At: [4]float64{2, 1, 3, 4}}}},
		Playbook: playbook.Config{Actions: []playbook.Action{{At: level.Alert, Kind: playbook.Notify, Target: "ops", From: 1, To: 1, Where: "Caddyfile:7"}}},
	})
	for _, want := range []string{"thresholds must rise", "signal load: has no source", "Caddyfile:7: notify ops at alert: no notify of that name"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

func TestPauseWithdrawsAndRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, load := &record{}, &dial{v: 3}
		d := recorded(t, rec)
		defer apply(t, d, responding(load, shed(level.Alert, playbook.Everyone, 0.5, 0.5)))()
		time.Sleep(time.Second)
		c := d.Control()
		if err := c.Pause(time.Now(), playbook.Pause{Until: time.Now().Add(time.Minute), By: "kim"}); err == nil {
			t.Error("a pause without a reason was taken")
		}
		if err := c.Pause(time.Now(), playbook.Pause{Until: time.Now().Add(time.Minute), By: "kim", Reason: "it refuses too many"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * level.Interval)
		o := loginOrders(d)
		if o.Shed != [2]float64{} || o.WouldShed != [2]float64{0.5, 0.5} {
			t.Errorf("paused: %+v, want nothing done and all recorded", o)
		}
		time.Sleep(2 * time.Minute)
		if o := loginOrders(d); o.Shed != [2]float64{0.5, 0.5} {
			t.Errorf("after the pause: %+v", o)
		}
		e, ok := rec.find(audit.PlaybookPaused)
		if !ok || e.Who != "kim" || e.Why != "it refuses too many" || e.Until.IsZero() {
			t.Errorf("recorded %+v", e)
		}
	})
}

func TestPinHoldsAgainstReadings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, load := &record{}, &dial{}
		d := recorded(t, rec)
		defer apply(t, d, responding(load, shed(level.Alert, playbook.Everyone, 0.5, 0.5)))()
		time.Sleep(time.Second)
		c := d.Control()
		if err := c.Pin(time.Now(), level.Pin{Level: level.Alert, Until: time.Now().Add(time.Minute), By: "kim", Reason: "the broadcast begins"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * level.Interval)
		if c.Level() != level.Alert || loginOrders(d).Shed[0] != 0.5 {
			t.Errorf("pinned: level %s, %+v", c.Level(), loginOrders(d))
		}
		if !c.Unpin(time.Now(), "lee", "it is over") || c.Unpin(time.Now(), "lee", "again") {
			t.Error("a pin ends once")
		}
		time.Sleep(5 * time.Minute)
		if c.Level() != level.Normal || loginOrders(d) != (lane.Orders{}) {
			t.Errorf("unpinned: level %s, %+v", c.Level(), loginOrders(d))
		}
	})
}

// effect is a webhook in the test's hands.
type effect struct {
	mu   sync.Mutex
	told []playbook.Notice
	do   func(ctx context.Context, try int) error
	n    int
}

func (e *effect) Do(ctx context.Context, n playbook.Notice) error {
	e.mu.Lock()
	e.n++
	try := e.n
	e.mu.Unlock()
	if e.do != nil {
		if err := e.do(ctx, try); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told = append(e.told, n)
	return nil
}

func (e *effect) notices() []playbook.Notice {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.told)
}

func tells(kind playbook.Kind, target string) playbook.Action {
	return playbook.Action{At: level.Attention, Kind: kind, Target: target, From: 1, To: 1}
}

func TestATargetThatHangsHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, load := &record{}, &dial{}
		d := recorded(t, rec)
		hangs := &effect{do: func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }}
		panics := &effect{do: func(context.Context, int) error { panic("a bug") }}
		second := &effect{do: func(_ context.Context, try int) error {
			if try == 1 {
				return errors.New("not yet")
			}
			return nil
		}}
		good := &effect{}
		r := responding(load, tells(playbook.Webhook, "hangs"), tells(playbook.Webhook, "panics"), tells(playbook.Webhook, "second"), tells(playbook.Notify, "good"))
		r.Effects = map[string]daero.Effect{"hangs": hangs, "panics": panics, "second": second, "good": good}
		undo := apply(t, d, r)
		load.set(1.5)
		time.Sleep(300 * time.Millisecond)
		if told := good.notices(); len(told) != 1 || !told[0].Entered || told[0].Row != level.Attention || told[0].Why == "" || told[0].Korean == "" {
			t.Errorf("300 ms after the load the good target was told %+v", told)
		}
		time.Sleep(5 * time.Second)
		if told := second.notices(); len(told) != 1 {
			t.Errorf("the one that failed once was told %d times, want once", len(told))
		}
		time.Sleep(5 * time.Minute)
		if failed := rec.of(audit.ActionFailed); !slices.Contains(failed, "hangs") || !slices.Contains(failed, "panics") {
			t.Errorf("given up on %v, want hangs and panics", failed)
		}
		for _, st := range d.Control().State(time.Now()).Tellers {
			if bad := st.Name == "hangs" || st.Name == "panics"; bad != (st.Failed > 0 && st.LastError != "") {
				t.Errorf("shown as %+v", st)
			}
		}
		undo() // the row is still in force: ending must say that it is left
		told := good.notices()
		if last := told[len(told)-1]; last.Entered || last.ID == told[0].ID {
			t.Errorf("told last %+v, want that the row was left", last)
		}
	})
}

func TestShadowTellsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, load, good := &record{}, &dial{v: 3.5}, &effect{}
		d := recorded(t, rec)
		r := responding(load, tells(playbook.Notify, "good"), shed(level.Alert, playbook.Everyone, 0.5, 0.5))
		r.Playbook.Shadow = true
		r.Effects = map[string]daero.Effect{"good": good}
		defer apply(t, d, r)()
		time.Sleep(time.Second)
		if o := loginOrders(d); o.Shed != [2]float64{} || o.WouldShed[0] != 0.5 {
			t.Errorf("in shadow: %+v", o)
		}
		if told := good.notices(); len(told) > 0 {
			t.Errorf("in shadow told %+v", told)
		}
		if e, ok := rec.find(audit.ActionEntered); !ok || !e.Shadow {
			t.Errorf("recorded %+v, want it as shadow", e)
		}
	})
}

// silent is a source of which nothing is heard until a time, and from another.
type silent struct{ from, until time.Time }

func (s silent) Read(now time.Time) level.Reading {
	if now.Before(s.from) || now.After(s.until) {
		return level.Reading{Note: "no route to host"}
	}
	return level.Reading{Value: 0.5, At: now}
}

func TestLostSignalsAreRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &record{}
		d := recorded(t, rec)
		r := responding(&dial{})
		r.Signals[0].Source = silent{from: time.Now().Add(time.Second), until: time.Now().Add(10 * time.Second)}
		defer apply(t, d, r)()
		time.Sleep(5 * time.Second)
		if back := rec.of(audit.SignalBack); len(back) > 0 {
			t.Errorf("%v came back without having been lost", back)
		}
		time.Sleep(10 * time.Second)
		e, ok := rec.find(audit.SignalLost)
		if !ok || e.Target != "load" || e.Why != "no route to host" {
			t.Errorf("recorded %+v", e)
		}
	})
}
