package alertfeed

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/driver/alertfeed/alert"
)

// Format is how a feed writes its messages.
type Format uint8

// The formats. The zero Format is not valid.
const (
	CAP      Format = iota + 1 // CAP 1.2: an Atom feed of alerts, or one alert
	USGS                       // GeoJSON summary feed of the USGS
	P2PQuake                   // P2PQuake's WebSocket, version 2
	PEWS                       // KMA's early warning; undocumented, so only by choice
)

var formats = [...]string{CAP: "cap", USGS: "usgs", P2PQuake: "p2pquake", PEWS: "pews"}

// String returns the format's word in configuration.
func (f Format) String() string {
	if f >= CAP && f <= PEWS {
		return formats[f]
	}
	return fmt.Sprintf("format(%d)", uint8(f))
}

// ParseFormat is the inverse of [Format.String].
func ParseFormat(s string) (Format, error) {
	for f := CAP; f <= PEWS; f++ {
		if formats[f] == s {
			return f, nil
		}
	}
	return 0, fmt.Errorf("unknown format %q: use cap, usgs, p2pquake or pews", s)
}

// preset is a public feed.
type preset struct {
	name   string
	format Format
	url    string
}

const usgsSummary = "https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/"

var presets = []preset{
	{"usgs", USGS, ""}, // one of those below, by magnitude
	{"usgs-all", USGS, usgsSummary + "all_hour.geojson"},
	{"usgs-2.5", USGS, usgsSummary + "2.5_hour.geojson"},
	{"usgs-4.5", USGS, usgsSummary + "4.5_hour.geojson"},
	{"usgs-significant", USGS, usgsSummary + "significant_hour.geojson"},
	{"p2pquake", P2PQuake, "wss://api.p2pquake.net/v2/ws"},
	{"p2pquake-sandbox", P2PQuake, "wss://api-realtime-sandbox.p2pquake.net/v2/ws"},
	{"pews", PEWS, "https://www.weather.go.kr/pews/data/"},
}

// Presets returns the names of the public feeds that are known by name.
func Presets() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.name
	}
	return names
}

// Replay asks PEWS for the seconds of a past earthquake, as if they were now.
type Replay struct {
	Number string    // "2017000407" is Pohang
	From   time.Time // the first second asked for
}

// Config describes a Feed.
type Config struct {
	// Preset names a public feed, see [Presets]; or else Format and URL say what
	// to listen to. "usgs" is the smallest of the USGS's feeds that has all of
	// Filter.Magnitude.
	Preset string
	Format Format
	// URL is the feed's address: http or https; ws or wss for P2PQuake; for PEWS
	// the folder of its documents, with a slash at the end.
	URL string
	// Header is sent along, for feeds that ask for a key. Only to URL's host.
	Header http.Header
	// Filter says what arms, and for how long.
	Filter alert.Filter
	// Every is how often CAP and USGS are polled, within 10 %. Default 10 s, 1 s
	// to 1 h. PEWS is asked once a second.
	Every time.Duration
	// Replay is for PEWS only.
	Replay *Replay
	// Transport carries the requests. Default: a clone of http.DefaultTransport.
	Transport http.RoundTripper
	// Seed makes waits repeatable; 0: random.
	Seed uint64
}

// Defaults and bounds of Config.
const (
	DefaultEvery = 10 * time.Second
	minEvery     = time.Second
	maxEvery     = time.Hour
)

// Validate reports every mistake at once, joined. It contacts nobody.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch {
	case c.Preset != "" && (c.URL != "" || c.Format != 0):
		bad("preset %s and a format or address of its own: name one or the other", c.Preset)
	case c.Preset != "" && !slices.Contains(Presets(), c.Preset):
		bad("unknown preset %q: use %s, or a format and an address", c.Preset, strings.Join(Presets(), ", "))
	case c.Preset == "" && (c.Format < CAP || c.Format > PEWS):
		bad("no format: use a preset (%s), or cap, usgs, p2pquake or pews with an address", strings.Join(Presets(), ", "))
	case c.Preset == "":
		if err := checkURL(c.Format, c.URL); err != nil {
			errs = append(errs, err)
		}
	}
	c = c.withDefaults()
	if c.Every < minEvery || c.Every > maxEvery {
		bad("every %s: must be %s to %s", c.Every, minEvery, maxEvery)
	}
	if c.Replay != nil {
		switch {
		case c.Format != PEWS:
			bad("a replay of %s: only pews has replays", c.Format)
		case strings.Trim(c.Replay.Number, "0123456789") != "" || len(c.Replay.Number) != 10 || c.Replay.From.IsZero():
			bad("replay %q from %s: name an earthquake by its ten digits, and a time", c.Replay.Number, c.Replay.From)
		}
	}
	if err := c.Filter.Validate(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(append(errs, c.unstated()...)...)
}

// unstated finds what a filter asks for and the format never says: such a
// filter would let nothing pass.
func (c Config) unstated() (errs []error) {
	f := c.Filter
	if c.Format != CAP && (f.Severity != 0 || f.Urgency != 0 || f.Certainty != 0) {
		errs = append(errs, fmt.Errorf("severity, urgency and certainty: only cap says them, %s does not; use magnitude or within", c.Format))
	}
	if c.Format == USGS && len(f.Regions) > 0 {
		errs = append(errs, errors.New("regions: usgs names none; use within"))
	}
	return errs
}

func checkURL(f Format, raw string) error {
	if raw == "" {
		return fmt.Errorf("no address: add the URL of the %s feed", f)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return errors.New("the address cannot be read: write it as https://host/path") // err has all of it, secrets too
	}
	want := []string{"http", "https"}
	if f == P2PQuake {
		want = []string{"ws", "wss"}
	}
	switch {
	case !slices.Contains(want, u.Scheme) || u.Host == "":
		return fmt.Errorf("the address of a %s feed must begin with %s://", f, strings.Join(want, ":// or "))
	case u.User != nil:
		return errors.New("a user or password in the address: send it in a header, addresses are shown")
	case f == PEWS && (!strings.HasSuffix(u.Path, "/") || u.RawQuery != ""):
		return errors.New("the address of a pews feed must end with a slash: it is a folder")
	}
	return nil
}

// withDefaults also puts the preset's format and address in.
func (c Config) withDefaults() Config {
	name := c.Preset
	if name == "usgs" {
		switch m := c.Filter.Magnitude; {
		case m >= 4.5:
			name = "usgs-4.5"
		case m >= 2.5:
			name = "usgs-2.5"
		default:
			name = "usgs-all"
		}
	}
	for _, p := range presets {
		if p.name == name {
			c.Format, c.URL = p.format, p.url
		}
	}
	if c.Every == 0 {
		c.Every = DefaultEvery
	}
	return c
}
