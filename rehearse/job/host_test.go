package job_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/rehearse/job"
)

// world is a host with what it told.
type world struct {
	*job.Host
	dir string

	mu      sync.Mutex
	entries []audit.Entry
	told    chan job.Job
}

func newWorld(t *testing.T, dir string) *world {
	t.Helper()
	w := &world{dir: dir, told: make(chan job.Job, 1000)}
	var all []job.Scenario
	for _, name := range []string{"passes", "misses", "noisy", "fails", "floods", "says-nonsense", "hangs", "deaf", "tells"} {
		all = append(all, job.Scenario{Name: name, Seconds: 2, Arms: []string{"none", "auto", "lanes"}, Usual: []string{"none", "auto"}})
	}
	w.Host = job.NewHost(job.Config{Scenarios: all, Program: os.Args[0], Audit: func(e audit.Entry) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.entries = append(w.entries, e)
	}})
	w.OnProgress(func(j job.Job) { w.told <- j })
	w.Open(dir)
	t.Cleanup(w.Close)
	return w
}

// start starts a rehearsal.
func (w *world) start(t *testing.T, scenario string) job.Job {
	t.Helper()
	j, err := w.Start(job.Request{Scenario: scenario, By: "kim", Reason: "before the match"})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// until waits until a job is as wanted.
func (w *world) until(t *testing.T, wanted func(job.Job) bool) job.Job {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case j := <-w.told:
			if wanted(j) {
				return j
			}
		case <-deadline:
			t.Fatal("it does not come")
		}
	}
}

