package daero_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
)

// TestUndo: each kind of change, its end, and its undoing, one undone by the
// next.
func TestUndo(t *testing.T) {
	k := newDesk(t)
	k.load.set(2.5)
	k.step(time.Second)
	for name, ch := range k.sets("kim", time.Hour) {
		first := k.must(ch)
		kims := k.held(name)
		second := k.must(k.sets("lee", 2*time.Hour)[name])
		lees := k.held(name)
		undo := func(d daero.Changed) (daero.Changed, error) {
			return k.c.Undo(k.now, d.Revision, daero.Change{By: "park", Reason: "no"})
		}
		if e := conflictOf(t, func() error { _, err := undo(first); return err }()); e.By != "lee" || e.What != second.What || !reflect.DeepEqual(k.held(name), lees) {
			t.Errorf("%s: the first of two undone: %+v, %+v", name, e, k.held(name))
		}
		third, err := undo(second)
		if err != nil || !reflect.DeepEqual(k.held(name), kims) {
			t.Errorf("%s: the second undone: %+v, want %+v: %v", name, k.held(name), kims, err)
		}
		fourth, err := undo(third)
		if err != nil || !reflect.DeepEqual(k.held(name), lees) {
			t.Errorf("%s: that undone: %+v, want %+v: %v", name, k.held(name), lees, err)
		}
		if _, err := undo(fourth); err != nil || !reflect.DeepEqual(k.held(name), kims) {
			t.Errorf("%s: and that: %+v, want %+v: %v", name, k.held(name), kims, err)
		}
		conflictOf(t, func() error { _, err := undo(second); return err }())
		end := ch
		end.Set, end.By = daero.Value{}, "lee"
		ended := k.must(end)
		if k.held(name) != nil {
			t.Fatalf("%s did not end", name)
		}
		if _, err := undo(ended); err != nil || !reflect.DeepEqual(k.held(name), kims) {
			t.Errorf("%s: its end undone: %+v, want %+v: %v", name, k.held(name), kims, err)
		}
		last := k.rec.all[len(k.rec.all)-1]
		if last.Who != "park" || last.Why != "no" || last.What != first.What || last.Undo.Of != ended.Revision || last.Undo.Does == "" || last.Undo.Revision != k.c.Revision() {
			t.Errorf("%s: recorded as %+v", name, last)
		}
		k.must(end)
	}
}

// TestUndoOfWhatEnded makes no sense.
func TestUndoOfWhatEnded(t *testing.T) {
	k := newDesk(t)
	k.load.set(2.5)
	k.step(time.Second)
	for name := range k.sets("", 1) {
		k.must(k.sets("lee", time.Hour)[name])
		ch := k.sets("kim", 10*time.Second)[name]
		short := k.must(ch)
		end := ch
		end.Set = daero.Value{}
		k.step(11 * time.Second)
		e := conflictOf(t, func() error {
			_, err := k.c.Undo(k.now, short.Revision, daero.Change{By: "park", Reason: "x"})
			return err
		}())
		if e.By != audit.By || !e.At.Equal(short.Set.Pin.Until) && !e.At.Equal(short.Set.Pause.Until) && !e.At.Equal(short.Set.Order.Until) || k.held(name) != nil {
			t.Errorf("%s: %+v, %v", name, e, k.held(name))
		}
		brief := k.must(k.sets("kim", 10*time.Second)[name])
		ended := k.must(end)
		k.step(11 * time.Second)
		conflictOf(t, func() error {
			_, err := k.c.Undo(k.now, ended.Revision, daero.Change{By: "park", Reason: "x"})
			return err
		}())
		conflictOf(t, func() error {
			_, err := k.c.Undo(k.now, brief.Revision, daero.Change{By: "park", Reason: "x"})
			return err
		}())
	}
	for _, unknown := range []uint64{0, 1, k.c.Revision() + 1} {
		conflictOf(t, func() error { _, err := k.c.Undo(k.now, unknown, daero.Change{By: "park", Reason: "x"}); return err }())
	}
	gone := k.must(k.sets("kim", time.Hour)["order"])
	for range 1100 { // more than are kept
		k.must(k.sets("kim", time.Hour)["pin"])
	}
	conflictOf(t, func() error {
		_, err := k.c.Undo(k.now, gone.Revision, daero.Change{By: "park", Reason: "x"})
		return err
	}())
}

// TestNothingToOperate: without levels there is nothing to pin, and lanes can be
// ordered all the same.
func TestNothingToOperate(t *testing.T) {
	d := recorded(t, &record{})
	c, now := d.Control(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	order := daero.LaneOrder{Backend: "default", Lane: "login", Shed: [2]float64{1, 1}, Until: now.Add(time.Minute), By: "kim", Reason: "x"}
	if err := c.OrderLane(now, order); err == nil {
		t.Error("ordered, and nothing would end it")
	}
	undo, _, err := c.Load(daero.Response{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Pin(now, level.Pin{Level: 1, Until: now.Add(time.Minute), By: "kim", Reason: "x"}); err == nil {
		t.Error("pinned")
	}
	if err := c.OrderLane(now, order); err != nil {
		t.Error(err)
	}
	c.Step(now)
	if loginOrders(d).Shed != [2]float64{1, 1} {
		t.Errorf("%+v", loginOrders(d))
	}
	undo()
	if loginOrders(d) != (lane.Orders{}) {
		t.Errorf("with nothing in force: %+v", loginOrders(d))
	}
}
