package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/spf13/cobra"
)

// RunTyped runs "daero operator" with something on stdin.
func RunTyped(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer, args ...string) int {
	described := operatorCommand()
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
