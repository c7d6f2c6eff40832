package gateway

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// playbook reads what happens at which level.
func (p *globalParser) playbook(d *caddyfile.Dispenser) {
	if !p.first(d, "playbook") {
		return
	}
	cfg := &PlaybookConfig{Where: placeOf(d).String()}
	p.app.Playbook = cfg
	p.noArgs(d, "playbook {")
	p.block(d, []word{
		{"shadow", func(d *caddyfile.Dispenser) { cfg.Shadow = p.flag(d) }},
		{"ramp", func(d *caddyfile.Dispenser) { p.ramp(d, cfg) }},
		{"at", func(d *caddyfile.Dispenser) { p.row(d, cfg) }},
	}, nil)
}

// ramp reads "ramp 10% every 5s".
func (p *globalParser) ramp(d *caddyfile.Dispenser, cfg *PlaybookConfig) {
	const usage = "write it like \"ramp 10% every 5s\""
	args := d.RemainingArgs()
	if len(args) != 3 || args[1] != "every" {
		p.bad(d, "ramp: takes a step and how often: %s", usage)
		return
	}
	digits, isPercent := strings.CutSuffix(args[0], "%")
	step, ok := share(digits)
	every, err := caddy.ParseDuration(args[2])
	if !isPercent || !ok || step == 0 || err != nil || every <= 0 {
		p.bad(d, "ramp %s: must be a share above 0%% and a duration above zero: %s", strings.Join(args, " "), usage)
		return
	}
	cfg.RampStep, cfg.RampEvery = step, caddy.Duration(every)
}

// row reads what happens at one level.
func (p *globalParser) row(d *caddyfile.Dispenser, cfg *PlaybookConfig) {
	args := d.RemainingArgs()
	if len(args) != 1 {
		p.bad(d, "at: takes a level: write it like \"at caution {\"")
		return
	}
	known := level.Names()[level.Attention:]
	lv, err := level.Parse(args[0])
	into := &PlaybookConfig{} // what stands in a mistaken row is read for its own mistakes
	switch {
	case err != nil:
		p.bad(d, "at: unknown level %q%s", args[0], didYouMean(args[0], known))
	case lv == level.Normal:
		p.bad(d, "at %s: nothing is in force at normal: use %s", args[0], strings.Join(known, ", "))
	case p.first(d, "at "+lv.String()):
		into = cfg
	}
	var words []word
	for _, name := range playbook.Kinds() {
		kind, _ := playbook.ParseKind(name) // it has just been listed
		words = append(words, word{name, func(d *caddyfile.Dispenser) { p.action(d, kind, lv, into) }})
	}
	p.block(d, words, nil)
}

// action reads one action of a row.
func (p *globalParser) action(d *caddyfile.Dispenser, kind playbook.Kind, row level.Level, cfg *PlaybookConfig) {
	a := ActionConfig{At: row.String(), Do: kind.String(), Where: placeOf(d).String()}
	args := a.trailing(d.RemainingArgs())
	var err error
	switch kind {
	case playbook.Slow, playbook.Stale:
		err = a.lasting(args)
	case playbook.Respond:
		err = a.answering(args)
	case playbook.Drain:
		err = a.draining(args)
	case playbook.Work:
		err = a.working(args)
	case playbook.Flag:
		err = a.flagging(args)
	case playbook.Notify:
		err = a.telling(args)
	case playbook.Webhook:
		if err = a.telling(args); err == nil {
			a.Target = p.webhookName(a.Target, a.Where)
		}
	default:
		err = a.refusing(args)
	}
	if err != nil {
		p.bad(d, "%s: %v", kind, err)
		return
	}
	cfg.Actions = append(cfg.Actions, a)
}

// trailing takes the words off that may end any action.
func (a *ActionConfig) trailing(args []string) []string {
	for len(args) > 0 {
		switch args[len(args)-1] {
		case "shadow":
			a.Shadow = true
		case "i_mean_it":
			a.IMeanIt = true
		default:
			return args
		}
		args = args[:len(args)-1]
	}
	return args
}

// laneAndWho takes the lane, and the intent if there is one.
func (a *ActionConfig) laneAndWho(args []string) []string {
	a.Lane, args = args[0], args[1:]
	if len(args) > 0 && slices.Contains([]string{playbook.Foreground.String(), playbook.Background.String()}, args[0]) {
		a.Who, args = args[0], args[1:]
	}
	return args
}

// refusing reads a lane and a range: "login background 0..60%".
func (a *ActionConfig) refusing(args []string) error {
	usage := fmt.Errorf("takes a lane and a range: write it like \"%s login background 0..60%%\"", a.Do)
	if a.Do == playbook.Ceiling.String() {
		usage = fmt.Errorf("takes a lane and a range: write it like \"%s login 50..20%%\"", a.Do)
	}
	if a.Do == playbook.Challenge.String() {
		usage = fmt.Errorf("takes a lane and a range: write it like \"%s login new-device 100%%\"", a.Do)
	}
	if len(args) < 2 {
		return usage
	}
	args = a.laneAndWho(args)
	if len(args) > 0 && args[0] == newDevice && a.Do == playbook.Challenge.String() {
		a.NewDevice, args = true, args[1:]
	}
	if len(args) != 1 {
		return usage
	}
	var ok bool
	if a.From, a.To, ok = strengths(args[0]); !ok {
		return fmt.Errorf("%q is not a range: write it like 0..60%% or 30%%", args[0])
	}
	return nil
}

