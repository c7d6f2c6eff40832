package top

import (
	"context"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/daero/daero/api"
	"github.com/daero/daero/internal/pty"
)

// TestRun: on a terminal it is shown on a screen of its own, answers keys, and
// leaves the terminal as it was, whoever ends it.
func TestRun(t *testing.T) {
	for name, end := range map[string]func(term *pty.Terminal, cancel context.CancelFunc){
		"q":         func(term *pty.Terminal, _ context.CancelFunc) { term.Type("q") },
		"control-C": func(term *pty.Terminal, _ context.CancelFunc) { term.Type("\x03") },
		"a signal":  func(_ *pty.Terminal, cancel context.CancelFunc) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			term := pty.Open(t, 100, 30)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				ended <- Run(ctx, Config{Zone: seoul, Every: 10 * time.Millisecond, Ask: func(context.Context) (*api.NowDoc, error) { return storm(), nil }},
					tea.WithInput(term.Tty), tea.WithOutput(term.Tty), tea.WithoutSignalHandler(), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
			}()
			term.Wait(0, "\x1b[?1049h")
			term.Wait(0, "login")
			term.WaitSilent()
			before := len(term.Shown())
			term.Type("l")
			term.Wait(before, "거절")
			end(term, cancel)
			if err := <-ended; err != nil {
				t.Errorf("ends with %v", err)
			}
			term.Wait(before, "\x1b[?1049l")
			if shown, lines := term.Echoes(); !shown || !lines {
				t.Errorf("the terminal is left with echo %v, lines %v", shown, lines)
			}
			if strings.Contains(term.Shown(), "on call\x1b[2J") {
				t.Error("what was sent is obeyed")
			}
		})
	}
}
