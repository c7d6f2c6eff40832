package level_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/daero/daero/level"
)

// A flap is a level that is entered again within a dwell (Config.Dwell) of when
// it was entered before, in time that the ladder saw pass. Changes that a pin
// makes, or its end, are a person's and start the count anew.

// seeds is how many random load shapes the properties are held against.
const seeds = 1000

// shape is what one signal reads at a step.
type shape func(step int) float64

// shapes are the kinds of load there are. dwell is in steps.
var shapes = []func(r *rand.Rand, dwell int) shape{
	func(r *rand.Rand, dwell int) shape { // steps up and down
		at, low, high := 1+r.IntN(4*dwell), 15*r.Float64(), 60*r.Float64()
		return func(i int) float64 {
			if i/at%2 == 1 {
				return high
			}
			return low
		}
	},
	func(r *rand.Rand, dwell int) shape { // a ramp up, then down
		half, top := 1+r.IntN(6*dwell), 60*r.Float64()
		return func(i int) float64 { return top * max(0, 1-math.Abs(float64(i-half))/float64(half)) }
	},
	func(r *rand.Rand, dwell int) shape { // a sawtooth whose period is about a dwell
		period, top := max(2, dwell-5+r.IntN(11)), 60*r.Float64()
		return func(i int) float64 { return top * float64(i%period) / float64(period) }
	},
	func(r *rand.Rand, dwell int) shape { // a sawtooth of any period
		period, top := 2+r.IntN(5*dwell), 60*r.Float64()
		return func(i int) float64 { return top * float64(i%period) / float64(period) }
	},
	func(r *rand.Rand, _ int) shape { // noise about a threshold
		about, wide := 10*float64(1+r.IntN(4)), 10*r.Float64()
		return func(int) float64 { return about + wide*r.NormFloat64() }
	},
	func(r *rand.Rand, _ int) shape { // spikes of one step
		every, top := 2+r.IntN(40), 100*r.Float64()
		return func(i int) float64 {
			if i%every == 0 {
				return top
			}
			return 5
		}
	},
	func(r *rand.Rand, dwell int) shape { // bursts
		on := 0
		return func(int) float64 {
			if on--; on < 0 && r.IntN(dwell) == 0 {
				on = r.IntN(dwell)
			}
			if on > 0 {
				return 30 + 20*r.Float64()
			}
			return 8 * r.Float64()
		}
	},
	func(*rand.Rand, int) shape { return func(int) float64 { return 0 } },
}

// model is what the properties know of a signal beside the ladder.
type model struct {
	sig   level.Signal
	shape shape
	lost  int // steps for which it says nothing
	// What the ladder was told.
	heights [2]float64 // of the newest two fresh readings in a row, the newest first
	fresh   int        // how many those are
	last    float64    // height of the last fresh reading
	gone    time.Duration
}

// storm is one random history.
type storm struct {
	t     *testing.T
	seed  uint64
	r     *rand.Rand
	c     *climber
	cfg   level.Config
	all   []*model // declared, in order
	spare []*model
	dwell int // in steps
	until time.Time
	// What was seen.
	elapsed time.Duration
	entered map[level.Level]time.Duration
	pinned  bool // by the step before
	acting  level.Level
}

func newStorm(t *testing.T, seed uint64) *storm {
	s := &storm{t: t, seed: seed, r: rand.New(rand.NewPCG(seed, 1)), entered: map[level.Level]time.Duration{}}
	s.dwell = 10 + s.r.IntN(60)
	s.cfg = level.Config{
		Dwell: time.Duration(s.dwell) * level.Interval, Below: 0.1 + 0.85*s.r.Float64(),
		Forget: time.Duration(1+s.r.IntN(4*s.dwell)) * level.Interval,
	}
	for i := range 1 + s.r.IntN(5) {
		m := &model{sig: busy(fmt.Sprint("s", i)), shape: shapes[s.r.IntN(len(shapes))](s.r, s.dwell)}
		m.sig.Alone = s.r.IntN(6) == 0
		s.all = append(s.all, m)
	}
	s.declare()
	s.c = climb(t, s.cfg)
	return s
}

// declare puts the models' signals, and one that warns, into the configuration.
func (s *storm) declare() {
	s.cfg.Signals = nil
	for _, m := range s.all {
		s.cfg.Signals = append(s.cfg.Signals, m.sig)
	}
	s.cfg.Signals = append(s.cfg.Signals, level.Signal{Name: "warns", Arms: level.Caution})
}

func (s *storm) failf(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("seed %d, after %s: "+format, append([]any{s.seed, s.elapsed}, args...)...)
}

