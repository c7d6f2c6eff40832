package rehearse_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/daero/daero/examples/messenger"
	"github.com/daero/daero/rehearse"
	"github.com/daero/daero/rehearse/live"
	"github.com/daero/daero/surge"
)

// TestMain makes this test binary the program that a rehearsal starts: the
// messenger, and in the gateway's place a plain reverse proxy that reads its
// addresses from the Caddyfile.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	switch os.Args[1] {
	case "messenger":
		os.Exit(messenger.Main(ctx, os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	case "run":
		if os.Getenv("DAERO_TEST_BROKEN") != "" {
			fmt.Fprintln(os.Stderr, "lane login: unknown tier")
			os.Exit(1)
		}
		os.Exit(proxy(ctx, os.Args[3]))
	}
	os.Exit(m.Run())
}

func proxy(ctx context.Context, file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 1
	}
	var listen, backend, admin string
	for _, m := range regexp.MustCompile(`(?m)^\s*(?:(?:http://(?:127\.0\.0\.1)?)?:(\d+) \{|reverse_proxy (\S+)|admin (\S+))`).FindAllStringSubmatch(string(text), -1) {
		backend, admin = backend+m[2], admin+m[3]
		if listen == "" { // the site's; another may be the console's
			listen = m[1]
		}
	}
	reloads := &http.Server{Addr: admin, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method + " " + r.URL.Path {
		case "POST /load", "POST /daero/api/captcha/sites":
		case "POST /daero/api/link":
			_, _ = io.WriteString(w, `{"path":"/daero/console/"}`) // who asked may be gone
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})}
	site := &http.Server{Addr: "127.0.0.1:" + listen, Handler: httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: backend})}
	go reloads.ListenAndServe() // ends with the process
	go site.ListenAndServe()    // ends with the process
	<-ctx.Done()
	return 0
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

func TestProcesses(t *testing.T) {
	s := rehearse.Settings{Workers: 8}.WithDefaults()
	for _, arm := range []string{rehearse.ArmNone, rehearse.ArmStatic} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		set, err := rehearse.Processes{}.Open(ctx, arm, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, src := range s.Earthquake(arm).Sources {
			if r := set.Target().Send(ctx, live.Attempt{Source: &src, User: 1, Number: 1}); r.Outcome != surge.OK {
				t.Errorf("%s: %s: %s", arm, src.Name, r.Outcome)
			}
		}
		for _, workers := range []int{4, 8} {
			if err := set.Resize(ctx, workers); err != nil {
				t.Errorf("%s: to %d workers: %v", arm, workers, err)
			}
		}
		if err := set.Resize(ctx, 0); err == nil {
			t.Errorf("%s: a service without workers", arm)
		}
		if cpu := set.CPU(); running(t) > 0 && (cpu["all"] <= 0 || len(cpu) != 4) {
			t.Errorf("%s: processors used: %v", arm, cpu)
		}
		if err := set.Close(); err != nil {
			t.Errorf("%s: close: %v", arm, err)
		}
		if n := running(t); n != 0 {
			t.Errorf("%s: %d processes outlive it", arm, n)
		}
	}
}

// TestProcessesWithAConsole: it is there where it is asked for and where there
// is something to be seen, and nowhere else.
func TestProcessesWithAConsole(t *testing.T) {
	s := rehearse.Settings{Workers: 8}.WithDefaults()
	for _, tt := range []struct {
		arm         string
		asked, want bool
	}{{rehearse.ArmLanes, true, true}, {rehearse.ArmNone, true, false}, {rehearse.ArmLanes, false, false}} {
		s.Console = nil
		if tt.asked {
			s.Console = func(string, string) {}
		}
		set, err := rehearse.Processes{}.Open(t.Context(), tt.arm, s)
		if err != nil {
			t.Fatal(err)
		}
		link, err := set.(rehearse.Watched).ConsoleLink(t.Context())
		if err != nil || (link != "") != tt.want || tt.want && (!strings.HasPrefix(link, "http://127.0.0.1:") || !strings.HasSuffix(link, "/daero/console/")) {
			t.Errorf("%s, asked for %v: link %q, %v", tt.arm, tt.asked, link, err)
		}
		if err := set.Close(); err != nil {
			t.Errorf("%s: close: %v", tt.arm, err)
		}
	}
}

func TestProcessesThatDoNotStart(t *testing.T) {
	t.Setenv("DAERO_TEST_BROKEN", "1")
	_, err := rehearse.Processes{}.Open(t.Context(), rehearse.ArmLanes, rehearse.Settings{}.WithDefaults())
	if err == nil || !strings.Contains(err.Error(), "unknown tier") {
		t.Errorf("got %v, want what the gateway said", err)
	}
	if n := running(t); n != 0 {
		t.Errorf("%d processes outlive it", n)
	}
	if _, err := (rehearse.Processes{Exe: "/nowhere"}).Open(t.Context(), rehearse.ArmLanes, rehearse.Settings{}.WithDefaults()); err == nil {
		t.Error("a program that is not there was started")
	}
}

func TestDemo(t *testing.T) {
	// Two at the same moment, and one that comes when they are there.
	demos := make([]*rehearse.Demo, 3)
	start := func(i int) {
		d, err := rehearse.StartDemo(t.Context(), rehearse.DemoOptions{Port: 18080, Workers: 4})
		if err != nil {
			t.Error(err)
		}
		demos[i] = d
	}
	var both sync.WaitGroup
	both.Go(func() { start(0) })
	both.Go(func() { start(1) })
	both.Wait()
	start(2)
	ports := map[string]bool{}
	for _, d := range demos {
		if d == nil {
			t.FailNow()
		}
		ports[d.Gateway], ports[d.Admin] = true, true
	}
	if len(ports) != 6 {
		t.Errorf("three demos, and of their ports %v", ports)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, d := range demos {
		if err := d.Wait(ended); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := running(t); n != 0 {
		t.Errorf("%d processes outlive the demos", n)
	}
}
