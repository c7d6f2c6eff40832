package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/attack/reader"
	"github.com/daero/daero/captcha/mapquiz"
	"github.com/daero/daero/captcha/mapquiz/city"
)

// comfort is the worst that was measured of some maps of a level: what stands for
// people here.
type comfort struct {
	Level int
	Lang  string
	Maps  int
	city.Comfort
	// Legible is what a reader reads that is told where letters stand.
	Legible reader.Legible
}

// comfort measures maps.
func (r *report) comfort(ctx context.Context, tell *progress) error {
	maps, read := 50, 16
	if r.options.quick {
		maps, read = 8, 0 // a few names say nothing about 99 %
	}
	generous, err := reader.Load()
	if err != nil {
		return err
	}
	for level := range 5 {
		for _, lang := range mapquiz.Langs() {
			tell.at(level, 5, fmt.Sprintf("comfort, level %d, %s", level, lang), 0, 1)
			key := fmt.Sprintf("comfort, level %d, %s, %d maps read, seed %d", level, lang, read, r.options.seed)
			worst, err := once(r.options.keep, key, maps, func() (comfort, error) {
				return worstOf(ctx, generous, r.options.seed, level, lang, maps, read)
			})
			if err != nil {
				return err
			}
			r.Comfort = append(r.Comfort, worst)
		}
	}
	return nil
}

// worstOf measures maps of a level, and has some of them read.
func worstOf(ctx context.Context, generous *reader.Model, seed uint64, level int, lang string, maps, read int) (comfort, error) {
	seeds := rand.New(rand.NewPCG(seed, uint64(level))) //nolint:gosec // to be repeated
	worst := comfort{Level: level, Lang: lang, Maps: maps}
	for i := range maps {
		if err := ctx.Err(); err != nil {
			return worst, err
		}
		m := city.New(city.Spec{Seed: mapquiz.MapSeed(seeds.Uint64()), Level: level, Lang: lang}).Measure()
		if i == 0 {
			worst.Comfort = m
		}
		worst.add(m)
	}
	worst.Legible = generous.Legibility(seeds.Uint64(), read, level, lang)
	return worst, nil
}

func (c *comfort) add(m city.Comfort) {
	c.Contrast = min(c.Contrast, m.Contrast)
	c.Cap = min(c.Cap, m.Cap)
	c.Stroke = min(c.Stroke, m.Stroke)
	c.Turn = max(c.Turn, m.Turn)
	c.Overlaps = max(c.Overlaps, m.Overlaps)
	c.Target = min(c.Target, m.Target)
	c.Apart = min(c.Apart, m.Apart)
	c.Twins = min(c.Twins, m.Twins)
}

// degrees of the most that a name is turned.
func (c *comfort) degrees() float64 { return c.Turn * 180 / math.Pi }

// bar is what must hold.
type bar struct {
	Name string
	Want string
	Got  string
	Held bool
}

// judge compares with the bars. A quick run makes few tries: there a bar is missed
// when the whole interval is above it.
func (r *report) judge() {
	for _, b := range []struct {
		name    string
		most    float64
		counted func(result) bool
	}{
		{"guessing clicks, any kind", 0.02, func(o result) bool { return o.Attacker == "guess-random" || o.Attacker == "guess-icons" }},
		{"guessing clicks, shapes seen", 0.02, func(o result) bool { return o.Attacker == "guess-shapes" }},
		{"guessing what is typed, from the question", 0, func(o result) bool { return o.Attacker == "guess-question" }},
		{"A1, level 3", 0.02, func(o result) bool { return o.Class == attack.Plain && o.Level == 3 }},
		{"A2, level 3", 0.05, func(o result) bool { return o.Class == attack.Targeted && o.Level == 3 }},
	} {
		r.judgeRate(b.name, b.most, b.counted)
	}
	if len(r.Protocol) > 0 {
		won, least := 0, math.MaxInt
		for _, o := range r.Protocol {
			won += o.Won
			least = min(least, o.N)
		}
		r.Bars = append(r.Bars, bar{"A6, protocol", "0", fmt.Sprintf("%d of %d ways, %d tries each or more", won, len(r.Protocol), least), won == 0})
	}
	for _, c := range r.Comfort {
		r.Bars = append(r.Bars, bar{
			fmt.Sprintf("comfort, level %d, %s", c.Level, c.Lang), "4.5:1, 11 px, 0, 24 px",
			fmt.Sprintf("%.2f:1, %.1f px, %d, %.0f px", c.Contrast, c.Cap, c.Overlaps, c.Target), c.Good(),
		})
	}
	for _, c := range r.Comfort {
		if c.Legible.Letters == 0 {
			continue
		}
		r.Bars = append(r.Bars, bar{
			fmt.Sprintf("generous reader, level %d, %s", c.Level, c.Lang), "≥ 99 %",
			fmt.Sprintf("%.1f %% of %d letters", 100*c.Legible.Rate(), c.Legible.Letters), legible(c.Legible),
		})
	}
}

// legible reports whether hardening destroyed nothing.
func legible(l reader.Legible) bool {
	return l.Rate() >= 0.99
}

// judgeRate finds the worst of what a bar counts.
func (r *report) judgeRate(name string, most float64, counted func(result) bool) {
	var worst *result
	held, solved, n := true, 0, 0
	for i := range r.Results {
		o := &r.Results[i]
		if !counted(*o) {
			continue
		}
		solved, n = solved+o.Solved, n+o.N
		held = held && o.Rate() <= most
		if worst == nil || o.Rate() > worst.Rate() {
			worst = o
		}
	}
	if r.options.quick && most > 0 { // all together, for each has made few tries
		low, _ := attack.Wilson(solved, n)
		held = low <= most
	}
	if worst != nil {
		r.Bars = append(r.Bars, bar{
			name, "≤ " + percent(most),
			fmt.Sprintf("%s (%s, %s, %s: %d of %d)", percent(worst.Rate()), worst.Attacker, worst.Kind, worst.Lang, worst.Solved, worst.N), held,
		})
	}
}

func percent(p float64) string {
	if p > 0 && p < 0.1 {
		return fmt.Sprintf("%.1f %%", 100*p)
	}
	return fmt.Sprintf("%.0f %%", 100*p)
}
