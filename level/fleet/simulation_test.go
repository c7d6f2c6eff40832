package fleet_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/level/fleet"
)

// net carries readings between gateways in virtual time: late, out of order,
// twice, or not at all.
type net struct {
	r    *rand.Rand
	loss float64
	late int              // steps at most
	due  map[int][]letter // by step
	cut  func(from, to int) bool
}

type letter struct {
	to int
	r  fleet.Reading
}

func (n *net) send(step, from, members int, r fleet.Reading) {
	for to := range members {
		if n.cut != nil && n.cut(from, to) {
			continue
		}
		for range 1 + n.r.IntN(10)/9 { // one in ten twice
			if n.r.Float64() >= n.loss {
				at := step + 1 + n.r.IntN(n.late)
				n.due[at] = append(n.due[at], letter{to, r})
			}
		}
	}
}

// gateway is one of a simulated fleet: a ladder, and what it knows of others.
type gateway struct {
	f      *fleet.Fleet
	ladder *level.Ladder
	value  float64 // what its signal reads: 10 is attention, 40 serious
	phase  int
	down   bool
	told   level.Level
	got    level.Standing
}

type simulation struct {
	t    *testing.T
	net  *net
	all  []*gateway
	step int
	now  time.Time
	// liars say anything instead of what they measure.
	liars int
}

func simulate(t *testing.T, members int, seed uint64, loss float64) *simulation {
	s := &simulation{t: t, now: start, net: &net{r: rand.New(rand.NewPCG(seed, 5)), loss: loss, late: 5, due: map[int][]letter{}}}
	for i := range members {
		g := &gateway{phase: s.net.r.IntN(10)}
		s.all = append(s.all, g)
		s.boot(i)
	}
	return s
}

