package level_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/daero/daero/level"
)

func TestUpWithinTwoSteps(t *testing.T) {
	for _, want := range []level.Level{level.Attention, level.Caution, level.Alert, level.Serious} {
		c := climb(t, level.Config{Signals: []level.Signal{busy("a"), busy("b")}})
		c.hold(time.Minute, 0, 0)
		v := 10 * float64(want)
		if got := c.values(v, v); got != level.Normal {
			t.Errorf("%s after one step: one reading is noise", got)
		}
		if got := c.values(v, v); got != want {
			t.Errorf("%s after two steps at its threshold, want %s", got, want)
		}
		if got := c.last(); got.From != level.Normal || got.To != want {
			t.Errorf("%+v", got)
		}
	}
}

func TestDownOneLevelPerDwell(t *testing.T) {
	c := climb(t, level.Config{Signals: []level.Signal{busy("a"), busy("b")}, Dwell: 10 * time.Second})
	c.hold(time.Second, 50, 50)
	c.hold(time.Minute, 0, 0)
	var got []time.Duration
	for i, ch := range c.changes {
		if i > 0 {
			got = append(got, ch.At.Sub(c.changes[i-1].At).Round(time.Second))
			if ch.To != c.changes[i-1].To-1 {
				t.Errorf("from %s to %s", ch.From, ch.To)
			}
		}
	}
	if s := 10 * time.Second; !reflect.DeepEqual(got, []time.Duration{11 * time.Second, s, s, s}) {
		t.Errorf("levels were left after %v", got)
	}
	c.want(level.Normal)
}

func TestMarginHoldsALevel(t *testing.T) {
	c := climb(t, level.Config{Signals: []level.Signal{busy("a")}, Dwell: 10 * time.Second})
	c.hold(time.Second, 31)
	if c.hold(time.Hour, 27.1); c.l.Standing().Level != level.Alert {
		t.Error("27.1 is above 70% of the way from 20 to 30: alert must hold")
	}
	if c.hold(11*time.Second, 26.9); c.l.Standing().Level != level.Caution {
		t.Error("26.9 is below 70% of the way: alert must be left after its dwell")
	}
}

func TestSeriousNeedsTwo(t *testing.T) {
	for name, tt := range map[string]struct {
		alone  bool
		values []float64
		want   level.Level
	}{
		"one":                  {false, []float64{1000, 0}, level.Alert},
		"one and attention":    {false, []float64{1000, 19.9}, level.Alert},
		"one and caution":      {false, []float64{40, 20}, level.Serious},
		"two below":            {false, []float64{39.9, 39.9}, level.Alert},
		"one, trusted":         {true, []float64{40, 0}, level.Serious},
		"another, not trusted": {true, []float64{0, 1000}, level.Alert},
	} {
		t.Run(name, func(t *testing.T) {
			a := busy("a")
			a.Alone = tt.alone
			c := climb(t, level.Config{Signals: []level.Signal{a, busy("b")}})
			if c.hold(time.Minute, tt.values...); c.l.Standing().Level != tt.want {
				t.Errorf("%s, want %s", c.l.Standing().Level, tt.want)
			}
		})
	}
}

func TestNeverAbove(t *testing.T) {
	s := busy("a")
	s.At[2], s.At[3] = math.Inf(1), math.Inf(1)
	s.Alone = true
	c := climb(t, level.Config{Signals: []level.Signal{s}})
	if c.hold(time.Minute, 1e300); c.l.Standing().Level != level.Caution {
		t.Errorf("%s, want caution: it never asks for more", c.l.Standing().Level)
	}
	if p := c.l.Standing().Pressure; p < 0.99 || p > 1 {
		t.Errorf("pressure %v, want all of caution", p)
	}
}

