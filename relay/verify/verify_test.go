package verify_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/relay/verify"
)

// TestMain makes this binary the program that a run starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "verify-child" {
		if err := verify.Child(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 2 && os.Args[1] == "transform-child" {
		if err := transformChild(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	flag.Parse()
	os.Exit(m.Run())
}

// running counts this test's child processes.
func running(t *testing.T) (n int) {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Log("no /proc: orphans are not looked for")
		return 0
	}
	for _, task := range tasks {
		b, _ := os.ReadFile("/proc/self/task/" + task.Name() + "/children")
		n += len(strings.Fields(string(b)))
	}
	return n
}

// kills is how many a loop makes: 40 in CI; make verify asks for more.
var kills = flag.Int("kills", 40, "kills of one loop")

// recordsPerKill gives each kill work to meet.
const recordsPerKill = 300

// play makes a run and prints what it shows.
func play(t *testing.T, cfg verify.Config) verify.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	before := running(t)
	cfg.Command = []string{os.Args[0], "verify-child"}
	res, err := verify.Run(ctx, cfg)
	if err != nil {
		t.Fatalf("seed %d: %v", cfg.Seed, err)
	}
	b, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", b)
	if n := running(t) - before; n != 0 {
		t.Errorf("%d processes outlive the run", n)
	}
	return res
}

func TestKillsOfTheEmbeddedBroker(t *testing.T) {
	res := play(t, verify.Config{Records: recordsPerKill * *kills, Kills: *kills, Seed: 1})
	if !res.OK || res.Acked != recordsPerKill**kills || res.Kills != *kills || res.Killed[verify.Broker] == 0 {
		t.Errorf("not kept: %+v", res)
	}
}

func TestKillsWithASpool(t *testing.T) {
	res := play(t, verify.Config{Records: 6_000, Kills: 20, Seed: 2, Spool: true})
	if !res.OK || res.Spooled == 0 {
		t.Errorf("not kept, or the spool was never used: %+v", res)
	}
}

// TestBrokenPartsAreNoticed runs with one part that does what it must not.
func TestBrokenPartsAreNoticed(t *testing.T) {
	for broken, noticed := range map[verify.Broken]func(verify.Result) int{
		verify.CommitsEarly: func(r verify.Result) int { return r.Lost },
		verify.AnswersEarly: func(r verify.Result) int { return r.Lost },
		verify.Forgets:      func(r verify.Result) int { return r.Lost },
		verify.Gateless:     func(r verify.Result) int { return r.OrderViolations },
		verify.Repeats:      func(r verify.Result) int { return r.Unexplained },
	} {
		t.Run(string(broken), func(t *testing.T) {
			res := play(t, verify.Config{Records: 2_000, Kills: 12, Seed: 3, Broken: broken, Patience: 5 * time.Second})
			if res.OK || noticed(res) == 0 || len(res.Findings) == 0 {
				t.Errorf("not noticed: %+v", res)
			}
		})
	}
}
