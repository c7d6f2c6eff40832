package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// draft is what level, playbook, channels and webhooks mean, before anything
// is made of it. It is drawn up when a Caddyfile is read and again when the
// configuration is provisioned, which need not come from a Caddyfile.
type draft struct {
	levels  level.Config
	signals []SignalConfig // in the order of levels.Signals
	book    playbook.Config
	errs    []mistake
}

// able are the kinds whose executors exist. What keeps and delivers needs a
// relay.
func (a *App) able() []playbook.Kind {
	kinds := []playbook.Kind{
		playbook.Shed, playbook.Slow, playbook.Ceiling, playbook.Stale,
		playbook.Respond, playbook.Flag, playbook.Webhook, playbook.Notify,
	}
	if a.Captcha != nil {
		kinds = append(kinds, playbook.Challenge, playbook.Work)
	}
	if a.Relay != nil {
		kinds = append(kinds, playbook.Defer, playbook.Drain)
	}
	return kinds
}

// responds reports whether there is anything to draft.
func (a *App) responds() bool { return a.Level != nil || a.Playbook != nil }

// draft draws the response up. lanes are those there are, nil while they are
// not known.
func (a *App) draft(lanes []playbook.Lane) *draft {
	d := &draft{}
	cfg := a.Level
	if cfg == nil {
		cfg = &LevelConfig{}
	}
	d.drawLevels(cfg, lanes)
	d.targets(a)
	if a.Playbook != nil {
		d.book.Able, d.book.Topics = a.able(), a.Relay.topicsOf()
		d.drawBook(a.Playbook, lanes)
		d.tells(a)
		d.measures(a.Playbook)
	}
	return d
}

func (d *draft) bad(where, format string, args ...any) {
	d.errs = append(d.errs, mistakeAt(where, fmt.Sprintf(format, args...)))
}

// take notes the mistakes that an error joins. Those without a place of their
// own stand at where.
func (d *draft) take(where string, err error) {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			d.take(where, e)
		}
		return
	}
	if err == nil {
		return
	}
	if e, ok := errors.AsType[playbook.UnknownLane](err); ok {
		d.bad(cmp.Or(e.Where, where), "%s: no lane %q%s", e.Kind, e.Lane, didYouMean(e.Lane, e.Known))
		return
	}
	if e, ok := errors.AsType[playbook.Mistake](err); ok {
		d.bad(cmp.Or(e.Where, where), "%s", e.What)
		return
	}
	d.bad(where, "%v", err)
}

// err returns the mistakes as one error.
func (d *draft) err() error { return joinMistakes(d.errs) }

// mistakeAt is a mistake at a place written as FILE:LINE, or at none.
func mistakeAt(where, what string) mistake {
	if i := strings.LastIndexByte(where, ':'); i > 0 {
		if line, err := strconv.Atoi(where[i+1:]); err == nil {
			return mistake{where[:i], line, what}
		}
	}
	return mistake{what: what}
}

func (d *draft) drawLevels(cfg *LevelConfig, lanes []playbook.Lane) {
	d.levels = level.Config{Dwell: time.Duration(cfg.DownAfter), Below: cfg.Below, Forget: time.Duration(cfg.Forget)}
	d.take(cfg.Where, d.levels.Validate())
	d.signals = cfg.Signals
	if len(d.signals) == 0 {
		d.signals = defaultSignals()
	}
	seen := map[string]string{}
	for i := range d.signals {
		s := &d.signals[i]
		d.levels.Signals = append(d.levels.Signals, d.drawSignal(s, lanes))
		if before, twice := seen[s.Name]; twice {
			d.bad(s.Where, "signal %s: declared twice%s: give each signal a name of its own", s.Name, firstAt(before))
		}
		seen[s.Name] = s.Where
	}
	if n := len(d.signals); n > level.MaxSignals {
		d.bad(cfg.Where, "%d signals: at most %d", n, level.MaxSignals)
	}
}

