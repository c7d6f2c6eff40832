package virtual_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/daero/daero/lane"
	"github.com/daero/daero/rehearse/virtual"
)

var (
	update = flag.Bool("update", false, "rewrite the golden table")
	seed   = flag.Uint64("seed", 1, "of the storms; another than 1 is printed, not compared")
)

// known are the bars that are missed, and why. A miss that is not listed here
// fails, and so does one that is listed and no longer missed.
var known = map[string]string{
	"storm 2x, bound by a lock/storm/logins": lockReason,

	"small pool, half gone and back/storm/p99":   smallReason,
	"small pool, half gone and back/half/p99":    smallReason,
	"small pool, half gone and back/half/logins": smallReason,
	"small pool, half gone and back/back/p99":    smallReason,
	"small pool, half gone and back/back/logins": smallReason,

	"small pool, stuttering machine/storm/logins":   stutterReason,
	"small pool, stuttering machine/storm/degraded": stutterReason,
	"small pool, stuttering machine/half/p99":       stutterReason,
	"small pool, stuttering machine/half/degraded":  stutterReason,
	"small pool, stuttering machine/half/logins":    stutterReason,
	"small pool, stuttering machine/back/degraded":  stutterReason,
	"small pool, stuttering machine/back/logins":    stutterReason,
}

const (
	lockReason    = "a lock has no sharp edge: the limit climbs slowly and stays where messages hardly feel it"
	smallReason   = "one place of 12 is 8 % of them: what finding the edge costs is felt, and lasts through a quarter of these short phases"
	stutterReason = "the machine itself stands still for 10 ms twice a second; bins are slow without any storm"
)

func play(t *testing.T, s *virtual.Scenario, c func() (virtual.Contender, error)) (res *virtual.Result) {
	synctest.Test(t, func(t *testing.T) {
		contender, err := c()
		if err != nil {
			t.Fatal(err)
		}
		res = virtual.Play(s, contender, synctest.Wait)
	})
	return res
}

func lanes(s *virtual.Scenario) func() (virtual.Contender, error) {
	return func() (virtual.Contender, error) { return virtual.NewLanes(lane.Config{InitialLimit: s.Initial}) }
}

// TestScenarios plays every storm and compares the table with the golden one,
// to the last digit: the storms are seeded and time is virtual.
func TestScenarios(t *testing.T) {
	storms := virtual.Storms()
	tables := make([]string, len(storms))
	t.Run("storms", func(t *testing.T) {
		for i, s := range storms {
			t.Run(s.Name, func(t *testing.T) {
				t.Parallel()
				s.Seed = *seed
				res := play(t, s, lanes(s))
				tables[i] = res.Table()
				if *seed == 1 {
					checkMisses(t, s, res)
				}
			})
		}
	})
	table := fmt.Sprintf("seed %d; p50 and steady p99 of messages over calm; slow: seconds with message p90 over 2 x calm;\n"+
		"logins: of what the backend had left for them\n\n%s%s", *seed, virtual.TableHead(), strings.Join(tables, ""))
	t.Log("\n" + table)
	if *seed != 1 {
		return
	}
	golden := filepath.Join("testdata", "scenarios.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(table), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != table {
		t.Errorf("the table differs from %s: if that is meant, run with -update", golden)
	}
}

func checkMisses(t *testing.T, s *virtual.Scenario, res *virtual.Result) {
	rep := res.Report()
	for i, p := range rep {
		missed := map[string]bool{}
		for _, m := range p.Misses(s.Phases[i], rep[0].P99) {
			missed[m] = true
			if _, ok := known[s.Name+"/"+p.Name+"/"+m]; !ok {
				t.Errorf("%s: bar missed: %s", p.Name, m)
			}
		}
		for k := range known {
			if rest, ok := strings.CutPrefix(k, s.Name+"/"+p.Name+"/"); ok && !missed[rest] {
				t.Errorf("%s: bar %s is no longer missed: take it off the list", p.Name, rest)
			}
		}
	}
}

// TestControls holds the bars against what must not pass them: no limit, and
// limits that do not move.
func TestControls(t *testing.T) {
	controls := map[string]struct {
		limit int
		want  string // the bar that must be missed
	}{
		"no protection": {1_000_000, "success"},
		"always max":    {200, "p99"},
		"frozen":        {20, "logins"},
		"always min":    {1, "logins"},
	}
	for name, c := range controls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := virtual.Storms()[4] // storm 10x, half the workers
			res := play(t, s, func() (virtual.Contender, error) {
				return virtual.NewLanes(lane.Config{FixedLimit: c.limit})
			})
			rep := res.Report()
			var missed []string
			for i, p := range rep {
				missed = append(missed, p.Misses(s.Phases[i], rep[0].P99)...)
			}
			if !strings.Contains(strings.Join(missed, " "), c.want) {
				t.Errorf("missed %v, want %s among them: the bars prove nothing\n%s", missed, c.want, res.Table())
			}
		})
	}
}

// TestHonouringClientsComeTwice: clients that come back when told to are not
// sent away again.
func TestHonouringClientsComeTwice(t *testing.T) {
	for _, s := range virtual.Storms() {
		if !strings.HasSuffix(s.Name, "honouring") {
			continue
		}
		if got := play(t, s, lanes(s)).AttemptsPerAction(); got > 1.5 {
			t.Errorf("attempts per action = %.2f, want at most 1.5", got)
		}
		return
	}
	t.Fatal("no storm of honouring clients")
}
