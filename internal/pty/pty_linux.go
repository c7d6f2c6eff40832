package pty

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Terminal is one: a program has Tty, and the test is who sits there.
type Terminal struct {
	// Tty is what a program takes for its terminal.
	Tty *os.File

	t        *testing.T
	keyboard *os.File

	mu    sync.Mutex
	shown strings.Builder
	more  chan struct{} // closed when more is shown, and then another one
}

// patience is how long a test waits for what it expects on the screen.
const patience = 20 * time.Second

// Open returns a terminal of a size, which ends with the test.
func Open(t *testing.T, columns, lines uint16) *Terminal {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	term := &Terminal{t: t, keyboard: keyboard, more: make(chan struct{})}
	if err := term.connect(columns, lines); err != nil {
		_ = keyboard.Close()
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(term.read)
	t.Cleanup(func() {
		_ = term.Tty.Close()
		_ = keyboard.Close()
		reading.Wait()
	})
	return term
}

// connect opens the other end.
func (t *Terminal) connect(columns, lines uint16) error {
	var number int
	err := t.control(func(fd int) (err error) {
		if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return err
		}
		if number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN); err != nil {
			return err
		}
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: lines, Col: columns})
	})
	if err != nil {
		return fmt.Errorf("/dev/ptmx: %w", err)
	}
	t.Tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	return err
}

// control asks the kernel about the terminal.
func (t *Terminal) control(ask func(fd int) error) error {
	raw, err := t.keyboard.SyscallConn()
	if err != nil {
		return err
	}
	var asked error
	if err := raw.Control(func(fd uintptr) { asked = ask(int(fd)) }); err != nil {
		return err
	}
	return asked
}

// read keeps what is shown.
func (t *Terminal) read() {
	b := make([]byte, 4096)
	for {
		n, err := t.keyboard.Read(b)
		t.mu.Lock()
		t.shown.Write(b[:n])
		close(t.more)
		t.more = make(chan struct{})
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Shown is all that was shown.
func (t *Terminal) Shown() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.shown.String()
}

// Wait waits until that a text was shown, after so many letters.
func (t *Terminal) Wait(after int, text string) {
	t.t.Helper()
	late := time.After(patience)
	for {
		t.mu.Lock()
		shown, more := t.shown.String(), t.more
		t.mu.Unlock()
		if strings.Contains(shown[min(after, len(shown)):], text) {
			return
		}
		select {
		case <-more:
		case <-late:
			t.t.Fatalf("no %q on the terminal; it shows %q", text, shown)
		}
	}
}

// Type types.
func (t *Terminal) Type(keys string) {
	t.t.Helper()
	if _, err := t.keyboard.WriteString(keys); err != nil {
		t.t.Fatal(err)
	}
}

// Echoes reports whether what is typed is shown, and whether it is read line by
// line.
func (t *Terminal) Echoes() (shown, lines bool) {
	t.t.Helper()
	if err := t.control(func(fd int) error {
		mode, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		if err == nil {
			shown, lines = mode.Lflag&unix.ECHO != 0, mode.Lflag&unix.ICANON != 0
		}
		return err
	}); err != nil {
		t.t.Fatal(err)
	}
	return shown, lines
}

// WaitSilent waits until what is typed is not shown.
func (t *Terminal) WaitSilent() {
	t.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		if shown, _ := t.Echoes(); !shown {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.t.Fatal("what is typed is shown")
		}
	}
}
