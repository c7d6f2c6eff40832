package valkey

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/redis/rueidis"

	"github.com/daero/daero/captcha"
)

// mayRepeat reports whether a call that failed is to be made once more.
func mayRepeat(ctx context.Context, err error, a again) bool {
	if ctx.Err() != nil {
		return false
	}
	if _, said := rueidis.IsRedisErr(err); said {
		return false // the server has answered
	}
	// Callers connect together: the one who began it went away, and the call was
	// never made.
	return bool(a) || errors.Is(err, context.Canceled)
}

// cures are what the server says, and what to do about it.
var cures = []struct{ said, means string }{
	{"NOAUTH", "asks for a password: write it into the address, valkey://:password@host:port"},
	{"WRONGPASS", "does not take this user and password: correct them in the address"},
	{"AUTH", "does not take a password, or not this one: correct it in the address"},
	{"NOPERM", "does not let this user do it: allow ~daero:captcha:* and +set +get +getdel +pexpire +eval +evalsha to it"},
	{"MOVED", "is one of a cluster: give the address of a server that stands alone, or of its primary"},
	{"CROSSSLOT", "is one of a cluster: give the address of a server that stands alone, or of its primary"},
	{"READONLY", "is a replica: give the address of the primary"},
	{"MASTERDOWN", "is a replica without its primary: give the address of the primary"},
	{"LOADING", "is reading what it has kept and answers soon: try again"},
	{"BUSY", "is held up by somebody's script: end it with SCRIPT KILL"},
	{"MISCONF", "cannot write to its disk and takes nothing more: free some space there"},
	{"DB index", "has fewer databases: correct the number at the end of the address"},
	{"syntax", "is too old: it must be Valkey, or Redis 7 or newer"},
	{"unknown command", "is too old, or has a command turned off: it must be Valkey, or Redis 7 or newer"},
}

// failed names the server and the cure. Nothing of a call is in it.
func (l *Ledger) failed(err error) error {
	if said, is := rueidis.IsRedisErr(err); is {
		text := strings.TrimPrefix(said.Error(), "ERR ")
		if strings.HasPrefix(text, "OOM") {
			return fmt.Errorf("%s is full: raise its maxmemory (%w)", l.server, captcha.ErrFull)
		}
		for _, c := range cures {
			if strings.HasPrefix(text, c.said) {
				return fmt.Errorf("%s %s", l.server, c.means)
			}
		}
		return fmt.Errorf("%s refuses it%s: look at its log", l.server, code(text))
	}
	switch {
	case errors.Is(err, rueidis.ErrClosing):
		return fmt.Errorf("%s: the connection was closed", l.server)
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return fmt.Errorf("%s does not answer within %s: see whether it hangs, or what lies between: %w", l.server, l.timeout, context.DeadlineExceeded)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: nothing listens there: start the server, or correct the address: %w", l.server, syscall.ECONNREFUSED)
	}
	return fmt.Errorf("%s cannot be reached: see whether it runs, and whether the address is right: %w", l.server, err)
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout()
}

// code is the word in capitals that what a server says begins with, if it does:
// the rest may repeat what was sent.
func code(text string) string {
	word, _, _ := strings.Cut(text, " ")
	if word == "" || len(word) > 20 || strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return " (" + word + ")"
}
