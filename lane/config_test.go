package lane_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/lane"
)

// ok is a lane without a mistake; mistakes are made in copies of it.
func ok(change func(*lane.LaneConfig)) lane.LaneConfig {
	l := lane.LaneConfig{Name: "a", Tier: lane.Normal}
	change(&l)
	return l
}

func one(change func(*lane.LaneConfig)) lane.Config {
	return lane.Config{Lanes: []lane.LaneConfig{ok(change)}}
}

func many(n int) (c lane.Config) {
	for i := range n {
		c.Lanes = append(c.Lanes, lane.LaneConfig{Name: "l" + string(rune('A'+i/26)) + string(rune('a'+i%26)), Tier: lane.Normal})
	}
	return c
}

var mistakes = map[string]struct {
	cfg  lane.Config
	want []string // what is wrong, and the cure
}{
	"no lane":           {lane.Config{}, []string{"no lane", "declare at least one"}},
	"too many lanes":    {many(lane.MaxLanes + 1), []string{"65 lanes", "at most 64"}},
	"initial negative":  {lane.Config{Lanes: many(1).Lanes, InitialLimit: -1}, []string{"initial limit -1", "0 for the default"}},
	"initial huge":      {lane.Config{Lanes: many(1).Lanes, InitialLimit: lane.MaxLimit + 1}, []string{"initial limit 1000001", "must be 1 to 1000000"}},
	"fixed negative":    {lane.Config{Lanes: many(1).Lanes, FixedLimit: -7}, []string{"fixed limit -7", "0 for a found limit"}},
	"fixed huge":        {lane.Config{Lanes: many(1).Lanes, FixedLimit: math.MaxInt}, []string{"fixed limit", "must be 1 to 1000000"}},
	"twice":             {lane.Config{Lanes: []lane.LaneConfig{many(1).Lanes[0], many(1).Lanes[0]}}, []string{"lane lAa: declared twice", "a name of its own"}},
	"floors over 100 %": {lane.Config{Lanes: []lane.LaneConfig{{Name: "a", Tier: 1, Floor: 0.6}, {Name: "b", Tier: 1, Floor: 0.7}}}, []string{"floors add up to 130%", "lower them"}},
	"no name":           {one(func(l *lane.LaneConfig) { l.Name = "" }), []string{"a lane without a name", "name it"}},
	"long name":         {one(func(l *lane.LaneConfig) { l.Name = strings.Repeat("a", 65) }), []string{"longer than 64 bytes"}},
	"name with space":   {one(func(l *lane.LaneConfig) { l.Name = "a b" }), []string{`lane "a b"`, "letters, digits, - and _"}},
	"name at the edge":  {one(func(l *lane.LaneConfig) { l.Name = "/a" }), []string{`lane "/a"`, "letters, digits"}},
	"name with percent": {one(func(l *lane.LaneConfig) { l.Name = "a%d" }), []string{`lane "a%d"`}},
	"no tier":           {one(func(l *lane.LaneConfig) { l.Tier = 0 }), []string{"lane a: no tier", "critical, normal or sheddable"}},
	"tier too high":     {one(func(l *lane.LaneConfig) { l.Tier = 4 }), []string{"lane a: no tier"}},
	"floor negative":    {one(func(l *lane.LaneConfig) { l.Floor = -0.1 }), []string{"lane a: floor -10%", "0% to 100%"}},
	"floor above one":   {one(func(l *lane.LaneConfig) { l.Floor = 1.5 }), []string{"lane a: floor 150%"}},
	"floor no number":   {one(func(l *lane.LaneConfig) { l.Floor = math.NaN() }), []string{"lane a: floor NaN%"}},
	"ceiling negative":  {one(func(l *lane.LaneConfig) { l.Ceiling = -1 }), []string{"lane a: ceiling -100%", "0% to 100%"}},
	"ceiling no number": {one(func(l *lane.LaneConfig) { l.Ceiling = math.NaN() }), []string{"lane a: ceiling NaN%"}},
	"floor > ceiling":   {one(func(l *lane.LaneConfig) { l.Floor, l.Ceiling = 0.5, 0.2 }), []string{"floor 50% is above its ceiling 20%", "lower the floor or raise the ceiling"}},
	"max negative":      {one(func(l *lane.LaneConfig) { l.Max = -1 }), []string{"lane a: max -1", "0 for none"}},
	"max huge":          {one(func(l *lane.LaneConfig) { l.Max = lane.MaxLimit + 1 }), []string{"lane a: max 1000001"}},
	"queue below -1":    {one(func(l *lane.LaneConfig) { l.Queue.Length = -2 }), []string{"lane a: queue length -2", "-1 for none"}},
	"queue huge":        {one(func(l *lane.LaneConfig) { l.Queue.Length = 1_000_001 }), []string{"lane a: queue length 1000001", "at most 1000000"}},
	"wait negative":     {one(func(l *lane.LaneConfig) { l.Queue.Wait = -1 }), []string{"lane a: queue wait -1ns", "at most 1m"}},
	"wait huge":         {one(func(l *lane.LaneConfig) { l.Queue.Wait = time.Hour }), []string{"lane a: queue wait 1h0m0s", "at most 1m"}},
}

