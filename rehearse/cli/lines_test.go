package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/rehearse"
	"github.com/daero/daero/rehearse/job"
)

// TestProgressForPrograms: every line on standard error is one that a program
// takes, one a second of each arm, and together they are what the report says.
func TestProgressForPrograms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _, ok := parse([]string{"earthquake", "--duration", "6s", "--patience", "0s", "--output", "json", "--progress", "json", "--arms", "none,lanes"}, nil, &bytes.Buffer{})
		if !ok {
			t.Fatal("wrong use")
		}
		o.settings.Sleep = time.Sleep
		var stdout, stderr bytes.Buffer
		if got := o.rehearse(t.Context(), &stage{}, &stdout, &stderr); got != exitGood {
			t.Fatalf("exit status %d: %s", got, &stderr)
		}
		var r rehearse.Report
		if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		seconds, answered, last := map[string]int{}, map[string]int64{}, -1.0
		for text := range bytes.Lines(stderr.Bytes()) {
			l, err := job.ParseLine(bytes.TrimSpace(text))
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if l.Arms != 3 || l.Of != 6 || l.At > 9 {
				t.Errorf("%+v", l)
			}
			done := float64(l.Index)*l.Of + min(l.At, l.Of)
			if done < last {
				t.Errorf("goes back from %.1f to %.1f: %s", last, done, text)
			}
			last = done
			if len(l.Lanes) > 0 {
				seconds[l.Arm]++
				answered[l.Arm] += int64(l.Lanes["message"].OK)
			}
		}
		for _, arm := range r.Arms {
			// What ended in the last, unfinished second is told to nobody.
			want := arm.Lanes["message"].OK
			if got := answered[arm.Name]; seconds[arm.Name] < 6 || got > want || float64(got) < 0.8*float64(want) {
				t.Errorf("%s: %d seconds, %d messages answered in them; the report says %d", arm.Name, seconds[arm.Name], got, want)
			}
		}
	})
}

// TestConsole: a link for each arm that has something to show, before the arm
// begins; without the flag, none.
func TestConsole(t *testing.T) {
	for args, want := range map[string]int{"": 0, "--console": 2, "--console --progress json": 2} {
		synctest.Test(t, func(t *testing.T) {
			o, _, ok := parse(append([]string{"earthquake", "--duration", "6s", "--patience", "0s", "--output", "json", "--arms", "none,lanes"}, strings.Fields(args)...), nil, &bytes.Buffer{})
			if !ok {
				t.Fatal("wrong use")
			}
			o.settings.Sleep = time.Sleep
			var stdout, stderr bytes.Buffer
			began := time.Now()
			if got := o.rehearse(t.Context(), &stage{}, &stdout, &stderr); got != exitGood {
				t.Fatalf("exit status %d: %s", got, &stderr)
			}
			said := stderr.String()
			if n := strings.Count(said, "http://127.0.0.1:1/lanes"); n != want || strings.Contains(said, "http://127.0.0.1:1/none") {
				t.Errorf("%q: %d links: %s", args, n, said)
			}
			link, storm := strings.Index(said, "http://127.0.0.1:1/lanes-honouring"), strings.LastIndex(said, "calm")
			if want > 0 && link > storm {
				t.Errorf("%q: the arm begins before its console is shown: %s", args, said)
			}
			if waited := time.Since(began) - 3*(6*time.Second+6*time.Second/17); waited < time.Duration(want)*5*time.Second || waited > time.Duration(want)*5*time.Second+4*time.Second {
				t.Errorf("%q: %s longer than the arms take", args, waited)
			}
		})
	}
}
