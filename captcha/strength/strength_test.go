package strength_test

import (
	"strings"
	"testing"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/strength"
)

// TestTheCommittedFile: what this version ships with can be shown.
func TestTheCommittedFile(t *testing.T) {
	got, err := strength.Parse(captcha.StrengthText())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Bars) < 10 || len(got.Classes) < 7 || len(got.Attackers) < 20 || got.With == "" || got.Seed == 0 {
		t.Errorf("%d bars, %d classes, %d attackers, seed %d, with %q", len(got.Bars), len(got.Classes), len(got.Attackers), got.Seed, got.With)
	}
	vision := got.Attackers[len(got.Attackers)-1]
	if vision.Class != "A4" || vision.Rate >= 0 || vision.Low != 0.9 || vision.High != 1 || vision.Seconds >= 0 {
		t.Errorf("the vision model is %+v: want that it is assumed", vision)
	}
	for _, a := range got.Attackers {
		if a.Rate >= 0 && (a.Rate < a.Low-0.005 || a.Rate > a.High+0.005) {
			t.Errorf("%+v: the rate is not between its bounds", a)
		}
	}
}

const whole = `# How strong

Seed 7, 2 cores of amd64, 2026-11-30; Go 1.26.8, tesseract 5.3.0. Seconds are of this machine while it had other work, and say how many, not how fast.

**A short run.** Look at the intervals.

## Bars

| bar | wanted | found | |
| --- | --- | --- | --- |
| guessing | ≤ 2.0 % | 0.8 % (3 of 400) | held |
| A1, level 3 | ≤ 2.0 % | 3 % | **missed** |

## Attackers

- A1: tesseract, the whole map.
- A4: frontier vision models: **not run here**. Assume 90 to 100 %.

| | attacker | kind | level | lang | n | solved | 95 % | s a try | core-s | within 1, 3, 10 tries |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| A1 | tesseract | name | 3 | ko | 400 | 0.8 % | 0.3–2.2 | <0.001 | 0.810 | 0 %, 0 %, 0 % |
| A1 | tesseract | name | 4 | en | 4 | 100 % | 61.0–100.0 | 0.813 | 0.810 | 0 %, 0 %, 0 % |
| A4 | vision model | all | all | all | 0 | assume 90–100 % | | 2–5 | | |

- ` + "`tesseract`" + ` is told more than a visitor sees: where the name stands.

## What a token costs

| price of | $ |
| --- | --- |
| a core | 0.04 |
`

func TestParse(t *testing.T) {
	got, err := strength.Parse(whole)
	if err != nil {
		t.Fatal(err)
	}
	if got.Seed != 7 || got.Date != "2026-11-30" || got.With != "2 cores of amd64; Go 1.26.8, tesseract 5.3.0" || !got.Short {
		t.Errorf("%+v", got)
	}
	if len(got.Bars) != 2 || !got.Bars[0].Held || got.Bars[1].Held || got.Bars[0].Found != "0.8 % (3 of 400)" {
		t.Errorf("bars %+v", got.Bars)
	}
	if len(got.Classes) != 2 || got.Classes[1] != (strength.Class{Name: "A4", What: "frontier vision models: not run here. Assume 90 to 100 %"}) {
		t.Errorf("classes %+v", got.Classes)
	}
	want := strength.Attacker{
		Class: "A1", Name: "tesseract", Kind: "name", Level: "3", Lang: "ko", N: 400,
		Rate: 0.008, Low: 0.003, High: 0.022, Seconds: 0.001, Told: "where the name stands",
	}
	if len(got.Attackers) != 3 || got.Attackers[0] != want {
		t.Errorf("attackers %+v", got.Attackers)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ from, to string }{
		"no date line":    {"Seed 7, 2 cores", "Seed seven, cores"},
		"another head":    {"| bar | wanted | found | |", "| bar | found | wanted | |"},
		"a bar in doubt":  {"| held |", "| perhaps |"},
		"a cell too many": {"| A1 | tesseract | name | 3 |", "| A1 | tesseract | name | 3 | x |"},
		"no number":       {"| 400 |", "| many |"},
		"over a hundred":  {"100 % | 61.0–100.0", "200 % | 61.0–100.0"},
		"upside down":     {"0.3–2.2", "2.2–0.3"},
		"no interval":     {"0.3–2.2", "about two"},
		"no level":        {"| 3 | ko", "| hard | ko"},
		"no dashes":       {"| --- | --- | --- | --- |\n| guessing", "| guessing | | | |\n| guessing"},
		"no bars":         {"## Bars", "## Bars of iron"},
		"no attackers":    {"## Attackers", "## Others"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(whole, tt.from) {
				t.Fatal("nothing is changed")
			}
			if got, err := strength.Parse(strings.Replace(whole, tt.from, tt.to, 1)); err == nil {
				t.Errorf("taken: %+v", got)
			}
		})
	}
	if _, err := strength.Parse(strings.Repeat("x", 2<<20)); err == nil {
		t.Error("two megabytes were read")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add(captcha.StrengthText())
	f.Fuzz(func(t *testing.T, text string) {
		got, err := strength.Parse(text)
		if err != nil {
			return
		}
		for _, a := range got.Attackers {
			if a.Low < 0 || a.High > 1 || a.Low > a.High || a.Rate > 1 || a.Seconds >= 1e6 {
				t.Errorf("%+v", a)
			}
		}
		if len(got.Bars) == 0 || len(got.Attackers) == 0 {
			t.Error("half of a table")
		}
	})
}
