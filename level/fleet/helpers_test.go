package fleet_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/level/fleet"
)

// start is when tests begin. Nothing depends on it.
var start = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)

// standing is one that a ladder could have found for a load of 0 to 5.
func standing(load float64) level.Standing {
	acting := level.Level(math.Min(load, float64(level.Serious)))
	return level.Standing{Level: acting, Acting: acting, Pressure: load - float64(acting), Ease: acting}
}

// of is the load of a standing.
func of(s level.Standing) float64 { return float64(s.Acting) + s.Pressure }

// near is equal but for rounding.
func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

// voice is somebody who speaks for a gateway.
type voice struct {
	node   string
	run    uint64
	seq    uint64
	load   float64
	weight float64
	pinned bool
}

func (v *voice) say(now time.Time) fleet.Reading {
	v.seq++
	s := standing(v.load)
	return fleet.Reading{
		Node: v.node, Run: v.run, Seq: v.seq, At: now, Acting: s.Acting, Pressure: s.Pressure, Pinned: v.pinned, Weight: v.weight,
	}
}

// listener is a gateway in virtual time.
type listener struct {
	t   testing.TB
	f   *fleet.Fleet
	now time.Time
	own level.Standing
}

func listen(t testing.TB, cfg fleet.Config) *listener {
	t.Helper()
	if cfg.Node == "" {
		cfg.Node = "own"
	}
	f, err := fleet.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &listener{t: t, f: f, now: start}
}

// pass lets time pass: voices speak each second, the gateway steps ten times.
func (l *listener) pass(d time.Duration, voices ...*voice) (got level.Standing) {
	for end := l.now.Add(d); l.now.Before(end); l.now = l.now.Add(level.Interval) {
		if l.now.Sub(start)%time.Second == 0 {
			for _, v := range voices {
				l.f.Hear(l.now, v.say(l.now))
			}
		}
		got = l.f.Agree(l.now, l.own)
	}
	return got
}

func (l *listener) step() level.Standing { return l.f.Agree(l.now, l.own) }

// voices makes voices with these loads, each of weight 1.
func voices(loads ...float64) (all []*voice) {
	for i, load := range loads {
		all = append(all, &voice{node: fmt.Sprint("n", i), run: 1, load: load, weight: 1})
	}
	return all
}
