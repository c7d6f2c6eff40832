package host

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/daero/daero/level"
)

// machine is a system with given files and figures.
func machine(files map[string]string) *system {
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return &system{
		root: root, cpus: 4,
		times:  func(context.Context) (float64, float64, error) { return 0, 0, untold("times", nil) },
		load1:  func(context.Context) (float64, error) { return 6, nil },
		memory: func(context.Context) (uint64, uint64, error) { return 1000, 400, nil },
	}
}

func readOnce(t *testing.T, name string, sys *system, after time.Duration) (r level.Reading) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m, err := newMetric(name, sys)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), after)
		defer cancel()
		_ = m.Run(ctx)
		r = m.Read(time.Now())
	})
	return r
}

func TestFigures(t *testing.T) {
	const stat = "anon 1\ninactive_file 100\ntotal_inactive_file 100\n"
	for name, c := range map[string]struct {
		metric string
		files  map[string]string
		want   float64
	}{
		"pressure":             {"runqueue", map[string]string{"proc/pressure/cpu": "some avg10=12.50 avg60=1.00 avg300=0.00 total=1\nfull avg10=1.00\n"}, 0.125},
		"load without it":      {"runqueue", nil, 1.5},
		"load, file malformed": {"runqueue", map[string]string{"proc/pressure/cpu": "some avg10=NaN\n"}, 1.5},
		"machine's memory":     {"memory", nil, 0.6},
		"version 2 limit": {"memory", map[string]string{
			"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "500\n",
			"sys/fs/cgroup/a/b/memory.current": "500\n", "sys/fs/cgroup/a/b/memory.stat": stat,
		}, 0.8},
		"the group around is closer to its limit": {"memory", map[string]string{
			"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "500", "sys/fs/cgroup/a/b/memory.current": "50",
			"sys/fs/cgroup/a/memory.max": "800", "sys/fs/cgroup/a/memory.current": "720",
		}, 0.9},
		"no limit in the group": {"memory", map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n", "sys/fs/cgroup/memory.current": "5\n",
		}, 0.6},
		"version 1 limit, seen from inside": {"memory", map[string]string{
			"proc/self/cgroup": "5:cpu:/x\n4:memory:/docker/abc\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "400",
			"sys/fs/cgroup/memory/memory.usage_in_bytes": "200", "sys/fs/cgroup/memory/memory.stat": stat,
		}, 0.25},
		"version 1 without": {"memory", map[string]string{
			"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
			"sys/fs/cgroup/memory/memory.usage_in_bytes": "200",
		}, 0.6},
	} {
		t.Run(name, func(t *testing.T) {
			r := readOnce(t, c.metric, machine(c.files), time.Second)
			if math.Abs(r.Value-c.want) > 1e-9 || r.At.IsZero() || r.Note != "" {
				t.Errorf("reading %+v, want %v", r, c.want)
			}
		})
	}
}

func TestCPUIsOfTheLastSecond(t *testing.T) {
	sys := machine(nil)
	var start time.Time
	// Idle for 10 s, then three of four processors busy.
	sys.times = func(context.Context) (busy, total float64, err error) {
		if start.IsZero() {
			start = time.Now()
		}
		s := time.Since(start).Seconds()
		return max(s-10, 0) * 3, s * 4, nil
	}
	if r := readOnce(t, "cpu", sys, 9*time.Second); r.Value != 0 || r.At.IsZero() {
		t.Errorf("idle: %+v", r)
	}
	start = time.Time{}
	if r := readOnce(t, "cpu", sys, 12*time.Second); math.Abs(r.Value-0.75) > 1e-6 {
		t.Errorf("two seconds into the load: %+v, want 0.75", r)
	}
}

func TestSystemThatDoesNotTell(t *testing.T) {
	sys := machine(nil)
	sys.load1 = func(context.Context) (float64, error) { return 0, untold("load", errors.New("not implemented yet")) }
	sys.memory = func(context.Context) (uint64, uint64, error) { return 0, 0, untold("memory", nil) }
	for _, name := range Names() {
		r := readOnce(t, name, sys, time.Second)
		if !r.At.IsZero() || !strings.Contains(r.Note, "does not tell") {
			t.Errorf("%s: reading %+v, want no value and a note that says so", name, r)
		}
		if Doc(name) == "" {
			t.Errorf("%s has no doc", name)
		}
	}
}

func TestUnknownMetricNamesTheKnown(t *testing.T) {
	_, err := New("disk")
	if err == nil || !strings.Contains(err.Error(), "cpu, runqueue, memory") {
		t.Errorf("error %v", err)
	}
}

// The library and the files are those of this machine; any share will do.
func TestThisMachine(t *testing.T) {
	for _, name := range Names() {
		m, err := New(name)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		ended := make(chan struct{})
		go func() { defer close(ended); _ = m.Run(ctx) }()
		tick := time.NewTicker(10 * time.Millisecond)
		for r := m.Read(time.Now()); r.At.IsZero() && ctx.Err() == nil; r = m.Read(time.Now()) {
			<-tick.C
		}
		tick.Stop()
		cancel()
		<-ended
		if r := m.Read(time.Now()); r.At.IsZero() || r.Value < 0 || name != "runqueue" && r.Value > 1 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
