package history_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/history"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/live"
)

var noon = time.Date(2026, 9, 12, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// sample has one lane, all of whose figures are v.
func sample(v float64, names ...string) history.Sample {
	o := live.Outcome{Passed: v}
	s := history.Sample{Level: int(v) % 5, Totals: o}
	for _, name := range names {
		s.Lanes = append(s.Lanes, history.Lane{Lane: live.Lane{
			Backend: "default", Name: name, In: v, Through: v, Outcome: o, Limit: int(v), Waiting: int(v), Wait: v, Recent: v,
		}})
	}
	return s
}

func key(name string) history.Key { return history.Key{Backend: "default", Lane: name} }

// text writes points with "-" for what is not known.
func text(p history.Points) string {
	var b strings.Builder
	for i, v := range p {
		if i > 0 {
			b.WriteByte(' ')
		}
		if math.IsNaN(float64(v)) {
			b.WriteByte('-')
			continue
		}
		fmt.Fprintf(&b, "%g", v)
	}
	return b.String()
}

// TestClock: what is kept says when it was, whatever the clock does.
func TestClock(t *testing.T) {
	for name, c := range map[string]struct {
		at   []float64 // of samples 1, 2, 3, …
		from float64
		want string
	}{
		"even":                          {[]float64{0, 1, 2, 3}, 0, "1 2 3 4"},
		"jitter":                        {[]float64{0.4, 1.6, 2.5, 3.4}, 0, "1 2 3 4"},
		"a late tick skips no second":   {[]float64{0.9, 1.95, 3.05, 4}, 0, "1 2 3 3 4"},
		"a second twice":                {[]float64{0, 1, 1.9, 3}, 0, "1 3 4 4"},
		"asleep":                        {[]float64{0, 1, 5, 6}, 0, "1 2 - - - 3 4"},
		"two seconds late":              {[]float64{0, 2.4}, 0, "1 - 2"},
		"set forward beyond all":        {[]float64{0, 1, 9000, 9001}, 9000, "3 4"},
		"set back a little":             {[]float64{0, 1, 2, 0.5, 1.5, 2.5, 3.5}, 0, "1 2 6 7"},
		"set back":                      {[]float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 3, 4}, 0, "1 2 3 11 12"},
		"set back before the beginning": {[]float64{100, 101, 102, 10, 11}, 10, "4 5"},
		"set back far":                  {[]float64{9000, 9001, 0, 1}, 0, "3 4"},
	} {
		t.Run(name, func(t *testing.T) {
			h := history.New()
			for i, s := range c.at {
				h.Add(at(s), sample(float64(i+1), "login"))
			}
			a := h.Query(history.Query{Lanes: []history.Key{key("login")}})
			if got := text(a.Totals["passed"]); got != c.want {
				t.Errorf("passed: %s, want %s", got, c.want)
			}
			if got := text(a.Lanes["default/login"]["in"]); got != c.want {
				t.Errorf("in: %s, want %s", got, c.want)
			}
			if !a.From.Equal(at(c.from)) {
				t.Errorf("from %s, want %s", a.From, at(c.from))
			}
		})
	}
}