// boot starts a gateway anew: it has forgotten everything.
func (s *simulation) boot(i int) {
	f, err := fleet.New(fleet.Config{Node: fmt.Sprint("gw", i), Run: uint64(s.now.UnixMilli())})
	if err != nil {
		s.t.Fatal(err)
	}
	l, err := level.New(level.Config{Signals: []level.Signal{{Name: "s", At: [4]float64{10, 20, 30, 40}, Alone: true}}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.all[i].f, s.all[i].ladder, s.all[i].down = f, l, false
}

func (s *simulation) run(d time.Duration) {
	for range int(d / level.Interval) {
		for _, l := range s.net.due[s.step] {
			if g := s.all[l.to]; !g.down {
				g.f.Hear(s.now, l.r)
			}
		}
		delete(s.net.due, s.step)
		for i, g := range s.all {
			if g.down {
				continue
			}
			g.ladder.Step(s.now, []level.Reading{{Value: g.value, At: s.now}})
			g.got = g.f.Agree(s.now, g.ladder.Standing())
			s.tell(i, g)
		}
		s.step++
		s.now = s.now.Add(level.Interval)
	}
}

// tell publishes once a second, and at once when the level rises.
func (s *simulation) tell(i int, g *gateway) {
	acting := g.ladder.Standing().Acting
	if s.step%10 != g.phase && acting <= g.told {
		g.told = min(g.told, acting)
		return
	}
	g.told = acting
	r, ok := g.f.Speak(s.now, fleet.Reading{Weight: 100})
	if ok && i < s.liars {
		seq := r.Seq
		r = lie(s.net.r, s.now, &voice{node: r.Node, run: r.Run, seq: seq})
	}
	if ok {
		s.net.send(s.step, i, len(s.all), r)
	}
}

// press makes the first n read a value.
func (s *simulation) press(n int, value float64) {
	for i, g := range s.all {
		if g.value = 0; i < n {
			g.value = value
		}
	}
}

// rest begins anew with all at normal.
func (s *simulation) rest() {
	for i := range s.all {
		s.boot(i)
		s.all[i].told, s.all[i].got = level.Normal, level.Standing{}
	}
	clear(s.net.due)
	s.run(10 * time.Second)
}

// until runs until ok holds for all that are up, and returns how long it took.
func (s *simulation) until(most time.Duration, ok func(level.Standing) bool) time.Duration {
	s.t.Helper()
	for took := time.Duration(0); took <= most; took += level.Interval {
		all := true
		for i, g := range s.all {
			all = all && (g.down || i < s.liars || ok(g.got))
		}
		if all {
			return took
		}
		s.run(level.Interval)
	}
	s.t.Fatalf("not within %s: %s", most, s.levels())
	return 0
}

func (s *simulation) levels() (all []level.Level) {
	for _, g := range s.all {
		all = append(all, g.got.Acting)
	}
	return all
}

func (s *simulation) never(d time.Duration, what string, bad func(i int, st level.Standing) bool) {
	s.t.Helper()
	for range int(d / level.Interval) {
		s.run(level.Interval)
		for i, g := range s.all {
			if !g.down && i >= s.liars && bad(i, g.got) {
				s.t.Fatalf("gateway %d at %s: %s: %s", i, g.got.Acting, what, s.levels())
			}
		}
	}
}

func at(lv level.Level) func(level.Standing) bool {
	return func(s level.Standing) bool { return s.Acting == lv }
}

// TestSimulation: fleets of several sizes, with losses: a majority that is
// pressed raises all within two seconds, nobody falls back while it is pressed,
// and all come down after it.
func TestSimulation(t *testing.T) {
	for _, members := range []int{3, 10, 100} {
		for _, loss := range []float64{0, 0.1, 0.3} {
			holds, falls := 60*time.Second, level.Normal
			if members == 100 { // seconds of this machine, a minute of theirs
				holds, falls = 15*time.Second, level.Caution
			}
			if members == 100 && loss < 0.3 {
				continue
			}
			t.Run(fmt.Sprintf("%d,%.0f%%", members, loss*100), func(t *testing.T) {
				s := simulate(t, members, uint64(members), loss)
				s.run(10 * time.Second)
				pressed := members/2 + 1 + members/10
				s.press(pressed, 35)
				up := s.until(2*time.Second, at(level.Alert))
				s.never(holds, "fell back while a majority is pressed", func(_ int, st level.Standing) bool { return st.Acting < level.Alert })
				s.press(0, 0)
				down := s.until(5*time.Minute, at(falls))
				t.Logf("all of %d at alert after %s, at %s %s after the end", members, up, falls, down)
				s.rest()

				// A minority moves nobody.
				s.press((members-1)/2, 45)
				s.never(holds, "moved by a minority", func(i int, st level.Standing) bool {
					return i >= (members-1)/2 && st.Acting > level.Normal
				})
			})
		}
	}
}

// TestSimulatedLiars: a minority of liars in a lossy fleet.
func TestSimulatedLiars(t *testing.T) {
	for _, members := range []int{3, 10, 100} {
		s := simulate(t, members, 7, 0.2)
		s.liars = (members - 1) / 2
		s.never(30*time.Second, "nobody honest measures anything", func(_ int, st level.Standing) bool { return st.Acting > level.Normal })
		s.press(members, 25)
		s.until(2*time.Second, at(level.Caution))
		s.never(60*time.Second, "all honest ones measure caution", func(_ int, st level.Standing) bool { return st.Acting != level.Caution })
	}
}

// TestPartition: each side decides with whom it hears, and both come together
// again.
func TestPartition(t *testing.T) {
	s := simulate(t, 10, 11, 0.1)
	s.run(10 * time.Second)
	s.net.cut = func(from, to int) bool { return (from < 4) != (to < 4) }
	s.run(fleet.DefaultStale + time.Second)
	s.press(3, 35) // a majority on the small side alone
	s.run(2 * time.Second)
	for i, g := range s.all {
		if want := i < 4; (g.got.Acting == level.Alert) != want {
			t.Errorf("gateway %d at %s", i, g.got.Acting)
		}
	}
	s.net.cut = nil
	s.run(fleet.DefaultStale + fleet.DefaultHold + 2*time.Second)
	for i, g := range s.all {
		if want := i < 3; (g.got.Acting == level.Alert) != want {
			t.Errorf("together again: gateway %d at %s", i, g.got.Acting)
		}
	}
}

// TestTheLogIsAway: without a word from anybody each gateway acts on what it
// measures, and they agree again when it is back.
func TestTheLogIsAway(t *testing.T) {
	s := simulate(t, 10, 13, 0)
	s.press(7, 35)
	s.run(10 * time.Second)
	s.until(time.Second, at(level.Alert))
	s.net.cut = func(int, int) bool { return true }
	s.run(fleet.DefaultStale + fleet.DefaultHold + time.Second)
	s.never(time.Minute, "acts on what others said long ago", func(_ int, st level.Standing) bool { return false })
	for i, g := range s.all {
		if own := g.ladder.Standing(); g.got != own {
			t.Errorf("gateway %d measures %+v, acts on %+v", i, own, g.got)
		}
	}
	s.net.cut = nil
	s.until(6*time.Second, at(level.Alert))
}

// TestRestarts: gateways that die and come back, one after the other, while a
// majority is pressed: nobody else moves, and who came back is raised again.
func TestRestarts(t *testing.T) {
	s := simulate(t, 10, 17, 0.1)
	s.press(8, 35)
	s.run(10 * time.Second)
	s.until(time.Second, at(level.Alert))
	for i := range s.all {
		s.all[i].down = true
		s.run(time.Duration(1+s.net.r.IntN(10)) * time.Second)
		s.boot(i)
		s.never(6*time.Second, "moved by a restart", func(k int, st level.Standing) bool { return k != i && st.Acting != level.Alert })
		s.until(4*time.Second, at(level.Alert))
	}
}
