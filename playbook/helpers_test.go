package playbook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

var start = time.Date(2026, 9, 12, 11, 0, 0, 0, time.UTC)

func shed(at level.Level, from, to float64) playbook.Action {
	return playbook.Action{At: at, Kind: playbook.Shed, Lane: "login", From: from, To: to}
}

func tells(at level.Level, target string) playbook.Action {
	return playbook.Action{At: at, Kind: playbook.Notify, Target: target, From: 1, To: 1}
}

func slow(at level.Level, by time.Duration) playbook.Action {
	return playbook.Action{At: at, Kind: playbook.Slow, Lane: "sync", For: by, From: 1, To: 1}
}

func book(t testing.TB, actions ...playbook.Action) *playbook.Playbook {
	t.Helper()
	return bookOf(t, playbook.Config{Actions: actions})
}

func bookOf(t testing.TB, cfg playbook.Config) *playbook.Playbook {
	t.Helper()
	p, err := playbook.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// at stands at a measured level.
func at(lv level.Level, pressure float64) level.Standing {
	return level.Standing{Level: lv, Acting: lv, Pressure: pressure, Ease: lv}
}

// told writes orders in one line: "shed login 50%, notify ops at alert 100% (shadow)".
func told(orders []playbook.Order) string {
	var all []string
	for _, o := range orders {
		s := fmt.Sprintf("%s %.0f%%", o.ID, o.Strength*100)
		if o.Shadow {
			s += " (shadow)"
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

// happened writes events in one line: "+shed login 50%" entered, "-shed login"
// left, "shed login 50%>60%" moved.
func happened(events []playbook.Event) string {
	var all []string
	for _, e := range events {
		var s string
		switch {
		case e.Left():
			s = "-" + e.ID
		case e.Entered():
			s = fmt.Sprintf("+%s %.0f%%", e.ID, e.To*100)
		default:
			s = fmt.Sprintf("%s %.0f%%>%.0f%%", e.ID, e.From*100, e.To*100)
		}
		if e.Shadow {
			s += " (shadow)"
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

// player steps a runner through virtual time.
type player struct {
	t   testing.TB
	r   *playbook.Runner
	now time.Time
}

func play(t testing.TB, p *playbook.Playbook) *player {
	return &player{t: t, r: playbook.NewRunner(p), now: start}
}

// step checks one step: what is in force and what happened.
func (p *player) step(s level.Standing, orders, events string) {
	p.t.Helper()
	o, e := p.r.Step(p.now, s)
	if got := told(o); got != orders {
		p.t.Errorf("after %s in force\n got %s\nwant %s", p.now.Sub(start), got, orders)
	}
	if got := happened(e); got != events {
		p.t.Errorf("after %s happened\n got %s\nwant %s", p.now.Sub(start), got, events)
	}
	for _, ev := range e {
		if ev.At != p.now || ev.Level != s.Level || ev.Action == nil {
			p.t.Errorf("%+v", ev)
		}
	}
	p.now = p.now.Add(level.Interval)
}

// after lets time pass first.
func (p *player) after(d time.Duration) *player {
	p.now = p.now.Add(d - level.Interval)
	return p
}