func TestWhatSaysNothing(t *testing.T) {
	cfg := level.Config{Signals: []level.Signal{busy("a"), busy("b")}, Dwell: 10 * time.Second, Forget: time.Minute}
	for name, reading := range map[string]func(now time.Time) level.Reading{
		"missing":      func(time.Time) level.Reading { return level.Reading{} },
		"stale":        func(now time.Time) level.Reading { return level.Reading{Value: 1000, At: now.Add(-3 * time.Second)} },
		"not a number": func(now time.Time) level.Reading { return level.Reading{Value: math.NaN(), At: now} },
		"infinite":     func(now time.Time) level.Reading { return level.Reading{Value: math.Inf(1), At: now} },
		"from the future": func(now time.Time) level.Reading {
			return level.Reading{Value: 1000, At: now.Add(time.Minute)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := climb(t, cfg)
			said := func(b float64, d time.Duration) {
				for end := c.now.Add(d); c.now.Before(end); {
					c.step(reading(c.now), level.Reading{Value: b, At: c.now})
				}
			}
			if said(0, time.Minute); c.l.Standing().Level != level.Normal {
				t.Fatalf("raised to %s", c.l.Standing().Level)
			}
			c.hold(time.Second, 31, 0)
			c.want(level.Alert)
			if said(0, 50*time.Second); c.l.Standing().Level != level.Alert {
				t.Errorf("lowered to %s while its last word stands", c.l.Standing().Level)
			}
			if said(0, time.Minute); c.l.Standing().Level != level.Normal {
				t.Errorf("%s: the others decide after a minute", c.l.Standing().Level)
			}
			st := c.l.State()
			if st.Signals[0].Fresh || st.Signals[0].Gone.IsZero() || !st.Signals[1].Fresh {
				t.Errorf("%+v", st.Signals)
			}
		})
	}
}

func TestNothingHeardAtAll(t *testing.T) {
	c := climb(t, level.Config{Signals: []level.Signal{busy("a")}, Dwell: time.Second, Forget: time.Second})
	c.hold(time.Second, 31)
	before := c.l.Standing().Pressure
	for range 36000 {
		c.step()
	}
	c.want(level.Alert)
	if got := c.l.Standing().Pressure; got != before {
		t.Errorf("pressure went from %v to %v though nothing was heard", before, got)
	}
	if c.hold(time.Minute, 0); c.l.Standing().Level != level.Normal {
		t.Errorf("%s", c.l.Standing().Level)
	}
}

func TestWhatComesBackIsSeenTwice(t *testing.T) {
	c := climb(t, level.Config{Signals: []level.Signal{busy("a"), busy("b")}, Dwell: time.Second, Forget: time.Second})
	c.hold(time.Second, 31, 0)
	for range 100 {
		c.step(level.Reading{}, level.Reading{At: c.now})
	}
	c.want(level.Normal)
	c.values(31, 0)
	c.want(level.Normal)
	c.values(31, 0)
	c.want(level.Alert)
}

func TestWithoutSignalsItComesDown(t *testing.T) {
	c := climb(t, level.Config{Signals: []level.Signal{busy("a")}, Dwell: time.Second})
	c.hold(time.Second, 31)
	if err := c.l.Reload(level.Config{Dwell: time.Second}); err != nil {
		t.Fatal(err)
	}
	c.hold(10 * time.Second)
	c.want(level.Normal)
	if p := c.l.Standing().Pressure; p != 0 {
		t.Errorf("pressure %v", p)
	}
}

func TestPatience(t *testing.T) {
	c := climb(t, level.Config{Signals: []level.Signal{busy("a")}, Dwell: 10 * time.Second})
	kept := func() time.Duration {
		c.hold(time.Second, 10)
		entered := c.last()
		for c.l.Standing().Level != level.Normal {
			c.values(0)
		}
		return c.last().At.Sub(entered.At).Round(10 * time.Second)
	}
	var got []time.Duration
	for range 6 {
		got = append(got, kept())
	}
	want := []time.Duration{10, 20, 40, 80, 80, 80}
	for i := range want {
		if want[i] *= time.Second; got[i] != want[i] {
			t.Fatalf("kept for %v, want %v", got, want)
		}
	}
	c.hold(5*time.Minute, 0)
	if got := kept(); got != 10*time.Second {
		t.Errorf("after a calm time kept for %s, want 10s", got)
	}
}