// hold starts a rehearsal and waits for its end.
func (w *world) hold(t *testing.T, scenario string) job.Job {
	t.Helper()
	id := w.start(t, scenario).ID
	ended := w.until(t, func(j job.Job) bool { return j.ID == id && j.State.Ended() })
	if ended.Series != nil || ended.Last != nil {
		t.Error("what is told has the whole series")
	}
	j, err := w.Job(id)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func (w *world) read(t *testing.T, id string, html bool) string {
	t.Helper()
	f, err := w.Report(id, html)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEnds(t *testing.T) {
	t.Setenv("DAERO_SECRET", "hunter2")
	w := newWorld(t, t.TempDir())
	for scenario, want := range map[string]struct {
		state  job.State
		why    string
		report bool
	}{
		"passes":        {job.Passed, "", true},
		"misses":        {job.Missed, "", true},
		"noisy":         {job.Noisy, "", true},
		"fails":         {job.Failed, "no port is free [2J", false},
		"floods":        {job.Failed, "its report has more than", false},
		"says-nonsense": {job.Failed, "none of a rehearsal", false},
		"tells":         {job.Failed, `secret="" tmp=true`, false},
	} {
		t.Run(scenario, func(t *testing.T) {
			j := w.hold(t, scenario)
			if j.State != want.state || !strings.Contains(j.Error, want.why) || len(j.Error) > 520 || j.Report != want.report || j.Ended.Before(j.Began) {
				t.Errorf("%+v", j)
			}
			if got := w.read(t, j.ID, true); (got == "<html>"+scenario) != want.report {
				t.Errorf("the report is %q", got)
			}
			if got := w.read(t, j.ID, false); json.Valid([]byte(got)) != want.report {
				t.Errorf("the report is %q", got)
			}
			if want.report && (len(j.Verdicts) != 1 || j.Verdicts[0].OK != (scenario != "misses") || *j.Verdicts[0].Found != 0.5 || j.Verdicts[0].Note != "worst in storm") {
				t.Errorf("verdicts %+v", j.Verdicts)
			}
			if scenario == "noisy" && (len(j.Noisy) != 1 || strings.Contains(j.Noisy[0], "\x1b")) {
				t.Errorf("noisy %q", j.Noisy)
			}
		})
	}
	if left, _ := filepath.Glob(filepath.Join(w.dir, "*.part")); len(left) > 0 {
		t.Errorf("left half written: %v", left)
	}
}

func TestProgress(t *testing.T) {
	w := newWorld(t, t.TempDir())
	j := w.start(t, "passes")
	if j.State != job.Queued || j.Progress.Of != 4 || !slices.Equal(j.Arms, []string{"none", "auto"}) || j.Seed != 1 || j.Target != job.Sample || j.Bars != job.All {
		t.Errorf("begins as %+v", j)
	}
	var done []float64
	j = w.until(t, func(j job.Job) bool {
		if j.State == job.Running && j.Last != nil {
			done = append(done, j.Progress.Done)
			if j.Last.Lanes["login"].Refused != 7 || j.Last.Lanes["message"].P99 != nil || j.Progress.Left != 4-j.Progress.Done {
				t.Errorf("tells %+v, %+v", j.Progress, j.Last)
			}
		}
		return j.State.Ended()
	})
	if !slices.Equal(done, []float64{1, 2, 3, 4}) {
		t.Errorf("done %v", done)
	}
	j, err := w.Job(j.ID)
	if err != nil || j.Series.Step != 1 || !slices.Equal(j.Series.Arms["auto"]["login"].OK, []int{1, 2}) || *j.Series.Arms["none"]["login"].P99[1] != 12.5 || len(j.Series.Arms) != 2 {
		t.Errorf("series %+v, %v", j.Series, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.entries) != 2 || w.entries[0].What != audit.RehearsalStarted || w.entries[0].Who != "kim" || w.entries[0].Why != "before the match" ||
		w.entries[1].What != audit.RehearsalEnded || w.entries[1].Who != audit.By || w.entries[1].After != "passed" || w.entries[1].Before != j.ID {
		t.Errorf("recorded %+v", w.entries)
	}
}

// TestCancel: whoever cancels is in the record, and nobody of the process's
// children stays.
func TestCancel(t *testing.T) {
	w := newWorld(t, t.TempDir())
	id := w.start(t, "hangs").ID
	child := 0
	w.until(t, func(j job.Job) bool {
		child, _ = strconv.Atoi(j.Progress.Phase)
		return child > 0
	})
	if _, err := w.Start(job.Request{Scenario: "passes"}); !isBusy(err, id) {
		t.Errorf("a second one: %v", err)
	}
	if err := w.Remove(id, "lee", "tidying"); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("one that is being held was removed: %v", err)
	}
	if _, err := w.Cancel("20260101t000000-00000000", "lee", "x"); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("another one was cancelled: %v", err)
	}
	if _, err := w.Cancel(id, "lee", "the match is on"); err != nil {
		t.Fatal(err)
	}
	j := w.until(t, func(j job.Job) bool { return j.State.Ended() })
	if j.State != job.Cancelled || !strings.Contains(j.Error, "cancelled by lee: the match is on") || j.Report {
		t.Errorf("%+v", j)
	}
	if last := w.entries[len(w.entries)-1]; last.Who != "lee" || last.After != "cancelled" {
		t.Errorf("recorded %+v", last)
	}
	if alive(child) {
		t.Error("a child of the process outlives it")
	}
	w.hold(t, "passes") // the place is free again
}

// alive reports whether a process is there and not only waiting to be reaped.
func alive(pid int) bool {
	for range 100 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return syscall.Kill(pid, 0) == nil && err == nil && !strings.Contains(string(stat), ") Z ")
		}
		<-time.After(20 * time.Millisecond) // killed already, and dying
	}
	return true
}

func isBusy(err error, id string) bool {
	busy, ok := errors.AsType[*job.BusyError](err)
	return ok && busy.Job.ID == id
}

// TestClose: the end of the gateway is the end of what it holds, also of what
// does not listen.
func TestClose(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir)
	w.EndsIn(100 * time.Millisecond)
	id := w.start(t, "deaf").ID
	w.until(t, func(j job.Job) bool { return j.Last != nil })
	w.Close()
	j, err := w.Job(id)
	if err != nil || j.State != job.Cancelled || !strings.Contains(j.Error, "the gateway is ending") {
		t.Errorf("%+v, %v", j, err)
	}
	if _, err := w.Start(job.Request{Scenario: "passes"}); !errors.Is(err, job.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
	if j, err := newWorld(t, dir).Job(id); err != nil || j.State != job.Cancelled || j.Series == nil {
		t.Errorf("after a restart: %+v, %v", j, err)
	}
}

