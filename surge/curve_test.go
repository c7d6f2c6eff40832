package surge_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daero/daero/surge"
)

const s = time.Second

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func TestRate(t *testing.T) {
	quake := surge.WakeUp{At: 10 * s, Devices: 1000}
	for name, c := range map[string]struct {
		curve surge.Curve
		at    time.Duration
		want  float64
	}{
		"constant":              {surge.Constant(5), 3 * s, 5},
		"constant below zero":   {surge.Constant(-5), 3 * s, 0},
		"constant not a number": {surge.Constant(math.NaN()), 3 * s, 0},
		"constant infinite":     {surge.Constant(math.Inf(1)), 3 * s, 0},
		"steps before":          {surge.Steps{{At: s, Rate: 4}}, 0, 0},
		"steps on the step":     {surge.Steps{{At: s, Rate: 4}, {At: 2 * s, Rate: 8}}, 2 * s, 8},
		"steps between":         {surge.Steps{{At: s, Rate: 4}, {At: 2 * s, Rate: 8}}, 2*s - 1, 4},
		"no steps":              {surge.Steps{}, s, 0},
		"ramp before":           {surge.Ramp{Start: s, End: 3 * s, From: 2, To: 6}, 0, 2},
		"ramp halfway":          {surge.Ramp{Start: s, End: 3 * s, From: 2, To: 6}, 2 * s, 4},
		"ramp after":            {surge.Ramp{Start: s, End: 3 * s, From: 2, To: 6}, 3 * s, 6},
		"ramp without length":   {surge.Ramp{Start: s, End: s, From: 2, To: 6}, s, 6},
		"sum":                   {surge.Sum{surge.Constant(1), surge.Constant(2)}, s, 3},
		"sum beyond range":      {surge.Sum{surge.Constant(math.MaxFloat64), surge.Constant(math.MaxFloat64)}, s, math.MaxFloat64},
		"scale":                 {surge.Scale{Curve: surge.Constant(3), By: 10}, s, 30},
		"scale beyond range":    {surge.Scale{Curve: surge.Constant(1e300), By: 1e300}, s, math.MaxFloat64},
		"between inside":        {surge.Between{Curve: surge.Constant(3), From: s, To: 2 * s}, s, 3},
		"between at its end":    {surge.Between{Curve: surge.Constant(3), From: s, To: 2 * s}, 2 * s, 0},
		"wake-up before":        {quake, 10 * s, 0},
		"wake-up far away":      {quake, surge.Never, 0},
	} {
		if got := c.curve.Rate(c.at); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: rate at %s is %g, want %g", name, c.at, got, c.want)
		}
	}
}

// A bound that the rate exceeds would silently lose arrivals.
func TestBoundHolds(t *testing.T) {
	wake := surge.WakeUp{At: 2 * s, Devices: 5000, Median: 4 * s, Tail: 60 * s}
	for name, c := range map[string]surge.Curve{
		"steps":   surge.Steps{{At: s, Rate: 4}, {At: 2 * s, Rate: 8}, {At: 9 * s, Rate: 1}},
		"up":      surge.Ramp{Start: s, End: 9 * s, From: 2, To: 600},
		"down":    surge.Ramp{Start: s, End: 9 * s, From: 600},
		"wake-up": wake,
		"narrow":  surge.WakeUp{At: s, Devices: 10, Median: s, Tail: s},
		"all": surge.Sum{
			surge.Constant(1),
			surge.Scale{Curve: wake, By: 3},
			surge.Between{Curve: surge.Ramp{End: 40 * s, To: 9}, From: 5 * s, To: 30 * s},
		},
	} {
		pieces := 0
		for from := time.Duration(0); from < 200*s; pieces++ {
			highest, until := c.Bound(from)
			if until <= from {
				t.Fatalf("%s: the bound at %s ends at %s", name, from, until)
			}
			until = min(until, 200*s)
			for i := range 101 {
				at := from + time.Duration(float64(until-1-from)*float64(i)/100)
				if got := c.Rate(at); got > highest*(1+1e-9) {
					t.Fatalf("%s: rate %g at %s is above the bound %g of [%s, %s)", name, got, at, highest, from, until)
				}
			}
			from = until
		}
		if pieces > 500 {
			t.Errorf("%s: %d pieces for 200 s", name, pieces)
		}
	}
}

