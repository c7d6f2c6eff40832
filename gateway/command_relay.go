package gateway

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/daero/daero/api"
)

var (
	_ = addCommand(relayCommand)
	_ = addRelay(relayStatusCommand)
	_ = addRelay(relayLagCommand)
	_ = addRelay(relayPauseCommand)
	_ = addRelay(relayResumeCommand)
)

// relayCommands are what stands behind `daero relay`.
var relayCommands []func() *cobra.Command

// addRelay adds a command behind `daero relay`. A file calls it as
//
//	var _ = addRelay(xCommand)
func addRelay(command func() *cobra.Command) struct{} {
	relayCommands = append(relayCommands, command)
	return struct{}{}
}

func relayCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "relay",
		Usage: "[status|lag|peek|pause|resume|redrive|verify]",
		Short: "Shows and operates what waits and is delivered later",
		Long: `
Shows what the relay of a running gateway does, looks at messages, pauses and
resumes deliveries, and takes dead letters back. Contents of messages are masked
unless they are asked for.

Exit status: 0 good, 1 it failed, 2 wrong use.`,
		CobraFunc: func(c *cobra.Command) {
			var subs []*cobra.Command
			for _, sub := range relayCommands {
				subs = append(subs, sub())
			}
			group(c, runRelayStatus, subs...)
		},
	}
}

func relayStatusCommand() *cobra.Command {
	return talks(&cobra.Command{Use: "status", Short: "Shows topics, deliveries and the spool"}, 0, 0, runRelayStatus)
}

