package rehearse_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/rehearse"
)

// handled is the stage in virtual time with somebody who lets things happen,
// and a gateway that keeps a record.
type handled struct {
	*stage
	record []audit.Entry // At is since the arm began

	mu  sync.Mutex
	did []string
}

func (h *handled) Open(ctx context.Context, arm string, s rehearse.Settings) (rehearse.Set, error) {
	inner, err := h.stage.Open(ctx, arm, s)
	return &hand{inner, h, arm, time.Now()}, err
}

type hand struct {
	rehearse.Set
	h     *handled
	arm   string
	start time.Time
}

func (h *hand) note(format string, args ...any) {
	h.h.mu.Lock()
	defer h.h.mu.Unlock()
	at := time.Since(h.start).Round(100 * time.Millisecond)
	h.h.did = append(h.h.did, h.arm+" "+at.String()+" "+fmt.Sprintf(format, args...))
}

func (h *hand) Trouble(_ context.Context, slower time.Duration, drop float64) error {
	h.note("slower %s drop %g", slower, drop)
	return nil
}
func (h *hand) Warn(cancel bool)                { h.note("warn, cancel %v", cancel) }
func (h *hand) Emergency(context.Context) error { h.note("emergency"); return nil }

func (h *hand) Record(_ context.Context, since time.Time) ([]audit.Entry, error) {
	if h.arm != rehearse.ArmAuto {
		return nil, nil
	}
	var all []audit.Entry
	for _, e := range h.h.record {
		e.At = since.Add(e.At.Sub(time.Time{}))
		all = append(all, e)
	}
	return all, nil
}

func at(seconds float64) time.Time {
	return time.Time{}.Add(time.Duration(seconds * float64(time.Second)))
}

// quick is a record of a response that is as quick as it must be.
func quick() []audit.Entry {
	return []audit.Entry{
		{At: at(3.2), What: audit.LevelChanged, Before: "normal", After: "alert", Why: "busy 98% ≥ 97%"},
		{At: at(3.3), What: audit.ActionEntered, Target: "shed login background", Before: "0%", After: "20%"},
		{At: at(4), What: audit.ActionMoved, Target: "shed login background", Before: "20%", After: "30%", Shadow: true},
		{At: at(8), What: audit.ActionLeft, Target: "shed login background", Before: "30%", After: "0%"},
		{At: at(9), What: audit.LevelChanged, Before: "alert", After: "caution"},
		{At: at(99), What: audit.LevelChanged, Before: "caution", After: "normal"},
		{At: at(1), What: audit.PlanApplied},
	}
}

// What happens when, by scenario and arm: the person at the switch is there
// after half of the trouble, a warning two seconds before it. Times count from
// when the stage opens, a second before the arm.
func TestWhatHappensWhen(t *testing.T) {
	for scenario, want := range map[string][]string{
		rehearse.Earthquake: {"manual 9.8s emergency", "auto 2.1s warn, cancel false"},
		rehearse.NewYear: {
			"manual 6s slower 590ms drop 0", "manual 8s slower 590ms drop 0.5", "manual 8.5s emergency", "manual 13s slower 0s drop 0",
			"auto 6s slower 590ms drop 0", "auto 8s slower 590ms drop 0.5", "auto 13s slower 0s drop 0",
		},
		rehearse.Goal:       {"manual 7s emergency"},
		rehearse.FalseAlert: {"manual 7.5s emergency", "auto 3s warn, cancel false", "auto 10s warn, cancel true"},
		rehearse.Recovery: {
			"manual 4s slower 0s drop 0.17", "manual 8s slower 0s drop 0.5", "manual 9s emergency",
			"auto 4s slower 0s drop 0.17", "auto 8s slower 0s drop 0.5",
		},
	} {
		t.Run(scenario, func(t *testing.T) {
			st := &handled{stage: &stage{limit: map[string]bool{"auto": true, "manual": true}, resize: map[string]bool{"auto": true, "manual": true}}, record: quick()}
			r := rehearsedOn(t, st, rehearse.Settings{Scenario: scenario, Seed: 7, Arms: []string{"manual", "auto"}}, true)
			if !slices.Equal(st.did, want) {
				t.Errorf("did %q, want %q", st.did, want)
			}
			auto := r.Arms[1]
			if len(auto.Levels) != 2 || auto.Levels[0] != (rehearse.LevelReport{At: 3.2, From: "normal", To: "alert", Why: "busy 98% ≥ 97%"}) {
				t.Errorf("levels: %+v", auto.Levels)
			}
			if len(auto.Actions) != 3 || auto.Actions[1] != (rehearse.ActionReport{At: 4, Action: "shed login background", Lane: "login", Strength: 0.3, Shadow: true}) {
				t.Errorf("actions: %+v", auto.Actions)
			}
		})
	}
}