func TestPressure(t *testing.T) {
	c := climb(t, level.Config{Signals: []level.Signal{busy("a")}, Dwell: 10 * time.Second})
	pressure := func(want float64) {
		t.Helper()
		if got := c.l.Standing().Pressure; math.Abs(got-want) > 0.011 {
			t.Errorf("pressure %.3f, want %.3f", got, want)
		}
	}
	c.hold(time.Second, 25)
	pressure(0.5)
	c.hold(time.Second, 29)
	pressure(0.9)
	// Down by one level per dwell at most.
	c.hold(4*time.Second, 0)
	pressure(0.5)
	c.hold(4*time.Second, 0)
	pressure(0.1)
}

func TestArming(t *testing.T) {
	quake := level.Signal{Name: "quake", Arms: level.Attention}
	cfg := level.Config{Signals: []level.Signal{busy("a"), quake}, Dwell: 10 * time.Second}
	t.Run("shows and does not act, and expires", func(t *testing.T) {
		c := climb(t, cfg)
		w := c.warning(time.Minute, "M5.4 Pohang")
		for c.now.Before(w.Until) {
			c.step(level.Reading{Value: 0, At: c.now}, w)
			if s := c.l.Standing(); s.Level != level.Attention || s.Acting != level.Normal || s.Armed != level.Attention {
				t.Fatalf("%+v", s)
			}
		}
		c.step(level.Reading{Value: 0, At: c.now}, w)
		c.want(level.Normal)
	})
	t.Run("reacts one step sooner and at 80%", func(t *testing.T) {
		c := climb(t, cfg)
		w := c.warning(time.Minute, "M5.4 Pohang")
		c.step(level.Reading{Value: 0, At: c.now}, w)
		c.step(level.Reading{Value: 18.1, At: c.now}, w)
		if s := c.l.Standing(); s.Acting != level.Caution || s.Pressure != 0 {
			t.Errorf("%+v", s)
		}
		// Where it was raised it holds, however near "below" is to 100%.
		near := cfg
		near.Below = 0.95
		if err := c.l.Reload(near); err != nil {
			t.Fatal(err)
		}
		for range 300 {
			c.step(level.Reading{Value: 18.1, At: c.now}, w)
		}
		c.want(level.Caution)
	})
	t.Run("never serious early", func(t *testing.T) {
		alone := cfg
		alone.Signals = []level.Signal{{Name: "a", At: busy("").At, Alone: true}, quake}
		c := climb(t, alone)
		w := c.warning(time.Minute, "")
		for range 100 {
			c.step(level.Reading{Value: 39.9, At: c.now}, w)
		}
		c.want(level.Alert)
	})
	t.Run("a silent source has not taken it back", func(t *testing.T) {
		c := climb(t, cfg)
		c.step(level.Reading{}, c.warning(time.Minute, ""))
		c.step()
		c.want(level.Attention)
		for range 610 {
			c.step()
		}
		c.want(level.Normal)
	})
	t.Run("a cancelled one ends", func(t *testing.T) {
		c := climb(t, cfg)
		c.step(level.Reading{}, c.warning(time.Hour, ""))
		for range 101 {
			c.step(level.Reading{}, level.Reading{At: c.now})
		}
		c.want(level.Normal)
	})
	t.Run("no longer than a day", func(t *testing.T) {
		c := climb(t, cfg)
		w := c.warning(1000*time.Hour, "")
		c.step(level.Reading{}, w)
		if until := c.l.State().ArmedUntil; !until.Equal(w.At.Add(level.MaxArmed)) {
			t.Errorf("until %s", until)
		}
		c.now = c.now.Add(level.MaxArmed)
		c.step(level.Reading{}, w)
		c.want(level.Normal)
	})
}