func runRelayStatus(s *session, _ []string) error {
	var doc api.RelayDoc
	raw, err := s.ask(s.ctx, http.MethodGet, "relay", nil, &doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	writeRelay(s, doc)
	return nil
}

func writeRelay(s *session, doc api.RelayDoc) {
	w := s.stdout
	state := "works"
	switch {
	case doc.Error != "":
		state = "does NOT work: " + doc.Error
	case !doc.Up:
		state = "is starting"
	}
	field(w, "relay", state)
	log := doc.Log.Kind
	if doc.Log.MaxBytes > 0 {
		log += fmt.Sprintf(", %s of %s used", bytesText(doc.Log.Bytes), bytesText(doc.Log.MaxBytes))
	}
	if doc.Log.Note != "" {
		log += "; " + doc.Log.Note
	}
	field(w, "log", log)
	if sp := doc.Spool; sp != nil {
		text := fmt.Sprintf("%d wait, %s of %s used", sp.Depth, bytesText(sp.Bytes), bytesText(sp.MaxBytes))
		if sp.Depth > 0 {
			text += ", the oldest for " + lasts(sp.Oldest)
		}
		if sp.Poisoned != "" {
			text = "its disk FAILED, nothing more is kept there: " + sp.Poisoned + "; " + text
		}
		field(w, "spool", text)
	}
	writeTopics(s, doc)
	writeDeliveries(s, doc)
}

func writeTopics(s *session, doc api.RelayDoc) {
	rows := [][]string{{"TOPIC", "KEPT", "SPOOLED", "REPEATED", "UNKNOWN", "REFUSED", "INVALID"}}
	for _, t := range doc.Topics {
		rows = append(rows, []string{t.Topic, number(t.Accepted), number(t.Spooled), number(t.Repeated), number(t.Unknown), number(t.Refused), number(t.Invalid)})
	}
	if len(rows) > 1 {
		fmt.Fprintln(s.stdout)
		table(s.stdout, rows)
	}
}

func writeDeliveries(s *session, doc api.RelayDoc) {
	rows := [][]string{{"DELIVERY", "STATE", "LAG", "OLDEST", "FLIGHT", "LIMIT", "DONE", "DEAD"}}
	for _, d := range doc.Deliveries {
		rows = append(rows, []string{
			d.Name, stateOf(d), strconv.FormatInt(d.Lag, 10), lasts(d.Oldest), strconv.Itoa(d.InFlight), strconv.Itoa(d.Limit),
			number(d.Delivered), number(d.Dead),
		})
	}
	if len(rows) == 1 {
		return
	}
	fmt.Fprintln(s.stdout)
	table(s.stdout, rows)
	for _, d := range doc.Deliveries {
		if note := noteOf(d, doc.At); note != "" {
			field(s.stdout, stateOf(d), d.Name+": "+note)
		}
	}
}

// stateOf is the one word that says most.
func stateOf(d api.DeliveryDoc) string {
	switch {
	case !d.Running:
		return "stopped"
	case d.Paused != nil:
		return "paused"
	case d.Circuit == "open", d.Circuit == "half-open":
		return "down"
	case held(d):
		return "held"
	}
	return "good"
}

func keys(n int) string {
	if n == 1 {
		return "1 key is"
	}
	return fmt.Sprintf("%d keys are", n)
}

// held says that the playbook's drain is 0/s.
func held(d api.DeliveryDoc) bool { return d.Rate != nil && *d.Rate == 0 }

// noteOf is what else is to be known.
func noteOf(d api.DeliveryDoc, now time.Time) string {
	var notes []string
	if p := d.Paused; p != nil {
		text := "by " + p.By + ": " + p.Reason
		if !p.Until.IsZero() {
			text = "until " + clock(p.Until, now) + " " + text
		}
		notes = append(notes, text)
	}
	if d.Circuit == "open" || d.Circuit == "half-open" {
		notes = append(notes, "the target does not answer and is only probed; nothing is lost meanwhile")
	}
	if d.Blocked > 0 {
		notes = append(notes, keys(d.Blocked)+" retried")
	}
	if d.Parked > 0 {
		notes = append(notes, keys(d.Parked)+" parked")
	}
	switch {
	case held(d):
		notes = append(notes, "the playbook lets nothing be delivered now; messages wait")
	case d.Rate != nil:
		notes = append(notes, fmt.Sprintf("at most %g/s", *d.Rate))
	}
	return strings.Join(notes, ", ")
}

func relayLagCommand() *cobra.Command {
	c := talks(&cobra.Command{Use: "lag [DELIVERY]", Short: "Shows how far deliveries are behind, over all gateways"}, 0, 1, runRelayLag)
	c.Flags().String("topic", "", "of one topic only, by partition")
	return c
}

func runRelayLag(s *session, args []string) error {
	var doc api.LagDoc
	raw, err := s.ask(s.ctx, http.MethodGet, "relay/lag", nil, &doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	topic := s.text("topic")
	if len(args) == 1 || topic != "" {
		return writePartitions(s, doc, args, topic)
	}
	rows := [][]string{{"DELIVERY", "LAG", "DEAD LETTERS", "PARTITIONS", "GROUP"}}
	for _, d := range doc.Deliveries {
		rows = append(rows, []string{d.Name, strconv.FormatInt(d.Lag, 10), strconv.FormatInt(d.Dead, 10), strconv.Itoa(len(d.Partitions)), d.Group})
	}
	table(s.stdout, rows)
	return nil
}

func writePartitions(s *session, doc api.LagDoc, args []string, topic string) error {
	var known []string
	rows := [][]string{{"DELIVERY", "PARTITION", "PLACE", "NEXT", "LAG", ""}}
	for _, d := range doc.Deliveries {
		known = append(known, d.Name)
		if len(args) == 1 && d.Name != args[0] {
			continue
		}
		for _, p := range d.Partitions {
			if topic != "" && p.Topic != topic {
				continue
			}
			place, note := strconv.FormatInt(p.Place, 10), ""
			if p.Place < 0 {
				place = "-"
			}
			if p.Lost > 0 {
				note = fmt.Sprintf("%d are gone and were not delivered", p.Lost)
			}
			rows = append(rows, []string{d.Name, fmt.Sprintf("%s/%d", p.Topic, p.Partition), place, strconv.FormatInt(p.Next, 10), strconv.FormatInt(p.Lag, 10), note})
		}
	}
	if len(args) == 1 && !slices.Contains(known, args[0]) {
		return fmt.Errorf("no delivery %q%s", args[0], didYouMean(args[0], known))
	}
	table(s.stdout, rows)
	return nil
}

func relayPauseCommand() *cobra.Command {
	return talks(operating(&cobra.Command{
		Use:   `pause DELIVERY --for 30m --reason "..."`,
		Short: "Delivers nothing for a while; messages wait",
	}, true), 1, 1, func(s *session, args []string) error {
		return s.pause("relay/deliveries/"+url.PathEscape(args[0])+"/pause", args[0]+" is paused, its messages wait")
	})
}

func relayResumeCommand() *cobra.Command {
	return talks(operating(&cobra.Command{Use: `resume DELIVERY --reason "..."`, Short: "Ends a pause"}, false), 1, 1, func(s *session, args []string) error {
		return s.resume("relay/deliveries/"+url.PathEscape(args[0])+"/resume", args[0]+" is delivered to again")
	})
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// lasts writes seconds as people say them.
func lasts(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d == 0:
		return "-"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 48*time.Hour:
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// bytesText writes a size roughly.
func bytesText(n int64) string {
	v, unit := float64(n), "B"
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if v < 1024 {
			break
		}
		v, unit = v/1024, u
	}
	if unit == "B" || v >= 100 {
		return fmt.Sprintf("%.0f %s", v, unit)
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}
