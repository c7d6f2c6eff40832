package daero_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// TestRuns: what was in force when, how strong, and what was in shadow.
func TestRuns(t *testing.T) {
	k := newDesk(t, shed(level.Caution, playbook.Foreground, 0, 0.5))
	if len(k.c.Runs(0)) != 0 {
		t.Error("something ran already")
	}
	k.load.set(2.2)
	k.step(time.Second)
	began := k.now
	k.load.set(2.8)
	k.step(time.Second)
	of := func(slot string) (all []daero.Run) {
		for _, r := range k.c.Runs(0) {
			if r.Slot == slot {
				all = append(all, r)
			}
		}
		return all
	}
	fore := of("shed login foreground")
	if len(fore) != 1 || fore[0].Strength < 0.35 || !fore[0].Ended.IsZero() || fore[0].Began.After(began) || fore[0].Row != level.Caution || fore[0].Kind != playbook.Shed {
		t.Errorf("%+v", fore)
	}
	k.must(k.sets("kim", 10*time.Second)["pause"])
	k.step(12 * time.Second)
	back := of(shedBackground)
	if len(back) != 3 || back[0].Shadow || !back[1].Shadow || back[2].Shadow || back[1].Ended.IsZero() || back[2].Ended.IsZero() || !back[0].Ended.IsZero() {
		t.Errorf("around a pause: %+v", back)
	}
	k.load.set(0)
	k.step(5 * time.Minute)
	for _, r := range k.c.Runs(0) {
		if r.Ended.IsZero() || !r.Ended.After(r.Began) {
			t.Errorf("at normal: %+v", r)
		}
	}
	if some := k.c.Runs(2); len(some) != 2 || some[0].ID <= some[1].ID {
		t.Errorf("the newest two: %+v", some)
	}
}

// TestRunsAreBounded.
func TestRunsAreBounded(t *testing.T) {
	k := newDesk(t)
	k.load.set(2.5)
	k.step(time.Second)
	for range 600 { // two each
		k.must(k.sets("kim", 2*level.Interval)["pause"])
		k.step(3 * level.Interval)
	}
	if n := len(k.c.Runs(0)); n != 1000 {
		t.Errorf("%d are remembered", n)
	}
}

// TestRunThatFails says why.
func TestRunThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		load, d := &dial{}, recorded(t, &record{})
		r := responding(load, playbook.Action{At: level.Attention, Kind: playbook.Notify, Target: "ops", From: 1, To: 1})
		r.Effects = map[string]daero.Effect{"ops": &effect{do: func(context.Context, int) error { return errors.New("nobody listens") }}}
		defer apply(t, d, r)()
		load.set(1.5)
		time.Sleep(10 * time.Minute)
		runs := d.Control().Runs(0)
		if len(runs) != 1 || runs[0].Error != "nobody listens" || runs[0].Target != "ops" {
			t.Errorf("%+v", runs)
		}
	})
}

// almanac knows what is to come.
type almanac struct{ all []daero.Foreseen }

func (a almanac) Read(now time.Time) level.Reading { return level.Reading{At: now} }

func (a almanac) Foresee(now time.Time, n int) []daero.Foreseen {
	return slices.Clone(a.all[:min(n, len(a.all))])
}

// warning stands for ten minutes.
type warning struct{ from time.Time }

func (w warning) Read(now time.Time) level.Reading {
	r := level.Reading{At: now}
	if end := w.from.Add(10 * time.Minute); !now.Before(w.from) && now.Before(end) {
		r.Value, r.Until, r.Note = 1, end, "M6.1 near Gyeongju"
	}
	return r
}

func TestComing(t *testing.T) {
	d := recorded(t, &record{})
	c, now := d.Control(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if len(c.Coming(now, 5)) != 0 {
		t.Error("something comes where nothing is in force")
	}
	events := []daero.Foreseen{{At: now.Add(time.Hour), Until: now.Add(2 * time.Hour), Name: "the match"}, {At: now.Add(30 * time.Hour), Until: now.Add(31 * time.Hour), Name: "the final"}}
	undo, _, err := c.Load(daero.Response{Signals: []daero.Signal{
		{Signal: level.Signal{Name: "matches", Arms: level.Caution}, Source: almanac{events}},
		{Signal: level.Signal{Name: "quake", Arms: level.Attention}, Source: warning{now.Add(time.Minute)}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer undo()
	step := func(d time.Duration) {
		for end := now.Add(d); now.Before(end); now = now.Add(level.Interval) {
			c.Step(now)
		}
	}
	step(time.Second)
	all := c.Coming(now, 5)
	if len(all) != 2 || all[0].Name != "the match" || all[0].Signal != "matches" || all[0].Level != level.Caution || all[0].Alert {
		t.Errorf("%+v", all)
	}
	step(2 * time.Minute)
	all = c.Coming(now, 2)
	if len(all) != 2 || !all[0].Alert || all[0].Name != "M6.1 near Gyeongju" || all[0].Signal != "quake" || all[0].Level != level.Attention || !all[0].Until.After(now) || all[0].At.After(now) {
		t.Errorf("%+v", all)
	}
	step(15 * time.Minute)
	if all := c.Coming(now, 5); len(all) != 2 || all[0].Alert {
		t.Errorf("%+v", all)
	}
}
