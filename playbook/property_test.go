package playbook_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// histories is how many random ones the properties are held against.
const histories = 1000

// randomBook makes a valid playbook.
func randomBook(t *testing.T, r *rand.Rand) *playbook.Playbook {
	lanes := []string{"login", "message", "sync"}
	cfg := playbook.Config{Shadow: r.IntN(8) == 0, Ramp: playbook.Ramp{Step: 0.05 + r.Float64()*0.95, Every: time.Duration(1+r.IntN(30)) * level.Interval}}
	taken := map[string]bool{}
	for range r.IntN(20) {
		a := playbook.Action{
			At: level.Level(1 + r.IntN(4)), Kind: playbook.Kind(1 + r.IntN(int(playbook.Notify))), From: 1, To: 1,
			For: time.Duration(1+r.IntN(60)) * time.Second, Shadow: r.IntN(5) == 0,
		}
		if a.Kind.Graded() {
			a.To = 0.05 + 0.9*r.Float64()
			a.From = a.To * r.Float64()
		}
		switch a.Kind {
		case playbook.Work:
			a.To, a.From, a.For = 1, 0.1+0.9*r.Float64(), time.Duration(1+r.IntN(10))*time.Second
		case playbook.Challenge:
			a.NewDevice = r.IntN(2) == 0
		}
		switch {
		case a.Kind == playbook.Work: // at all sites
		case !a.Kind.OfLane():
			a.Target, a.Value = []string{"ops", "boss"}[r.IntN(2)], "off"
		default:
			if a.Lane = lanes[r.IntN(3)]; r.IntN(3) == 0 {
				a.Backend = "default"
			}
			switch a.Kind {
			case playbook.Ceiling:
			case playbook.Drain:
				a.Rate = float64(r.IntN(100))
			default:
				a.Who = playbook.Who(r.IntN(3))
			}
		}
		if key := a.At.String() + a.Slot(); !taken[key] {
			taken[key] = true
			cfg.Actions = append(cfg.Actions, a)
		}
	}
	return bookOf(t, cfg)
}

// randomStanding is where a ladder may stand.
func randomStanding(r *rand.Rand) level.Standing {
	s := level.Standing{Acting: level.Level(r.IntN(level.Count)), Pressure: r.Float64(), Ease: level.Level(r.IntN(level.Count))}
	if r.IntN(4) == 0 {
		s.Armed = level.Level(r.IntN(int(level.MaxArm) + 1))
	}
	if s.Level = max(s.Acting, s.Armed); r.IntN(6) == 0 {
		s.Level, s.Pinned = s.Acting, true
	}
	return s
}

// ledger keeps what events say is in force, done and in shadow.
type ledger map[string]bool

// take checks that events and orders tell one story.
func (l ledger) take(t *testing.T, seed uint64, orders []playbook.Order, events []playbook.Event) {
	t.Helper()
	key := func(id string, shadow bool) string {
		if shadow {
			return "shadow " + id
		}
		return id
	}
	for _, e := range events {
		k := key(e.ID, e.Shadow)
		switch {
		case e.Entered() && e.Left():
			t.Fatalf("seed %d: an event of nothing: %+v", seed, e)
		case e.Entered() == l[k]:
			t.Fatalf("seed %d: %s entered twice, or moved or left without having entered", seed, k)
		}
		if l[k] = true; e.Left() {
			delete(l, k)
		}
	}
	if len(orders) != len(l) {
		t.Fatalf("seed %d: in force %s, told of %v", seed, told(orders), l)
	}
	for _, o := range orders {
		if !l[key(o.ID, o.Shadow)] {
			t.Fatalf("seed %d: %s is in force, told of %v", seed, key(o.ID, o.Shadow), l)
		}
		if o.Strength <= 0 || o.Strength > 1 {
			t.Fatalf("seed %d: %s at %v", seed, o.ID, o.Strength)
		}
	}
}

// TestLeavingEveryLevelRestores: whatever happened before, with reloads, pins,
// stops and pauses, at normal nothing stays in force, and everything that was
// told to be in force was told to have left.
func TestLeavingEveryLevelRestores(t *testing.T) {
	most := 0
	for seed := range uint64(histories) {
		r := rand.New(rand.NewPCG(seed, 3))
		run := playbook.NewRunner(randomBook(t, r))
		now, l := start, ledger{}
		step := func(s level.Standing) []playbook.Order {
			now = now.Add(level.Interval)
			orders, events := run.Step(now, s)
			l.take(t, seed, orders, events)
			return orders
		}
		s := randomStanding(r)
		for range 300 {
			switch pause := (playbook.Pause{Until: now.Add(time.Duration(1+r.IntN(100)) * level.Interval), By: "kim", Reason: "r"}); r.IntN(40) {
			case 0:
				run.Reload(randomBook(t, r))
			case 1:
				_ = run.Pause(now, pause)
			case 2:
				run.Resume(now)
			case 3, 4:
				if f := run.InForce(now); len(f) > 0 {
					_ = run.Stop(now, f[r.IntN(len(f))].ID, pause)
				}
			case 5:
				if f := run.InForce(now); len(f) > 0 {
					run.Start(now, f[r.IntN(len(f))].ID)
				}
			case 6, 7, 8, 9:
				s = randomStanding(r)
			case 10:
				now = now.Add(time.Duration(r.Int64N(int64(time.Minute))) - 30*time.Second)
			}
			most = max(most, len(step(s)))
		}
		// Normal, by the readings or by a pin, though they be unhealthy: the
		// ramp takes twice its steps at the very most.
		end := level.Standing{Ease: level.Level(r.IntN(level.Count)), Pinned: r.IntN(2) == 0}
		ramp := run.Book().Config().Ramp
		for range int(2*(1/ramp.Step+2)) * (int(ramp.Every/level.Interval) + 1) {
			step(end)
		}
		if orders := step(end); len(orders) > 0 || len(l) > 0 || len(run.InForce(now)) > 0 {
			t.Fatalf("seed %d: at normal in force: %s, told of %v", seed, told(orders), l)
		}
	}
	if most < 8 {
		t.Errorf("at most %d actions were in force: the property was hardly tried", most)
	}
}

// TestOrdersAreProportional: more pressure never means less of anything, what is
// armed refuses nothing, and the ends of neighbouring levels are in order.
func TestOrdersAreProportional(t *testing.T) {
	for seed := range uint64(histories) {
		r := rand.New(rand.NewPCG(seed, 4))
		p := randomBook(t, r)
		s := randomStanding(r)
		more := s
		more.Pressure += (1 - s.Pressure) * r.Float64()
		strong := map[string]float64{}
		for _, o := range p.Orders(more, nil) {
			strong[o.ID] = o.Strength
		}
		for _, o := range p.Orders(s, nil) {
			if o.Strength > strong[o.ID] {
				t.Fatalf("seed %d: %s is %v at pressure %v, %v at %v", seed, o.ID, o.Strength, s.Pressure, strong[o.ID], more.Pressure)
			}
			if a := o.Action; a.Kind.Refuses() && a.At > s.Acting || a.At > s.Level {
				t.Fatalf("seed %d: %s of row %s stands at %+v", seed, o.ID, a.At, s)
			}
		}
		if got := p.Orders(level.Standing{Level: level.Normal, Pressure: 1, Ease: level.Serious}, nil); len(got) > 0 {
			t.Fatalf("seed %d: at normal %s", seed, told(got))
		}
	}
}