func TestPins(t *testing.T) {
	c := climb(t, level.Config{Signals: []level.Signal{busy("a")}, Dwell: 10 * time.Second})
	pin := level.Pin{Level: level.Serious, Until: c.now.Add(20 * time.Second), By: "kim", Reason: "drill"}
	if err := c.l.Pin(c.now, pin); err != nil {
		t.Fatal(err)
	}
	c.hold(19*time.Second, 0)
	if s := c.l.Standing(); s.Level != level.Serious || s.Acting != level.Serious || !s.Pinned {
		t.Errorf("%+v", s)
	}
	c.hold(2*time.Second, 0)
	c.want(level.Normal) // at once: nothing was measured
	if _, ok := c.l.Pinned(); ok {
		t.Error("the pin is over")
	}
	// Down as well, and what was measured meanwhile counts when it ends.
	pin = level.Pin{Level: level.Normal, Until: c.now.Add(time.Hour), By: "kim", Reason: "false alarm"}
	if err := c.l.Pin(c.now, pin); err != nil {
		t.Fatal(err)
	}
	c.hold(time.Second, 31)
	if s := c.l.Standing(); s.Level != level.Normal || s.Acting != level.Normal {
		t.Errorf("%+v", s)
	}
	if !c.l.Unpin() || c.l.Unpin() {
		t.Error("there was one pin")
	}
	c.values(31)
	c.want(level.Alert)
}

func TestBadPins(t *testing.T) {
	c := climb(t, level.Config{})
	for _, p := range []level.Pin{
		{Level: level.Count, Until: start.Add(time.Hour), Reason: "r"},
		{Until: start.Add(time.Hour)},
		{Until: start, Reason: "r"},
		{Until: start.Add(level.MaxPin + time.Second), Reason: "r"},
	} {
		if err := c.l.Pin(start, p); err == nil {
			t.Errorf("%+v accepted", p)
		}
		if _, ok := c.l.Pinned(); ok {
			t.Errorf("%+v is in force", p)
		}
	}
}

func TestReloadKeepsTheLevel(t *testing.T) {
	cfg := level.Config{Signals: []level.Signal{busy("a"), busy("b")}, Dwell: 10 * time.Second}
	c := climb(t, cfg)
	c.hold(time.Second, 0, 31)
	// In another order: b is first now.
	if err := c.l.Reload(level.Config{Signals: []level.Signal{busy("b"), busy("c")}, Dwell: 10 * time.Second}); err != nil {
		t.Fatal(err)
	}
	c.want(level.Alert)
	if st := c.l.State(); st.Signals[0].Name != "b" || st.Signals[0].Value != 31 {
		t.Errorf("%+v", st.Signals)
	}
	c.hold(time.Second, 31)
	c.want(level.Alert)
	// Higher thresholds: what was read counts by them.
	high := busy("b")
	high.At = [4]float64{100, 200, 300, 400}
	if err := c.l.Reload(level.Config{Signals: []level.Signal{high}, Dwell: 10 * time.Second}); err != nil {
		t.Fatal(err)
	}
	for range 400 {
		c.step(level.Reading{Value: 31, At: c.now})
	}
	c.want(level.Normal)
	if err := c.l.Reload(level.Config{Below: 2}); err == nil || len(c.l.State().Signals) != 1 {
		t.Errorf("a bad configuration changed something: %v", err)
	}
}

func TestClockSetBack(t *testing.T) {
	c := climb(t, level.Config{Signals: []level.Signal{busy("a"), busy("b")}, Dwell: 10 * time.Second, Forget: 20 * time.Second})
	c.hold(time.Second, 31, 31)
	c.step(level.Reading{}, c.readings(0)[0]) // a vanishes
	c.now = c.now.Add(-24 * time.Hour)
	for range 900 {
		c.step(level.Reading{}, level.Reading{At: c.now})
	}
	c.want(level.Normal)
}
