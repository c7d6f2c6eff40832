package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

var _ = addCommand(auditCommand)

// followEvery is how often --follow asks for more.
const followEvery = 2 * time.Second

func auditCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "audit",
		Usage: "[--since 1h] [--what level.*] [--who NAME] [--target X] [--limit N] [--follow]",
		Short: "Shows what was done, by whom or what, and why",
		Long: `
Shows the record of a running gateway: what it did by itself ("daero"), what
operators did, and why. With --follow it goes on until Ctrl-C, with --output
json one document per line.

Exit status: 0 good, 1 it failed, 2 wrong use.`,
		CobraFunc: func(c *cobra.Command) {
			f := c.Flags()
			f.String("since", "", "how long ago (1h, 2d) or a time (2026-01-01T00:00:00Z)")
			f.String("until", "", "likewise; before then")
			f.String("who", "", "an operator, \"daero\" or \"local\"")
			f.String("what", "", "an event, or events by their beginning: level.*")
			f.String("target", "", "what it was done to")
			f.Int("limit", store.DefaultLimit, "how many at most, the newest")
			f.Bool("follow", false, "go on with what is recorded from now on")
			talks(c, 0, 0, runAudit)
		},
	}
}

func runAudit(s *session, _ []string) error {
	q, err := s.auditQuery()
	if err != nil {
		return err
	}
	follow := s.yes("follow")
	for first := true; ; first = false {
		var doc api.RecordDoc
		raw, err := s.ask(s.ctx, http.MethodGet, "audit?"+q.Encode(), nil, &doc)
		if err != nil {
			return err
		}
		if s.json && !follow {
			return s.printJSON(raw)
		}
		if err := s.writeEntries(doc.Entries); err != nil {
			return err
		}
		if first && !follow {
			if len(doc.Entries) == 0 {
				fmt.Fprintln(s.stderr, "nothing was recorded that fits")
			}
			return nil
		}
		if doc.Last > 0 {
			q.Set("after", strconv.FormatInt(doc.Last, 10))
		}
		if len(doc.Entries) == store.MaxLimit {
			continue // there is more
		}
		select {
		case <-s.ctx.Done():
			return nil
		case <-time.After(followEvery):
		}
	}
}

// auditQuery turns flags into what the API takes.
func (s *session) auditQuery() (url.Values, error) {
	q := url.Values{}
	for _, key := range []string{"who", "what", "target"} {
		if v := s.text(key); v != "" {
			q.Set(key, v)
		}
	}
	for _, key := range []string{"since", "until"} {
		v := s.text(key)
		if v == "" {
			continue
		}
		if d, err := caddy.ParseDuration(v); err == nil && d >= 0 {
			v = d.String()
		} else if _, err := time.Parse(time.RFC3339, v); err != nil {
			return nil, wrongUse("--%s %q: write 1h (ago), or 2026-01-01T00:00:00Z", key, v)
		}
		q.Set(key, v)
	}
	limit, _ := s.cmd.Flags().GetInt("limit") // it is declared above
	if limit < 1 || limit > store.MaxLimit {
		return nil, wrongUse("--limit %d: must be 1 to %d", limit, store.MaxLimit)
	}
	q.Set("limit", strconv.Itoa(limit))
	return q, nil
}

// writeEntries writes entries, one document or two lines each.
func (s *session) writeEntries(all []api.RecordEntry) error {
	if s.json {
		enc := json.NewEncoder(s.stdout)
		for _, e := range all {
			if err := enc.Encode(e); err != nil {
				return err
			}
		}
		return nil
	}
	for _, e := range all {
		what := e.What
		if e.Shadow {
			what = "would: " + what
		}
		line := fmt.Sprintf("%s  %-16s %s  %s", e.At.Local().Format("2006-01-02 15:04:05"), what, e.Who, changeOf(e.Entry))
		if _, err := fmt.Fprintln(s.stdout, fit(plain(line), columns)); err != nil {
			return err
		}
		why := e.Why
		if e.Share > 0 {
			why += fmt.Sprintf(" (about %s of all requests)", percent(e.Share))
		}
		if !e.Until.IsZero() {
			why += " (until " + e.Until.Local().Format("2006-01-02 15:04:05") + ")"
		}
		if e.Undo.Revision != 0 {
			why += fmt.Sprintf(" (daero undo %d)", e.ID)
		}
		field(s.stdout, "", why)
	}
	return nil
}

// changeOf says to what it was done, and what it was before and after.
func changeOf(e audit.Entry) string {
	text := e.Target
	switch {
	case e.Before != "" && e.After != "":
		change := e.Before + " → " + e.After
		if e.Target == e.After {
			return change
		}
		return text + " " + change
	case e.After != "" && e.After != e.Target:
		return text + " " + e.After
	}
	return text
}
