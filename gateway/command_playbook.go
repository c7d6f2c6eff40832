package gateway

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/daero/daero/api"
	"github.com/daero/daero/playbook"
)

var (
	_ = addCommand(playbookCommand)
	_ = addPlaybook(showPlaybookCommand)
	_ = addPlaybook(pauseCommand)
	_ = addPlaybook(resumeCommand)
	_ = addPlaybook(stopCommand)
	_ = addPlaybook(startCommand)
)

// playbookCommands are what stands behind `daero playbook`.
var playbookCommands []func() *cobra.Command

// addPlaybook adds a command behind `daero playbook`. A file calls it as
//
//	var _ = addPlaybook(xCommand)
func addPlaybook(command func() *cobra.Command) struct{} {
	playbookCommands = append(playbookCommands, command)
	return struct{}{}
}

func playbookCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "playbook",
		Usage: "[show|pause|resume|stop|start|test]",
		Short: "Shows, pauses and tests what happens at which level",
		CobraFunc: func(c *cobra.Command) {
			var subs []*cobra.Command
			for _, sub := range playbookCommands {
				subs = append(subs, sub())
			}
			group(c, runPlaybook, subs...)
		},
	}
}

func showPlaybookCommand() *cobra.Command {
	return talks(&cobra.Command{Use: "show", Short: "Shows what happens at which level, and what is in force"}, 0, 0, runPlaybook)
}

func pauseCommand() *cobra.Command {
	return talks(operating(&cobra.Command{
		Use:   `pause --for 30m --reason "..."`,
		Short: "Withdraws everything the playbook does, for a while",
	}, true), 0, 0, func(s *session, _ []string) error {
		return s.pause("playbook/pause", "the playbook is paused; nothing of it is in force")
	})
}

func resumeCommand() *cobra.Command {
	return talks(confirming(operating(&cobra.Command{Use: `resume --reason "..." [--yes]`, Short: "Ends a pause"}, false)), 0, 0, func(s *session, _ []string) error {
		return s.resume("playbook/resume", "the playbook is in force again")
	})
}

func stopCommand() *cobra.Command {
	return talks(operating(&cobra.Command{
		Use:   `stop ID --for 30m --reason "..."`,
		Short: `Withdraws one action for a while, like "shed login background"`,
	}, true), 1, 1, func(s *session, args []string) error {
		return s.pause("playbook/actions/"+url.PathEscape(args[0])+"/stop", args[0]+" is stopped")
	})
}

func startCommand() *cobra.Command {
	return talks(confirming(operating(&cobra.Command{Use: `start ID --reason "..." [--yes]`, Short: "Ends the stop of one action"}, false)), 1, 1, func(s *session, args []string) error {
		return s.resume("playbook/actions/"+url.PathEscape(args[0])+"/start", args[0]+" is in force again")
	})
}

// pause stops something for a while.
func (s *session) pause(path, done string) error {
	last, err := s.lasting()
	if err != nil {
		return err
	}
	why, err := s.reason()
	if err != nil {
		return err
	}
	var doc struct {
		Paused, Stopped playbook.Pause
	}
	raw, err := s.ask(s.ctx, http.MethodPost, path, map[string]string{"for": last, "reason": why}, &doc)
	if err != nil {
		return err
	}
	until := doc.Paused.Until
	if until.IsZero() {
		until = doc.Stopped.Until
	}
	return s.done(raw, "%s until %s", done, until.Local().Format("2006-01-02 15:04:05"))
}

// resume ends a pause or a stop.
func (s *session) resume(path, done string) error {
	why, err := s.reason()
	if err != nil {
		return err
	}
	raw, err := s.change(http.MethodPost, path, map[string]any{"reason": why}, nil)
	if err != nil {
		return err
	}
	return s.done(raw, "%s", done)
}

func runPlaybook(s *session, _ []string) error {
	var doc api.PlaybookDoc
	raw, err := s.ask(s.ctx, http.MethodGet, "playbook", nil, &doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	w := s.stdout
	if p := doc.Paused; p != nil {
		field(w, "paused", fmt.Sprintf("until %s by %s: %s", clock(p.Until, doc.At), p.By, p.Reason))
	}
	if doc.Shadow {
		field(w, "shadow", "it records what it would do, and does nothing")
	}
	rows := [][]string{{"AT", "ACTION", "STRENGTH", "REFUSES", "WHERE"}}
	for _, row := range doc.Rows {
		for _, a := range row.Actions {
			rows = append(rows, []string{fmt.Sprintf("%d %s %s", row.Number, row.Level, row.Korean), a.ID, strengthOf(a), sharesOf(a), a.Where})
		}
	}
	if len(rows) == 1 {
		fmt.Fprintln(w, "the playbook is empty: levels are shown, and nothing is done")
	}
	table(w, rows)
	writeInForce(s, doc)
	writeTellers(s, doc)
	return nil
}

// strengthOf says how much of an action there is.
func strengthOf(a api.ActionDoc) string {
	text := ""
	switch {
	case a.Rate != nil:
		text = fmt.Sprintf("%g/s", *a.Rate)
	case a.Value != "":
		text = "= " + a.Value
	case a.Kind == playbook.Work.String() && a.From < a.To:
		text = fmt.Sprintf("%.3g..%.3gs", a.From*a.For, a.To*a.For)
	case a.For > 0:
		text = fmt.Sprintf("%gs", a.For)
	case a.Kind == playbook.Webhook.String(), a.Kind == playbook.Notify.String():
	case a.From == a.To:
		text = percent(a.To)
	default:
		text = percent(a.From) + ".." + percent(a.To)
	}
	if a.Shadow {
		text += " in shadow"
	}
	return text
}

func sharesOf(a api.ActionDoc) string {
	if a.Share == 0 {
		return ""
	}
	return "≤ " + percent(a.Share)
}

func writeTellers(s *session, doc api.PlaybookDoc) {
	rows := [][]string{{"TELLS", "STATE", "TOLD", "FAILED", "WAITING", "LAST ERROR"}}
	for _, t := range doc.Tellers {
		state := "good"
		if !t.OK {
			state = "failing"
		}
		rows = append(rows, []string{t.Name, state, fmt.Sprint(t.Told), fmt.Sprint(t.Failed + t.Dropped), fmt.Sprint(t.Waiting), t.Error})
	}
	if len(rows) > 1 {
		fmt.Fprintln(s.stdout)
		table(s.stdout, rows)
	}
}