// Sessions are lost where nothing protects the service, and the bars see it.
func TestSessionsInVirtualTime(t *testing.T) {
	st := &handled{stage: &stage{limit: map[string]bool{"auto": true}}, record: quick()}
	s := rehearse.Settings{Scenario: rehearse.Goal, Seed: 7, Arms: []string{"none", "auto"}}
	r := rehearsedOn(t, st, s, true)
	none, auto := r.Arms[0], r.Arms[1]
	if none.SessionsKept > 0.5 || none.LoggedOut == 0 || none.SaturatedS == nil {
		t.Errorf("none: kept %g, %d logged out", none.SessionsKept, none.LoggedOut)
	}
	if auto.SessionsKept < 0.95 {
		t.Errorf("auto: kept %g", auto.SessionsKept)
	}
}

func TestResponseBars(t *testing.T) {
	for name, c := range map[string]struct {
		record []audit.Entry
		missed string
	}{
		"never raised": {nil, "auto: seconds from saturation to the level"},
		"raised late": {[]audit.Entry{
			{At: at(8), What: audit.LevelChanged, Before: "normal", After: "alert"},
			{At: at(8), What: audit.ActionEntered, Target: "slow sync", After: "100%"},
		}, "auto: seconds from saturation to the level"},
		"acted late": {[]audit.Entry{
			{At: at(3.2), What: audit.LevelChanged, Before: "normal", After: "alert"},
			{At: at(5), What: audit.ActionEntered, Target: "slow sync", After: "100%"},
		}, "auto: seconds from the level to the action"},
		"flaps": {[]audit.Entry{
			{At: at(3.2), What: audit.LevelChanged, Before: "normal", After: "alert"},
			{At: at(3.3), What: audit.ActionEntered, Target: "slow sync", After: "100%"},
			{At: at(6), What: audit.LevelChanged, Before: "alert", After: "caution"},
			{At: at(6.5), What: audit.LevelChanged, Before: "caution", After: "alert"},
		}, "auto: levels left and raised again at once"},
	} {
		t.Run(name, func(t *testing.T) {
			st := &handled{stage: &stage{limit: map[string]bool{"auto": true}}, record: c.record}
			r := rehearsedOn(t, st, rehearse.Settings{Scenario: rehearse.Goal, Seed: 7, Arms: []string{"auto"}}, false)
			if b := bars(r)[c.missed]; b.OK || b.Want == "" || r.OK {
				t.Errorf("%s held: %+v", c.missed, b)
			}
		})
	}
}

func TestResponseReports(t *testing.T) {
	st := &handled{stage: &stage{limit: map[string]bool{"auto": true}}, record: quick()}
	r := rehearsedOn(t, st, rehearse.Settings{Scenario: rehearse.NewYear, Seed: 7, Arms: []string{"none", "auto"}}, true)
	r.Arms[1].Levels[0].Why = `<script>alert("why")</script>`
	var text, page bytes.Buffer
	if err := errors.Join(r.WriteText(&text), r.WriteHTML(&page)); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, want := range []string{"level 0 normal -> 3 alert", "shed login background withdrawn", "auto on the time axis", "sessions kept", "bars"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text does not have %q:\n%s", want, &text)
		}
	}
	html := page.String()
	for _, want := range []string{"<svg", "경계", "shed login background 20 %", "prefers-color-scheme: dark", "</table>", "훈련", ">0</text>"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	for _, no := range []string{"<script", "http://", "https://", "ZgotmplZ", "NaN"} {
		if strings.Contains(html, no) {
			t.Errorf("the page has %q", no)
		}
	}
	wellFormed(t, html)
}

// wellFormed checks that the drawings are XML.
func wellFormed(t *testing.T, html string) {
	t.Helper()
	for rest := html; ; {
		_, after, ok := strings.Cut(rest, "<svg")
		if !ok {
			return
		}
		drawing, rest2, ok := strings.Cut(after, "</svg>")
		if !ok {
			t.Fatal("a drawing does not end")
		}
		d := xml.NewDecoder(strings.NewReader("<svg" + drawing + "</svg>"))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in %.200s", err, drawing)
			}
		}
		rest = rest2
	}
}

func TestCaddyfileOfTheArms(t *testing.T) {
	g := rehearse.Gateway{Arm: rehearse.ArmAuto, Listen: ":8080", Admin: "127.0.0.1:2019", Backend: "127.0.0.1:9000", Storage: "/tmp/data", Feed: "127.0.0.1:5000", DownAfter: 4 * time.Second}
	text := rehearse.Caddyfile(g)
	for _, want := range []string{"signal busy", "down after 4s below 70%", "ramp 10% every", "alertfeed usgs http://127.0.0.1:5000/", "shed login background", "tier critical"} {
		if !strings.Contains(text, want) {
			t.Errorf("auto has no %q:\n%s", want, text)
		}
	}
	g.Arm = rehearse.ArmManual
	if text = rehearse.Caddyfile(g); strings.Contains(text, "daero") || strings.Contains(text, "respond 503") {
		t.Errorf("manual before anybody is there:\n%s", text)
	}
	g.Emergency = true
	if text = rehearse.Caddyfile(g); !strings.Contains(text, "respond 503") || strings.Contains(text, "lanes") {
		t.Errorf("manual switched on:\n%s", text)
	}
}
