package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero/api"
	"github.com/daero/daero/relay"
)

var (
	_ = addRelay(relayPeekCommand)
	_ = addRelay(relayRedriveCommand)
)

func relayPeekCommand() *cobra.Command {
	c := talks(&cobra.Command{
		Use:   "peek TOPIC [filters] [--show --reason \"...\"]",
		Short: "Shows messages of a topic, also dead letters; contents are masked",
	}, 1, 1, runRelayPeek)
	filters(c, 10)
	c.Flags().Bool("show", false, "show contents too; that is recorded")
	c.Flags().String("reason", "", "why contents must be seen")
	return c
}

// filters are the flags that say which messages are meant.
func filters(c *cobra.Command, limit int) {
	f := c.Flags()
	f.Int("partition", -1, "of one partition")
	f.Lookup("partition").DefValue = ""
	f.Int64("from", -1, "from this offset on (with --partition)")
	f.Lookup("from").DefValue = ""
	f.Int64("to", -1, "before this offset (with --partition)")
	f.Lookup("to").DefValue = ""
	f.String("since", "", "how long ago (1h, 2d) or a time (2026-01-01T00:00:00Z)")
	f.String("until", "", "likewise; before then")
	f.String("error", "", "dead letters whose last error has this in it")
	f.String("key", "", "of one key")
	f.Int("limit", limit, "how many at most")
	if limit == 0 {
		f.Lookup("limit").DefValue = ""
	}
}

// filtered are the filters as the API takes them.
func (s *session) filtered() (map[string]any, error) {
	f := s.cmd.Flags()
	q := map[string]any{}
	for _, name := range []string{"partition", "from", "to", "limit"} {
		if !f.Changed(name) {
			continue
		}
		n, err := strconv.ParseInt(f.Lookup(name).Value.String(), 10, 64)
		if err != nil || n < 0 || n == 0 && name == "limit" {
			return nil, wrongUse("--%s %s: give a number%s", name, f.Lookup(name).Value, map[bool]string{true: " from 1"}[name == "limit"])
		}
		q[name] = n
	}
	for _, name := range []string{"since", "until"} {
		v := s.text(name)
		if v == "" {
			continue
		}
		if d, err := caddy.ParseDuration(v); err == nil && d >= 0 {
			v = d.String()
		} else if _, err := time.Parse(time.RFC3339, v); err != nil {
			return nil, wrongUse("--%s %q: write 1h (ago), or 2026-01-01T00:00:00Z", name, v)
		}
		q[name] = v
	}
	for _, name := range []string{"error", "key"} {
		if v := s.text(name); v != "" {
			q[name] = v
		}
	}
	if (q["from"] != nil || q["to"] != nil) && q["partition"] == nil {
		return nil, wrongUse("--from and --to: offsets count within a partition: say which with --partition")
	}
	return q, nil
}

