package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/daero/daero"
	"github.com/daero/daero/driver/alertmanager"
	"github.com/daero/daero/level"
)

// alertmanagerOptions say which alerts count that Alertmanager, or Grafana,
// sends to /daero/api/alerts/NAME, where NAME is the signal's.
type alertmanagerOptions struct {
	// Secret is what senders must know: they send it as a bearer token, or sign
	// with it. Required. Placeholders are replaced.
	Secret string `json:"secret"`
	// Match are labels that an alert must have. Default: all alerts count.
	Match map[string]string `json:"match,omitempty"`
	// Label, with Values, makes the value the greatest that an alert's label
	// stands for. Default: the value is how many alerts fire.
	Label  string             `json:"label,omitempty"`
	Values map[string]float64 `json:"values,omitempty"`
	// MaxAge is how long an alert is believed without being repeated. Default
	// 1h.
	MaxAge caddy.Duration `json:"max_age,omitempty"`
}

var _ = addSource("alertmanager", source{
	example: "signal pager alertmanager 1 2 3 4",
	unit:    unitOf(level.Plain),
	words:   func(l *signalLine) []word { return optionsOf[alertmanagerOptions](l).words(l) },
	make: func(m *making, s *SignalConfig) (daero.Source, error) {
		o, err := options[alertmanagerOptions](s)
		if err != nil {
			return nil, err
		}
		if o.Secret == "" {
			return nil, errors.New("no secret: anyone could raise the level: add one to its block, like \"secret {env.ALERTS_SECRET}\"")
		}
		secret, err := m.text(o.Secret)
		if err != nil {
			return nil, fmt.Errorf("secret: %w", err)
		}
		in, err := m.receiver(s.Name, alertmanager.ReceiverConfig{Secret: secret, MaxAge: time.Duration(o.MaxAge)})
		if err != nil {
			return nil, err
		}
		return alertmanager.New(alertmanager.Config{Receiver: in, Match: o.Match, Label: o.Label, Values: o.Values})
	},
})

func (o *alertmanagerOptions) words(l *signalLine) []word {
	return []word{
		{"secret", func(d *caddyfile.Dispenser) { o.Secret, _ = l.one(d, "{env.ALERTS_SECRET}") }},
		{"match", func(d *caddyfile.Dispenser) {
			args := d.RemainingArgs()
			if len(args) != 2 {
				l.bad(d, "match: takes a label and its value: write it like \"match team chat\"")
				return
			}
			if o.Match == nil {
				o.Match = map[string]string{}
			}
			o.Match[args[0]] = args[1]
		}},
		{"value", func(d *caddyfile.Dispenser) { o.value(l, d) }},
		{"max_age", func(d *caddyfile.Dispenser) { o.MaxAge = l.duration(d, "1h") }},
	}
}

// value reads "value severity warning=1 critical=2".
func (o *alertmanagerOptions) value(l *signalLine, d *caddyfile.Dispenser) {
	const usage = "write it like \"value severity warning=1 critical=2\""
	args := d.RemainingArgs()
	if len(args) < 2 {
		l.bad(d, "value: takes a label and what its values stand for: %s", usage)
		return
	}
	o.Label, o.Values = args[0], map[string]float64{}
	for _, arg := range args[1:] {
		name, text, ok := strings.Cut(arg, "=")
		v, err := strconv.ParseFloat(text, 64)
		if !ok || err != nil {
			l.bad(d, "value: %q: %s", arg, usage)
			continue
		}
		o.Values[name] = v
	}
}

// alertsIn is a receiver in the pool of what outlives a reload: a new one would
// not know of the alerts that fire.
type alertsIn struct{ *alertmanager.Receiver }

// Destruct implements caddy.Destructor.
func (alertsIn) Destruct() error { return nil }

// alertsKey is what makes two receivers the same.
type alertsKey struct {
	name string
	cfg  alertmanager.ReceiverConfig
}

// receiver returns the receiver of a signal.
func (m *making) receiver(name string, cfg alertmanager.ReceiverConfig) (*alertmanager.Receiver, error) {
	key := alertsKey{name, cfg}
	v, _, err := runtimes.LoadOrNew(key, func() (caddy.Destructor, error) {
		in, err := alertmanager.NewReceiver(cfg)
		return alertsIn{in}, err
	})
	if err != nil {
		return nil, err
	}
	m.release = append(m.release, func() error {
		_, err := runtimes.Delete(key)
		return err
	})
	in := v.(alertsIn).Receiver
	if m.receivers == nil {
		m.receivers = map[string]http.Handler{}
	}
	m.receivers[name] = in
	return in, nil
}