// disturb does, rarely, what happens to a running gateway.
func (s *storm) disturb() {
	switch s.r.IntN(25 * s.dwell) {
	case 0:
		s.c.now = s.c.now.Add(-time.Duration(s.r.Int64N(int64(time.Hour))))
	case 1:
		s.c.now = s.c.now.Add(time.Duration(s.r.Int64N(int64(3 * s.cfg.Dwell))))
	case 2:
		p := level.Pin{Level: level.Level(s.r.IntN(level.Count)), Until: s.c.now.Add(time.Duration(1+s.r.IntN(2*s.dwell)) * level.Interval), By: "kim", Reason: "drill"}
		if err := s.c.l.Pin(s.c.now, p); err != nil {
			s.failf("%v", err)
		}
	case 3:
		s.c.l.Unpin()
	case 4, 5:
		s.until = s.c.now.Add(time.Duration(s.r.IntN(3*s.dwell)) * level.Interval)
	case 6:
		s.until = time.Time{} // cancelled
	case 7, 8:
		s.reload()
	case 9, 10, 11:
		s.all[s.r.IntN(len(s.all))].lost = 1 + s.r.IntN(2*s.dwell)
	}
}

// reload declares the signals in another order, with one fewer or one more.
func (s *storm) reload() {
	s.r.Shuffle(len(s.all), func(i, j int) { s.all[i], s.all[j] = s.all[j], s.all[i] })
	switch {
	case len(s.spare) > 0 && s.r.IntN(2) == 0:
		s.all, s.spare = append(s.all, s.spare[0]), s.spare[1:]
	case len(s.all) > 1 && s.r.IntN(2) == 0:
		gone := s.all[len(s.all)-1]
		s.all, s.spare = s.all[:len(s.all)-1], append(s.spare, &model{sig: gone.sig, shape: gone.shape})
	}
	s.declare()
	if err := s.c.l.Reload(s.cfg); err != nil {
		s.failf("%v", err)
	}
}

// silence is how a signal says nothing.
func (s *storm) silence() level.Reading {
	return []level.Reading{
		{},
		{Value: 50, At: s.c.now.Add(-level.DefaultStale - time.Second)},
		{Value: math.NaN(), At: s.c.now},
		{Value: math.Inf(1), At: s.c.now},
		{Value: 50, At: s.c.now.Add(time.Hour)},
	}[s.r.IntN(5)]
}

func (s *storm) step(i int) {
	before := s.c.now
	s.disturb()
	if d := s.c.now.Sub(before); d > 0 {
		s.elapsed += d
	}
	var readings []level.Reading
	for _, m := range s.all {
		if m.lost--; m.lost > 0 {
			if m.fresh > 0 || m.gone == 0 {
				m.gone = s.elapsed + 1
			}
			m.fresh = 0
			readings = append(readings, s.silence())
			continue
		}
		v := m.shape(i)
		m.last, m.gone = math.Min(math.Max(v, 0)/10, level.Count), 0
		m.heights = [2]float64{m.last, m.heights[0]}
		m.fresh++
		readings = append(readings, level.Reading{Value: v, At: s.c.now})
	}
	readings = append(readings, level.Reading{At: s.c.now, Until: s.until})
	changes := len(s.c.changes)
	s.c.step(readings...)
	s.elapsed += level.Interval
	s.flaps(changes)
	s.steps()
}

// flaps holds what changed in this step against the definition.
func (s *storm) flaps(changes int) {
	pinned := s.c.l.Standing().Pinned
	if pinned || s.pinned {
		clear(s.entered)
	}
	s.pinned = pinned
	if len(s.c.changes) == changes {
		return
	}
	to := s.c.last().To
	if at, ok := s.entered[to]; ok && s.elapsed-at < s.cfg.Dwell {
		s.failf("%s was entered %s ago, dwell %s: a flap", to, s.elapsed-at, s.cfg.Dwell)
	}
	s.entered[to] = s.elapsed
}

// steps holds what this step did against what the signals said.
func (s *storm) steps() {
	st := s.c.l.Standing()
	if st.Pressure < 0 || st.Pressure > 1 || st.Level < st.Acting && !st.Pinned || st.Ease > level.Serious {
		s.failf("%+v", st)
	}
	if st.Pinned {
		s.acting = level.Count // unknown
		return
	}
	early := 0.0
	if st.Armed > level.Normal {
		early = 0.2
	}
	if s.acting < st.Acting && !s.asked(st.Acting, early) {
		s.failf("raised from %s to %s, which no fresh signal asks for", s.acting, st.Acting)
	}
	if want := s.agreed(); st.Acting < want {
		s.failf("at %s though two steps ask for %s", st.Acting, want)
	}
	if s.acting != level.Count && s.acting > st.Acting && s.held(s.acting) {
		s.failf("lowered from %s, which a signal that was lost may still ask for", s.acting)
	}
	s.acting = st.Acting
}

