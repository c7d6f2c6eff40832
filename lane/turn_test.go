package lane_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/daero/daero/lane"
)

// turnedAway asks for n users and tells whose turn it is not. The clock stands,
// so no step changes the turn meanwhile.
func turnedAway(tb testing.TB, l *lane.Lane, n int) []bool {
	tb.Helper()
	away := make([]bool, n)
	for i := range away {
		p, reason := tryEnter(tb, l, user(i))
		if p != nil {
			p.Drop()
		}
		away[i] = reason == lane.ReasonTurn
	}
	return away
}

// pressed is a full lane whose turn has gone down to about a half.
func pressed(tb testing.TB, s *lane.Set, h *hand, l *lane.Lane) {
	tb.Helper()
	for i := 0; snap(tb, s, l.Name()).Turn > 0.5; i++ {
		h.now += time.Millisecond
		refused(tb, l, user(1_000_000+i))
		if i > 100_000 {
			tb.Fatal("the turn does not go down")
		}
	}
}

func fullSet(tb testing.TB, seed uint64) (*lane.Set, *hand, *lane.Lane, []*lane.Permit) {
	tb.Helper()
	s, h := handSet(tb, lane.Config{FixedLimit: 10, Seed: seed, Lanes: []lane.LaneConfig{{Name: "login", Tier: lane.Sheddable}}})
	return s, h, s.Lane("login"), fill(tb, s.Lane("login"), 10)
}

// nested tells whether one set of users is part of the other, as it is where
// only the turn has moved.
func nested(a, b []bool) bool {
	onlyA, onlyB := 0, 0
	for i := range a {
		if a[i] && !b[i] {
			onlyA++
		}
		if b[i] && !a[i] {
			onlyB++
		}
	}
	return onlyA == 0 || onlyB == 0
}

func TestTheTurnIsTheUsersForAnHour(t *testing.T) {
	s, h, l, _ := fullSet(t, 0)
	h.now = 2 * time.Hour
	pressed(t, s, h, l)
	first := turnedAway(t, l, 2000)
	n := 0
	for _, away := range first {
		if away {
			n++
		}
	}
	if turn := snap(t, s, "login").Turn; float64(n) < 2000*(1-turn)*0.9 || float64(n) > 2000*(1-turn)*1.1 {
		t.Errorf("%d of 2000 turned away at turn %.3f", n, turn)
	}
	for _, at := range []time.Duration{2*time.Hour + 20*time.Minute, 3*time.Hour - 30*time.Second} {
		h.now = at
		pressed(t, s, h, l)
		if again := turnedAway(t, l, 2000); !nested(first, again) {
			t.Errorf("at %s other users are let in than at the start of the hour", at)
		}
	}
	h.now = 3*time.Hour + time.Minute
	pressed(t, s, h, l)
	if next := turnedAway(t, l, 2000); nested(first, next) {
		t.Error("the next hour turns the same users away")
	}
	other, oh, ol, _ := fullSet(t, 42)
	oh.now = 2 * time.Hour
	pressed(t, other, oh, ol)
	if seeded := turnedAway(t, ol, 2000); nested(first, seeded) {
		t.Error("another seed turns the same users away")
	}
}

func TestWhoWasLetInStaysIn(t *testing.T) {
	s, h, l, out := fullSet(t, 0)
	shedding(t, h, l)
	out[0].Drop()
	var in []lane.Request // let in at the beginning of the storm, one after the other
	for i := range 100 {
		p, _ := tryEnter(t, l, user(i))
		if p != nil {
			in = append(in, user(i))
			p.Drop()
		}
	}
	if len(in) < 90 {
		t.Fatalf("only %d of 100 were let in", len(in))
	}
	out[0] = enter(t, l, lane.Request{})
	pressed(t, s, h, l)
	turnedIn, turnedOut := 0, 0
	for i := range 100 {
		if p, reason := tryEnter(t, l, in[i%len(in)]); p != nil || reason == lane.ReasonTurn {
			turnedIn++
		}
		if p, reason := tryEnter(t, l, user(5000+i)); p != nil || reason == lane.ReasonTurn {
			turnedOut++
		}
	}
	if turnedIn > 5 || turnedOut < 30 { // a few meet others in the ledger
		t.Errorf("turned away: %d of 100 who were in, %d of 100 who were not", turnedIn, turnedOut)
	}
}

func TestBackgroundIsRefusedBeforeForeground(t *testing.T) {
	people := &flow{lane: "login", rate: 60, work: 100 * time.Millisecond}
	phones := &flow{lane: "login", rate: 900, work: 100 * time.Millisecond, intent: lane.Background}
	w := newWorld(t, lane.Config{FixedLimit: 40, Lanes: []lane.LaneConfig{{Name: "login", Tier: lane.Sheddable}}}, 40, people, phones)
	w.run(3*time.Second, nil)
	w.reset()
	w.run(10*time.Second, nil)
	fore, back := float64(people.passed)/float64(people.sent), float64(phones.passed)/float64(phones.sent)
	if fore < 0.85 {
		t.Errorf("%.0f%% of the people and %.0f%% of the phones served", 100*fore, 100*back)
	}
	if got := people.passed + phones.passed; got < 3700 {
		t.Errorf("%d served in 10 s, want nearly 4000", got)
	}
	sn := snap(t, w.set, "login")
	if sn.Refused[lane.Background][lane.ReasonBackground] == 0 || sn.Refused[lane.Foreground][lane.ReasonBackground] != 0 {
		t.Errorf("refused %v", sn.Refused)
	}
}

func TestNoWorkThatCannotFinishInTime(t *testing.T) {
	for name, test := range map[string]struct {
		budget, deadline time.Duration // 0 none
		want             lane.Reason
	}{
		"nothing said":           {0, 0, lane.ReasonNone},
		"budget enough":          {150 * time.Millisecond, 0, lane.ReasonNone},
		"budget too small":       {50 * time.Millisecond, 0, lane.ReasonDeadline},
		"negative is not known":  {-1, 0, lane.ReasonNone},
		"deadline enough":        {0, time.Minute, lane.ReasonNone},
		"deadline too small":     {0, 50 * time.Millisecond, lane.ReasonDeadline},
		"deadline over":          {0, -time.Second, lane.ReasonDeadline},
		"the shorter one counts": {time.Minute, 50 * time.Millisecond, lane.ReasonDeadline},
	} {
		t.Run(name, func(t *testing.T) {
			s, h := handSet(t, lane.Config{Lanes: two()})
			learn(t, s, h, "login", 60, 100*time.Millisecond)
			ctx := context.Background()
			if test.deadline != 0 {
				var cancel func()
				ctx, cancel = context.WithTimeout(ctx, test.deadline)
				defer cancel()
			}
			p, err := s.Lane("login").Enter(ctx, lane.Request{Budget: test.budget})
			var r *lane.Refusal
			if test.want == lane.ReasonNone {
				if err != nil {
					t.Fatal(err)
				}
				p.Drop()
			} else if !errors.As(err, &r) || r.Reason != test.want || r.After <= 0 {
				t.Errorf("got %v, want %s", err, test.want)
			}
			empty(t, s)
		})
	}
}
