package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/daero/daero"
	"github.com/daero/daero/api"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/playbook"
)

var (
	_ = addCommand(laneCommand)
	_ = addCommand(undoCommand)
)

func laneCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "lane",
		Usage: "[show|order|release]",
		Short: "Orders single lanes of a running gateway",
		Long: `
Shows what is ordered of single lanes by hand, orders one for a while, and ends
an order. What is ordered is merged with what the playbook does: the one that
refuses more counts, unless the lane is opened.

Exit status: 0 good, 1 it failed, 2 wrong use.`,
		CobraFunc: func(c *cobra.Command) {
			group(c, runLanes,
				talks(&cobra.Command{Use: "show", Short: "Shows what is ordered by hand"}, 0, 0, runLanes),
				laneOrderCommand(),
				talks(confirming(operating(&cobra.Command{
					Use: `release LANE --reason "..."`, Short: "Ends the order for a lane",
				}, false)), 1, 1, runRelease))
		},
	}
}

func laneOrderCommand() *cobra.Command {
	c := talks(confirming(operating(&cobra.Command{
		Use:   `order LANE --shed 50% --for 10m --reason "..."`,
		Short: "Orders one lane for a while; LANE is a lane, or BACKEND/LANE",
		Example: `  daero lane order login --close --for 10m --reason "they attack it"
  daero lane order login --open --ramp "5% every 30s" --for 1h --reason "it is over"
  daero lane order api/sync --shed "background 50%" --ceiling 20 --for 1h --reason "..."`,
	}, true)), 1, 1, runOrder)
	f := c.Flags()
	for _, what := range []string{"shed", "defer", "challenge"} {
		f.StringArray(what, nil, what+" a share of its users: 50%, or \"background 50%\"")
	}
	f.Bool("close", false, "refuse everyone")
	f.Bool("open", false, "set aside what the playbook orders")
	f.Int("ceiling", 0, "how many permits it may have")
	f.String("ramp", "", "let users in little by little: \"5% every 30s\"; one step back while the service does not bear it")
	f.String("from", "", "where the ramp begins (default: what gets in now)")
	return c
}

// confirming adds the flag that answers a question beforehand.
func confirming(c *cobra.Command) *cobra.Command {
	c.Flags().Bool("yes", false, "also if it refuses many requests")
	return c
}

// change asks for a change by hand. What would refuse much needs --yes.
func (s *session) change(method, path string, body map[string]any, into any) (json.RawMessage, error) {
	if s.yes("yes") {
		body["confirm"] = true
	}
	raw, err := s.ask(s.ctx, method, path, body, into)
	if refused, ok := errors.AsType[*refusedError](err); ok && refused.is("confirm") {
		return nil, fmt.Errorf("%s\nnothing was changed: add --yes if that is meant", strings.TrimSuffix(refused.Detail, `: send "confirm": true if that is meant`))
	}
	return raw, err
}

// laneOfArg is the lane that an argument names: LANE, or BACKEND/LANE.
func laneOfArg(arg string) (backend, name string) {
	if i := strings.LastIndexByte(arg, '/'); i >= 0 {
		return arg[:i], arg[i+1:]
	}
	return daero.DefaultBackend, arg
}

func orderPath(arg string) string {
	backend, name := laneOfArg(arg)
	return "lanes/" + url.PathEscape(backend) + "/" + url.PathEscape(name) + "/order"
}

func runOrder(s *session, args []string) error {
	last, err := s.lasting()
	if err != nil {
		return err
	}
	why, err := s.reason()
	if err != nil {
		return err
	}
	body := map[string]any{"for": last, "reason": why}
	if err := s.orderOf(body); err != nil {
		return err
	}
	var doc struct {
		Order api.LaneOrderDoc `json:"order"`
	}
	raw, err := s.change(http.MethodPut, orderPath(args[0]), body, &doc)
	if err != nil {
		return err
	}
	return s.done(raw, "lane %s: %s until %s", args[0], doc.Order.Text, doc.Order.Until.Local().Format("2006-01-02 15:04:05"))
}

// orderOf reads what is ordered from the flags.
func (s *session) orderOf(body map[string]any) error {
	for _, what := range []string{"shed", "defer", "challenge"} {
		given, _ := s.cmd.Flags().GetStringArray(what) // it is declared above
		shares, err := sharesOfFlag(what, given)
		if err != nil {
			return err
		}
		if shares != nil {
			body[what] = shares
		}
	}
	for _, what := range []string{"open", "close"} {
		if s.yes(what) {
			body[what] = true
		}
	}
	if s.cmd.Flags().Changed("ceiling") {
		n, _ := s.cmd.Flags().GetInt("ceiling") // it is declared above
		if n < 1 || n > lane.MaxLimit {
			return wrongUse("--ceiling %d: must be 1 to %d permits; to let nobody in, --close it", n, lane.MaxLimit)
		}
		body["ceiling"] = n
	}
	ramp, err := s.ramp()
	if err != nil {
		return err
	}
	if ramp != nil {
		body["ramp"] = ramp
	}
	if len(body) == 2 { // how long, and why
		return wrongUse("say what: --shed 50%%, --close, --open, --defer, --challenge, --ceiling or --ramp")
	}
	return nil
}

