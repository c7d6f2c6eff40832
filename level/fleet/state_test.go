package fleet_test

import (
	"math"
	"testing"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/level/fleet"
)

func TestState(t *testing.T) {
	l := listen(t, fleet.Config{})
	all := voices(2, 2)
	l.pass(5*time.Second, all...)
	r := all[1].say(l.now.Add(-time.Hour))
	r.Config = "other"
	l.f.Hear(l.now, r)
	l.step()
	s := l.f.State(l.now.Add(time.Second), "", "")
	if s.Raised != level.Caution || !s.Raises() || s.Majority != 2 || s.Heard != 2 || s.Differ != 1 {
		t.Errorf("%+v", s)
	}
	if m := s.Members[1]; m.Node != "n1" || m.Age != time.Second || m.Behind != time.Hour || !m.Settled {
		t.Errorf("%+v", m)
	}
}

// TestAdopt: a new configuration takes over what was heard and what is held.
func TestAdopt(t *testing.T) {
	l := listen(t, fleet.Config{Run: 1})
	all := voices(3, 3, 3)
	l.pass(10*time.Second, all...)
	was := l.f
	was.Speak(l.now, fleet.Reading{})
	next := listen(t, fleet.Config{Run: 1, Members: []string{"own", "n0", "n1"}})
	next.now = l.now
	next.f.Adopt(was)
	if got := next.step(); got.Acting != level.Alert {
		t.Errorf("%+v", got)
	}
	if s := next.f.State(next.now, "", ""); len(s.Members) != 2 {
		t.Errorf("%d are kept, two are members", len(s.Members))
	}
	if r, _ := next.f.Speak(next.now, fleet.Reading{}); r.Seq != 2 {
		t.Errorf("its number is %d, and the others would not hear it", r.Seq)
	}
	// What fell out is somebody new, and a fleet of another name is another's.
	if got := next.f.Hear(next.now, all[2].say(next.now)); got != fleet.Stranger {
		t.Errorf("%d", got)
	}
	other := listen(t, fleet.Config{Node: "other"})
	other.f.Adopt(next.f)
	if s := other.f.State(next.now, "", ""); len(s.Members) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestRate(t *testing.T) {
	var r fleet.Rate
	now := start
	total := uint64(1_000_000) // what was counted before says nothing
	if got := r.Take(now, total); got != 0 {
		t.Errorf("at first %v", got)
	}
	for i := range 120 {
		now = now.Add(time.Second)
		if total += 500; i == 60 {
			total = 0 // started anew
		}
		if got := r.Take(now, total); got < 0 || got > 500.1 {
			t.Fatalf("after %d s %v", i, got)
		}
	}
	if got := r.Take(now, total); math.Abs(got-500) > 1 {
		t.Errorf("500 a second: %v", got)
	}
	if got := r.Take(now.Add(-time.Hour), total); math.Abs(got-500) > 1 {
		t.Errorf("a clock set back: %v", got)
	}
}

func TestHeights(t *testing.T) {
	got := fleet.Heights([]level.SignalState{
		{Name: "a", Height: 1.5, Fresh: true},
		{Name: "stale", Height: 2},
		{Name: "warns", Fresh: true, Arms: level.Caution},
		{Name: "x\n", Fresh: true},
		{Name: "nan", Height: math.NaN(), Fresh: true},
	})
	if len(got) != 1 || got[0] != (fleet.Height{Name: "a", Height: 1.5}) {
		t.Errorf("%+v", got)
	}
}