// Within five standard deviations of a Poisson count, interval by interval.
func TestArrivalsFollowTheCurve(t *testing.T) {
	wake := surge.WakeUp{At: 10 * s, Devices: 20000, Median: 4 * s, Tail: 60 * s}
	for name, c := range map[string]surge.Curve{
		"constant": surge.Constant(200),
		"steps":    surge.Steps{{At: 5 * s, Rate: 300}, {At: 20 * s, Rate: 20}},
		"ramp":     surge.Ramp{Start: 10 * s, End: 50 * s, From: 10, To: 400},
		"wake-up":  wake,
		"together": surge.Sum{surge.Constant(50), surge.Scale{Curve: wake, By: 0.5}},
	} {
		var got [60]float64
		last := time.Duration(0)
		a := surge.NewArrivals(c, 0, seeded(7))
		for {
			at, ok := a.Next()
			if !ok || at >= 60*s {
				break
			}
			if at < last {
				t.Fatalf("%s: arrival at %s after one at %s", name, at, last)
			}
			last = at
			got[at/s]++
		}
		for sec := range got {
			want := 0.0 // the integral of the rate over this second
			for i := range 1000 {
				want += c.Rate(time.Duration(sec)*s+time.Duration(i)*s/1000+s/2000) / 1000
			}
			if math.Abs(got[sec]-want) > 5*math.Sqrt(want)+1e-9 {
				t.Errorf("%s: %g arrivals in second %d, want about %g", name, got[sec], sec, want)
			}
		}
	}
}

func TestArrivalsEnd(t *testing.T) {
	for name, c := range map[string]surge.Curve{
		"nobody":          surge.Constant(0),
		"no steps":        surge.Steps{},
		"one device":      surge.WakeUp{Devices: 1e-9},
		"closed":          surge.Between{Curve: surge.Constant(9), From: 2 * s, To: s},
		"ended":           surge.Steps{{At: 0, Rate: 1000}, {At: s, Rate: 0}},
		"almost no rate":  surge.Constant(math.SmallestNonzeroFloat64),
		"from the finish": surge.Between{Curve: surge.Constant(9), To: 0},
	} {
		a := surge.NewArrivals(c, 0, seeded(1))
		n := 0
		for {
			at, ok := a.Next()
			if !ok {
				break
			}
			if n++; n > 2000 {
				t.Fatalf("%s: still arriving at %s", name, at)
			}
		}
		if at, ok := a.Next(); ok {
			t.Errorf("%s: an arrival at %s after the last", name, at)
		}
	}
}

func TestArrivalsStartAndSeed(t *testing.T) {
	first := func(seed uint64) time.Duration {
		at, ok := surge.NewArrivals(surge.Constant(10), 5*s, seeded(seed)).Next()
		if !ok || at < 5*s {
			t.Fatalf("seed %d: first arrival at %s, %v", seed, at, ok)
		}
		return at
	}
	if first(1) != first(1) || first(1) == first(2) {
		t.Error("the arrivals do not depend on the seed alone")
	}
}

func TestWakeUpShape(t *testing.T) {
	w := surge.WakeUp{At: s, Devices: 1000}
	for at, want := range map[time.Duration]float64{s: 0, 5 * s: 0.5, 61 * s: 0.99} {
		if got := w.Come(at); math.Abs(got-want) > 1e-6 {
			t.Errorf("%.4f have come by %s, want %.2f", got, at, want)
		}
	}
}
