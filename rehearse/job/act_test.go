package job_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain makes this test binary the program that is started. What it does is
// the scenario.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "rehearse" {
		os.Exit(act(os.Args[2], os.Args[3:]))
	}
	if len(os.Args) > 1 && os.Args[1] == "linger" {
		<-time.After(time.Minute) // unless it is killed
	}
	os.Exit(m.Run())
}

// act is what a rehearsal does in these tests.
func act(scenario string, args []string) int {
	flag := func(name string) string { return args[slices.Index(args, name)+1] }
	report := `{"scenario":"` + scenario + `","bars":[{"name":"message success","want":">= 0.9999","got":0.5,"ok":%t,"note":"worst in storm"}],%s"ok":%[1]t}`
	line := func(arm string, i, at int) {
		fmt.Fprintf(os.Stderr, `{"arm":%q,"index":%d,"arms":2,"phase":"storm","at":%d,"of":2,"lanes":{"login":{"ok":%d,"refused":7,"failed":1,"p99_ms":12.5},"message":{"ok":1,"refused":0,"failed":0,"p99_ms":null}}}`+"\n", arm, i, at, at)
	}
	switch scenario {
	case "passes", "misses", "noisy":
		for i, arm := range strings.Split(flag("--arms"), ",") {
			line(arm, i, 1)
			line(arm, i, 2)
		}
		os.WriteFile(flag("--html"), []byte("<html>"+scenario), 0o600)
		why := ""
		if scenario == "noisy" {
			why = `"noisy":["arm none: other programs used 1.0 processors\u001b[31m"],`
		}
		fmt.Fprintf(os.Stdout, report, scenario != "misses", why)
		return map[string]int{"misses": 1, "noisy": 3}[scenario]
	case "fails":
		fmt.Fprintf(os.Stderr, "%s\nrehearse: no port is free\x1b[2J\n", strings.Repeat("{\"arm\": nonsense\n", 1000))
		return 1
	case "floods":
		fmt.Fprint(os.Stdout, strings.Repeat("x", 9<<20))
	case "says-nonsense":
		fmt.Fprint(os.Stdout, `{"scenario":"../../etc"}`)
	case "hangs": // and has a child that would stay
		c := exec.Command(os.Args[0], "linger")
		c.Start()
		fmt.Fprintf(os.Stderr, `{"arm":"none","index":0,"arms":2,"phase":"%d","at":0,"of":2}`+"\n", c.Process.Pid)
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		<-stop
		return 1
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
		line("none", 0, 1)
		<-time.After(time.Minute)
	case "tells":
		fmt.Fprintf(os.Stderr, "secret=%q tmp=%t", os.Getenv("DAERO_SECRET"), strings.HasSuffix(os.Getenv("TMPDIR"), "tmp"))
		return 1
	}
	return 0
}