func firstAt(where string) string {
	if where == "" {
		return ""
	}
	return ", first at " + where
}

func (d *draft) drawSignal(s *SignalConfig, lanes []playbook.Lane) level.Signal {
	sig := level.Signal{Name: s.Name, Alone: s.Alone, Stale: time.Duration(s.Stale)}
	src, ok := sources[s.Source]
	if !ok {
		d.bad(s.Where, "signal %s: unknown source %q%s", s.Name, s.Source, didYouMean(s.Source, sourceNames()))
		return sig
	}
	bad := len(d.errs)
	if src.arms {
		d.drawArm(s, &sig)
	} else {
		d.drawThresholds(s, src, &sig)
	}
	if len(d.errs) == bad {
		d.take(s.Where, sig.Validate())
	}
	if name, err := s.laneOf(); err != nil {
		d.bad(s.Where, "signal %s: %v", s.Name, err)
	} else if name != "" && lanes != nil && !slices.ContainsFunc(lanes, func(l playbook.Lane) bool { return name == l.Name || name == l.Backend+"/"+l.Name }) {
		d.bad(s.Where, "signal %s: no lane %q%s", s.Name, name, didYouMean(name, laneNames(lanes)))
	}
	return sig
}

func (d *draft) drawThresholds(s *SignalConfig, src source, sig *level.Signal) {
	if s.Arm != "" {
		d.bad(s.Where, "signal %s: arm: %s measures, and only outside warnings arm: leave it away", s.Name, s.Source)
	}
	var err error
	sig.At, sig.Unit, err = s.thresholds(src)
	if err == nil {
		return
	}
	for _, one := range strings.Split(err.Error(), "\n") {
		d.bad(s.Where, "signal %s: %s", s.Name, one)
	}
}

func (d *draft) drawArm(s *SignalConfig, sig *level.Signal) {
	if len(s.At) > 0 {
		d.bad(s.Where, "signal %s: %s warns and takes no thresholds, got %q: say what it arms in its block, like \"arm attention\"", s.Name, s.Source, strings.Join(s.At, " "))
	}
	if s.Alone {
		d.bad(s.Where, "signal %s: alone: an outside warning never raises to serious: leave it away", s.Name)
	}
	lv, err := level.Parse(cmp.Or(s.Arm, level.Attention.String()))
	if err != nil || lv < level.Attention || lv > level.MaxArm {
		d.bad(s.Where, "signal %s: arm %s: a warning arms to attention or caution; higher levels are for what is measured", s.Name, s.Arm)
		return
	}
	sig.Arms = lv
}

func laneNames(lanes []playbook.Lane) (names []string) {
	for _, l := range lanes {
		if !slices.Contains(names, l.Name) {
			names = append(names, l.Name)
		}
	}
	return names
}

func (d *draft) drawBook(cfg *PlaybookConfig, lanes []playbook.Lane) {
	d.book = playbook.Config{
		Ramp:   playbook.Ramp{Step: cfg.RampStep, Every: time.Duration(cfg.RampEvery)},
		Shadow: cfg.Shadow, Lanes: lanes, Able: d.book.Able, Topics: d.book.Topics,
	}
	for i := range cfg.Actions {
		a, err := cfg.Actions[i].core()
		if err != nil {
			d.take(a.Where, err)
			continue
		}
		d.book.Actions = append(d.book.Actions, a)
	}
	d.take(cfg.Where, d.book.Validate())
}

