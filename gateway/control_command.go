package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// session is one run of a command that talks to a running gateway.
type session struct {
	*client
	ctx    context.Context
	cmd    *cobra.Command
	json   bool
	stdout io.Writer
	stderr io.Writer
}

// usageError is a command used wrongly.
type usageError struct{ what string }

// Error implements error.
func (e usageError) Error() string { return e.what }

func wrongUse(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// talks makes a command one that talks to a running gateway.
func talks(c *cobra.Command, least, most int, run func(s *session, args []string) error) *cobra.Command {
	c.Args = cobra.ArbitraryArgs // counted below, for the exit status
	f := c.Flags()
	f.String("address", caddy.DefaultAdminListen, "admin endpoint, or URL of a site (localhost:2019)")
	f.Lookup("address").DefValue = "" // said above, in less room
	f.String("token-file", "", "has the token for a site; else "+tokenEnv)
	f.String("output", "text", "text or json")
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return finish(c, usageError{err.Error()}) })
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return finish(c, wrongUse("write it like: daero %s", usageOf(c)))
		}
		ctx, stop := signal.NotifyContext(contextOf(c), os.Interrupt, syscall.SIGTERM)
		defer stop()
		s, err := newSession(ctx, c)
		if err == nil {
			err = run(s, args)
		}
		return finish(c, err)
	}
	return c
}

func contextOf(c *cobra.Command) context.Context {
	if ctx := c.Context(); ctx != nil {
		return ctx
	}
	return context.Background()
}

// usageOf is a command with its arguments.
func usageOf(c *cobra.Command) string {
	text := c.Use
	for p := c.Parent(); p != nil && (p.HasParent() || p.Runnable()); p = p.Parent() {
		text = p.Name() + " " + text
	}
	return text
}

func newSession(ctx context.Context, c *cobra.Command) (*session, error) {
	f := c.Flags()
	output, _ := f.GetString("output") // they are declared above
	address, _ := f.GetString("address")
	file, _ := f.GetString("token-file")
	if output != "text" && output != "json" {
		return nil, wrongUse("--output %s: unknown word%s", output, didYouMean(output, []string{"text", "json"}))
	}
	token, err := tokenOf(file)
	if err == nil && token == "" && (strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")) {
		token, err = typedToken(c, address)
	}
	if err != nil {
		return nil, err
	}
	cl, err := newClient(address, token)
	if err != nil {
		return nil, err
	}
	return &session{client: cl, ctx: ctx, cmd: c, json: output == "json", stdout: c.OutOrStdout(), stderr: c.ErrOrStderr()}, nil
}

// text is the value of a flag that was declared.
func (s *session) text(flag string) string {
	v, _ := s.cmd.Flags().GetString(flag)
	return v
}

func (s *session) yes(flag string) bool {
	v, _ := s.cmd.Flags().GetBool(flag)
	return v
}

// lasting is how long something is to last.
func (s *session) lasting() (string, error) {
	text := s.text("for")
	d, err := caddy.ParseDuration(text)
	if text == "" || err != nil || d <= 0 {
		return "", wrongUse("--for %q: how long? Write it like 30m, 2h or 1d", text)
	}
	return d.Round(time.Second).String(), nil
}

// reason is why somebody does it.
func (s *session) reason() (string, error) {
	if why := s.text("reason"); why != "" {
		return why, nil
	}
	return "", wrongUse(`--reason "...": say why, for whoever is on call next`)
}

// printJSON writes a document, as it came, to stdout.
func (s *session) printJSON(doc json.RawMessage) error {
	var b bytes.Buffer
	if err := json.Indent(&b, doc, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := s.stdout.Write(b.Bytes())
	return err
}

// done says that something was done: a sentence, or the document {"ok":true}.
func (s *session) done(doc json.RawMessage, format string, args ...any) error {
	if !s.json {
		_, err := fmt.Fprintln(s.stdout, plain(fmt.Sprintf(format, args...)))
		return err
	}
	if len(doc) == 0 {
		doc = json.RawMessage(`{"ok":true}`)
	}
	return s.printJSON(doc)
}

// finish prints what went wrong and turns it into the exit status: 1 it failed,
// 2 wrong use.
func finish(c *cobra.Command, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return nil
	}
	text := "daero: " + plain(err.Error())
	if c.Annotations[annotationLines] != "" {
		text = inLines(text)
	}
	fmt.Fprintln(c.ErrOrStderr(), text)
	c.SilenceErrors = true
	if _, wrong := errors.AsType[usageError](err); !wrong {
		return statusError{exitFailed, err}
	}
	// Only Caddy's own error carries a status above 1 to the end.
	carrier := caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) { return exitUsage, nil })(c, nil)
	return statusError{exitUsage, carrier}
}

// annotationLines, with any value, has a command's errors written in lines that
// fit: those that repeat what a gateway says may be long.
const annotationLines = "daero.lines"

// statusError is an error with the exit status that it means.
type statusError struct {
	status int
	error
}

// Unwrap lets Caddy find its own error.
func (e statusError) Unwrap() error { return e.error }

// group makes a command that only has others behind it.
func group(c *cobra.Command, run func(s *session, args []string) error, subs ...*cobra.Command) {
	var names []string
	for _, sub := range subs {
		c.AddCommand(sub)
		names = append(names, sub.Name())
	}
	talks(c, 0, 1<<10, func(s *session, args []string) error {
		if len(args) > 0 {
			return wrongUse("%s: unknown command%s", args[0], didYouMean(args[0], names))
		}
		if run == nil {
			return wrongUse("%s: say what%s", c.Name(), didYouMean("", names))
		}
		return run(s, args)
	})
}

// operating adds the flags of commands that change something.
func operating(c *cobra.Command, lasts bool) *cobra.Command {
	c.Flags().String("reason", "", "why, for whoever is on call next (required)")
	if lasts {
		c.Flags().String("for", "", "how long: 30m, 2h, 1d (required); it ends by itself")
	}
	return c
}
