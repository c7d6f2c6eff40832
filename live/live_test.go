package live_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/live"
)

var noon = time.Date(2026, 9, 12, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// counted is a lane's counters after some time of traffic.
func counted(name string, f func(*lane.LaneSnapshot)) lane.LaneSnapshot {
	l := lane.LaneSnapshot{Name: name, Tier: lane.Normal, Limit: 10, Turn: 1}
	for i := range l.Refused {
		l.Refused[i] = map[lane.Reason]uint64{}
	}
	if f != nil {
		f(&l)
	}
	return l
}

func backends(lanes ...lane.LaneSnapshot) map[string]lane.Snapshot {
	return map[string]lane.Snapshot{"default": {Limit: 10, Lanes: lanes}}
}

// seen is what a lane shows that had nothing five seconds ago and has f now.
func seen(f func(*lane.LaneSnapshot)) live.Lane {
	var m live.Meter
	m.Take(at(0), backends(counted("login", nil)))
	lanes, _ := m.Lanes(at(5), backends(counted("login", f)))
	return lanes[0]
}

const fore, back = lane.Foreground, lane.Background

func TestLanes(t *testing.T) {
	calm := func(l *lane.LaneSnapshot) {
		l.Passed[fore], l.Served = 500, 500
		l.Base, l.Recent = 100*time.Millisecond, 110*time.Millisecond
	}
	for name, c := range map[string]struct {
		counts  func(*lane.LaneSnapshot)
		state   live.State
		outcome live.Outcome
		felt    live.Felt
	}{
		"nothing": {nil, live.Idle, live.Outcome{}, live.Felt{Kind: live.FeltNone, Of: 4}},
		"calm":    {calm, live.OK, live.Outcome{Passed: 100}, live.Felt{Kind: live.FeltNone, Of: 4}},
		"held, and nobody comes": {
			func(l *lane.LaneSnapshot) { l.InFlight = 3 },
			live.OK,
			live.Outcome{},
			live.Felt{Kind: live.FeltNone, Of: 4},
		},
		"three of four told to come back": {
			func(l *lane.LaneSnapshot) {
				l.Passed[fore], l.Served = 100, 100
				l.Refused[fore][lane.ReasonTurn], l.Refused[fore][lane.ReasonFull] = 200, 100
			},
			live.Shedding,
			live.Outcome{Passed: 20, Shed: 60},
			live.Felt{Kind: live.FeltShed, N: 3, Of: 4},
		},
		"all of the background": {
			func(l *lane.LaneSnapshot) {
				calm(l)
				l.Refused[back][lane.ReasonPlaybook] = 500
				l.Passed[back] = 1
			},
			live.Shedding,
			live.Outcome{Passed: 100.2, Shed: 100},
			live.Felt{Kind: live.FeltShed, N: 4, Of: 4, Who: "background"},
		},
		"people, and nobody else": {
			func(l *lane.LaneSnapshot) {
				calm(l)
				l.Passed[back], l.Refused[fore][lane.ReasonTurn] = 500, 500
			},
			live.Shedding,
			live.Outcome{Passed: 200, Shed: 100},
			live.Felt{Kind: live.FeltShed, N: 2, Of: 4, Who: "foreground"},
		},
		"a few of both": {
			func(l *lane.LaneSnapshot) {
				l.Passed[fore], l.Passed[back], l.Served = 470, 470, 940
				l.Refused[fore][lane.ReasonTurn], l.Refused[back][lane.ReasonTurn] = 30, 30
			},
			live.Shedding,
			live.Outcome{Passed: 188, Shed: 12},
			live.Felt{Kind: live.FeltShed, N: 1, Of: 10},
		},
		"one in a hundred": {
			func(l *lane.LaneSnapshot) {
				l.Passed[fore], l.Served = 990, 990
				l.Refused[fore][lane.ReasonTurn] = 10
			},
			live.Shedding,
			live.Outcome{Passed: 198, Shed: 2},
			live.Felt{Kind: live.FeltShed, N: 1, Of: 100},
		},
		"one in a thousand is not felt": {
			func(l *lane.LaneSnapshot) {
				l.Passed[fore], l.Served = 999, 999
				l.Refused[fore][lane.ReasonTurn] = 1
			},
			live.OK,
			live.Outcome{Passed: 199.8, Shed: 0.2},
			live.Felt{Kind: live.FeltNone, Of: 4},
		},
		"new devices are asked": {
			func(l *lane.LaneSnapshot) {
				calm(l)
				l.Challenged[fore] = 500
				l.Orders.ChallengeNew = [2]float64{1, 1}
			},
			live.Challenging,
			live.Outcome{Passed: 100, Challenged: 100},
			live.Felt{Kind: live.FeltChallenge, N: 2, Of: 4, Who: "new-device"},
		},
		"deferred": {
			func(l *lane.LaneSnapshot) { l.Deferred[fore] = 500 },
			live.Deferring,
			live.Outcome{Deferred: 100},
			live.Felt{Kind: live.FeltDefer, N: 4, Of: 4},
		},
		"waiting": {
			func(l *lane.LaneSnapshot) {
				calm(l)
				l.Waits, l.Waited, l.Waiting = 250, 500*time.Second, 40
			},
			live.Waiting,
			live.Outcome{Passed: 50, Waited: 50},
			live.Felt{Kind: live.FeltWait, N: 2, Of: 4, Seconds: 2},
		},
		"waited in vain": {
			func(l *lane.LaneSnapshot) {
				calm(l)
				l.Waits, l.Waited = 500, 500*time.Second
				l.Refused[fore][lane.ReasonTimeout] = 500
			},
			live.Shedding,
			live.Outcome{Passed: 100, Shed: 100},
			live.Felt{Kind: live.FeltShed, N: 2, Of: 4},
		},
		"the service fails": {
			func(l *lane.LaneSnapshot) { l.Passed[fore], l.Served, l.Failed, l.Overloaded = 500, 250, 150, 100 },
			live.Failing,
			live.Outcome{Passed: 50, Failed: 50},
			live.Felt{Kind: live.FeltFail, N: 2, Of: 4},
		},
		"more is shed than fails": {
			func(l *lane.LaneSnapshot) {
				l.Passed[fore], l.Served, l.Failed = 100, 50, 50
				l.Refused[fore][lane.ReasonTurn] = 400
			},
			live.Failing,
			live.Outcome{Passed: 10, Failed: 10, Shed: 80},
			live.Felt{Kind: live.FeltShed, N: 3, Of: 4},
		},
		"slow": {
			func(l *lane.LaneSnapshot) { calm(l); l.Recent = 600 * time.Millisecond },
			live.OK,
			live.Outcome{Passed: 100},
			live.Felt{Kind: live.FeltSlow, N: 4, Of: 4, Seconds: 0.6},
		},
		"counters that began anew": {
			func(l *lane.LaneSnapshot) { l.Passed[fore], l.Waits, l.Waited = 5, 0, 0 },
			live.OK,
			live.Outcome{Passed: 1},
			live.Felt{Kind: live.FeltNone, Of: 4},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := seen(c.counts)
			if l.State != c.state || l.Outcome != c.outcome || l.Felt != c.felt {
				t.Errorf("%s %+v %+v\nwant %s %+v %+v", l.State, l.Outcome, l.Felt, c.state, c.outcome, c.felt)
			}
			if d := l.In - c.outcome.Came(); d > 0.01 || d < -0.01 {
				t.Errorf("%g came, the parts are %g", l.In, c.outcome.Came())
			}
		})
	}
}

