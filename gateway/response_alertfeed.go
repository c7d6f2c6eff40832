package gateway

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/daero/daero"
	"github.com/daero/daero/driver/alertfeed"
	"github.com/daero/daero/driver/alertfeed/alert"
)

// alertfeedOptions say which public warnings arm.
type alertfeedOptions struct {
	// Feed is a feed known by name (usgs, p2pquake, pews), or the format (cap,
	// usgs, p2pquake, pews) of the one at URL.
	Feed string `json:"feed"`
	URL  string `json:"url,omitempty"`
	// For is how long a warning arms. Default 10m.
	For caddy.Duration `json:"for,omitempty"`
	// Every is how often a feed is asked. Default 10s.
	Every caddy.Duration `json:"every,omitempty"`
	// MaxAge is how old an event may be to arm. Default 10m.
	MaxAge caddy.Duration `json:"max_age,omitempty"`
	// Magnitude is the least that arms.
	Magnitude float64 `json:"magnitude,omitempty"`
	// WithinKM is how near, in km, it must be to Lat and Lon.
	WithinKM float64 `json:"within_km,omitempty"`
	Lat      float64 `json:"lat,omitempty"`
	Lon      float64 `json:"lon,omitempty"`
	// Severity, Urgency and Certainty (of CAP) are the least that arm.
	Severity  string `json:"severity,omitempty"`
	Urgency   string `json:"urgency,omitempty"`
	Certainty string `json:"certainty,omitempty"`
	// Regions are names or codes of which a warning must name one.
	Regions []string `json:"regions,omitempty"`
	// Header is sent along, only to URL's host. Placeholders are replaced.
	Header map[string]string `json:"header,omitempty"`
}

var _ = addSource("alertfeed", source{
	example: "signal quake alertfeed usgs",
	arms:    true,
	args: func(l *signalLine, args []string) []string {
		o := optionsOf[alertfeedOptions](l)
		if len(args) == 0 {
			l.bad(l.d, "alertfeed takes a feed: %s, or a format and an address, like \"cap https://…\"", strings.Join(alertfeed.Presets(), ", "))
			return nil
		}
		o.Feed, args = args[0], args[1:]
		if len(args) > 0 && strings.Contains(args[0], "://") {
			o.URL, args = args[0], args[1:]
		} else if !slices.Contains(alertfeed.Presets(), o.Feed) {
			l.bad(l.d, "alertfeed: unknown feed %q%s; or write a format and an address, like \"cap https://…\"", o.Feed, didYouMean(o.Feed, alertfeed.Presets()))
		}
		return args
	},
	words: func(l *signalLine) []word { return optionsOf[alertfeedOptions](l).words(l) },
	make: func(m *making, s *SignalConfig) (daero.Source, error) {
		o, err := options[alertfeedOptions](s)
		if err != nil {
			return nil, err
		}
		cfg, err := o.config(m)
		if err != nil {
			return nil, err
		}
		return alertfeed.New(cfg)
	},
})

func (o *alertfeedOptions) words(l *signalLine) []word {
	text := func(into *string, example string) func(*caddyfile.Dispenser) {
		return func(d *caddyfile.Dispenser) { *into, _ = l.one(d, example) }
	}
	return []word{
		l.arm(&o.For),
		{"every", func(d *caddyfile.Dispenser) { o.Every = l.duration(d, "10s") }},
		{"max_age", func(d *caddyfile.Dispenser) { o.MaxAge = l.duration(d, "10m") }},
		{"magnitude", func(d *caddyfile.Dispenser) {
			arg, ok := l.one(d, "4.5")
			if v, err := strconv.ParseFloat(arg, 64); ok && (err != nil || !(v > 0)) {
				l.bad(d, "magnitude %s: must be a number above 0", arg)
			} else {
				o.Magnitude = v
			}
		}},
		{"within", func(d *caddyfile.Dispenser) { o.within(l, d) }},
		{"severity", text(&o.Severity, "severe")},
		{"urgency", text(&o.Urgency, "immediate")},
		{"certainty", text(&o.Certainty, "likely")},
		{"region", func(d *caddyfile.Dispenser) {
			args := d.RemainingArgs()
			if len(args) == 0 {
				l.bad(d, "region: takes names or codes: write it like \"region Seoul\"")
			}
			o.Regions = append(o.Regions, args...)
		}},
		{"header", func(d *caddyfile.Dispenser) {
			web := webOptions{Header: o.Header}
			read := web.words(l)
			read[slices.IndexFunc(read, func(w word) bool { return w.name == "header" })].read(d)
			o.Header = web.Header
		}},
	}
}

// within reads "within 600km of 37.5 127.0".
func (o *alertfeedOptions) within(l *signalLine, d *caddyfile.Dispenser) {
	args := d.RemainingArgs()
	var n [3]float64
	ok := len(args) == 4 && args[1] == "of"
	if ok {
		km, isKM := strings.CutSuffix(args[0], "km")
		ok = isKM
		for i, text := range []string{km, args[2], args[3]} {
			v, err := strconv.ParseFloat(text, 64)
			n[i], ok = v, ok && err == nil
		}
	}
	if !ok {
		l.bad(d, "within: takes a distance and a place: write it like \"within 600km of 37.5 127.0\" (latitude, longitude)")
		return
	}
	o.WithinKM, o.Lat, o.Lon = n[0], n[1], n[2]
}

// config returns the feed as its driver knows it.
func (o *alertfeedOptions) config(m *making) (cfg alertfeed.Config, err error) {
	cfg.Every = time.Duration(o.Every)
	cfg.Filter = alert.Filter{
		Arm: time.Duration(o.For), MaxAge: time.Duration(o.MaxAge), Magnitude: o.Magnitude,
		Within: o.WithinKM, Lat: o.Lat, Lon: o.Lon, Regions: o.Regions,
	}
	var errs []error
	if o.URL == "" {
		cfg.Preset = o.Feed
	} else {
		cfg.Format, err = alertfeed.ParseFormat(o.Feed)
		errs = append(errs, err)
		if cfg.URL, err = m.text(o.URL); err != nil {
			errs = append(errs, fmt.Errorf("url: %w", err))
		}
	}
	cfg.Header, err = m.headers(o.Header)
	errs = append(errs, err)
	if o.Severity != "" {
		cfg.Filter.Severity, err = alert.ParseSeverity(o.Severity)
		errs = append(errs, err)
	}
	if o.Urgency != "" {
		cfg.Filter.Urgency, err = alert.ParseUrgency(o.Urgency)
		errs = append(errs, err)
	}
	if o.Certainty != "" {
		cfg.Filter.Certainty, err = alert.ParseCertainty(o.Certainty)
		errs = append(errs, err)
	}
	return cfg, errors.Join(errs...)
}
