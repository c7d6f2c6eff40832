package gateway

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/daero/daero"
	"github.com/daero/daero/driver/calendar"
)

// calendarOptions say which calendar arms.
type calendarOptions struct {
	// Path is an .ics file; of a Caddyfile's line it is relative to the
	// Caddyfile. Or URL is the address of one. Placeholders are replaced.
	Path string `json:"path,omitempty"`
	URL  string `json:"url,omitempty"`
	// Lead is how long before an event it arms. Default 10m.
	Lead caddy.Duration `json:"lead,omitempty"`
	// Zone is where times without a zone are, like Asia/Seoul. Default: the
	// machine's.
	Zone string `json:"zone,omitempty"`
}

const calendarExample = "signal newyear calendar events.ics"

var _ = addSource("calendar", source{
	example: calendarExample,
	arms:    true,
	args: func(l *signalLine, args []string) []string {
		o := optionsOf[calendarOptions](l)
		switch {
		case len(args) == 0:
			l.bad(l.d, "calendar takes a file or an address: write it like %q", calendarExample)
			return nil
		case strings.Contains(args[0], "://"):
			o.URL = args[0]
		case filepath.IsAbs(args[0]) || strings.HasPrefix(args[0], "{"):
			o.Path = args[0]
		default:
			o.Path = filepath.Join(filepath.Dir(l.d.File()), args[0])
		}
		return args[1:]
	},
	words: func(l *signalLine) []word {
		o := optionsOf[calendarOptions](l)
		return []word{
			l.arm(nil),
			{"lead", func(d *caddyfile.Dispenser) { o.Lead = l.duration(d, "10m") }},
			{"zone", func(d *caddyfile.Dispenser) { o.Zone, _ = l.one(d, "Asia/Seoul") }},
		}
	},
	make: func(m *making, s *SignalConfig) (daero.Source, error) {
		o, err := options[calendarOptions](s)
		if err != nil {
			return nil, err
		}
		cfg := calendar.Config{Lead: time.Duration(o.Lead)}
		if cfg.Path, err = m.optional(o.Path); err != nil {
			return nil, fmt.Errorf("path: %w", err)
		}
		if cfg.URL, err = m.optional(o.URL); err != nil {
			return nil, fmt.Errorf("url: %w", err)
		}
		if o.Zone != "" {
			if cfg.Zone, err = time.LoadLocation(o.Zone); err != nil {
				return nil, fmt.Errorf("zone %s: not known: write it like Asia/Seoul", o.Zone)
			}
		}
		c, err := calendar.New(cfg)
		if err != nil {
			return nil, err
		}
		return foreseeing{c}, nil
	},
})

// foreseeing is a calendar that says what is to come.
type foreseeing struct{ *calendar.Calendar }

// Foresee implements daero.Foreseer.
func (f foreseeing) Foresee(now time.Time, n int) []daero.Foreseen {
	coming := f.Coming(now, n)
	all := make([]daero.Foreseen, 0, len(coming))
	for _, e := range coming {
		all = append(all, daero.Foreseen{At: e.Start, Until: e.End, Name: e.Summary})
	}
	return all
}

var (
	_ daero.Foreseer = foreseeing{}
	_ daero.Runner   = foreseeing{}
)