// TestStreamsGoThrough: of connections that last, those count that were let in.
func TestStreamsGoThrough(t *testing.T) {
	l := seen(func(l *lane.LaneSnapshot) {
		l.Streams, l.Passed[fore], l.Served, l.InFlight = true, 500, 5, 495
		l.Base, l.Recent = time.Second, time.Hour
	})
	if l.Through != 100 || l.Felt.Kind != live.FeltNone {
		t.Errorf("%g through, %+v", l.Through, l.Felt)
	}
}

// TestWorstFirst: the order is that in which somebody has to look.
func TestWorstFirst(t *testing.T) {
	var m live.Meter
	names := []string{"calm", "idle", "shed-a-lot", "shed-some", "shed-critical", "fails", "waits"}
	var before, after []lane.LaneSnapshot
	for _, name := range names {
		before = append(before, counted(name, nil))
		after = append(after, counted(name, func(l *lane.LaneSnapshot) {
			l.Passed[fore], l.Served = 100, 100
			switch name {
			case "idle":
				l.Passed[fore], l.Served = 0, 0
			case "shed-a-lot":
				l.Refused[fore][lane.ReasonTurn] = 900
			case "shed-some":
				l.Refused[fore][lane.ReasonTurn] = 20
			case "shed-critical":
				l.Tier = lane.Critical
				l.Refused[fore][lane.ReasonTurn] = 20
			case "fails":
				l.Served, l.Failed = 50, 50
			case "waits":
				l.Waiting = 5
			}
		}))
	}
	m.Take(at(0), backends(before...))
	lanes, totals := m.Lanes(at(5), backends(after...))
	var got []string
	for _, l := range lanes {
		got = append(got, l.Name)
	}
	if want := []string{"fails", "shed-critical", "shed-a-lot", "shed-some", "waits", "calm", "idle"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if want := (live.Outcome{Passed: 110, Shed: 188, Failed: 10}); totals != want {
		t.Errorf("totals %+v, want %+v", totals, want)
	}
}

// TestWindow: rates are of the last five seconds, a second's of the last sample,
// and a lane that is new counts from when it was first seen.
func TestWindow(t *testing.T) {
	var m live.Meter
	sum := func(n uint64) map[string]lane.Snapshot {
		return backends(counted("login", func(l *lane.LaneSnapshot) { l.Passed[fore] = n }))
	}
	for i := range 20 {
		n := uint64(100 * i)
		if i == 19 {
			n += 400 // five times as many as usual in the last second
		}
		lanes, _ := m.Lanes(at(float64(i)), sum(n))
		_, second := m.Second(at(float64(i)), sum(n))
		m.Take(at(float64(i)), sum(n))
		want, wantSecond := 100.0, 100.0
		switch i {
		case 0:
			want, wantSecond = 0, 0
		case 19:
			want, wantSecond = 180, 500
		}
		if lanes[0].In != want || second.Passed != wantSecond {
			t.Errorf("after %d s: %g/s, want %g; in the last %g, want %g", i, lanes[0].In, want, second.Passed, wantSecond)
		}
	}
	with := sum(2300)
	b := with["default"]
	b.Lanes = append(b.Lanes, counted("new", func(l *lane.LaneSnapshot) { l.Passed[fore] = 1e6 }))
	with["default"] = b
	lanes, _ := m.Lanes(at(20), with)
	if i := slices.IndexFunc(lanes, func(l live.Lane) bool { return l.Name == "new" }); lanes[i].In != 0 {
		t.Errorf("a new lane: %g/s of what was before", lanes[i].In)
	}
}

// TestClockSetBack: nothing is negative and nothing divides by zero.
func TestClockSetBack(t *testing.T) {
	var m live.Meter
	b := func(n uint64) map[string]lane.Snapshot {
		return backends(counted("login", func(l *lane.LaneSnapshot) { l.Passed[fore] = n }))
	}
	for i, s := range []float64{100, 101, 102, 50, 51, 51, 52, 9000, 9001} {
		lanes, totals := m.Lanes(at(s), b(uint64(100*i)))
		_, second := m.Second(at(s), b(uint64(100*i)))
		m.Take(at(s), b(uint64(100*i)))
		for _, v := range []float64{lanes[0].In, totals.Passed, second.Passed} {
			if !(v >= 0 && v <= 300) {
				t.Errorf("at %g: %g per second", s, v)
			}
		}
	}
}

func TestRate(t *testing.T) {
	var r live.Rate
	var got []float64
	for i, n := range []uint64{1000, 1010, 1020, 1030, 1040, 1050, 1060, 1160, 10} {
		got = append(got, r.Of(at(float64(i)), n))
		r.Take(at(float64(i)))
	}
	if want := []float64{0, 10, 10, 10, 10, 10, 10, 28, 2}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestFeed(t *testing.T) {
	f := live.NewFeed(5, at(0))
	start := at(0).UnixMilli()
	if f.Last() != start || len(f.Newest(3)) != 0 {
		t.Error("a new feed has something")
	}
	for i := range 7 {
		f.Add(live.Event{Entry: audit.Entry{Target: fmt.Sprint(i)}})
	}
	targets := func(events []live.Event) (s string) {
		for _, e := range events {
			s += e.Entry.Target
		}
		return s
	}
	if got := targets(f.Newest(3)); got != "654" {
		t.Errorf("newest %s", got)
	}
	for name, c := range map[string]struct {
		after int64
		want  string
		whole bool
	}{
		"the newest":              {start + 7, "", true},
		"one before":              {start + 6, "6", true},
		"just what is kept":       {start + 2, "23456", true},
		"one is gone":             {start + 1, "23456", false},
		"of an earlier process":   {start - 500, "23456", false},
		"of one that is to come":  {start + 8, "23456", false},
		"from before all numbers": {0, "23456", false},
	} {
		if events, whole := f.After(c.after); targets(events) != c.want || whole != c.whole {
			t.Errorf("%s: %q, whole %t", name, targets(events), whole)
		}
	}
	if later := live.NewFeed(5, at(1)); later.Last() <= f.Last() {
		t.Error("IDs do not rise from one start to the next")
	}
}

func TestKinds(t *testing.T) {
	for what, c := range map[string]struct {
		who  string
		want live.Kind
	}{
		audit.LevelChanged:  {audit.By, live.Auto},
		audit.ActionEntered: {audit.By, live.Auto},
		audit.LevelPinned:   {"kim", live.Manual},
		audit.SignalLost:    {audit.By, live.Signal},
		audit.LoginRefused:  {audit.By, live.System},
		audit.PlanApplied:   {"local", live.System},
		audit.FleetRaised:   {audit.By, live.System},
		audit.ActionFailed:  {audit.By, live.System},
	} {
		if got := live.KindOf(audit.Entry{Who: c.who, What: what}); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
}

func BenchmarkLanes(b *testing.B) {
	var m live.Meter
	var lanes []lane.LaneSnapshot
	for i := range 50 {
		lanes = append(lanes, counted(fmt.Sprintf("lane-%02d", i), func(l *lane.LaneSnapshot) { l.Passed[fore] = 100 }))
	}
	m.Take(at(0), backends(lanes...))
	b.ReportAllocs()
	for b.Loop() {
		m.Lanes(at(1), backends(lanes...))
	}
}
