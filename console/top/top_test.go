package top

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/daero/daero/api"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/level"
	"github.com/daero/daero/live"
	"github.com/daero/daero/playbook"
)

var update = flag.Bool("update", false, "write the golden files anew")

var at = time.Date(2026, 11, 30, 10, 16, 52, 0, time.UTC)

var seoul = time.FixedZone("KST", 9*3600)

// storm is a document in the midst of one.
func storm() *api.NowDoc {
	doc := &api.NowDoc{At: at, Node: "gw-1", Nodes: api.NodesDoc{Reporting: 3, Known: 3}, Totals: live.Outcome{Passed: 5800, Waited: 140, Deferred: 300, Challenged: 50, Shed: 2700}}
	doc.Level = api.LevelDoc{Number: 3, State: level.State{
		Standing: level.Standing{Level: level.Alert}, Word: "alert", Korean: "경계",
		Because: level.Change{
			From: level.Caution, To: level.Alert,
			Why: "lanes.refused 34% ≥ 30% (alert) for 0.2 s; lanes.busy 96% ≥ 90% (alert)", Korean: "lanes.refused 34% ≥ 30% (경계) 0.2초째, lanes.busy 96% ≥ 90% (경계)",
			Down: "lanes.refused below 21% for 30 s", DownKorean: "lanes.refused 21% 미만이 30초 이어지면",
		},
		Signals: []level.SignalState{
			{Name: "refused", Shown: "34%", At: []string{"2%", "10%", "30%", "60%"}, Asks: level.Alert, Fresh: true},
			{Name: "wait", Shown: "12ms", At: []string{"20ms", "50ms", "150ms", "500ms"}, Fresh: true},
			{Name: "backend", Fresh: false},
		},
	}}
	doc.Lanes = []api.NowLaneDoc{
		{Lane: live.Lane{Backend: "default", Name: "login", State: live.Shedding, In: 3120, Through: 402, Waiting: 1960, Wait: 1.9, InFlight: 120, Limit: 120, Outcome: live.Outcome{Passed: 402, Challenged: 50, Shed: 2700}, Felt: live.Felt{Kind: live.FeltShed, N: 3, Of: 4, Who: "background"}}},
		{Lane: live.Lane{Backend: "default", Name: "media", State: live.Deferring, In: 880, Through: 310, InFlight: 150, Limit: 400, Outcome: live.Outcome{Passed: 580, Deferred: 300}, Felt: live.Felt{Kind: live.FeltDefer, N: 1, Of: 4}}},
		{Lane: live.Lane{Backend: "default", Name: "message", State: live.OK, In: 5410, Through: 5410, Waiting: 2, Wait: .008, InFlight: 61, Limit: 600, Outcome: live.Outcome{Passed: 5270, Waited: 140}, Felt: live.Felt{Kind: live.FeltNone, Of: 4}}},
		{Lane: live.Lane{Backend: "default", Name: "socket", Streams: true, State: live.Idle, Felt: live.Felt{Kind: live.FeltNone, Of: 4}}},
	}
	doc.InForce = []api.InForceDoc{{ID: "shed login background", Strength: .3}, {ID: "slow sync", Shadow: true}, {ID: "defer media", Strength: .5, Stopped: &playbook.Pause{}}}
	doc.Feed = []live.Event{
		{At: at, Kind: live.Auto, Entry: audit.Entry{What: audit.LevelChanged, Target: "alert", Before: "caution", After: "alert", Why: "lanes.refused 34% ≥ 30%"}, WhyKorean: "lanes.refused 34% ≥ 30% (경계)"},
		{At: at.Add(-12 * time.Second), Kind: live.Manual, Entry: audit.Entry{What: audit.LevelPinned, Target: "caution", Why: "on call\x1b[2J"}},
	}
	return doc
}

func TestScreens(t *testing.T) {
	for _, tt := range []struct {
		name string
		s    Screen
	}{
		{"en-80x24", Screen{Width: 80, Height: 24, Zone: time.UTC}},
		{"ko-80x24", Screen{Width: 80, Height: 24, Lang: Korean, Zone: seoul}},
		{"en-140x40", Screen{Width: 140, Height: 40, Zone: time.UTC, Came: []float64{1, 2, 4, 9}}},
		{"ko-45x16", Screen{Width: 45, Height: 16, Lang: Korean, Zone: seoul}},
		{"stale", Screen{Width: 80, Height: 24, Zone: time.UTC, Age: 12 * time.Second, Gone: "connection refused"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ansi.Strip(tt.s.Draw(storm())) + "\n"
			file := filepath.Join("testdata", tt.name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s\n(with -update it is written anew)", got, want)
			}
		})
	}
}

