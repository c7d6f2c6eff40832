package fleet_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/level/fleet"
)

// seeds is how many random fleets the properties are held against.
const seeds = 2000

// loads are random loads of honest gateways: anywhere, or near each other.
func loads(r *rand.Rand, n int) []float64 {
	about, wide := 5*r.Float64(), 5*r.Float64()*float64(r.IntN(2))
	all := make([]float64, n)
	for i := range all {
		all[i] = math.Min(math.Max(about+wide*(r.Float64()-0.5), 0), 5)
	}
	return all
}

// lie is a reading that a liar sends: anything that can be parsed.
func lie(r *rand.Rand, now time.Time, v *voice) fleet.Reading {
	v.load = []float64{0, 5, 5 * r.Float64()}[r.IntN(3)]
	v.weight = []float64{0, 1e-300, 1, 1e9}[r.IntN(4)]
	v.pinned = r.IntN(5) == 0
	said := v.say(now)
	said.At = now.Add(time.Duration(r.Int64N(int64(48*time.Hour))) - 24*time.Hour)
	switch r.IntN(10) {
	case 0:
		said.Seq = 0
	case 1:
		said.Seq = math.MaxUint64
	case 2:
		said.Run = r.Uint64()
	}
	return said
}

// TestLiars: with any minority of liars, whatever they say and however heavy
// they claim to be, no honest gateway acts on more than an honest one measures,
// nor on less than it measures itself.
func TestLiars(t *testing.T) {
	raised := 0
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 1))
		honest := loads(r, 1+r.IntN(9))
		liars := r.IntN(len(honest)) // fewer than honest ones
		most := slices.Max(honest)
		l := listen(t, fleet.Config{})
		l.own = standing(honest[0])
		l.f.Weigh(r.Float64() * 100)
		all := voices(honest[1:]...)
		for _, v := range all {
			v.weight = r.Float64() * 100
		}
		var bad []*voice
		for i := range liars {
			bad = append(bad, &voice{node: fmt.Sprint("liar", i), run: 1})
		}
		for step := range 80 {
			for _, v := range bad {
				if r.IntN(4) == 0 {
					l.f.Hear(l.now, lie(r, l.now, v))
				}
			}
			if step%10 == 0 {
				for _, v := range all {
					l.f.Hear(l.now, v.say(l.now))
				}
			}
			got := l.step()
			l.now = l.now.Add(level.Interval)
			if of(got) > most+1e-9 || of(got) < honest[0] {
				t.Fatalf("seed %d, step %d: measures %v, acts on %v; honest gateways measure %v, %d liars", seed, step, honest[0], of(got), honest, liars)
			}
			if got.Acting > l.own.Acting {
				raised++
			}
		}
	}
	if raised < seeds {
		t.Errorf("raised in %d of %d steps: the property was hardly tried", raised, 80*seeds)
	}
}

// TestHealthyMajority: liars never move those that are a majority of their own:
// where more than half of all measure the same, they act on exactly that.
func TestHealthyMajority(t *testing.T) {
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 2))
		n := 3 + r.IntN(12)
		liars := r.IntN((n + 1) / 2)
		lv := level.Level(r.IntN(level.Count))
		l := listen(t, fleet.Config{})
		l.own = level.Standing{Level: lv, Acting: lv}
		l.f.Weigh(1)
		all := voices(slices.Repeat([]float64{float64(lv)}, n-liars-1)...)
		for step := range 60 {
			for i := range liars {
				l.f.Hear(l.now, lie(r, l.now, &voice{node: fmt.Sprint("liar", i), run: 1, seq: uint64(step)}))
			}
			if step%10 == 0 {
				for _, v := range all {
					l.f.Hear(l.now, v.say(l.now))
				}
			}
			if got := l.step(); got != l.own {
				t.Fatalf("seed %d, step %d: %d of %d lie: measures %+v, acts on %+v", seed, step, liars, n, l.own, got)
			}
			l.now = l.now.Add(level.Interval)
		}
	}
}

// plain is the rule, as the documentation says it: the greatest load that more
// than half of the heads, with more than half of the weight, stand at or above.
func plain(loads, weights []float64) float64 {
	sorted := slices.Sorted(slices.Values(weights))
	median := sorted[(len(sorted)-1)/2]
	most, total := 0.0, 0.0
	bound := func(w float64) float64 {
		if median == 0 {
			return 1
		}
		return min(max(w, median/4), 4*median)
	}
	for _, w := range weights {
		total += bound(w)
	}
	for _, x := range loads {
		heads, weight := 0, 0.0
		for i := range loads {
			if loads[i] >= x {
				heads++
				weight += bound(weights[i])
			}
		}
		if 2*heads > len(loads) && 2*weight > total {
			most = max(most, x)
		}
	}
	return most
}

// TestTheRule: what is acted on is the higher of one's own and of what the rule
// says, in whatever order readings arrive.
func TestTheRule(t *testing.T) {
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 3))
		n := 2 + r.IntN(20)
		all, weights := loads(r, n), make([]float64, n)
		for i := range weights {
			weights[i] = math.Exp2(float64(r.IntN(12))) * float64(r.IntN(5))
		}
		want := max(all[0], plain(all, weights))
		l := listen(t, fleet.Config{})
		l.own = standing(all[0])
		l.f.Weigh(weights[0])
		others := voices(all[1:]...)
		for i, v := range others {
			v.weight = weights[i+1]
		}
		r.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
		if got := l.pass(fleet.DefaultSettle+time.Second, others...); !near(min(of(got), 5), want) {
			t.Fatalf("seed %d: loads %v, weights %v: acts on %v, want %v", seed, all, weights, of(got), want)
		}
	}
}

// TestNoFlapping: whatever a fleet does, and whoever comes, goes and is not
// heard, no level is reached twice within the shorter of the ladder's dwell and
// Hold: an action of a playbook is not entered twice.
func TestNoFlapping(t *testing.T) {
	const dwell = 10 * time.Second
	reached := 0
	for seed := range uint64(seeds / 10) {
		r := rand.New(rand.NewPCG(seed, 4))
		l := listen(t, fleet.Config{Hold: dwell})
		ladder, err := level.New(level.Config{Dwell: dwell, Signals: []level.Signal{{Name: "s", At: [4]float64{10, 20, 30, 40}, Alone: true}}})
		if err != nil {
			t.Fatal(err)
		}
		all := voices(make([]float64, 2+r.IntN(8))...)
		own, entered, was := 0.0, [level.Count]time.Time{}, level.Normal
		for step := range 1200 {
			if r.IntN(150) == 0 {
				own = 50 * r.Float64() * float64(r.IntN(2))
			}
			for _, v := range all { // they flap as they like, and are lost
				if r.IntN(30) == 0 {
					v.load = 5 * r.Float64() * float64(r.IntN(2))
				}
				if r.IntN(12) == 0 && step%200 > 60 {
					l.f.Hear(l.now, v.say(l.now))
				}
			}
			ladder.Step(l.now, []level.Reading{{Value: own, At: l.now}})
			got := l.f.Agree(l.now, ladder.Standing()).Acting
			for lv := was + 1; lv <= got; lv++ {
				if !entered[lv].IsZero() && l.now.Sub(entered[lv]) < dwell {
					t.Fatalf("seed %d, step %d: %s reached again after %s", seed, step, lv, l.now.Sub(entered[lv]))
				}
				entered[lv] = l.now
				reached++
			}
			was = got
			l.now = l.now.Add(level.Interval)
		}
	}
	if reached < seeds/2 {
		t.Errorf("%d levels reached in all: the property was hardly tried", reached)
	}
}
