package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// RunTyped runs "daero operator" with something on stdin.
func RunTyped(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer, args ...string) int {
	return runTyped(ctx, operatorCommand(), stdin, stdout, stderr, args...)
}

// RunTopTyped runs `daero top` likewise.
func RunTopTyped(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer, args ...string) int {
	return runTyped(ctx, topCommand(), stdin, stdout, stderr, args...)
}

func runTyped(ctx context.Context, described caddycmd.Command, stdin io.Reader, stdout, stderr io.Writer, args ...string) int {
	c := &cobra.Command{Use: described.Name, SilenceUsage: true}
	described.CobraFunc(c)
	c.SetArgs(args)
	c.SetIn(stdin)
	c.SetOut(stdout)
	c.SetErr(stderr)
	if err := c.ExecuteContext(ctx); err != nil {
		if e, ok := errors.AsType[statusError](err); ok {
			return e.status
		}
		return -1
	}
	return 0
}

// SiteOf is where a configuration's servers serve the console.
func SiteOf(servers string) (string, error) {
	var all map[string]server
	if err := json.Unmarshal([]byte(servers), &all); err != nil {
		return "", err
	}
	return siteOf(all), nil
}
