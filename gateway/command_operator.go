package gateway

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
)

var _ = addCommand(operatorCommand)

func operatorCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "operator",
		Usage: "add|list|remove|password|link|sessions|revoke",
		Short: "Adds, lists and removes who may use daero's API and console",
		Long: `
Each operator, a person or a program, has a token and a role: a viewer reads,
an operator also pins, pauses and stops, an admin also adds and removes
operators. On the machine itself no token is needed.

Who has a password logs in to the console with it. A link logs somebody in
once; without a NAME it makes a new admin. Passwords are typed, or come from
stdin; they are never arguments, which everyone on the machine can read.

Exit status: 0 good, 1 it failed, 2 wrong use.`,
		CobraFunc: func(c *cobra.Command) {
			add := talks(&cobra.Command{
				Use:   "add NAME --role viewer|operator|admin",
				Short: "Adds an operator and prints the token, once",
			}, 1, 1, runAddOperator)
			add.Flags().String("role", "", "viewer, operator or admin (required)")
			add.Flags().Bool("password-stdin", false, "give a password too: the first line of stdin")
			add.Flags().String("reason", "", "why, for the record")
			remove := talks(&cobra.Command{Use: "remove NAME", Short: "Removes an operator: token and sessions end at once"}, 1, 1, runRemoveOperator)
			remove.Flags().String("reason", "", "why, for the record")
			group(c, nil, append([]*cobra.Command{
				add,
				talks(&cobra.Command{Use: "list", Short: "Lists the operators"}, 0, 0, runListOperators),
				remove,
			}, operatorLoginCommands()...)...)
		},
	}
}

func runAddOperator(s *session, args []string) error {
	role, err := store.ParseRole(s.text("role"))
	if err != nil {
		return wrongUse("--role: %v", err)
	}
	if err := store.CheckName(args[0]); err != nil {
		return wrongUse("%v", err)
	}
	body := map[string]string{"name": args[0], "role": string(role), "reason": s.text("reason")}
	if s.yes("password-stdin") {
		if body["password"], err = s.typedPassword(args[0]); err != nil {
			return err
		}
	}
	var doc api.AddedDoc
	raw, err := s.ask(s.ctx, http.MethodPost, "operators", body, &doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	fmt.Fprintf(s.stderr, "%s is %s. Keep the token now: it is not shown again.\n", doc.Name, doc.Role)
	_, err = fmt.Fprintln(s.stdout, plain(doc.Token))
	return err
}

func runListOperators(s *session, _ []string) error {
	var doc api.OperatorsDoc
	raw, err := s.ask(s.ctx, http.MethodGet, "operators", nil, &doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	if len(doc.Operators) == 0 {
		fmt.Fprintln(s.stderr, "there is no operator yet: daero operator add NAME --role admin")
		return nil
	}
	rows := [][]string{{"NAME", "ROLE", "CREATED", "LAST USED", "PASSWORD"}}
	for _, o := range doc.Operators {
		used := "never"
		if !o.LastUsed.IsZero() {
			used = o.LastUsed.Local().Format("2006-01-02 15:04")
		}
		password := "no"
		if o.Password {
			password = "yes"
		}
		rows = append(rows, []string{o.Name, string(o.Role), o.Created.Local().Format("2006-01-02 15:04"), used, password})
	}
	table(s.stdout, rows)
	return nil
}

func runRemoveOperator(s *session, args []string) error {
	raw, err := s.ask(s.ctx, http.MethodDelete, "operators/"+url.PathEscape(args[0]), map[string]string{"reason": s.text("reason")}, nil)
	if err != nil {
		return err
	}
	return s.done(raw, "%s is removed: the token is not valid any more, and sessions have ended", args[0])
}
