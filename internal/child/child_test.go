package child_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/internal/child"
)

// TestMain makes this binary the program that is started.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(m.Run())
	}
	switch os.Args[1] {
	case "obey": // until standard input ends
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	case "repeat": // what it is told
		b, _ := io.ReadAll(os.Stdin)
		fmt.Fprintf(os.Stderr, "told %q", b)
		os.Exit(1)
	case "serve":
		http.ListenAndServe(os.Args[2], nil) // ends with the process
	case "fail":
		fmt.Fprintln(os.Stderr, strings.Repeat("noise ", 2000)+"no such thing")
		os.Exit(1)
	case "parent": // starts one that would never end, and is killed
		p, err := child.Start("grandchild", os.Args[0], "serve", os.Args[2])
		if err != nil || p.Ready(context.Background(), 10*time.Second, child.Answers("http://"+os.Args[2])) != nil {
			os.Exit(1)
		}
		<-p.Done()
	default:
		os.Exit(m.Run())
	}
}

func start(t *testing.T, args ...string) *child.Process {
	t.Helper()
	p, err := child.Start("it", os.Args[0], args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func address(t *testing.T) string {
	t.Helper()
	ports, err := child.FreePorts(2)
	if err != nil || ports[0] == ports[1] {
		t.Fatal(ports, err)
	}
	return fmt.Sprintf("127.0.0.1:%d", ports[0])
}

func TestStopInGoodOrder(t *testing.T) {
	if err := start(t, "obey").Stop(10 * time.Second); err != nil && !strings.Contains(err.Error(), "terminated") {
		t.Error(err)
	}
}

func TestTell(t *testing.T) {
	p := start(t, "repeat")
	if err := p.Tell("a secret"); err != nil {
		t.Fatal(err)
	}
	p.Stop(10 * time.Second)
	if err := p.Ended(); !strings.Contains(err.Error(), "secret") && !strings.Contains(err.Error(), "terminated") {
		t.Error(err)
	}
}

func TestReady(t *testing.T) {
	at := address(t)
	p := start(t, "serve", at)
	if err := p.Ready(t.Context(), 10*time.Second, child.Answers("http://"+at)); err != nil {
		t.Fatal(err)
	}
	p.Kill()
	err := p.Ready(t.Context(), 10*time.Second, child.Answers("http://"+at))
	if err == nil || !strings.Contains(err.Error(), "ended by itself") {
		t.Errorf("%v: want that it is gone", err)
	}
}

func TestNotReady(t *testing.T) {
	no := errors.New("not yet")
	err := start(t, "obey").Ready(t.Context(), 50*time.Millisecond, func(context.Context) error { return no })
	if !errors.Is(err, no) {
		t.Errorf("%v: want why it is not", err)
	}
}

func TestAProcessThatFailsSaysWhy(t *testing.T) {
	p := start(t, "fail")
	<-p.Done()
	if err := p.Ended(); !strings.HasSuffix(err.Error(), "no such thing") || len(err.Error()) > 5000 {
		t.Errorf("%.100s… (%d bytes): want the end of what it said", err, len(err.Error()))
	}
	if _, err := child.Start("nothing", "/nowhere"); err == nil {
		t.Error("a program that is not there was started")
	}
}

// TestNobodyOutlivesItsParent kills a process that has started one.
func TestNobodyOutlivesItsParent(t *testing.T) {
	if _, err := os.Stat("/proc/self"); err != nil {
		t.Log("only Linux ends the children of what was killed")
		return
	}
	at := address(t)
	p := start(t, "parent", at)
	answers := child.Answers("http://" + at)
	if err := p.Ready(t.Context(), 10*time.Second, answers); err != nil {
		t.Fatal(err)
	}
	p.Kill()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(10 * time.Second); answers(t.Context()) == nil; {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it still answers")
		}
	}
}
