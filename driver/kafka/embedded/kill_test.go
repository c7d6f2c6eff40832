package embedded_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/driver/kafka/embedded"
	"github.com/daero/daero/relay"
)

const (
	childDir = "DAERO_EMBEDDED_TEST_DIR"
	kills    = 30
	writers  = 16
)

// TestMain is also the program that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

// child appends without end and prints what is safe: round/writer/number,
// partition, offset.
func child(dir string) {
	l, err := embedded.Open(embedded.Config{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	round := os.Args[len(os.Args)-1]
	var mu sync.Mutex // a line is written at once
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := 0; ; n++ {
				done := make(chan error, 1)
				l.Append(&relay.Message{
					Topic: "jobs", Partition: -1,
					Key: fmt.Appendf(nil, "%d", w), Value: fmt.Appendf(nil, "%s/%d/%d", round, w, n),
				}, func(at relay.Position, err error) {
					if err == nil {
						mu.Lock()
						fmt.Fprintf(os.Stdout, "%s/%d/%d %d %d\n", round, w, n, at.Partition, at.Offset)
						mu.Unlock()
					}
					done <- err
				})
				if err := <-done; err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
			}
		})
	}
	wg.Wait()
}

// What was acknowledged before a kill -9 is there after it, where it was said
// to be, once, and in order.
func TestF9KillLosesNothingAcknowledged(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	l := open(t, embedded.Config{Dir: dir})
	topic(t, l, "jobs", 3)
	l.Close()

	ledger := map[string]relay.Position{}
	for k := range kills {
		run(t, dir, k, time.Duration(40+rng.IntN(160))*time.Millisecond, ledger)
	}
	l = open(t, embedded.Config{Dir: dir})
	there := map[string]relay.Position{}
	last := map[string]int{}
	for p := range int32(3) {
		err := l.Read(within(t), relay.Partition{Topic: "jobs", ID: p}, 0, func(m *relay.Message) bool {
			if at, ok := there[string(m.Value)]; ok {
				t.Errorf("%s is there twice: %v and %v", m.Value, at, m.Position())
			}
			there[string(m.Value)] = m.Position()
			var round, w, n int
			if _, err := fmt.Sscanf(string(m.Value), "%d/%d/%d", &round, &w, &n); err != nil {
				t.Fatal(err)
			}
			writer := fmt.Sprintf("%d/%d", round, w)
			if before, ok := last[writer]; ok && n <= before {
				t.Errorf("%s comes after %d", m.Value, before)
			}
			last[writer] = n
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for value, at := range ledger {
		if there[value] != at {
			t.Errorf("%s was acknowledged at %v and is at %v", value, at, there[value])
		}
	}
	t.Logf("%d kills, %d acknowledged, %d there", kills, len(ledger), len(there))
	if len(ledger) < 10*kills {
		t.Errorf("only %d messages were acknowledged: too few to mean anything", len(ledger))
	}
}

// run starts the child, kills it a while after its first acknowledgement, and
// notes what it said until then.
func run(t *testing.T, dir string, round int, alive time.Duration, ledger map[string]relay.Position) {
	t.Helper()
	cmd := exec.Command(os.Args[0], strconv.Itoa(round))
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var killing *time.Timer
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if killing == nil {
			killing = time.AfterFunc(alive, func() { _ = cmd.Process.Kill() })
		}
		var value string
		var at relay.Position
		if n, _ := fmt.Sscanf(lines.Text(), "%s %d %d", &value, &at.Partition, &at.Offset); n == 3 {
			at.Topic = "jobs"
			ledger[value] = at
		}
	}
	_ = cmd.Wait()
	if killing == nil {
		t.Fatalf("round %d: the program ended before it acknowledged anything", round)
	}
}