// core returns the action as the playbook knows it.
func (a *ActionConfig) core() (playbook.Action, error) {
	out := playbook.Action{
		Lane: a.Lane, From: a.From, To: a.To, For: time.Duration(a.For), Status: a.Status, Body: a.Body,
		Target: a.Target, Value: a.Value, Rate: a.Rate, NewDevice: a.NewDevice, Shadow: a.Shadow, Meant: a.IMeanIt, Where: a.Where,
	}
	var errs []error
	var err error
	if out.At, err = level.Parse(a.At); err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", a.Do, err))
	}
	if out.Kind, err = playbook.ParseKind(a.Do); err != nil {
		errs = append(errs, fmt.Errorf("unknown action %q%s", a.Do, didYouMean(a.Do, playbook.Kinds())))
	}
	whos := []playbook.Who{playbook.Everyone, playbook.Foreground, playbook.Background}
	i := slices.IndexFunc(whos, func(w playbook.Who) bool { return w.String() == a.Who })
	if i < 0 {
		errs = append(errs, fmt.Errorf("%s: who %q: must be foreground or background, or left away", a.Do, a.Who))
	} else {
		out.Who = whos[i]
	}
	if backend, name, ok := strings.Cut(a.Lane, "/"); ok {
		out.Backend, out.Lane = backend, name
	}
	switch {
	case out.Kind == playbook.Ceiling: // written as what is left
		out.From, out.To = 1-a.From, 1-a.To
	case out.Kind == playbook.Respond && a.From == 0 && a.To == 0, !out.Kind.Refuses() && a.From == 0 && a.To == 0:
		out.From, out.To = 1, 1
	}
	return out, errors.Join(errs...)
}

// targets checks the channels and webhooks themselves.
func (d *draft) targets(a *App) {
	for _, name := range slices.Sorted(maps.Keys(a.Channels)) {
		c := a.Channels[name]
		if len(c.URLs) == 0 {
			d.bad(c.Where, "notify %s: no URL: say where it goes, like \"notify %s slack://…\"", name, name)
		}
		if c.Lang != "" && !slices.Contains(languages, c.Lang) {
			d.bad(c.Where, "notify %s: lang %s: must be en, ko or both", name, c.Lang)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Webhooks)) {
		w := a.Webhooks[name]
		if w.URL == "" {
			d.bad(w.Where, "webhook %s: no URL: say where it goes, like \"webhook %s https://…\"", name, name)
		}
		if c, ok := a.Channels[name]; ok {
			d.bad(w.Where, "webhook %s: a channel has that name%s: give each a name of its own", name, firstAt(c.Where))
		}
	}
}

// tells checks that whom the playbook tells is declared.
func (d *draft) tells(a *App) {
	channels, webhooks := slices.Sorted(maps.Keys(a.Channels)), slices.Sorted(maps.Keys(a.Webhooks))
	for _, act := range d.book.Actions {
		switch {
		case act.Target == "":
		case act.Kind == playbook.Notify && !slices.Contains(channels, act.Target):
			d.bad(act.Where, "notify: unknown channel %q%s: declare it beside the playbook, like \"notify %s slack://…\"", act.Target, didYouMean(act.Target, channels), act.Target)
		case act.Kind == playbook.Webhook && !slices.Contains(webhooks, act.Target):
			d.bad(act.Where, "webhook: unknown webhook %q%s: declare it beside the playbook, like \"webhook %s https://…\", or write the URL here", act.Target, didYouMean(act.Target, webhooks), act.Target)
		}
	}
}

// measures checks that something can make the playbook refuse: what only warns
// never does.
func (d *draft) measures(cfg *PlaybookConfig) {
	if slices.ContainsFunc(d.levels.Signals, func(s level.Signal) bool { return s.Arms == level.Normal }) {
		return
	}
	for _, act := range d.book.Actions {
		if act.Kind.Refuses() {
			d.bad(cmp.Or(act.Where, cfg.Where), "%s: no signal measures anything, and warnings alone refuse nobody: add one, like \"%s\"", act.Slot(), sources["lanes.busy"].example)
			return
		}
	}
}

// told are the targets that the playbook tells, each once.
func (d *draft) told() []string {
	names := map[string]bool{}
	for _, act := range d.book.Actions {
		if act.Kind.Tells() {
			names[act.Target] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
