package spool_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/daero/daero/relay/spool"
)

const childDir, childRun = "SPOOL_TEST_DIR", "SPOOL_TEST_RUN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir, os.Getenv(childRun)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// child writes and delivers until it is killed. It says "A ID" for what was
// acknowledged and "D ID" for what was delivered, before it is done.
func child(dir, run string) error {
	s, err := spool.Open(spool.Config{Dir: dir, SegmentBytes: 16 << 10})
	if err != nil {
		return err
	}
	if d := s.Damages(); len(d) > 0 {
		return fmt.Errorf("damage: %+v", d)
	}
	var mu sync.Mutex // a line at a time
	say := func(what string, rec []byte) {
		id, _, _ := strings.Cut(string(rec), " ")
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(os.Stdout, "%s %s\n", what, id)
	}
	failed := make(chan error)
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				rec := fmt.Appendf(nil, "%s/%d/%06d %s", run, w, i, strings.Repeat("x", i*37%900))
				if err := s.Append(context.Background(), rec); err != nil {
					failed <- err
					return
				}
				say("A", rec)
			}
		}()
	}
	go func() {
		for {
			recs, err := s.Next(context.Background(), 20)
			if err != nil {
				failed <- err
				return
			}
			for _, rec := range recs {
				say("D", rec)
			}
			if err := s.Done(len(recs)); err != nil {
				failed <- err
				return
			}
		}
	}()
	return <-failed
}

// delivered is what came out, by writer of one run, and how often.
type delivered struct {
	acked, out map[string]int
	last       map[string]string
	twice      int
}

func (d *delivered) take(t *testing.T, id string) {
	writer := id[:strings.LastIndexByte(id, '/')]
	if d.out[id]++; d.out[id] > 1 {
		d.twice++
		return
	}
	if id < d.last[writer] {
		t.Errorf("%s comes after %s", id, d.last[writer])
	}
	d.last[writer] = id
}

// live runs one child until it has said n lines, and kills it.
func live(t *testing.T, dir string, run, n int, d *delivered) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, fmt.Sprintf("%s=%03d", childRun, run))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for i := 0; ; i++ {
		if i == n {
			cmd.Process.Kill()
		}
		line, err := lines.ReadString('\n')
		if err != nil {
			break // what is left of a line was not said
		}
		what, id, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if what == "A" {
			d.acked[id]++
		} else {
			d.take(t, id)
		}
	}
	cmd.Wait()
	if stderr.Len() > 0 {
		t.Fatalf("run %d: %s", run, stderr.String())
	}
}

// The process is killed again and again: nothing acknowledged is lost, nothing
// is out of order, and what comes twice was under way.
func TestKilled(t *testing.T) {
	kills := 60
	if testing.Short() {
		kills = 10
	}
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(4, 4))
	d := &delivered{acked: map[string]int{}, out: map[string]int{}, last: map[string]string{}}
	for run := range kills {
		live(t, dir, run, 20+r.IntN(600), d)
	}
	s := open(t, spool.Config{Dir: dir})
	for {
		recs, err := s.Next(gone(), 100)
		if errors.Is(err, context.Canceled) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range recs {
			id, _, _ := strings.Cut(string(rec), " ")
			d.take(t, id)
		}
		s.Done(len(recs))
	}
	lost := 0
	for id := range d.acked {
		if d.out[id] == 0 {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged are lost", lost, len(d.acked))
	}
	if d.twice > kills*20 {
		t.Errorf("%d came twice in %d kills: at most 20 were under way at each", d.twice, kills)
	}
	t.Logf("%d kills: %d acknowledged, %d delivered, %d lost, %d twice", kills, len(d.acked), len(d.out), lost, d.twice)
}
