package playbook_test

import (
	"testing"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// example is the playbook of the README, in short.
func example(t *testing.T) *playbook.Playbook {
	background := func(lv level.Level, from, to float64) playbook.Action {
		a := shed(lv, from, to)
		a.Who = playbook.Background
		return a
	}
	return book(t,
		tells(level.Attention, "ops"),
		background(level.Caution, 0, 0.6),
		background(level.Alert, 0.6, 1), slow(level.Alert, 30*time.Second), tells(level.Alert, "ops"),
		shed(level.Serious, 0, 0.5), slow(level.Serious, time.Minute),
		playbook.Action{At: level.Serious, Kind: playbook.Ceiling, Lane: "sync", From: 0.2, To: 0.7},
		playbook.Action{At: level.Serious, Kind: playbook.Flag, Target: "comments", Value: "off", From: 1, To: 1},
	)
}

func TestOrders(t *testing.T) {
	for name, tt := range map[string]struct {
		s    level.Standing
		want string
	}{
		"normal":           {at(level.Normal, 1), ""},
		"attention":        {at(level.Attention, 0), "notify ops at attention 100%"},
		"a range begins":   {at(level.Caution, 0), "notify ops at attention 100%"},
		"half of a range":  {at(level.Caution, 0.5), "notify ops at attention 100%, shed login background 30%"},
		"the end of it":    {at(level.Caution, 1), "notify ops at attention 100%, shed login background 60%"},
		"the next goes on": {at(level.Alert, 0), "notify ops at attention 100%, shed login background 60%, slow sync 100%, notify ops at alert 100%"},
		"rows add up, those below are at their end": {at(level.Serious, 0.5), "notify ops at attention 100%, shed login background 100%, slow sync 100%, notify ops at alert 100%, " +
			"shed login 25%, ceiling sync 45%, flag comments 100%"},
		"armed prepares only": {
			level.Standing{Level: level.Caution, Acting: level.Normal, Armed: level.Caution, Pressure: 1},
			"notify ops at attention 100%",
		},
		"armed above what is measured": {
			level.Standing{Level: level.Alert, Acting: level.Caution, Armed: level.Alert, Pressure: 0.5},
			"notify ops at attention 100%, shed login background 30%, slow sync 100%, notify ops at alert 100%",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := example(t)
			got := p.Orders(tt.s, nil)
			if told(got) != tt.want {
				t.Errorf("\n got %s\nwant %s", told(got), tt.want)
			}
			if again := p.Orders(tt.s, got[:0]); told(again) != tt.want {
				t.Errorf("asked again: %s", told(again))
			}
		})
	}
}

func TestTheHighestRowSaysWhatItIs(t *testing.T) {
	p := book(t, slow(level.Caution, 10*time.Second), slow(level.Alert, time.Minute))
	for lv, want := range map[level.Level]time.Duration{level.Caution: 10 * time.Second, level.Serious: time.Minute} {
		if got := p.Orders(at(lv, 0), nil); len(got) != 1 || got[0].Action.For != want {
			t.Errorf("at %s: %s", lv, told(got))
		}
	}
}

func TestShadowOfOneAndOfAll(t *testing.T) {
	a := shed(level.Caution, 0.5, 0.5)
	a.Shadow = true
	p := book(t, a, slow(level.Caution, time.Minute))
	if got := told(p.Orders(at(level.Caution, 0), nil)); got != "shed login 50% (shadow), slow sync 100%" {
		t.Error(got)
	}
	p = bookOf(t, playbook.Config{Actions: []playbook.Action{shed(level.Caution, 0.5, 0.5)}, Shadow: true})
	if got := told(p.Orders(at(level.Caution, 0), nil)); got != "shed login 50% (shadow)" {
		t.Error(got)
	}
}

func TestSlots(t *testing.T) {
	for want, a := range map[string]playbook.Action{
		"shed login":                        {Kind: playbook.Shed, Lane: "login"},
		"shed default/login background":     {Kind: playbook.Shed, Lane: "login", Backend: "default", Who: playbook.Background},
		"respond login foreground":          {Kind: playbook.Respond, Lane: "login", Who: playbook.Foreground},
		"flag comments":                     {Kind: playbook.Flag, Target: "comments", At: level.Alert},
		"notify ops at alert":               {Kind: playbook.Notify, Target: "ops", At: level.Alert},
		"webhook https://x.test at serious": {Kind: playbook.Webhook, Target: "https://x.test", At: level.Serious},
	} {
		if got := a.Slot(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestThePlaybookDoesNotChange(t *testing.T) {
	actions := []playbook.Action{shed(level.Caution, 0.5, 0.5)}
	p := book(t, actions...)
	actions[0].Lane, actions[0].To = "other", 1
	if got := p.Orders(at(level.Caution, 1), nil); got[0].Action.Lane != "login" || got[0].Strength != 0.5 {
		t.Errorf("%+v", got[0].Action)
	}
	if r := p.Config().Ramp; r.Step != playbook.DefaultRampStep || r.Every != playbook.DefaultRampEvery {
		t.Errorf("%+v", r)
	}
}

// TestDrainsTheSlowestCounts: rows add up, and a row above that would deliver
// faster does not undo the one below.
func TestDrainsTheSlowestCounts(t *testing.T) {
	drain := func(lv level.Level, rate float64) playbook.Action {
		return playbook.Action{At: lv, Kind: playbook.Drain, Lane: "login", Rate: rate, From: 1, To: 1}
	}
	p := book(t, drain(level.Attention, 100), drain(level.Alert, 20), drain(level.Serious, 50))
	for lv, want := range map[level.Level]float64{level.Attention: 100, level.Caution: 100, level.Alert: 20, level.Serious: 20} {
		if got := p.Orders(at(lv, 0.5), nil); len(got) != 1 || got[0].Action.Rate != want || got[0].ID != "drain login" {
			t.Errorf("%s: %s, want %g/s", lv, told(got), want)
		}
	}
	// Delivering less needs no measured level: it refuses nobody.
	if got := p.Orders(level.Standing{Level: level.Alert, Armed: level.Alert}, nil); len(got) != 1 || got[0].Action.Rate != 20 {
		t.Errorf("armed: %s", told(got))
	}
}
