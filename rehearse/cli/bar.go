package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/daero/daero/rehearse"
)

// bar shows where a rehearsal is: a bar that moves on a terminal, a line per
// phase elsewhere. It is safe for concurrent use.
type bar struct {
	w        io.Writer
	terminal bool
	colour   bool
	total    time.Duration

	mu   sync.Mutex
	last string
	line bool // something stands on the line now
}

func newBar(w io.Writer, s rehearse.Settings) *bar {
	terminal := isTerminal(w)
	return &bar{w: w, terminal: terminal, colour: terminal && os.Getenv("NO_COLOR") == "", total: time.Duration(len(s.Arms)) * s.Duration}
}

// isTerminal reports whether somebody looks at w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (b *bar) show(arm, phase string, done float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := time.Duration((1 - done) * float64(b.total)).Round(time.Second)
	what := fmt.Sprintf("%s: %s", arm, phase)
	if what == b.last {
		return
	}
	b.last = what
	if !b.terminal {
		fmt.Fprintf(b.w, "rehearsing %3.0f %% · %s · %s left\n", done*100, what, left)
		return
	}
	const width = 24
	full := int(done*width + 0.5)
	filled := strings.Repeat("█", full)
	if b.colour {
		filled = "\x1b[36m" + filled + "\x1b[0m"
	}
	fmt.Fprintf(b.w, "\r\x1b[K%s%s %3.0f %% · %s · %s left", filled, strings.Repeat("░", width-full), done*100, what, left)
	b.line = true
}

// console says where an arm can be looked at.
func (b *bar) console(arm, link string) {
	b.clear()
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprintf(b.w, "%s: its console, logged in once: %s\n", arm, link)
	b.last = ""
}

// clear takes the bar away.
func (b *bar) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.line {
		fmt.Fprint(b.w, "\r\x1b[K")
		b.line = false
	}
}
