package rehearse_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/rehearse"
)

func TestSettings(t *testing.T) {
	s := rehearse.Settings{}.WithDefaults()
	if err := s.Validate(); err != nil {
		t.Fatalf("the defaults are refused: %v", err)
	}
	// 250 × 2 ms + 50 × 5 ms = 0.75 of 24 workers; 3.35 are kept free for bursts.
	if got := s.LoginsLeft(24); math.Abs(got-232.5) > 1e-9 {
		t.Errorf("%g logins/s are left, want 232.5", got)
	}
	if a, b := s.StaticLogins(24), s.StaticLogins(12); a != 20 || b != 8 {
		t.Errorf("static lanes allow %d and %d logins, want 20 and 8", a, b)
	}
}

func TestSettingsMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*rehearse.Settings)
		want   []string
	}{
		"unknown arm":       {func(s *rehearse.Settings) { s.Arms = []string{"lanes", "dynamic"} }, []string{`arm "dynamic"`}},
		"arm twice":         {func(s *rehearse.Settings) { s.Arms = []string{"none", "none"} }, []string{"named twice"}},
		"too short":         {func(s *rehearse.Settings) { s.Duration = time.Second }, []string{"duration 1s"}},
		"negative storm":    {func(s *rehearse.Settings) { s.Storm = -1 }, []string{"storm -1"}},
		"storm not known":   {func(s *rehearse.Settings) { s.Storm = math.NaN() }, []string{"storm NaN"}},
		"storm too big":     {func(s *rehearse.Settings) { s.Storm = 1000 }, []string{"lower storm or workers"}},
		"nothing is left":   {func(s *rehearse.Settings) { s.Messages = 10_000 }, []string{"nothing is left for logins"}},
		"patience":          {func(s *rehearse.Settings) { s.Repeats = -1 }, []string{"repeats -1"}},
		"several at once":   {func(s *rehearse.Settings) { s.Duration, s.Workers, s.Logins = 1, 1, 1e9 }, []string{"duration", "workers 1", "logins"}},
		"workers too many":  {func(s *rehearse.Settings) { s.Workers = 1_000_000 }, []string{"workers 1000000"}},
		"too many messages": {func(s *rehearse.Settings) { s.Messages = 1e6 }, []string{"messages"}},
	} {
		s := rehearse.Settings{}.WithDefaults()
		c.change(&s)
		err := s.Validate()
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not say %q", name, err, w)
			}
		}
	}
}

func TestEarthquakePlan(t *testing.T) {
	s := rehearse.Settings{}.WithDefaults()
	naive, honouring := s.Earthquake(rehearse.ArmLanes), s.Earthquake(rehearse.ArmHonouring)
	if err := naive.Validate(); err != nil {
		t.Fatal(err)
	}
	if naive.Total() != 17*time.Second || len(naive.Phases) != 5 {
		t.Errorf("%s in %d phases", naive.Total(), len(naive.Phases))
	}
	for _, d := range naive.Starts() {
		if d%(100*time.Millisecond) != 0 {
			t.Errorf("a phase begins at %s, within a bin", d)
		}
	}
	for i := range naive.Sources {
		for d := time.Duration(0); d < naive.Total(); d += 37 * time.Millisecond {
			if a, b := naive.Sources[i].Curve.Rate(d), honouring.Sources[i].Curve.Rate(d); a != b {
				t.Fatalf("%s: at %s %g come, and %g where they honour", naive.Sources[i].Name, d, a, b)
			}
		}
	}
	phones := naive.Sources[3]
	if before, after := phones.Curve.Rate(2900*time.Millisecond), phones.Curve.Rate(14500*time.Millisecond); before != 0 || after != 0 {
		t.Errorf("phones wake before (%g/s) or after (%g/s) the storm", before, after)
	}
}

func TestCaddyfileTellsNoCapacity(t *testing.T) {
	g := rehearse.Gateway{Arm: rehearse.ArmLanes, Listen: ":8080", Admin: "127.0.0.1:2019", Backend: "127.0.0.1:9000", Storage: "/tmp/data", StaticLogins: 20}
	text := rehearse.Caddyfile(g)
	for _, word := range []string{"max", "limit", "20\n", "floor", "ceiling"} {
		if strings.Contains(text, word) {
			t.Errorf("daero is told %q:\n%s", word, text)
		}
	}
	before := text
	if g.Desk = "http://127.0.0.1:8081"; rehearse.Caddyfile(g) != before+"http://127.0.0.1:8081 {\n\tdaero_console\n\trespond 404\n}\n" {
		t.Errorf("a console changes what stands beside it:\n%s", rehearse.Caddyfile(g))
	}
	if g.Arm = rehearse.ArmNone; strings.Contains(rehearse.Caddyfile(g), "lanes") {
		t.Error("the arm without lanes has lanes")
	}
	if g.Arm = rehearse.ArmStatic; !strings.Contains(rehearse.Caddyfile(g), "max 20\n") {
		t.Error("the oracle is not told what it knows")
	}
}