// sharesOfFlag reads "50%", or "background 50%" for one intent.
func sharesOfFlag(what string, given []string) (map[string]float64, error) {
	if len(given) == 0 {
		return nil, nil
	}
	shares := map[string]float64{}
	for _, text := range given {
		words := strings.Fields(text)
		who := []string{playbook.Foreground.String(), playbook.Background.String()}
		if len(words) == 2 {
			if words[0] != who[0] && words[0] != who[1] {
				return nil, wrongUse("--%s %q: unknown word %q%s", what, text, words[0], didYouMean(words[0], who))
			}
			who, words = words[:1], words[1:]
		}
		digits, isPercent := "", false
		if len(words) == 1 {
			digits, isPercent = strings.CutSuffix(words[0], "%")
		}
		v, ok := share(digits)
		if !isPercent || !ok {
			return nil, wrongUse("--%s %q: write it like 50%%, or \"background 50%%\"", what, text)
		}
		for _, w := range who {
			shares[w] = v
		}
	}
	return shares, nil
}

// ramp reads "5% every 30s", and where it begins.
func (s *session) ramp() (map[string]float64, error) {
	text, from := s.text("ramp"), s.text("from")
	if text == "" {
		if from != "" {
			return nil, wrongUse("--from is of a --ramp: give one")
		}
		return nil, nil
	}
	words := strings.Fields(text)
	bad := wrongUse("--ramp %q: write it like \"5%% every 30s\"", text)
	if len(words) != 3 || words[1] != "every" {
		return nil, bad
	}
	digits, isPercent := strings.CutSuffix(words[0], "%")
	add, ok := share(digits)
	every, err := caddy.ParseDuration(words[2])
	if !isPercent || !ok || add == 0 || err != nil || every <= 0 {
		return nil, bad
	}
	ramp := map[string]float64{"add": add, "every": every.Seconds()}
	if from != "" {
		digits, isPercent := strings.CutSuffix(from, "%")
		begin, ok := share(digits)
		if !isPercent || !ok {
			return nil, wrongUse("--from %q: write it like 20%%", from)
		}
		ramp["from"] = begin
	}
	return ramp, nil
}

func runRelease(s *session, args []string) error {
	why, err := s.reason()
	if err != nil {
		return err
	}
	raw, err := s.change(http.MethodDelete, orderPath(args[0]), map[string]any{"reason": why}, nil)
	if err != nil {
		return err
	}
	return s.done(raw, "lane %s is released", args[0])
}

func runLanes(s *session, _ []string) error {
	var doc api.LaneOrdersDoc
	raw, err := s.ask(s.ctx, http.MethodGet, "lanes/orders", nil, &doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	if len(doc.Orders) == 0 {
		_, err := fmt.Fprintln(s.stdout, "nothing is ordered by hand")
		return err
	}
	for _, o := range doc.Orders {
		text := o.Text
		if o.Ramp != nil {
			text += "; " + percent(o.Admits) + " get in now"
		}
		if o.Absent {
			text += "; no configuration in force has this lane"
		}
		name := o.Lane
		if o.Backend != daero.DefaultBackend {
			name = o.Backend + "/" + name
		}
		if _, err := fmt.Fprintln(s.stdout, fit(plain(name), columns)); err != nil {
			return err
		}
		field(s.stdout, "", text)
		field(s.stdout, "", fmt.Sprintf("until %s by %s: %s", clock(o.Until, doc.At), o.By, o.Reason))
	}
	return nil
}

func undoCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "undo",
		Usage: `ID --reason "..." [--yes]`,
		Short: "Undoes what somebody did by hand to a running gateway",
		Long: `
Undoes a pin, a pause, a stop, an order for a lane, or the end of one of them:
what was before holds again, if its time is not over. Stops a redrive; makes a
site of the CAPTCHA what it was. ID is that of the entry in "daero audit". An
undo is recorded as well, and can be undone.

It is refused if the same thing was changed since, or has ended by itself.

Exit status: 0 good, 1 it failed, 2 wrong use.`,
		CobraFunc: func(c *cobra.Command) { talks(confirming(operating(c, false)), 1, 1, runUndo) },
	}
}

func runUndo(s *session, args []string) error {
	id, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil || id < 1 {
		return wrongUse("%s: give the ID of an entry in \"daero audit\"", args[0])
	}
	why, err := s.reason()
	if err != nil {
		return err
	}
	var doc api.ChangedDoc
	raw, err := s.change(http.MethodPost, "audit/"+args[0]+"/undo", map[string]any{"reason": why}, &doc)
	if err != nil {
		return err
	}
	return s.done(raw, "undone: %s %s", doc.What, doc.Target)
}