// newDevice narrows a challenge to devices that had no clearance lately.
const newDevice = "new-device"

// working reads how long the proof of work takes at least, from the beginning of
// the level to its end: "500ms-2s", or "2s".
func (a *ActionConfig) working(args []string) error {
	usage := fmt.Errorf("takes how long, from the beginning of the level to its end: write it like \"work 500ms-2s\" or \"work 2s\"")
	if len(args) != 1 {
		return usage
	}
	first, last, isRange := strings.Cut(args[0], "-")
	if !isRange {
		last = first
	}
	low, err := caddy.ParseDuration(first)
	high, err2 := caddy.ParseDuration(last)
	if err != nil || err2 != nil || low <= 0 || high <= 0 {
		return fmt.Errorf("%q is not a duration or a range of them: %w", args[0], usage)
	}
	if low > high {
		return fmt.Errorf("%s is upside down: the work must take longer as the level fills up: swap its ends", args[0])
	}
	a.For, a.From, a.To = caddy.Duration(high), float64(low)/float64(high), 1
	return nil
}

// lasting reads a lane and how long: "sync 30s".
func (a *ActionConfig) lasting(args []string) error {
	usage := fmt.Errorf("takes a lane and a duration: write it like \"%s sync 30s\"", a.Do)
	if len(args) != 2 {
		return usage
	}
	v, err := caddy.ParseDuration(args[1])
	if err != nil {
		return fmt.Errorf("%q is not a duration: %w", args[1], usage)
	}
	a.Lane, a.For = args[0], caddy.Duration(v)
	return nil
}

// answering reads a lane, a status, what to say, and a range, of which only
// the lane must be there: `comments 503 "comments are off" 100%`.
func (a *ActionConfig) answering(args []string) error {
	const usage = `takes a lane, a status and what to say: write it like: respond comments 503 "comments are off for now" 100%`
	if len(args) == 0 {
		return fmt.Errorf("%s", usage)
	}
	args = a.laneAndWho(args)
	if len(args) > 0 {
		if from, to, ok := strengths(args[len(args)-1]); ok {
			a.From, a.To = from, to
			args = args[:len(args)-1]
			if to == 0 {
				return fmt.Errorf("does nothing, its range ends at 0%%")
			}
		}
	}
	if len(args) > 0 {
		if status, err := strconv.Atoi(args[0]); err == nil {
			a.Status, args = status, args[1:]
		}
	}
	if len(args) > 0 {
		a.Body, args = args[0], args[1:]
	}
	if len(args) > 0 {
		return fmt.Errorf("unexpected %q: it %s", args[0], usage)
	}
	return nil
}

// draining reads a lane, or a topic of the relay, and how fast: "login 50/s",
// "topic orders 200/s".
func (a *ActionConfig) draining(args []string) error {
	usage := fmt.Errorf("takes a lane, or a topic, and how many per second: write it like \"drain login 50/s\" or \"drain topic orders 200/s\"")
	switch {
	case len(args) == 3 && args[0] == "topic":
		a.Target = args[1]
	case len(args) == 2 && args[0] != "topic":
		a.Lane = args[0]
	default:
		return usage
	}
	rate, err := perSecond(args[len(args)-1])
	a.Rate = rate
	return err
}

func (a *ActionConfig) flagging(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("takes a key and a value: write it like \"flag comments off\"")
	}
	a.Target, a.Value = args[0], args[1]
	return nil
}

func (a *ActionConfig) telling(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("takes one name: write it like \"%s ops\"", a.Do)
	}
	a.Target = args[0]
	return nil
}

// webhookName gives a URL that stands in the playbook itself a name: its host,
// because paths of such URLs are secrets and names are shown.
func (p *globalParser) webhookName(target, where string) string {
	if !strings.Contains(target, "://") || p.known(target) {
		return target
	}
	host := "https://"
	if u, err := url.Parse(target); err == nil {
		host = u.Scheme + "://" + u.Host // a declared name has no "://"
	}
	for i, name := 2, host; ; i++ {
		w, taken := p.app.Webhooks[name]
		if !taken {
			p.addWebhook(name, WebhookConfig{URL: target, Where: where})
			return name
		}
		if w.URL == target && w.Secret == "" {
			return name
		}
		name = host + "-" + strconv.Itoa(i)
	}
}

// strengths reads "0..60%", "60%" or "50%..20%".
func strengths(s string) (from, to float64, ok bool) {
	s, ok = strings.CutSuffix(s, "%")
	if !ok {
		return 0, 0, false
	}
	first, last, isRange := strings.Cut(s, "..")
	if !isRange {
		v, ok := share(s)
		return v, v, ok
	}
	from, ok = share(strings.TrimSuffix(first, "%"))
	to, ok2 := share(last)
	return from, to, ok && ok2
}

// share reads the digits of a share in percent, as 0 to 1.
func share(digits string) (float64, bool) {
	v, err := strconv.ParseFloat(digits, 64)
	return v / 100, err == nil && v >= 0 && v <= 100
}