// TestPoints: rates are means, so that areas stay true; waits are the worst, so
// that a short jam does not vanish.
func TestPoints(t *testing.T) {
	h := history.New()
	for i := range 10 {
		h.Add(at(float64(i)), sample(float64(i), "login"))
	}
	a := h.Query(history.Query{Step: 5 * time.Second, Lanes: []history.Key{key("login"), key("nothing")}})
	if a.N != 2 || a.Step != 5*time.Second || len(a.Lanes) != 1 {
		t.Fatalf("%d points of %s, %d lanes", a.N, a.Step, len(a.Lanes))
	}
	l := a.Lanes["default/login"]
	for name, want := range map[string]string{
		"in": "2 7", "through": "2 7", "passed": "2 7", "limit": "2 7",
		"waiting": "4 9", "wait_seconds": "4 9", "recent_seconds": "4 9", "shed": "0 0",
	} {
		if got := text(l[name]); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := text(a.Level); got != "4 4" {
		t.Errorf("level %s: it is the worst", got)
	}
	data, err := json.Marshal(history.Points{1234.5678, 12.345, 0.123456, float32(math.NaN()), float32(math.Inf(1))})
	if want := "[1235,12.35,0.12346,null,null]"; err != nil || string(data) != want {
		t.Errorf("%s, %v, want %s", data, err, want)
	}
}

// TestSpan: half a day of samples leaves two hours, and never more than 720 points.
func TestSpan(t *testing.T) {
	h := history.New()
	day := int((12 * time.Hour).Seconds())
	for i := range day {
		h.Add(at(float64(i)), sample(float64(i), "login"))
	}
	for name, c := range map[string]struct {
		q    history.Query
		from float64
		n    int
		step time.Duration
	}{
		"all":           {history.Query{}, float64(day - 7200), 655, 11 * time.Second},
		"ten minutes":   {history.Query{From: at(float64(day - 600))}, float64(day - 600), 600, time.Second},
		"more than all": {history.Query{From: at(0), Until: at(1e6)}, float64(day - 7200), 655, 11 * time.Second},
		"too fine":      {history.Query{Step: time.Second}, float64(day - 7200), 655, 11 * time.Second},
		"coarse":        {history.Query{Step: time.Minute}, float64(day - 7200), 120, time.Minute},
		"the future":    {history.Query{From: at(1e6)}, 1e6, 0, time.Second},
		"long ago":      {history.Query{Until: at(60)}, float64(day - 7200), 0, time.Second},
		"inside out":    {history.Query{From: at(float64(day - 60)), Until: at(float64(day - 600))}, float64(day - 60), 0, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			a := h.Query(c.q)
			if a.N != c.n || a.Step != c.step || len(a.Level) != c.n || a.N > history.MaxPoints {
				t.Errorf("%d points of %s, want %d of %s", a.N, a.Step, c.n, c.step)
			}
			if d := at(c.from).Sub(a.From); d < 0 || d >= c.step {
				t.Errorf("from %s, want %s at most %s before", a.From, at(c.from), c.step)
			}
		})
	}
}

// TestEmpty: who asks before there is anything gets nothing, not a failure.
func TestEmpty(t *testing.T) {
	h := history.New()
	if a := h.Query(history.Query{Lanes: []history.Key{key("login")}}); a.N != 0 || len(a.Lanes) != 0 || len(a.Totals) != 6 {
		t.Errorf("%+v", a)
	}
	if len(h.Lanes()) != 0 {
		t.Error("lanes of nothing")
	}
}