func TestValidateNamesTheMistakeAndItsCure(t *testing.T) {
	for name, test := range mistakes {
		t.Run(name, func(t *testing.T) {
			err := test.cfg.Validate()
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "%!") {
				t.Errorf("%q: a format that does not fit", err)
			}
			if _, err := lane.New(test.cfg); err == nil {
				t.Error("New accepts what Validate refuses")
			}
		})
	}
}

func TestValidateReportsEveryMistakeAtOnce(t *testing.T) {
	cfg := lane.Config{InitialLimit: -1, FixedLimit: -1, Lanes: []lane.LaneConfig{
		{Name: "a b", Floor: 2, Ceiling: -1, Max: -1, Queue: lane.Queue{Length: -2, Wait: -1}},
		{Name: "x", Tier: lane.Normal},
		{Name: "x", Tier: lane.Normal},
		{Tier: lane.Critical},
	}}
	err := cfg.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"initial limit", "fixed limit", "a name is made of", "no tier", "floor 200%", "ceiling -100%",
		"max -1", "queue length", "queue wait", "declared twice", "without a name", "floors add up",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in:\n%v", want, err)
		}
	}
}

func TestValidateAcceptsTheEdges(t *testing.T) {
	for name, cfg := range map[string]lane.Config{
		"as many lanes as may be": many(lane.MaxLanes),
		"longest name":            one(func(l *lane.LaneConfig) { l.Name = strings.Repeat("a", 64) }),
		"floors of 100 %":         {Lanes: []lane.LaneConfig{{Name: "a", Tier: 1, Floor: 0.3}, {Name: "b", Tier: 2, Floor: 0.7}}},
		"floor at the ceiling":    one(func(l *lane.LaneConfig) { l.Floor, l.Ceiling = 1, 1 }),
		"numbers at their bounds": {InitialLimit: lane.MaxLimit, FixedLimit: lane.MaxLimit, Lanes: []lane.LaneConfig{{Name: "a", Tier: 3, Max: lane.MaxLimit, Queue: lane.Queue{Length: 1_000_000, Wait: time.Minute}}}},
	} {
		if err := cfg.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTierWordsReadBack(t *testing.T) {
	for tier := lane.Critical; tier <= lane.Sheddable; tier++ {
		if got, err := lane.ParseTier(tier.String()); err != nil || got != tier {
			t.Errorf("ParseTier(%q) = %v, %v", tier, got, err)
		}
	}
	for _, s := range []string{"", "Critical", "tier(0)", "high"} {
		if _, err := lane.ParseTier(s); err == nil || !strings.Contains(err.Error(), "critical, normal or sheddable") {
			t.Errorf("ParseTier(%q): %v, want an error with the known words", s, err)
		}
	}
	if got := lane.Tier(9).String(); got != "tier(9)" {
		t.Errorf("unknown tier is called %q", got)
	}
}

func TestReasonWordsAreDistinctLabels(t *testing.T) {
	seen := map[string]bool{"": true, "none": true, "unknown": true}
	for _, r := range lane.Reasons() {
		if seen[r.String()] {
			t.Errorf("reason %d: %q is taken", r, r)
		}
		seen[r.String()] = true
	}
	if lane.Reason(200).String() != "unknown" {
		t.Error("a reason out of range has a word")
	}
}
