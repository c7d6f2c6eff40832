package lane_test

import (
	"math"
	"testing"
	"time"

	"github.com/daero/daero/lane"
)

// fill enters until refused, at most most times.
func fill(tb testing.TB, l *lane.Lane, most int) (permits []*lane.Permit) {
	tb.Helper()
	for range most {
		p, _ := tryEnter(tb, l, lane.Request{})
		if p == nil {
			return permits
		}
		permits = append(permits, p)
	}
	return permits
}

var none = lane.Queue{Length: -1}

func TestHowManyALaneGets(t *testing.T) {
	type lanes = []lane.LaneConfig
	for name, test := range map[string]struct {
		fixed int
		lanes lanes // filled in this order
		want  []int
	}{
		"alone":                  {10, lanes{{Name: "a", Tier: 3, Queue: none}}, []int{10}},
		"a second finds nothing": {10, lanes{{Name: "a", Tier: 3, Queue: none}, {Name: "b", Tier: 3, Queue: none}}, []int{10, 0}},
		"its floor is its own":   {10, lanes{{Name: "a", Tier: 1, Queue: none}, {Name: "b", Tier: 3, Floor: 0.3, Queue: none}}, []int{10, 3}},
		"an unused floor serves": {10, lanes{{Name: "a", Tier: 3, Floor: 0.5, Queue: none}}, []int{10}},
		"ceiling":                {10, lanes{{Name: "a", Tier: 1, Ceiling: 0.5, Queue: none}, {Name: "b", Tier: 3, Queue: none}}, []int{5, 5}},
		"a ceiling leaves one":   {10, lanes{{Name: "a", Tier: 1, Ceiling: 0.01, Queue: none}}, []int{1}},
		"max":                    {10, lanes{{Name: "a", Tier: 2, Max: 2, Queue: none}, {Name: "b", Tier: 2, Queue: none}}, []int{2, 8}},
		"max below the floor":    {10, lanes{{Name: "a", Tier: 2, Max: 2, Floor: 0.5, Queue: none}}, []int{2}},
		"max and ceiling":        {10, lanes{{Name: "a", Tier: 2, Max: 7, Ceiling: 0.4, Queue: none}}, []int{4}},
		"one place":              {1, lanes{{Name: "a", Tier: 3, Queue: none}}, []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := handSet(t, lane.Config{FixedLimit: test.fixed, Lanes: test.lanes})
			var out []*lane.Permit
			for i, l := range test.lanes {
				got := fill(t, s.Lane(l.Name), 100)
				if len(got) != test.want[i] {
					t.Errorf("lane %s got %d, want %d", l.Name, len(got), test.want[i])
				}
				out = append(out, got...)
			}
			for _, p := range out {
				p.Drop()
			}
			empty(t, s)
		})
	}
}

func TestCriticalPassesWhileLoginIsClosed(t *testing.T) {
	s, h := handSet(t, lane.Config{InitialLimit: 5, Lanes: []lane.LaneConfig{
		{Name: "message", Tier: lane.Critical}, {Name: "login", Tier: lane.Sheddable},
	}})
	if got := len(fill(t, s.Lane("login"), 100)); got != 5 {
		t.Fatalf("login got %d, want the limit of 5", got)
	}
	for i := range 50 {
		h.now += time.Millisecond
		enter(t, s.Lane("message"), lane.Request{User: uint64(i)})
		refused(t, s.Lane("login"), lane.Request{})
	}
}

// A login storm on a backend that then loses half its workers: no message is
// ever refused, also not while a drain keeps the login lane closed.
func TestCriticalPassesInAStorm(t *testing.T) {
	message := &flow{lane: "message", rate: 400, work: 5 * time.Millisecond, users: 500}
	login := &flow{lane: "login", rate: 50, work: 100 * time.Millisecond, users: 5000}
	w := newWorld(t, lane.Config{Lanes: []lane.LaneConfig{
		{Name: "message", Tier: lane.Critical}, {Name: "login", Tier: lane.Sheddable},
	}}, 20, message, login)
	w.run(3*time.Second, nil)
	login.rate = 1000
	w.run(7*time.Second, nil)
	if l := w.set.Snapshot().Limit; l < 16 || l > 24 {
		t.Errorf("limit %d before 20 workers", l)
	}
	w.workers = w.workers[:10]
	closed := 0
	w.run(5*time.Second, func() {
		if sn := w.set.Snapshot(); sn.Phase == "drain" {
			if snap(t, w.set, "login").Limit != 0 {
				t.Fatal("login has permits during a drain")
			}
			closed++
			enter(t, w.set.Lane("message"), lane.Request{User: 1}).Drop()
		}
	})
	if closed == 0 {
		t.Error("half the workers gone, and no drain")
	}
	if l := w.set.Snapshot().Limit; l < 7 || l > 14 {
		t.Errorf("limit %d before 10 workers", l)
	}
	if message.passed != message.sent {
		t.Errorf("%d of %d messages refused", message.sent-message.passed, message.sent)
	}
	if login.passed == login.sent {
		t.Error("no login was refused: this was no storm")
	}
	w.flows = nil
	w.run(10*time.Second, nil)
	empty(t, w.set)
}