func runRelayPeek(s *session, args []string) error {
	filter, err := s.filtered()
	if err != nil {
		return err
	}
	q := url.Values{"topic": {args[0]}}
	for name, v := range filter {
		q.Set(name, fmt.Sprint(v))
	}
	if s.yes("show") {
		why, err := s.reason()
		if err != nil {
			return err
		}
		q.Set("show", "true")
		q.Set("reason", why)
	}
	var doc api.PeekDoc
	raw, err := s.ask(s.ctx, http.MethodGet, "relay/peek?"+q.Encode(), nil, &doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	for _, m := range doc.Messages {
		writeMessage(s, m, doc)
	}
	note := fmt.Sprintf("%d shown, %d looked at", len(doc.Messages), doc.Scanned)
	if !doc.Whole {
		note += "; there is more: narrow it down, or raise --limit"
	}
	fmt.Fprintln(s.stderr, note)
	return nil
}

func writeMessage(s *session, m api.MessageDoc, doc api.PeekDoc) {
	key := m.Key
	if key == "" {
		key = "(no key)"
	}
	head := fmt.Sprintf("%s  %s/%d/%d  %s", m.Time.Local().Format("2006-01-02 15:04:05.000"), doc.Topic, m.Partition, m.Offset, key)
	fmt.Fprintln(s.stdout, fit(plain(head), columns))
	value := fmt.Sprintf("%d bytes", m.ValueSize)
	if !doc.Masked {
		value = m.Value
		if m.Cut {
			value += fmt.Sprintf(" … (%d bytes)", m.ValueSize)
		}
	}
	field(s.stdout, "", value)
	why, hidden := deathOf(m)
	field(s.stdout, "dead", why)
	var headers []string
	for _, h := range m.Headers {
		switch {
		case why != "" && ofDeath(h.Name):
		case h.Value == "" && h.Bytes > 0:
			headers = append(headers, fmt.Sprintf("%s (%d bytes)", h.Name, h.Bytes))
		case strings.ContainsAny(h.Value, " ="):
			headers = append(headers, h.Name+"="+strconv.Quote(h.Value))
		default:
			headers = append(headers, h.Name+"="+h.Value)
		}
	}
	field(s.stdout, "", strings.Join(headers, "  "))
	if hidden > 0 {
		field(s.stdout, "", fmt.Sprintf("%d headers of the dead letter: --output json has them", hidden))
	}
}

// ofDeath says that a header is there because the message is a dead letter.
func ofDeath(name string) bool {
	for _, prefix := range []string{"daero-dlq-", "kafka_dlt-", "daero-last-", relay.HeaderOrigin} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// deathOf says why a message is a dead letter, "" if it is none, and how many
// headers say it.
func deathOf(m api.MessageDoc) (why string, headers int) {
	said := map[string]string{}
	for _, h := range m.Headers {
		if ofDeath(h.Name) {
			said[h.Name] = h.Value
			headers++
		}
	}
	n, dead := said[relay.DeadAttempts]
	if !dead {
		return "", 0
	}
	parts := []string{n + " attempts"}
	if n == "1" {
		parts[0] = "1 attempt"
	}
	for _, p := range []struct{ text, value string }{
		{"status ", said[relay.DeadStatus]},
		{"was ", said[relay.HeaderOrigin]},
		{"", said[relay.DeadLastError]},
	} {
		if p.value != "" {
			parts = append(parts, p.text+p.value)
		}
	}
	return strings.Join(parts, ", "), headers
}

func relayRedriveCommand() *cobra.Command {
	c := talks(&cobra.Command{
		Use:   "redrive DELIVERY [filters] [--rate N] --dry-run | --reason \"...\"",
		Short: "Takes dead letters back: they are delivered again in order",
	}, 1, 1, runRelayRedrive)
	filters(c, 0)
	c.Flags().Bool("dry-run", false, "only say how many there would be")
	c.Flags().Float64("rate", 0, "how many per second at most")
	c.Flags().Lookup("rate").DefValue = ""
	c.Flags().String("reason", "", "why, for whoever is on call next (required)")
	return c
}

func runRelayRedrive(s *session, args []string) error {
	body, err := s.filtered()
	if err != nil {
		return err
	}
	body["delivery"] = args[0]
	if s.cmd.Flags().Changed("rate") {
		rate, _ := s.cmd.Flags().GetFloat64("rate") // it is declared above
		if rate <= 0 {
			return wrongUse("--rate %g: give messages per second, above 0", rate)
		}
		body["rate"] = rate
	}
	if s.yes("dry-run") {
		body["dry_run"] = true
	} else if body["reason"], err = s.reason(); err != nil {
		return err
	}
	var last api.RedriveDoc
	var raw json.RawMessage
	bar := barOn(s.stderr)
	err = s.follow(s.ctx, "relay/redrive", body, func(line json.RawMessage) error {
		raw = line
		last = api.RedriveDoc{}
		if err := json.Unmarshal(line, &last); err != nil {
			return err
		}
		bar("%d of %d taken back", last.Redriven, last.Matched)
		return nil
	})
	bar("")
	if err != nil {
		return err
	}
	if !last.Done {
		return fmt.Errorf("the redrive ended early: %s; %d were taken back, and asking again goes on with the rest", last.Error, last.Redriven)
	}
	if s.json {
		return s.printJSON(raw)
	}
	writeRedriven(s, last)
	return nil
}

func writeRedriven(s *session, doc api.RedriveDoc) {
	if doc.DryRun {
		fmt.Fprintf(s.stdout, "%s would be taken back; nothing was done\n", deadLetters(doc.Matched))
	} else {
		fmt.Fprintf(s.stdout, "taken back: %s\n", deadLetters(doc.Redriven))
	}
	for _, rest := range []struct {
		n    int
		text string
	}{
		{doc.Before, "were taken back before, and are not again"},
		{doc.Exhausted, "were taken back as often as they may be, and stay"},
		{doc.Foreign, "do not say that they are this delivery's, and stay"},
		{doc.Forgotten, "are not remembered as taken back: another redrive takes them back again"},
	} {
		if rest.n > 0 {
			fmt.Fprintf(s.stdout, "%d %s\n", rest.n, rest.text)
		}
	}
}

func deadLetters(n int) string {
	if n == 1 {
		return "1 dead letter"
	}
	return fmt.Sprintf("%d dead letters", n)
}

// barOn returns what shows a line of progress, and takes it away with "", where
// somebody looks.
func barOn(w io.Writer) func(format string, args ...any) {
	f, ok := w.(*os.File)
	if !ok || !terminal(f) {
		return func(string, ...any) {}
	}
	return func(format string, args ...any) {
		fmt.Fprint(f, "\r\x1b[K"+fit(plain(fmt.Sprintf(format, args...)), columns-1))
	}
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
