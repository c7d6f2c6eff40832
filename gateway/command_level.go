package gateway

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/daero/daero/api"
	"github.com/daero/daero/level"
)

var _ = addCommand(levelCommand)

func levelCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "level",
		Usage: "[show|pin|unpin]",
		Short: "Shows and pins the load level of a running gateway",
		Long: `
Shows the load level, why it is what it is, what brings it down, and what is
being done about it. "pin" sets it by hand for a while, "unpin" ends that.

Exit status: 0 good, 1 it failed, 2 wrong use.`,
		CobraFunc: func(c *cobra.Command) {
			pin := talks(confirming(operating(&cobra.Command{
				Use:   "pin LEVEL --for 30m --reason \"...\" [--yes]",
				Short: "Sets the level for a while, by word or by number (0 to 4)",
			}, true)), 1, 1, runPin)
			group(c, runLevel,
				talks(&cobra.Command{Use: "show", Short: "Shows the level, and why"}, 0, 0, runLevel),
				pin,
				talks(confirming(operating(&cobra.Command{Use: "unpin --reason \"...\" [--yes]", Short: "Ends a pin"}, false)), 0, 0, runUnpin))
		},
	}
}

func runLevel(s *session, _ []string) error {
	var doc api.LevelDoc
	raw, err := s.ask(s.ctx, http.MethodGet, "level", nil, &doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	var book api.PlaybookDoc
	if _, err := s.ask(s.ctx, http.MethodGet, "playbook", nil, &book); err != nil {
		return err
	}
	s.writeLevel(doc, book)
	return nil
}

func (s *session) writeLevel(doc api.LevelDoc, book api.PlaybookDoc) {
	w := s.stdout
	since := ""
	if !doc.Since.IsZero() {
		since = "  since " + clock(doc.Since, doc.At)
	}
	fmt.Fprintf(w, "%s %d %s %s%s\n", plain(doc.Shape), doc.Number, plain(doc.Word), plain(doc.Korean), since)
	if doc.Because.To == doc.Level {
		field(w, "why", doc.Because.Why)
		field(w, "", doc.Because.Korean)
		field(w, "down by", doc.Because.Down)
	}
	if p := doc.Pin; p != nil {
		field(w, "pinned", fmt.Sprintf("to %s until %s by %s: %s", p.Level, clock(p.Until, doc.At), p.By, p.Reason))
	}
	if doc.Armed > level.Normal {
		field(w, "armed", fmt.Sprintf("to %s until %s by an outside warning", doc.Armed, clock(doc.ArmedUntil, doc.At)))
	}
	if p := doc.Paused; p != nil {
		field(w, "paused", fmt.Sprintf("the playbook, until %s by %s: %s", clock(p.Until, doc.At), p.By, p.Reason))
	}
	writeFleet(s, doc.Fleet)
	if doc.Shadow {
		field(w, "shadow", "the playbook records what it would do, and does nothing")
	}
	if !doc.Audit {
		field(w, "audit", "what happens is NOT being recorded: "+doc.AuditError)
	}
	if doc.AuditLost > 0 {
		field(w, "audit", fmt.Sprintf("%d entries could not be recorded since the start", doc.AuditLost))
	}
	writeSignals(s, doc)
	writeInForce(s, book)
}

// writeFleet says what the other gateways ask for.
func writeFleet(s *session, f *api.FleetDoc) {
	if f == nil {
		return
	}
	others := gateways(f.Heard)
	if f.Silent > 0 {
		others += fmt.Sprintf(", %d not heard any more", f.Silent)
	}
	switch {
	case f.Alone && f.Silent == 0:
		field(s.stdout, "fleet", "alone: no other gateway is heard, and this one acts on what it measures")
	case f.Raises:
		field(s.stdout, "fleet", fmt.Sprintf("raises this gateway to %d %s %s, as a majority measures; by itself it is at %s (%s)",
			f.Raised, f.Raised, f.Raised.Korean(), f.Own, others))
	case f.Alone:
		field(s.stdout, "fleet", fmt.Sprintf("alone: %s, and this one acts on what it measures", others))
	default:
		field(s.stdout, "fleet", others+"; a majority measures no more than this one")
	}
	if f.Differ > 0 {
		field(s.stdout, "", fmt.Sprintf("%d of them run another build or configuration", f.Differ))
	}
	if f.Error != "" {
		field(s.stdout, "", "the log: "+f.Error)
	}
}

func gateways(n int) string {
	switch n {
	case 0:
		return "no other gateway heard"
	case 1:
		return "1 other gateway heard"
	}
	return fmt.Sprintf("%d other gateways heard", n)
}

func writeSignals(s *session, doc api.LevelDoc) {
	if len(doc.Signals) == 0 {
		field(s.stdout, "signals", "none: nothing is measured")
		return
	}
	rows := [][]string{{"SIGNAL", "NOW", "1", "2", "3", "4", "ASKS FOR", ""}}
	for _, sig := range doc.Signals {
		row := []string{sig.Name, sig.Shown, "", "", "", "", sig.Asks.String(), sig.Note}
		for i, at := range sig.At {
			if i < 4 {
				row[2+i] = at
			}
		}
		switch {
		case sig.Arms > level.Normal && doc.At.Before(sig.Until):
			row[1], row[6] = "warns", "arm "+sig.Arms.String()
		case sig.Arms > level.Normal:
			row[1], row[6] = "quiet", ""
		}
		if !sig.Fresh && sig.Arms == level.Normal {
			row[1], row[7] = "not heard", sig.Note
		}
		rows = append(rows, row)
	}
	fmt.Fprintln(s.stdout)
	table(s.stdout, rows)
}

func writeInForce(s *session, book api.PlaybookDoc) {
	rows := [][]string{{"IN FORCE", "STRENGTH", "SINCE", "REFUSES", ""}}
	for _, f := range book.InForce {
		note := ""
		switch {
		case f.Stopped != nil:
			note = "stopped by " + f.Stopped.By + ": " + f.Stopped.Reason
		case book.Paused != nil:
			note = "paused"
		case f.Shadow:
			note = "in shadow"
		}
		share := ""
		if f.Share > 0 {
			share = percent(f.Share)
		}
		strength := percent(f.Strength)
		if f.Rate != nil {
			strength = fmt.Sprintf("%g/s", *f.Rate)
		}
		rows = append(rows, []string{f.ID, strength, clock(f.Since, book.At), share, note})
	}
	fmt.Fprintln(s.stdout)
	if len(rows) == 1 {
		fmt.Fprintln(s.stdout, "nothing is in force")
		return
	}
	table(s.stdout, rows)
}

func runPin(s *session, args []string) error {
	lv, err := level.Parse(args[0])
	if err != nil {
		return wrongUse("%v", err)
	}
	last, err := s.lasting()
	if err != nil {
		return err
	}
	why, err := s.reason()
	if err != nil {
		return err
	}
	body := map[string]any{"level": lv.String(), "for": last, "reason": why}
	var doc struct {
		Pin level.Pin `json:"pin"`
	}
	raw, err := s.change(http.MethodPost, "level/pin", body, &doc)
	if err != nil {
		return err
	}
	return s.done(raw, "pinned to %d %s %s until %s", lv, lv, lv.Korean(), doc.Pin.Until.Local().Format("2006-01-02 15:04:05"))
}

func runUnpin(s *session, _ []string) error {
	why, err := s.reason()
	if err != nil {
		return err
	}
	raw, err := s.change(http.MethodDelete, "level/pin", map[string]any{"reason": why}, nil)
	if err != nil {
		return err
	}
	return s.done(raw, "unpinned: the level is what is measured")
}
