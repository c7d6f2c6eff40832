package gateway

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// errNotTyped is the end of what was begun to be typed.
var errNotTyped = errors.New("nothing was typed: nothing was done")

// hidden asks on a terminal for lines that it does not show. Meanwhile control
// keys come as what is typed, so that ^C ends it: the signal, which commands take
// for themselves, would end nothing that reads.
func hidden(f *os.File, w io.Writer, asks ...string) (typed []string, err error) {
	fd := int(f.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return nil, fmt.Errorf("the terminal: %w", err)
	}
	defer func() { err = errors.Join(err, term.Restore(fd, before)) }()
	screen := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{io.LimitReader(f, maxTyped), w}, "")
	for _, ask := range asks {
		line, err := screen.ReadPassword(ask)
		if errors.Is(err, io.EOF) {
			_, _ = io.WriteString(w, "\r\n") // the line that was not ended
			return nil, errNotTyped
		}
		if err != nil && !errors.Is(err, term.ErrPasteIndicator) {
			return nil, fmt.Errorf("the terminal: %w", err)
		}
		typed = append(typed, line)
	}
	return typed, nil
}

// typedToken asks for the token that a site needs, where somebody sits who can
// type it; "" where nobody does.
func typedToken(c *cobra.Command, address string) (string, error) {
	f, ok := c.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", nil
	}
	typed, err := hidden(f, c.ErrOrStderr(), "Token for "+plain(address)+": ")
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(typed[0]), nil
}