// asked reports whether what is fresh now asks for a level: serious needs two,
// or one that is trusted.
func (s *storm) asked(lv level.Level, early float64) bool {
	most, second, trusted := 0.0, 0.0, false
	for _, m := range s.all {
		if m.fresh == 0 {
			continue
		}
		trusted = trusted || m.sig.Alone && m.last >= 4
		if most = max(most, m.last); m.last >= 2 {
			second++
		}
	}
	if lv == level.Serious {
		return most >= 4 && (trusted || second >= 2)
	}
	return most >= float64(lv)-early-1e-9
}

// agreed is the level that the last two steps ask for.
func (s *storm) agreed() level.Level {
	var heights []float64
	trusted := false
	for _, m := range s.all {
		if m.fresh >= 2 {
			h := min(m.heights[0], m.heights[1])
			heights = append(heights, h)
			trusted = trusted || m.sig.Alone && h >= 4
		}
	}
	slices.Sort(heights)
	n := len(heights)
	switch {
	case n == 0:
		return level.Normal
	case heights[n-1] < 4:
		return level.Level(heights[n-1])
	case trusted || n > 1 && heights[n-2] >= 2:
		return level.Serious
	}
	return level.Alert
}

// held reports whether a lost signal whose last word counts holds a level, or
// nothing at all is heard.
func (s *storm) held(lv level.Level) bool {
	heard := false
	for _, m := range s.all {
		heard = heard || m.fresh > 0
		// Leave a step's room to when it is forgotten.
		remembered := m.gone > 0 && s.elapsed-m.gone < s.cfg.Forget-2*level.Interval
		if lv < level.Serious && m.fresh == 0 && remembered && m.last+1-s.cfg.Below >= float64(lv)+1e-9 {
			return true
		}
	}
	return !heard
}

// calm lets everything end, and checks that it did.
func (s *storm) calm() {
	s.c.l.Unpin()
	s.until = time.Time{}
	for _, m := range s.all {
		m.lost, m.shape = 0, func(int) float64 { return 0 }
	}
	for range 8 * level.Count * (s.dwell + 1) {
		readings := s.c.readings(make([]float64, len(s.all))...)
		s.c.step(append(readings, level.Reading{At: s.c.now})...) // and the warning is cancelled
	}
	if st := s.c.l.Standing(); st != (level.Standing{}) {
		s.failf("all is calm, yet %+v", st)
	}
}

func TestProperties(t *testing.T) {
	seen := map[level.Level]int{}
	for seed := range uint64(seeds) {
		s := newStorm(t, seed)
		for i := range 12 * s.dwell {
			s.step(i)
		}
		s.calm()
		for _, ch := range s.c.changes {
			seen[ch.To]++
		}
	}
	for lv := range level.Level(level.Count) {
		if seen[lv] < seeds/10 {
			t.Errorf("%s was entered %d times in %d histories: the properties were hardly tried", lv, seen[lv], seeds)
		}
	}
}

// TestOneNoisySignalIsNotSerious: whatever one signal does, while the others
// stay below caution.
func TestOneNoisySignalIsNotSerious(t *testing.T) {
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 2))
		c := climb(t, level.Config{Signals: []level.Signal{busy("noisy"), busy("b"), busy("c"), {Name: "w", Arms: level.Caution}}, Dwell: time.Second})
		f := shapes[r.IntN(len(shapes))](r, 10)
		for i := range 300 {
			rs := c.readings(10*f(i), 19.9*r.Float64(), 19.9*r.Float64())
			if c.step(append(rs, c.warning(time.Second, ""))...) == level.Serious {
				t.Fatalf("seed %d: serious from one signal", seed)
			}
		}
	}
}

// TestSawtoothOfEveryPeriod: none makes a ladder flap.
func TestSawtoothOfEveryPeriod(t *testing.T) {
	const dwell = 20 // steps
	for period := 2; period < 6*dwell; period++ {
		c := climb(t, level.Config{Signals: []level.Signal{busy("a"), busy("b")}, Dwell: dwell * level.Interval})
		for i := range 40 * dwell {
			v := 50 * float64(i%period) / float64(period)
			c.values(v, v)
		}
		entered := map[level.Level]time.Time{}
		for _, ch := range c.changes {
			if at, ok := entered[ch.To]; ok && ch.At.Sub(at) < dwell*level.Interval {
				t.Fatalf("period of %d steps: %s entered twice within %s", period, ch.To, ch.At.Sub(at))
			}
			entered[ch.To] = ch.At
		}
	}
}