func TestRestart(t *testing.T) {
	dir := t.TempDir()
	first := newWorld(t, dir)
	a, b := first.hold(t, "passes"), first.hold(t, "misses")
	first.Close()

	// A power cut while another one was being written, an older version's file,
	// and something that is not ours.
	for name, text := range map[string]string{
		"20260101t000000-0000000a.part/job.json": "{",
		"20260101t000000-0000000b/job.json":      `{"id":"20260101t000000-0000000b","scen`,
		"20260101t000000-0000000c/job.json":      strings.Replace(mustJSON(t, a), a.ID, "20260101t000000-0000000d", 1),
		"20260101t000000-0000000e/report.json":   "{}",
		"others/job.json":                        mustJSON(t, a),
	} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	old := filepath.Join(dir, "20260101t000000-0000000a.part")
	if err := os.Chtimes(old, time.Now(), time.Now().Add(-24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	second := newWorld(t, dir)
	running, past := second.Jobs()
	if running != nil || len(past) != 2 || past[0].ID != b.ID || past[1].ID != a.ID || past[0].Series != nil {
		t.Fatalf("after a restart: %+v, %+v", running, past)
	}
	if got := second.read(t, a.ID, true); got != "<html>passes" {
		t.Errorf("the report is %q", got)
	}
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was half written yesterday: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "others/job.json")); err != nil {
		t.Errorf("what is not ours: %v", err)
	}
	if err := second.Remove(a.ID, "kim", "tidying"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, a.ID)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was removed: %v", err)
	}
	if _, past := second.Jobs(); len(past) != 1 || second.entries[0].What != audit.RehearsalRemoved || second.entries[0].Who != "kim" {
		t.Errorf("left %+v, recorded %+v", past, second.entries)
	}
}

func mustJSON(t *testing.T, j job.Job) string {
	t.Helper()
	data, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestOldestGo: twenty are kept, also where more were found.
func TestOldestGo(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir)
	j := w.hold(t, "passes")
	w.Close()
	for i := range 25 {
		old := j
		old.Began = j.Began.Add(-time.Duration(i+1) * time.Hour)
		old.ID = fmt.Sprintf("%s-%08x", old.Began.Format("20060102t150405"), i)
		at := filepath.Join(dir, old.ID)
		if err := errors.Join(os.MkdirAll(at, 0o700), os.WriteFile(filepath.Join(at, "job.json"), []byte(mustJSON(t, old)), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	w = newWorld(t, dir)
	if _, past := w.Jobs(); len(past) != job.MaxKept || past[0].ID != j.ID {
		t.Errorf("%d kept, the newest %s", len(past), past[0].ID)
	}
	newest := w.hold(t, "passes")
	kept, err := os.ReadDir(dir)
	if _, past := w.Jobs(); err != nil || len(past) != job.MaxKept || past[0].ID != newest.ID || len(kept) != job.MaxKept {
		t.Errorf("%d kept, %d on disk, %v", len(past), len(kept), err)
	}
}

func TestWrongRequests(t *testing.T) {
	w := newWorld(t, t.TempDir())
	for name, tt := range map[string]struct {
		r    job.Request
		want []string
	}{
		"scenario":      {job.Request{Scenario: "flood"}, []string{`scenario "flood"`, "use passes, misses"}},
		"arm":           {job.Request{Scenario: "passes", Arms: []string{"none", "static", "none"}}, []string{`arm "static"`, "named twice"}},
		"duration":      {job.Request{Scenario: "passes", Duration: time.Hour}, []string{"at most 10m0s"}},
		"seed and bars": {job.Request{Scenario: "passes", Seed: 1 << 60, Bars: "some"}, []string{"seed", `bars "some"`}},
		"target":        {job.Request{Scenario: "passes", Target: "https://example.com"}, []string{`target "https://example.com": is not allowed: use sample`}},
	} {
		_, err := w.Start(tt.r)
		if _, ok := errors.AsType[*job.InvalidError](err); !ok {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", name, err, want)
			}
		}
	}
	if _, err := job.NewHost(job.Config{Scenarios: w.Scenarios()}).Start(job.Request{Scenario: "passes"}); !errors.Is(err, job.ErrNoPlace) {
		t.Errorf("without a directory: %v", err)
	}
}
