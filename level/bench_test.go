package level_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/daero/daero/level"
)

// twenty is a ladder of twenty signals, three of them warnings, amid a climb.
func twenty(t testing.TB) (step func()) {
	cfg := level.Config{}
	for i := range 17 {
		cfg.Signals = append(cfg.Signals, busy(fmt.Sprint("s", i)))
	}
	for i := range 3 {
		cfg.Signals = append(cfg.Signals, level.Signal{Name: fmt.Sprint("w", i), Arms: level.Attention})
	}
	c := climb(t, cfg)
	readings := make([]level.Reading, len(cfg.Signals))
	i := 0
	return func() {
		for k := range readings {
			readings[k].Value, readings[k].At = 12+float64((i+k)%17), c.now
		}
		readings[19].Until = c.now.Add(time.Minute)
		if i++; i%5 == 0 {
			readings[3] = level.Reading{} // one of them flickers
		}
		c.l.Step(c.now, readings)
		c.now = c.now.Add(level.Interval)
	}
}

func TestStepIsCheap(t *testing.T) {
	step := twenty(t)
	for range 100 {
		step() // until the level stands
	}
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("%v allocations per step, want none", n)
	}
	// The bar is 5 µs, see BenchmarkStep; ten times that is no noise.
	best := time.Hour
	for range 20 {
		begin := time.Now()
		for range 100 {
			step()
		}
		best = min(best, time.Since(begin)/100)
	}
	if best > 50*time.Microsecond {
		t.Errorf("a step of 20 signals takes %s", best)
	}
}

func BenchmarkStep(b *testing.B) {
	step := twenty(b)
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}

func TestStateIsJSON(t *testing.T) {
	c := climb(t, service())
	c.step(append(c.readings(0.99, 0.6, 1), c.warning(time.Minute, "M5.4 Pohang"))...)
	c.step(append(c.readings(0.99, 0.6, 1), c.warning(time.Minute, "M5.4 Pohang"))...)
	_ = c.l.Pin(c.now, level.Pin{Level: level.Serious, Until: c.now.Add(time.Minute), By: "kim", Reason: "drill"})
	st := c.l.State()
	data, err := json.Marshal(st)
	if err != nil {
		t.Fatal(err)
	}
	var back level.State
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	if back.Level != level.Serious || back.Word != "serious" || back.Korean != "심각" || back.Pin.By != "kim" || len(back.Signals) != 4 {
		t.Errorf("%s", data)
	}
	if s := back.Signals[0]; s.Shown != "99%" || s.At[3] != "97%" || s.Asks != level.Serious || !s.Fresh || s.Over.IsZero() {
		t.Errorf("%+v", s)
	}
	if s := back.Signals[3]; s.Arms != level.Attention || s.Note != "M5.4 Pohang" || s.Until.IsZero() || s.At != nil {
		t.Errorf("%+v", s)
	}
}
