package level_test

import (
	"testing"
	"time"

	"github.com/daero/daero/level"
)

// start is when tests begin. Nothing depends on it.
var start = time.Date(2026, 9, 12, 11, 0, 0, 0, time.UTC)

// busy has round thresholds: 10, 20, 30, 40.
func busy(name string) level.Signal {
	return level.Signal{Name: name, At: [4]float64{10, 20, 30, 40}}
}

// climber steps a ladder through virtual time.
type climber struct {
	t   testing.TB
	l   *level.Ladder
	now time.Time
	// changes are all that happened.
	changes []level.Change
}

func climb(t testing.TB, cfg level.Config) *climber {
	t.Helper()
	l, err := level.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &climber{t: t, l: l, now: start}
}

// step makes one step with these readings and returns the level.
func (c *climber) step(readings ...level.Reading) level.Level {
	lv, ch := c.l.Step(c.now, readings)
	if ch != nil {
		c.changes = append(c.changes, *ch)
	}
	c.now = c.now.Add(level.Interval)
	return lv
}

// values makes one step with fresh readings of these values.
func (c *climber) values(values ...float64) level.Level {
	return c.step(c.readings(values...)...)
}

func (c *climber) readings(values ...float64) []level.Reading {
	var rs []level.Reading
	for _, v := range values {
		rs = append(rs, level.Reading{Value: v, At: c.now})
	}
	return rs
}

// hold makes steps with these values for d.
func (c *climber) hold(d time.Duration, values ...float64) (lv level.Level) {
	for end := c.now.Add(d); c.now.Before(end); {
		lv = c.values(values...)
	}
	return lv
}

// last is the newest change.
func (c *climber) last() level.Change {
	c.t.Helper()
	if len(c.changes) == 0 {
		c.t.Fatal("nothing changed yet")
	}
	return c.changes[len(c.changes)-1]
}

func (c *climber) want(lv level.Level) {
	c.t.Helper()
	if got := c.l.Standing().Level; got != lv {
		c.t.Errorf("after %s: level %s, want %s", c.now.Sub(start), got, lv)
	}
}

// warning is a reading of an outside warning.
func (c *climber) warning(lasts time.Duration, note string) level.Reading {
	return level.Reading{At: c.now, Until: c.now.Add(lasts), Note: note}
}
