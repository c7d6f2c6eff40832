package gateway_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/daero/daero/gateway"
	"github.com/daero/daero/internal/pty"
)

// typedAt runs a command at a terminal, types when it asks, waits for what it
// says there, and returns what came to stdout. Nothing that was typed may be
// shown, and the terminal must be left as it was.
func typedAt(t *testing.T, status int, says string, run func(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer, args ...string) int, keys [][2]string, args ...string) (stdout string) {
	t.Helper()
	term := pty.Open(t, 80, 24)
	var out bytes.Buffer
	ended := make(chan int, 1)
	go func() { ended <- run(t.Context(), term.Tty, &out, term.Tty, args...) }()
	for _, k := range keys {
		term.Wait(0, k[0])
		term.WaitSilent()
		term.Type(k[1])
	}
	if got := <-ended; got != status {
		t.Fatalf("daero %s: status %d, want %d\n%s%s", strings.Join(args, " "), got, status, out.String(), term.Shown())
	}
	if echo, lines := term.Echoes(); !echo || !lines {
		t.Errorf("the terminal is left with echo %v, lines %v", echo, lines)
	}
	term.Wait(0, says)
	shown := term.Shown()
	for _, k := range keys {
		if secret := strings.Trim(k[1], "\r\n\x03\x04"); secret != "" && strings.Contains(shown+out.String(), secret) {
			t.Errorf("%q is shown: %q", secret, shown)
		}
	}
	return out.String()
}

// TestTokenIsTypedUnseen: where somebody sits at a terminal and a site needs a
// token, it is asked for, and never shown.
func TestTokenIsTypedUnseen(t *testing.T) {
	t.Setenv("DAERO_TOKEN", "")
	c := newConsole(t)
	out, _ := c.run(0, "operator", "add", "kim", "--role", "viewer")
	token := strings.TrimSpace(out)
	const ask = "Token for http"
	top := []string{"--once", "--lang", "en", "--address", c.url}
	out = typedAt(t, 0, "", gateway.RunTopTyped, [][2]string{{ask, token + "\r"}}, top...)
	if !strings.Contains(out, "IN FORCE") {
		t.Errorf("shows %s", out)
	}
	typedAt(t, 1, "daero: ", gateway.RunTopTyped, [][2]string{{ask, "daero_not-a-token-of-ours\r"}}, top...)
	for _, end := range []string{"\x03", "\x04", "half of it\x03"} { // ^C, ^D
		typedAt(t, 1, "nothing was typed", gateway.RunTopTyped, [][2]string{{ask, end}}, top...)
	}
	typedAt(t, 2, "a token is needed there", gateway.RunTopTyped, [][2]string{{ask, "\r"}}, top...)
	// In a script nobody is asked.
	var errs bytes.Buffer
	if got := gateway.RunTopTyped(t.Context(), strings.NewReader(token+"\n"), io.Discard, &errs, top...); got != 2 || strings.Contains(errs.String(), ask) {
		t.Errorf("status %d: %s", got, errs.String())
	}
}

// TestPasswordIsTypedUnseen, and twice.
func TestPasswordIsTypedUnseen(t *testing.T) {
	c := newConsole(t)
	c.run(0, "operator", "add", "kim", "--role", "operator")
	const ask, again = "Password for kim: ", "Once more: "
	args := []string{"password", "kim", "--address", c.admin}
	typedAt(t, 1, "not the same", gateway.RunTyped, [][2]string{{ask, longPassword + "\r"}, {again, "another one of twelve\r"}}, args...)
	c.login(401, `{"name":"kim","password":"`+longPassword+`"}`)
	typedAt(t, 0, "", gateway.RunTyped, [][2]string{{ask, longPassword + "\r" + longPassword + "\r"}}, args...) // pasted at once
	c.login(200, `{"name":"kim","password":"`+longPassword+`"}`)
	typedAt(t, 1, "nothing was typed", gateway.RunTyped, [][2]string{{ask, "\x03"}}, args...)
}
