package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/rehearse"
	"github.com/daero/daero/rehearse/live"
	"github.com/daero/daero/surge"
)

func TestWrongUse(t *testing.T) {
	for name, c := range map[string]struct {
		args string
		want string
	}{
		"no scenario":      {"", "no scenario: use earthquake"},
		"unknown scenario": {"flood", "use earthquake, newyear"},
		"unknown flag":     {"earthquake --quick", "-quick"},
		"unknown output":   {"earthquake --output yaml", "use text or json"},
		"unknown bars":     {"earthquake --bars some", "use all or correctness"},
		"unknown progress": {"earthquake --progress xml", "use text or json"},
		"arm of another":   {"goal --arms static", `"static"`},
		"unknown arm":      {"earthquake --arms none,dynamic", `"dynamic"`},
		"too much":         {"earthquake now", `"now"`},
		"lead for hours":   {"earthquake --console-lead 2h", "lead 2h0m0s"},
		"seed in words":    {"earthquake --seed ten", "seed"},
		"nothing to do":    {"earthquake --workers 1", "workers 1"},
		"all at once":      {"flood --workers 1", "workers 1"},
	} {
		var stdout, stderr bytes.Buffer
		if got := Rehearse(t.Context(), strings.Fields(c.args), nil, &stdout, &stderr); got != exitUsage {
			t.Errorf("%s: exit status %d, want %d", name, got, exitUsage)
		}
		if !strings.Contains(stderr.String(), c.want) || stdout.Len() > 0 {
			t.Errorf("%s: stderr %q does not say %q, or stdout %q is not empty", name, &stderr, c.want, &stdout)
		}
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if got := Rehearse(t.Context(), []string{"--help"}, nil, &stdout, &stderr); got != exitGood || !strings.Contains(stderr.String(), "usage: daero rehearse SCENARIO") {
		t.Errorf("exit status %d, said %q", got, &stderr)
	}
	if got := Demo(t.Context(), []string{"--help"}, &stdout, &stderr); got != exitGood {
		t.Errorf("demo: exit status %d", got)
	}
}

func TestArms(t *testing.T) {
	for args, want := range map[string][]string{
		"earthquake":                                   {"none", "static", "lanes", "lanes-honouring"},
		"earthquake --arms none,static,lanes":          {"none", "static", "lanes", "lanes-honouring"},
		"--arms lanes-honouring,lanes earthquake":      {"lanes-honouring", "lanes"},
		"earthquake --arms none":                       {"none"},
		"earthquake --arms static --bars correctness ": {"static"},
		"earthquake --arms none,manual,auto":           {"none", "manual", "auto"},
		"newyear":                                      {"none", "manual", "lanes", "auto"},
		"goal --arms none,manual,auto":                 {"none", "manual", "auto"},
	} {
		o, _, ok := parse(strings.Fields(args), nil, &bytes.Buffer{})
		if !ok || !slices.Equal(o.settings.Arms, want) {
			t.Errorf("%s: arms %v, want %v", args, o.settings.Arms, want)
		}
	}
}

// stage answers in virtual time: with nothing in front, a storm stops
// everything; with lanes, phones are told to come back.
type stage struct {
	others float64
	broken error
	opened atomic.Int64
}

func (st *stage) Open(_ context.Context, arm string, _ rehearse.Settings) (rehearse.Set, error) {
	st.opened.Add(1)
	return &set{stage: st, arm: arm}, st.broken
}

type set struct {
	stage  *stage
	arm    string
	cpu    float64
	phones atomic.Int64
}

func (s *set) Target() live.Target { return s }
func (s *set) ConsoleLink(context.Context) (string, error) {
	if s.arm == "none" {
		return "", nil
	}
	return "http://127.0.0.1:1/" + s.arm, nil
}
func (s *set) Resize(context.Context, int) error { return nil }
func (s *set) Close() error                      { return nil }
func (s *set) CPU() map[string]float64 {
	if s.cpu += 1e6 * s.stage.others; s.stage.others == 0 {
		return nil
	}
	return map[string]float64{"generator": 0, "all": s.cpu}
}

// refused: those who come back when told find room.
func (s *set) refused(n int64) bool {
	return s.arm == "lanes" && n%10 != 0 || s.arm == "lanes-honouring" && n%3 == 0
}

func (s *set) Send(ctx context.Context, a live.Attempt) live.Result {
	answer := 3 * time.Millisecond
	switch {
	case s.arm == "none" && s.phones.Load() > 20:
		<-ctx.Done()
		return live.Result{Outcome: surge.TimedOut}
	case a.Source.Name == "phones" && s.refused(s.phones.Add(1)):
		return live.Result{Outcome: surge.Refused, RetryAfter: time.Second}
	case a.Source.Lane == "login":
		answer = 100 * time.Millisecond
	}
	time.Sleep(answer)
	return live.Result{}
}

func TestExitStatus(t *testing.T) {
	for name, c := range map[string]struct {
		stage *stage
		args  string
		want  int
	}{
		"every bar held":        {&stage{}, "--arms none,lanes", exitGood},
		"a bar missed":          {&stage{}, "--arms none,lanes --storm 0.001", exitBad},
		"could not be held":     {&stage{broken: errors.New("no port is free")}, "", exitBad},
		"too noisy":             {&stage{others: 1}, "--arms none,lanes", exitNoisy},
		"noise does not matter": {&stage{others: 1}, "--arms none,lanes --bars correctness", exitGood},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, _, ok := parse(append([]string{"earthquake", "--duration", "6s", "--patience", "0s", "--output", "json"}, strings.Fields(c.args)...), nil, &bytes.Buffer{})
				if !ok {
					t.Fatal("wrong use")
				}
				o.settings.Sleep = time.Sleep
				var stdout, stderr bytes.Buffer
				got := o.rehearse(t.Context(), c.stage, &stdout, &stderr)
				if got != c.want {
					t.Errorf("exit status %d, want %d: %s%s", got, c.want, &stdout, &stderr)
				}
				if c.stage.broken != nil {
					if stdout.Len() > 0 || !strings.Contains(stderr.String(), "no port is free") {
						t.Errorf("stdout %q, stderr %q", &stdout, &stderr)
					}
					return
				}
				var r rehearse.Report
				if err := json.Unmarshal(stdout.Bytes(), &r); err != nil || r.OK != (got == exitGood) {
					t.Errorf("not one JSON object on stdout, or its ok is %v: %v", r.OK, err)
				}
				if runs := c.stage.opened.Load(); c.want == exitNoisy && runs != 6 {
					t.Errorf("%d runs of 3 noisy arms, want each repeated once", runs)
				}
				if strings.Contains(stderr.String(), "\x1b") || !strings.Contains(stderr.String(), "lanes: storm") {
					t.Errorf("progress where nobody looks: %q", &stderr)
				}
			})
		})
	}
}