// TestLanesComeAndGo: a lane that a reload takes away has a gap, one that comes
// begins where it came, one that is gone for two hours is forgotten.
func TestLanesComeAndGo(t *testing.T) {
	h := history.New()
	h.Add(at(0), sample(1, "login", "old"))
	h.Add(at(1), sample(2, "login"))
	h.Add(at(2), sample(3, "login", "old", "new"))
	a := h.Query(history.Query{Lanes: h.Lanes()})
	for name, want := range map[string]string{"login": "1 2 3", "old": "1 - 3", "new": "- - 3"} {
		if got := text(a.Lanes["default/"+name]["in"]); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for i := range 7200 {
		h.Add(at(float64(3+i)), sample(3, "login"))
	}
	if got := h.Lanes(); !slices.Equal(got, []history.Key{key("login")}) {
		t.Errorf("%v are kept", got)
	}
}

// TestMaxLanes: of too many lanes those are kept that are there.
func TestMaxLanes(t *testing.T) {
	h := history.New()
	names := func(from, n int) (s []string) {
		for i := range n {
			s = append(s, fmt.Sprintf("lane-%03d", from+i))
		}
		return s
	}
	h.Add(at(0), sample(1, names(0, history.MaxLanes)...))
	h.Add(at(1), sample(1, names(0, history.MaxLanes+50)...))
	if got := h.Lanes(); len(got) != history.MaxLanes || slices.Contains(got, key("lane-210")) {
		t.Errorf("%d lanes: those that were there first stay", len(got))
	}
	h.Add(at(10), sample(1, names(100, history.MaxLanes)...))
	if got := h.Lanes(); len(got) != history.MaxLanes || !slices.Contains(got, key("lane-210")) || !slices.Contains(got, key("lane-100")) {
		t.Errorf("%d lanes: those that are gone make room", len(got))
	}
}

// TestReasons: a reason that once was is 0 when it is not, and missing where
// nothing was sampled.
func TestReasons(t *testing.T) {
	h := history.New()
	s := sample(1, "login")
	h.Add(at(0), s)
	s.Lanes[0].Reasons = map[string]float64{"turn": 5, "full": 0}
	h.Add(at(1), s)
	s.Lanes[0].Reasons = nil
	h.Add(at(2), s)
	h.Add(at(4), s)
	a := h.Query(history.Query{Lanes: h.Lanes()})
	if got := a.Reasons["default/login"]; text(got["turn"]) != "0 5 0 - 0" || len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// TestMemory: two hours of 50 lanes that know all trouble take less than 64 MB.
func TestMemory(t *testing.T) {
	const lanes, bar = 50, 64 << 20
	rnd := rand.New(rand.NewPCG(1, 2))
	s := history.Sample{}
	for i := range lanes {
		reasons := map[string]float64{}
		for _, r := range lane.Reasons() {
			reasons[r.String()] = rnd.Float64()
		}
		s.Lanes = append(s.Lanes, history.Lane{Shed: 0.5, Lane: live.Lane{
			Backend: "default", Name: fmt.Sprintf("lane-%03d", i), In: rnd.Float64(), Through: 1, Limit: 10, InFlight: 5, Waiting: 3,
			Wait: 0.1, Recent: 0.2, Outcome: live.Outcome{Passed: 1, Waited: 1, Deferred: 1, Challenged: 1, Shed: 1, Failed: 1}, Reasons: reasons,
		}})
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	h := history.New()
	for i := range 7300 {
		h.Add(at(float64(i)), s)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	took := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	if a := h.Query(history.Query{Lanes: h.Lanes()}); len(a.Lanes) != lanes || a.N == 0 {
		t.Fatalf("%d lanes, %d points", len(a.Lanes), a.N)
	}
	t.Logf("%.1f MB for %d lanes", float64(took)/1e6, lanes)
	if took > bar {
		t.Errorf("%d bytes, the bar is %d", took, bar)
	}
}

// TestAnySequence: whatever the clock and whatever lanes come, what is answered
// has as many points as it says and the newest sample at its end.
func TestAnySequence(t *testing.T) {
	for seed := range uint64(5) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		h, now, v := history.New(), 1e5, 0.0
		for range 500 {
			switch rnd.IntN(40) {
			case 0:
				now -= float64(rnd.IntN(10000))
			case 1:
				now += float64(rnd.IntN(10000))
			default:
				now += 0.8 + rnd.Float64()/2
			}
			v++
			h.Add(at(now), sample(v, "login"))
			a := h.Query(history.Query{Step: time.Second, From: at(now - 100), Lanes: h.Lanes()})
			for _, p := range []history.Points{a.Level, a.Totals["passed"], a.Lanes["default/login"]["in"]} {
				if len(p) != a.N || a.N == 0 || a.N > history.MaxPoints {
					t.Fatalf("seed %d: %d points, %d said", seed, len(p), a.N)
				}
			}
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	h, s := history.New(), sample(1, "a", "b", "c", "d", "e")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Add(at(float64(i)), s)
	}
}

func BenchmarkQuery(b *testing.B) {
	h := history.New()
	for i := range 7200 {
		h.Add(at(float64(i)), sample(1, "a", "b", "c", "d", "e"))
	}
	q := history.Query{Lanes: h.Lanes()}
	b.ReportAllocs()
	for b.Loop() {
		h.Query(q)
	}
}
