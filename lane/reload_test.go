package lane_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/daero/daero/lane"
)

func two() []lane.LaneConfig {
	return []lane.LaneConfig{{Name: "message", Tier: lane.Critical}, {Name: "login", Tier: lane.Sheddable}}
}

// learn lets n requests of a lane take d each.
func learn(tb testing.TB, s *lane.Set, h *hand, name string, n int, d time.Duration) {
	tb.Helper()
	for range n {
		p := enter(tb, s.Lane(name), lane.Request{})
		h.now += d
		p.Done(lane.Served)
	}
	h.now += 20 * time.Millisecond
	enter(tb, s.Lane(name), lane.Request{}).Drop() // a step
}

func near(got, want, tolerance time.Duration) bool {
	return got >= want-tolerance && got <= want+tolerance
}

func TestReloadKeepsWhatIsInFlightAndLearned(t *testing.T) {
	s, h := handSet(t, lane.Config{Lanes: two(), InitialLimit: 7})
	learn(t, s, h, "message", 60, 2*time.Millisecond)
	learn(t, s, h, "login", 60, 100*time.Millisecond)
	out := enter(t, s.Lane("login"), lane.Request{Intent: lane.Background})
	handle, before, state := s.Lane("login"), snap(t, s, "login"), s.State()

	lanes := append(two(), lane.LaneConfig{Name: "sync", Tier: lane.Normal})
	lanes[1].Max = 3
	if err := s.Reload(lane.Config{Lanes: lanes, InitialLimit: 99}); err != nil {
		t.Fatal(err)
	}
	if got := s.State(); !reflect.DeepEqual(got, state) {
		t.Errorf("learned %+v before, %+v after", state, got)
	}
	after := snap(t, s, "login")
	if after.InFlight != 1 || after.Passed != before.Passed || after.Served != 60 || after.Dropped != before.Dropped {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
	if s.Lane("login") != handle {
		t.Error("the handle changed")
	}
	if got := len(fill(t, handle, 100)); got != 2 {
		t.Errorf("%d more let in, want 2: Max 3 and one in flight", got)
	}
	out.Done(lane.Served)
	if got := snap(t, s, "login").Served; got != 61 {
		t.Errorf("served %d, want 61", got)
	}
}

func TestReloadRetiresLanes(t *testing.T) {
	s, _ := handSet(t, lane.Config{Lanes: two()})
	login := s.Lane("login")
	out := enter(t, login, lane.Request{})
	if err := s.Reload(lane.Config{Lanes: two()[:1]}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Snapshot().Lanes); n != 1 {
		t.Errorf("%d lanes shown, want 1", n)
	}
	refused(t, login, lane.Request{})
	refused(t, login, lane.Request{Booked: true})
	if n := s.Snapshot().InFlight; n != 1 {
		t.Errorf("in flight %d, want 1: the retired lane's", n)
	}
	out.Done(lane.Served)
	if n := s.Snapshot().InFlight; n != 0 {
		t.Errorf("in flight %d, want 0", n)
	}
	if err := s.Reload(lane.Config{Lanes: two()}); err != nil {
		t.Fatal(err)
	}
	enter(t, login, lane.Request{}).Drop()
	if got := snap(t, s, "login"); got.Passed[0] != 2 {
		t.Errorf("passed %d, want 2: counters go on where they were", got.Passed[0])
	}
}

func TestAFailedReloadChangesNothing(t *testing.T) {
	s, h := handSet(t, lane.Config{Lanes: two()})
	learn(t, s, h, "message", 60, 2*time.Millisecond)
	before := s.Snapshot()
	for name, test := range mistakes {
		if s.Reload(test.cfg) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if after := s.Snapshot(); !reflect.DeepEqual(before, after) {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
}

func TestALaneMayBecomeOneOfStreamsAndBack(t *testing.T) {
	lanes := two()
	s, _ := handSet(t, lane.Config{Lanes: lanes})
	short := enter(t, s.Lane("login"), lane.Request{})
	reload := func(streams bool) {
		lanes[1].Streams = streams
		if err := s.Reload(lane.Config{Lanes: lanes}); err != nil {
			t.Fatal(err)
		}
	}
	reload(true)
	long := enter(t, s.Lane("login"), lane.Request{})
	if n := s.Snapshot().InFlight; n != 1 {
		t.Errorf("in flight %d, want 1: streams do not count", n)
	}
	short.Done(lane.Served)
	if n := s.Snapshot().InFlight; n != 0 {
		t.Errorf("in flight %d, want 0: the request left, the stream does not count", n)
	}
	reload(false)
	if err := long.Park(func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	long.Drop()
	empty(t, s)
}

func TestReloadOfAFixedLimit(t *testing.T) {
	s, _ := handSet(t, lane.Config{Lanes: two()})
	if err := s.Reload(lane.Config{Lanes: two(), FixedLimit: 3}); err != nil {
		t.Fatal(err)
	}
	if got := len(fill(t, s.Lane("login"), 100)); got != 3 || s.Snapshot().Limit != 3 {
		t.Errorf("%d let in, limit %d, want 3", got, s.Snapshot().Limit)
	}
}

func TestRestoreIgnoresNonsense(t *testing.T) {
	for name, test := range map[string]struct {
		state lane.State
		limit int
		base  time.Duration
	}{
		"nothing":           {lane.State{}, 20, 0},
		"good":              {lane.State{Limit: 50, Bases: map[string]time.Duration{"login": time.Second}}, 50, time.Second},
		"limit below one":   {lane.State{Limit: -5}, 20, 0},
		"limit over all":    {lane.State{Limit: lane.MaxLimit + 1}, 20, 0},
		"limit of overflow": {lane.State{Limit: math.MaxInt}, 20, 0},
		"negative base":     {lane.State{Bases: map[string]time.Duration{"login": -1}}, 20, 0},
		"base of hours":     {lane.State{Bases: map[string]time.Duration{"login": 2 * time.Hour}}, 20, 0},
		"unknown lane":      {lane.State{Bases: map[string]time.Duration{"gone": time.Second}}, 20, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := handSet(t, lane.Config{Lanes: two()})
			s.Restore(test.state)
			if got := s.Snapshot().Limit; got != test.limit {
				t.Errorf("limit %d, want %d", got, test.limit)
			}
			if got := snap(t, s, "login").Base; !near(got, test.base, time.Microsecond) {
				t.Errorf("base %s, want %s", got, test.base)
			}
			for _, p := range fill(t, s.Lane("message"), 5) {
				p.Done(lane.Served)
			}
		})
	}
}

func TestStateRestoresElsewhere(t *testing.T) {
	s, h := handSet(t, lane.Config{Lanes: two(), InitialLimit: 33})
	learn(t, s, h, "message", 60, 2*time.Millisecond)
	other, _ := handSet(t, lane.Config{Lanes: two()})
	other.Restore(s.State())
	if got, want := other.State(), s.State(); got.Limit != want.Limit || !near(got.Bases["message"], want.Bases["message"], time.Microsecond) {
		t.Errorf("restored %+v of %+v", got, want)
	}
}
