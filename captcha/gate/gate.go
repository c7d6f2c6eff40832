package gate

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/daero/daero/captcha"
)

// Where things are.
const (
	// Header brings a clearance, for programs.
	Header = "Daero-Clearance"
	// Cookie brings it, for browsers.
	Cookie = "daero_clearance"
	// ClearPath takes a token and gives a clearance.
	ClearPath = "/daero/captcha/clear"
	// ScriptPath is the page's script.
	ScriptPath = "/daero/captcha/gate.js"
	// openPath and widgetPath are where a challenge begins, for programs and for
	// browsers: package widget serves them.
	openPath   = "/daero/captcha/challenge"
	widgetPath = "/daero/captcha/api.js"
)

// Bounds of a Config.
const (
	DefaultLife = 30 * time.Minute
	leastLife   = time.Minute
	mostLife    = 24 * time.Hour
	minSecret   = 16
)

// Known is how long after its clearance has ended a device is known.
const Known = 30 * 24 * time.Hour

// Checker redeems tokens; [captcha.Platform] does.
type Checker interface {
	Check(ctx context.Context, c captcha.Check, now time.Time) captcha.Checked
}

// Config describes a Gate.
type Config struct {
	Checker Checker
	// SiteKey and SiteSecret are those of the gate's own site.
	SiteKey, SiteSecret string
	// Secrets sign clearances: the first signs, all are known. Gateways that stand
	// in front of one service share them. At least one, of 16 bytes or more.
	Secrets [][]byte
	// Life is how long a clearance is good for. Default [DefaultLife].
	Life time.Duration
	// Client is the caller's address as the server sees it. Which proxies are
	// believed is the gateway's matter.
	Client func(*http.Request) string
	// Now is the clock. Default [time.Now].
	Now func() time.Time
}

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	var errs []error
	if c.Checker == nil || c.Client == nil || c.SiteKey == "" || c.SiteSecret == "" {
		errs = append(errs, errors.New("captcha gate: set Checker, Client, SiteKey and SiteSecret"))
	}
	if len(c.Secrets) == 0 {
		errs = append(errs, errors.New("captcha gate: no secret: set one of 16 random bytes or more"))
	}
	for _, s := range c.Secrets {
		if len(s) < minSecret {
			errs = append(errs, errors.New("captcha gate: a secret is shorter than 16 bytes: take 16 random ones or more"))
		}
	}
	if c.Life != 0 && (c.Life < leastLife || c.Life > mostLife) {
		errs = append(errs, errors.New("captcha gate: a clearance is good for 1m to 24h: the default is 30m"))
	}
	return errors.Join(errs...)
}

// Gate asks, and knows who was asked. It is safe for concurrent use.
type Gate struct {
	cfg  Config
	keys []key
}

// New returns a Gate. The error names every mistake.
func New(cfg Config) (*Gate, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Life == 0 {
		cfg.Life = DefaultLife
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	g := &Gate{cfg: cfg}
	for _, s := range cfg.Secrets {
		g.keys = append(g.keys, newKey(s))
	}
	return g, nil
}

// Serves reports whether a path is the gate's.
func Serves(path string) bool { return path == ClearPath || path == ScriptPath }

// ServeHTTP implements [http.Handler], for the paths that [Serves] names.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == ScriptPath:
		serveScript(w, r)
	case r.Method == http.MethodPost:
		g.clear(w, r)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		g.cleared(w, r)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		writeProblem(w, r, problem{Kind: "method", Title: "Not so", Status: http.StatusMethodNotAllowed, Detail: "a token is sent by POST"})
	}
}

// Cleared reports whether a request brings a clearance of its caller, and if not
// whether the device had one lately.
func (g *Gate) Cleared(r *http.Request, user uint64) (cleared, known bool) {
	brought := clearances(r)
	if len(brought) == 0 {
		return false, false
	}
	now, host, caller := g.cfg.Now(), hostOf(r), callerOf(user, g.cfg.Client(r))
	for _, c := range brought {
		until, ok := g.look(c, host, caller)
		switch {
		case !ok:
		case now.Before(until):
			return true, true
		case now.Before(until.Add(Known)):
			known = true
		}
	}
	return false, known
}

// maxCookies bounds how many cookies of ours are looked at: a browser sends one,
// and another where somebody has set one for a parent domain.
const maxCookies = 4

// clearances are those that a request brings; a header counts before cookies.
func clearances(r *http.Request) (all []string) {
	if h := r.Header[Header]; len(h) > 0 {
		return h[:1]
	}
	for _, line := range r.Header["Cookie"] {
		for line != "" && len(all) < maxCookies {
			var part string
			part, line, _ = strings.Cut(line, ";")
			if v, ok := strings.CutPrefix(strings.TrimLeft(part, " "), Cookie+"="); ok {
				all = append(all, strings.Trim(v, `" `))
			}
		}
	}
	return all
}

// hostOf is the host that a request is for, as clearances are bound to it.
func hostOf(r *http.Request) string {
	if clean, ok := captcha.CleanHost(r.Host); ok {
		return clean
	}
	return strings.ToLower(r.Host)
}

// Challenge asks: a page for a person with a browser, a problem document for a
// program, a status for gRPC.
func (g *Gate) Challenge(w http.ResponseWriter, r *http.Request, lane string, user uint64) (answered bool) {
	now := g.cfg.Now()
	caller := g.keys[0].tagOf(hostOf(r), callerOf(user, g.cfg.Client(r)))
	switch {
	case isGRPC(r):
		askGRPC(w, lane)
	case toPerson(r):
		back := backOf(r)
		g.askPerson(w, r, page{back: back, ask: g.keys[0].ask(caller, back, now), form: r.Method != http.MethodGet && r.Method != http.MethodHead}, http.StatusForbidden)
	default:
		g.askProgram(w, r, lane, g.keys[0].ask(caller, "", now))
	}
	return true
}