func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		o, _, _ := parse([]string{"earthquake", "--patience", "0s"}, nil, &bytes.Buffer{})
		o.settings.Sleep = time.Sleep
		var stdout, stderr bytes.Buffer
		if got := o.rehearse(ctx, &stage{}, &stdout, &stderr); got != exitBad || stdout.Len() > 0 {
			t.Errorf("exit status %d, stdout %q", got, &stdout)
		}
	})
}

func TestDemoWrongUse(t *testing.T) {
	for _, args := range [][]string{{"now"}, {"--port", "0"}, {"--output", "yaml"}, {"--workers", "0"}, {"--nonsense"}} {
		var stdout, stderr bytes.Buffer
		if got := Demo(t.Context(), args, &stdout, &stderr); got != exitUsage || stderr.Len() == 0 || stdout.Len() > 0 {
			t.Errorf("%v: exit status %d, said %q", args, got, &stderr)
		}
	}
	var stdout, stderr bytes.Buffer
	if got := Demo(t.Context(), []string{"--program", "/nowhere"}, &stdout, &stderr); got != exitBad {
		t.Errorf("a program that is not there: exit status %d", got)
	}
}

func TestDemoSaysLittle(t *testing.T) {
	a := addresses{Gateway: "http://localhost:8081", Messenger: "http://127.0.0.1:9000", Admin: "127.0.0.1:2019", Moved: true}
	text := a.text(8080, 120*time.Millisecond)
	if n := strings.Count(text, "\n"); n > 12 {
		t.Errorf("%d lines, want at most 12", n)
	}
	for _, want := range []string{"port 8080 is taken", "daero rehearse earthquake", "localhost:8081/v1/messages", "http://127.0.0.1:9000/"} {
		if !strings.Contains(text, want) {
			t.Errorf("does not say %q:\n%s", want, text)
		}
	}
}
