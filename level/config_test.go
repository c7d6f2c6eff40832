package level_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/level"
)

func TestValidate(t *testing.T) {
	with := func(change func(s *level.Signal)) level.Config {
		s := busy("a")
		change(&s)
		return level.Config{Signals: []level.Signal{s}}
	}
	many := level.Config{}
	for i := range level.MaxSignals + 1 {
		many.Signals = append(many.Signals, busy(strings.Repeat("a", i+1)))
	}
	inf, nan := math.Inf(1), math.NaN()
	for name, tt := range map[string]struct {
		cfg  level.Config
		want string // "" is valid
	}{
		"empty":              {level.Config{}, ""},
		"good":               {with(func(*level.Signal) {}), ""},
		"never":              {with(func(s *level.Signal) { s.At = [4]float64{1, inf, inf, inf} }), ""},
		"arms":               {with(func(s *level.Signal) { s.At = [4]float64{}; s.Arms = level.Caution }), ""},
		"too many":           {many, "65 signals: at most 64"},
		"dwell too short":    {level.Config{Dwell: time.Millisecond}, "down after 1ms: must be 1s to 1h"},
		"dwell too long":     {level.Config{Dwell: 2 * time.Hour}, "must be 1s to 1h"},
		"dwell negative":     {level.Config{Dwell: -1}, "must be 1s to 1h"},
		"below too low":      {level.Config{Below: 0.01}, "below 1%: must be 10% to 95%"},
		"below too high":     {level.Config{Below: 0.99}, "the level would flap"},
		"below no number":    {level.Config{Below: nan}, "must be 10% to 95%"},
		"forget too long":    {level.Config{Forget: 48 * time.Hour}, "must be at most 24h"},
		"forget negative":    {level.Config{Forget: -1}, "must be at most 24h"},
		"no name":            {with(func(s *level.Signal) { s.Name = "" }), "a signal without a name: name it"},
		"twice":              {level.Config{Signals: []level.Signal{busy("a"), busy("a")}}, "signal a: declared twice"},
		"percent in name":    {with(func(s *level.Signal) { s.Name = "100%d"; s.Stale = -1 }), "signal 100%d: stale after"},
		"stale too long":     {with(func(s *level.Signal) { s.Stale = 2 * time.Hour }), "must be at most 1h"},
		"arms too high":      {with(func(s *level.Signal) { s.Arms = level.Alert }), "an outside warning arms to attention or caution"},
		"zero":               {with(func(s *level.Signal) { s.At[0] = 0 }), "threshold of attention is 0: must be above 0"},
		"negative":           {with(func(s *level.Signal) { s.At[0] = -1 }), "must be above 0"},
		"no number":          {with(func(s *level.Signal) { s.At[2] = nan }), "threshold of alert is NaN"},
		"first never":        {with(func(s *level.Signal) { s.At = [4]float64{inf, inf, inf, inf} }), "threshold of attention is +Inf"},
		"not rising":         {with(func(s *level.Signal) { s.At[1] = 10 }), "thresholds must rise: attention begins at 10, caution at 10"},
		"falling":            {with(func(s *level.Signal) { s.At[3] = 5; s.Unit = level.Percent }), "alert begins at 3000%, serious at 500%"},
		"finite after never": {with(func(s *level.Signal) { s.At = [4]float64{1, inf, 3, 4} }), "caution begins at never, alert at 3"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.cfg.Validate()
			if _, e := level.New(tt.cfg); (e == nil) != (err == nil) {
				t.Errorf("New says %v, Validate %v", e, err)
			}
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	// Every mistake at once.
	err := level.Config{Dwell: -1, Below: 7, Signals: []level.Signal{{}}}.Validate()
	if got := strings.Count(err.Error(), "\n") + 1; got != 4 {
		t.Errorf("%d mistakes, want 4: %v", got, err)
	}
}

func TestShow(t *testing.T) {
	for _, tt := range []struct {
		unit level.Unit
		v    float64
		want string
	}{
		{level.Plain, 12.5, "12.5"},
		{level.Plain, 0, "0"},
		{level.Plain, 123456, "123000"},
		{level.Percent, 0.93, "93%"},
		{level.Percent, 0.02, "2%"},
		{level.Percent, 0.1234, "12.3%"},
		{level.Seconds, 0.05, "50ms"},
		{level.Seconds, 0.0005, "500µs"},
		{level.Seconds, 1.25, "1.3s"},
		{level.Seconds, 60, "1m"},
		{level.Seconds, 7200, "2h"},
		{level.Seconds, 90, "1m30s"},
		{level.Seconds, 1e300, "2500000h"},
		{level.Times, 4, "4x"},
		{level.Percent, math.Inf(1), "never"},
		{level.Plain, math.NaN(), "NaN"},
	} {
		s := level.Signal{Unit: tt.unit}
		if got := s.Show(tt.v); got != tt.want {
			t.Errorf("%v is shown as %q, want %q", tt.v, got, tt.want)
		}
	}
}