// Whatever it is told, it stays within the window and obeys nobody else.
func TestNothingLeavesTheWindow(t *testing.T) {
	many := storm()
	for i := range 200 {
		l := many.Lanes[0]
		l.Name = fmt.Sprintf("아주-긴-도로-이름-%d\x1b]0;title\a", i)
		many.Lanes = append(many.Lanes, l)
	}
	long := storm()
	long.Level.Because.Why = strings.Repeat("because of this and that ", 40)
	long.Level.Pin = &level.Pin{Level: level.Caution, By: "kim\x1b[31m", Reason: strings.Repeat("word ", 90)}
	long.Paused = &playbook.Pause{By: "kim", Reason: "\u202eright to left"}
	for name, doc := range map[string]*api.NowDoc{"empty": {}, "nil": nil, "many": many, "long": long} {
		for _, size := range [][2]int{{40, 10}, {80, 24}, {100, 30}, {200, 60}, {1, 1}} {
			for _, lang := range []Lang{English, Korean} {
				frame := Screen{Width: size[0], Height: size[1], Lang: lang, Zone: time.UTC}.Draw(doc)
				lines := strings.Split(frame, "\n")
				if most := max(size[1], leastHeight); len(lines) > most {
					t.Errorf("%s %v: %d lines", name, size, len(lines))
				}
				for _, line := range lines {
					if w := ansi.StringWidth(line); w > max(size[0], leastWidth) {
						t.Errorf("%s %v: a line of %d columns: %q", name, size, w, line)
					}
				}
				if strings.Contains(frame, "\x1b]") || strings.Contains(frame, "\x1b[2J") || strings.Contains(frame, "\u202e") {
					t.Errorf("%s %v: what was sent is obeyed", name, size)
				}
			}
		}
	}
}

func TestEveryPartOfABarIsSeen(t *testing.T) {
	got := ansi.Strip(bar(live.Outcome{Passed: 1e6, Waited: 1, Deferred: 1, Challenged: 1, Shed: 1, Failed: 1}, 12))
	if got != "pppppppwdcsf" {
		t.Errorf("got %q", got)
	}
	if got := bar(live.Outcome{}, 3); got != "   " {
		t.Errorf("got %q for nothing", got)
	}
}

// The model asks again after each answer, shows what it has while nobody
// answers, and does what keys say.
func TestModel(t *testing.T) {
	m := newModel(context.Background(), Config{Zone: seoul, Every: time.Second, Ask: func(context.Context) (*api.NowDoc, error) { return storm(), nil }})
	tell := func(msg tea.Msg) tea.Cmd {
		_, cmd := m.Update(msg)
		return cmd
	}
	if got := m.View().Content; !strings.Contains(got, "waiting for the first answer") {
		t.Errorf("before the first answer: %q", got)
	}
	if tell(m.ask()) == nil {
		t.Error("after an answer nobody is asked again")
	}
	if got := m.View().Content; !strings.Contains(got, "19:16:52 KST") || !strings.Contains(got, "login") {
		t.Errorf("got %s", ansi.Strip(got))
	}
	tell(tea.KeyPressMsg{Code: 'u', Text: "u"})
	tell(tea.KeyPressMsg{Code: 'l', Text: "l"})
	if got := m.View().Content; !strings.Contains(got, "10:16:52 UTC") || !strings.Contains(got, "거절 중") {
		t.Errorf("after u and l: %s", ansi.Strip(got))
	}
	tell(tea.KeyPressMsg{Code: tea.KeyDown})
	if lines := ansi.Strip(m.View().Content); strings.Contains(lines, "login        ▲") {
		t.Errorf("after down the first lane is still there: %s", lines)
	}
	if tell(answered{err: errors.New("connection refused"), at: m.now.Add(9 * time.Second)}) == nil {
		t.Error("after a failure nobody is asked again")
	}
	if got := ansi.Strip(m.View().Content); !strings.Contains(got, "9.0 s째 응답 없음") {
		t.Errorf("while nobody answers: %s", got)
	}
	if cmd := tell(tea.KeyPressMsg{Code: 'q', Text: "q"}); cmd == nil || cmd() != tea.Quit() {
		t.Error("q does not end it")
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 0.04: "0", 0.25: "0.2", 9.96: "10", 12.3: "12", 999: "999", 3120: "3,120", 41_000: "41k", 2.1e6: "2.1M"} {
		if got := many(n); got != want {
			t.Errorf("many(%v) = %q, want %q", n, got, want)
		}
	}
	for s, want := range map[float64]string{0: "0", 0.0004: "1 ms", 0.012: "12 ms", 0.5: "500 ms", 1.9: "1.9 s", 44: "44 s", 600: "10 min", 9000: "2 h"} {
		if got := took(s); got != want {
			t.Errorf("took(%v) = %q, want %q", s, got, want)
		}
	}
}