func TestLanesOfOneTierShareWhatTheyUse(t *testing.T) {
	a := &flow{lane: "a", rate: 800, work: 100 * time.Millisecond}
	b := &flow{lane: "b", rate: 0.001, work: 100 * time.Millisecond}
	w := newWorld(t, lane.Config{FixedLimit: 40, Lanes: []lane.LaneConfig{
		{Name: "a", Tier: lane.Sheddable}, {Name: "b", Tier: lane.Sheddable},
	}}, 40, a, b)
	served := func(d time.Duration) (na, nb float64) {
		w.run(2*time.Second, nil)
		w.reset()
		w.run(d, nil)
		return float64(a.passed) / d.Seconds(), float64(b.passed) / d.Seconds()
	}
	const can = 400.0 // 40 permits, 100 ms each
	if na, _ := served(3 * time.Second); na < 0.9*can {
		t.Errorf("b idle: a served %.0f/s, want nearly %.0f", na, can)
	}
	b.rate = 800
	na, nb := served(5 * time.Second)
	if na+nb < 0.9*can || math.Abs(na-nb) > 0.15*can {
		t.Errorf("both busy: a %.0f/s, b %.0f/s, want about %.0f each", na, nb, can/2)
	}
	// A quarter of the whole: it gets that, less what chance alone refuses
	// where 10 places meet 10 on average (Erlang: a fifth), and a the rest.
	b.rate = 100
	na, nb = served(5 * time.Second)
	if nb < 75 || na < 0.9*can-110 {
		t.Errorf("b modest: a %.0f/s, b %.0f/s, want about 300 and 100", na, nb)
	}
	a.rate = 0.001
	b.rate = 800
	if _, nb := served(3 * time.Second); nb < 0.9*can {
		t.Errorf("a idle: b served %.0f/s, want nearly %.0f", nb, can)
	}
}

// A lane of which nothing is known, or that needs a fraction of a permit, finds
// one within reach although another of its tier takes all it can get.
func TestARareLaneIsNotStarved(t *testing.T) {
	greedy := &flow{lane: "greedy", rate: 800, work: 100 * time.Millisecond}
	rare := &flow{lane: "rare", rate: 2, work: 100 * time.Millisecond}
	w := newWorld(t, lane.Config{FixedLimit: 40, Lanes: []lane.LaneConfig{
		{Name: "greedy", Tier: lane.Sheddable}, {Name: "rare", Tier: lane.Sheddable},
	}}, 40, greedy)
	w.run(2*time.Second, nil)
	w.flows = append(w.flows, rare)
	w.run(30*time.Second, nil)
	if rare.passed < rare.sent/2 {
		t.Errorf("%d of %d of the rare lane served", rare.passed, rare.sent)
	}
}

func TestShadowRefusesNothingAndCounts(t *testing.T) {
	s, h := handSet(t, lane.Config{FixedLimit: 2, Shadow: true, Lanes: []lane.LaneConfig{{Name: "login", Tier: lane.Sheddable}}})
	l := s.Lane("login")
	var out []*lane.Permit
	for i := range 50 {
		h.now += 2 * time.Millisecond
		out = append(out, enter(t, l, lane.Request{User: uint64(i + 1), Intent: lane.Intent(i % 2), Budget: time.Nanosecond * time.Duration(i%3)}))
	}
	sn := snap(t, s, "login")
	if sn.Passed != [2]uint64{25, 25} || len(sn.Refused[0])+len(sn.Refused[1]) != 0 {
		t.Errorf("passed %v, refused %v; want all passed", sn.Passed, sn.Refused)
	}
	if sn.WouldRefuse != 48 || sn.InFlight != 50 {
		t.Errorf("would refuse %d with %d in flight, want 48 with 50", sn.WouldRefuse, sn.InFlight)
	}
	if !s.Snapshot().Shadow {
		t.Error("the snapshot does not say shadow")
	}
	for _, p := range out {
		p.Done(lane.Served)
	}
	empty(t, s)
}

func TestStreamsCountAgainstMaxOnly(t *testing.T) {
	s, h := handSet(t, lane.Config{FixedLimit: 1, Lanes: []lane.LaneConfig{
		{Name: "socket", Tier: lane.Critical, Streams: true, Max: 3, Queue: none}, {Name: "login", Tier: lane.Sheddable},
	}})
	streams := fill(t, s.Lane("socket"), 10)
	if len(streams) != 3 {
		t.Fatalf("%d streams, want Max 3", len(streams))
	}
	if sn := s.Snapshot(); sn.InFlight != 0 || snap(t, s, "socket").InFlight != 3 || snap(t, s, "socket").Limit != 3 {
		t.Errorf("in flight %d, of streams %d; want 0 and 3", sn.InFlight, snap(t, s, "socket").InFlight)
	}
	p := enter(t, s.Lane("login"), lane.Request{})
	h.now += time.Hour
	p.Drop()
	for _, p := range streams {
		p.Done(lane.Served)
	}
	h.now += time.Second
	enter(t, s.Lane("login"), lane.Request{}).Drop()
	if b := snap(t, s, "socket").Base; b != 0 {
		t.Errorf("learned %s from streams", b)
	}
	empty(t, s)
}

func TestRefusedStreamsDoNotAllReturnAtOnce(t *testing.T) {
	s, _ := handSet(t, lane.Config{Lanes: []lane.LaneConfig{{Name: "socket", Tier: lane.Critical, Streams: true, Max: 1, Queue: none}}})
	enter(t, s.Lane("socket"), lane.Request{})
	seen := map[time.Duration]bool{}
	for i := range 100 {
		seen[refused(t, s.Lane("socket"), lane.Request{User: lane.HashUser(string(rune(i)))}).After] = true
	}
	if len(seen) != 100 {
		t.Errorf("100 refusals name %d different times", len(seen))
	}
}
