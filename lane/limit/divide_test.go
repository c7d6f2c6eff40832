package limit_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daero/daero/lane/limit"
)

// randomLanes makes lanes whose configuration is valid: floors add up to at
// most one, none is above its ceiling.
func randomLanes(rng *rand.Rand) []limit.LaneInput {
	in := make([]limit.LaneInput, 1+rng.IntN(8))
	left := 1.0
	for i := range in {
		in[i].Tier = uint8(1 + rng.IntN(3))
		if rng.IntN(2) == 0 {
			in[i].Floor = left * rng.Float64()
			left -= in[i].Floor
		}
		if rng.IntN(3) == 0 {
			in[i].Ceiling = in[i].Floor + (1-in[i].Floor)*rng.Float64()
		}
		if rng.IntN(4) == 0 {
			in[i].Max = 1 + rng.IntN(50)
		}
	}
	return in
}

// randomTraffic is an interval in which lanes may hold more than they should.
func randomTraffic(rng *rand.Rand, now time.Duration, in []limit.LaneInput) {
	for i := range in {
		l := &in[i]
		l.Samples = l.Samples[:0]
		l.Arrived, l.Refused, l.Waiting, l.InFlight = rng.IntN(50), 0, rng.IntN(2)*rng.IntN(20), rng.IntN(100)
		if rng.IntN(2) == 0 {
			l.Refused = rng.IntN(l.Arrived + 1)
		}
		for range rng.IntN(20) {
			took := time.Duration(rng.ExpFloat64() * float64(time.Duration(i+1)*20*time.Millisecond))
			l.Samples = append(l.Samples, limit.Sample{Entered: now - took, Took: took, N: rng.IntN(200), Served: rng.IntN(10) > 0, Refused: rng.IntN(10) == 0})
		}
	}
}

func TestDivision(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for world := range 300 {
		in := randomLanes(rng)
		out := make([]limit.LaneOutput, len(in))
		cfg := limit.Config{Initial: 1 + rng.IntN(300)}
		if world%3 == 0 {
			cfg.Fixed = 1 + rng.IntN(300)
		}
		f := limit.New(cfg, len(in))
		now := time.Duration(0)
		for range 100 {
			now += limit.Interval
			randomTraffic(rng, now, in)
			f.Step(now, in, out)
			checkLanes(t, f, in, out)
			if cfg.Fixed > 0 {
				checkFixed(t, f, in, out)
			} else {
				checkTiers(t, f, in, out)
			}
			if t.Failed() {
				t.Fatalf("world %d: limit %d, %s\nin  %+v\nout %+v", world, f.Limit(), f.Phase(), in, out)
			}
		}
	}
}

// checkLanes: what holds for each lane alone.
func checkLanes(t *testing.T, f *limit.Finder, in []limit.LaneInput, out []limit.LaneOutput) {
	if f.Limit() < 1 {
		t.Errorf("limit %d", f.Limit())
	}
	for i, o := range out {
		l := in[i]
		floor := int(l.Floor * float64(f.Limit()))
		if o.Cap < 0 || o.Floor < 0 || o.Total < 0 || math.IsNaN(o.Demand) || o.Demand < 0 {
			t.Errorf("lane %d: below zero or no number: %+v", i, o)
		}
		most := math.MaxInt
		if l.Ceiling > 0 {
			most = max(1, int(l.Ceiling*float64(f.Limit())))
		}
		if l.Max > 0 {
			most = min(most, l.Max)
		}
		if o.Cap > most {
			t.Errorf("lane %d: %d permits over its ceiling or max of %d", i, o.Cap, most)
		}
		if o.Floor != floor {
			t.Errorf("lane %d: floor %d, want %d", i, o.Floor, floor)
		}
	}
}

// checkFixed: a fixed limit is everyone's total.
func checkFixed(t *testing.T, f *limit.Finder, in []limit.LaneInput, out []limit.LaneOutput) {
	for i, o := range out {
		if o.Total != f.Limit() || o.Cap > f.Limit() {
			t.Errorf("lane %d: cap %d, total %d at a fixed limit of %d", i, o.Cap, o.Total, f.Limit())
		}
	}
	checkParts(t, f, in, out, 0)
}

// checkTiers: the top, which may pass the limit, is the most important tier, or
// one below it that the limit is felt with; never the last of several. The tiers
// below it get what the limit leaves.
func checkTiers(t *testing.T, f *limit.Finder, in []limit.LaneInput, out []limit.LaneOutput) {
	first, last, top := uint8(math.MaxUint8), uint8(0), uint8(0)
	for i, l := range in {
		first, last = min(first, l.Tier), max(last, l.Tier)
		if out[i].Total > f.Limit() {
			top = max(top, l.Tier)
		}
	}
	if top < first || first < last && top == last {
		t.Errorf("tiers %d to %d, and what may pass the limit is %d", first, last, top)
	}
	for i, o := range out {
		if in[i].Tier <= top && o.Total <= f.Limit() {
			t.Errorf("lane %d: total %d, but a less important tier may pass the limit", i, o.Total)
		}
	}
	for i, o := range out {
		if in[i].Tier > top && (o.Total > f.Limit() || o.Cap > f.Limit()) {
			t.Errorf("lane %d: cap %d, total %d over the limit of %d", i, o.Cap, o.Total, f.Limit())
		}
		if in[i].Tier > top && f.Phase() == "drain" && (o.Total > 0 || o.Cap > o.Floor) {
			t.Errorf("lane %d: open during a drain: %+v", i, o)
		}
	}
	checkParts(t, f, in, out, top)
}

// checkParts: in each tier below above, lanes that use what they demand and may
// have stay within the limit, but for floors, rounding, and the one permit
// within reach of a tier that others crowd out.
func checkParts(t *testing.T, f *limit.Finder, in []limit.LaneInput, out []limit.LaneOutput, above uint8) {
	for tier := above + 1; tier <= 3; tier++ {
		used, floors, lanes := 0.0, 0, 0
		for i, o := range out {
			if in[i].Tier == tier {
				used += min(o.Demand, float64(o.Cap))
				floors += o.Floor
				lanes++
			}
		}
		if used > float64(f.Limit()+floors+lanes) {
			t.Errorf("tier %d: uses %.1f of a limit of %d, floors %d", tier, used, f.Limit(), floors)
		}
	}
}

// Three lanes of one tier that want 10, 30 and 90 of 60: everyone its demand
// while there is enough, else equal parts.
func TestDivisionFillsTheModestFirst(t *testing.T) {
	f := limit.New(limit.Config{Fixed: 60}, 3)
	in, out := make([]limit.LaneInput, 3), make([]limit.LaneOutput, 3)
	want := []int{10, 30, 90} // permits, at 100 ms each
	now := time.Duration(0)
	for range 300 {
		now += limit.Interval
		for i := range in {
			l := &in[i]
			l.Tier, l.Arrived, l.Samples = 2, want[i]/10, l.Samples[:0]
			for range want[i] / 10 {
				l.Samples = append(l.Samples, limit.Sample{Entered: now - 100*time.Millisecond, Took: 100 * time.Millisecond, Served: true})
			}
			// want/10 arrivals in 10 ms, of 100 ms each, are in flight want at a time.
		}
		f.Step(now, in, out)
	}
	for i, cap := range []int{10, 25, 25} {
		if got := out[i].Cap; got < cap-1 || got > cap+1 {
			t.Errorf("lane %d wants %d (demand %.1f): cap %d, want %d", i, want[i], out[i].Demand, got, cap)
		}
	}
}
