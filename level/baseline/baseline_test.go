package baseline_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daero/daero/level/baseline"
)

// monday is the first minute of a week.
var monday = time.Date(2026, 9, 14, 0, 0, 0, 0, time.UTC)

// day is the rate of a service that people use by day.
func day(at time.Time) float64 {
	h := float64(at.Hour()) + float64(at.Minute())/60
	return 100 + 80*math.Sin((h-9)/24*2*math.Pi)
}

// live observes a rate once a minute from one time to another.
func live(w *baseline.Week, from, to time.Time, rate func(time.Time) float64) {
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		w.Observe(at, rate(at))
	}
}

func TestNothingKnown(t *testing.T) {
	var w baseline.Week
	if _, known := w.Expect(monday); known {
		t.Error("the zero week knows something")
	}
	live(&w, monday, monday.Add(30*time.Minute), day)
	if _, known := w.Expect(monday); known {
		t.Error("two buckets are enough to know something")
	}
	live(&w, monday.Add(30*time.Minute), monday.Add(time.Hour), day)
	if v, known := w.Expect(monday.Add(time.Hour)); !known || v < 10 || v > 200 {
		t.Errorf("%v %v", v, known)
	}
}

func TestLearnsTheDayAndTheWeek(t *testing.T) {
	var w baseline.Week
	live(&w, monday, monday.AddDate(0, 0, 1), day)
	// The second day is expected to be like the first.
	for h := 1; h < 24; h++ { // the last ten minutes of the first are not closed yet
		at := monday.AddDate(0, 0, 1).Add(time.Duration(h) * time.Hour)
		if v, _ := w.Expect(at); math.Abs(v-day(at)) > 10 {
			t.Errorf("at %d o'clock of the second day %v, want about %v", h, v, day(at))
		}
	}
	// Sundays are quiet: learned once they were seen twice.
	weekly := func(at time.Time) float64 {
		if at.Weekday() == time.Sunday {
			return day(at) / 2
		}
		return day(at)
	}
	live(&w, monday.AddDate(0, 0, 1), monday.AddDate(0, 0, 21), weekly)
	sunday := monday.AddDate(0, 0, 27).Add(15 * time.Hour)
	if v, _ := w.Expect(sunday); math.Abs(v-weekly(sunday)) > 10 {
		t.Errorf("on a Sunday %v, want %v", v, weekly(sunday))
	}
}

func TestAStormDoesNotBecomeUsual(t *testing.T) {
	var w baseline.Week
	live(&w, monday, monday.AddDate(0, 0, 14), day)
	noon := monday.AddDate(0, 0, 14).Add(12 * time.Hour)
	before, _ := w.Expect(noon)
	live(&w, noon, noon.Add(time.Hour), func(time.Time) float64 { return 1e9 })
	if after, _ := w.Expect(noon.AddDate(0, 0, 7)); after > 2*before {
		t.Errorf("an hour of storm made the usual %v of %v", after, before)
	}
}

func TestQuietHoursWakeUp(t *testing.T) {
	var w baseline.Week
	live(&w, monday, monday.Add(6*time.Hour), func(time.Time) float64 { return 0 })
	live(&w, monday.Add(6*time.Hour), monday.Add(12*time.Hour), func(time.Time) float64 { return 50 })
	if v, known := w.Expect(monday.Add(12 * time.Hour)); !known || v < 10 {
		t.Errorf("after six hours of 50 per second, %v is usual", v)
	}
}

func TestNoisyInput(t *testing.T) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, seed))
	var w baseline.Week
	at := monday
	for range 20000 {
		at = at.Add(time.Duration(r.Int64N(int64(time.Hour))) - 10*time.Minute)
		w.Observe(at, []float64{r.Float64(), math.NaN(), math.Inf(1), -1, 1e300, 0}[r.IntN(6)])
		if v, _ := w.Expect(at); !(v >= 0) || math.IsInf(v, 0) {
			t.Fatalf("seed %d: %v is expected", seed, v)
		}
	}
	if err := new(baseline.Week).Restore(w.State()); err != nil {
		t.Errorf("seed %d: what was learned cannot be restored: %v", seed, err)
	}
}

func TestKeptAcrossRestarts(t *testing.T) {
	var w, again baseline.Week
	live(&w, monday, monday.AddDate(0, 0, 15), day)
	data, err := json.Marshal(w.State())
	if err != nil {
		t.Fatal(err)
	}
	var st baseline.State
	if err := json.Unmarshal(data, &st); err != nil {
		t.Fatal(err)
	}
	if err := again.Restore(st); err != nil {
		t.Fatal(err)
	}
	for h := range 7 * 24 {
		at := monday.AddDate(0, 0, 21).Add(time.Duration(h) * time.Hour)
		a, _ := w.Expect(at)
		if b, known := again.Expect(at); !known || a != b {
			t.Fatalf("after %d hours %v, before the restart %v", h, b, a)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	var w baseline.Week
	live(&w, monday, monday.AddDate(0, 0, 8), day)
	for name, change := range map[string]func(st *baseline.State){
		"nothing":         func(st *baseline.State) { *st = baseline.State{} },
		"too few weeks":   func(st *baseline.State) { st.Weeks = st.Weeks[1:] },
		"too many weeks":  func(st *baseline.State) { st.Weeks[5] = 200 },
		"no number":       func(st *baseline.State) { st.Mean[5] = float32(math.NaN()) },
		"negative":        func(st *baseline.State) { st.Mean[5] = -1 },
		"infinite":        func(st *baseline.State) { st.All = math.Inf(1) },
		"seen negatively": func(st *baseline.State) { st.Seen = -1 },
	} {
		st := w.State()
		change(&st)
		before, _ := w.Expect(monday)
		if err := w.Restore(st); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if after, _ := w.Expect(monday); after != before {
			t.Errorf("%s: refused, yet it changed something", name)
		}
	}
	st := w.State()
	st.Seen = math.MaxInt
	if err := w.Restore(st); err != nil {
		t.Fatal(err)
	}
	live(&w, monday, monday.Add(time.Hour), day)
	if _, known := w.Expect(monday); !known {
		t.Error("a large count made it forget")
	}
}
