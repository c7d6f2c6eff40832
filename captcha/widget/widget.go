package widget

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/web"
)

// Prefix begins the paths of the frame and the protocol.
const Prefix = "/daero/captcha/"

// Scripts are the paths that pages load the script from.
var Scripts = []string{
	"/recaptcha/api.js", "/recaptcha/enterprise.js",
	"/1/api.js", "/1/secure-api.js",
	"/turnstile/v0/api.js",
	Prefix + "api.js",
}

// Platform is what answers: [captcha.Platform].
type Platform interface {
	// Hosts are where a site's widget may be shown.
	Hosts(ctx context.Context, key string, now time.Time) ([]string, error)
	Open(ctx context.Context, o captcha.Opening, now time.Time) (captcha.Reply, error)
	Work(ctx context.Context, id, session, y, address string, now time.Time) (captcha.Reply, error)
	Answer(ctx context.Context, id, session string, g answer.Given, address string, now time.Time) (captcha.Reply, error)
	Switch(ctx context.Context, id, session string, m captcha.Mode, address string, now time.Time) (captcha.Reply, error)
	Extend(ctx context.Context, id, session string, now time.Time) (captcha.Reply, error)
	Media(ctx context.Context, id string, part captcha.Part, now time.Time) (captcha.Media, error)
}

// Config describes a handler.
type Config struct {
	Platform Platform
	// Client is the visitor's address as the server sees it. Which proxies are
	// believed is the gateway's matter. Default: the connection's.
	Client func(*http.Request) string
	// Now is the clock. Default: [time.Now].
	Now func() time.Time
	// Files are those of [web.Widget]. Default: what was built in.
	Files fs.FS
	// Refused is told what was refused, with the reference that the visitor sees
	// and, where there is one, the cause. It must not wait. May be nil.
	Refused func(Refused)
}

// Refused is a request that was not answered as it wished.
type Refused struct {
	Reference string
	Status    int
	Code      string
	Cause     error // nil where the code says it all
}

// Handler serves the widget.
type Handler struct {
	cfg   Config
	files *files // nil where they were not built
	mux   *http.ServeMux
}

// New returns a handler for [Scripts] and everything below [Prefix].
func New(cfg Config) (*Handler, error) {
	if cfg.Platform == nil {
		return nil, fmt.Errorf("captcha widget: no platform: set Platform")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Client == nil {
		cfg.Client = connection
	}
	if cfg.Files == nil {
		if built, ok := web.Widget(); ok {
			cfg.Files = built
		}
	}
	h := &Handler{cfg: cfg, mux: http.NewServeMux()}
	if cfg.Files != nil {
		read, err := readFiles(cfg.Files)
		if err != nil {
			return nil, fmt.Errorf("captcha widget: %w: %s", err, web.Missing)
		}
		h.files = read
	}
	h.routes()
	return h, nil
}

// Built reports whether the browser's files are there. Without them the scripts
// and the frame say how to get them; the protocol works.
func (h *Handler) Built() bool { return h.files != nil }

// Owns reports whether a path is served here.
func Owns(path string) bool { return strings.HasPrefix(path, Prefix) || slices.Contains(Scripts, path) }

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

func (h *Handler) routes() {
	for _, path := range Scripts {
		h.mux.HandleFunc(path, h.script)
	}
	for _, name := range web.WidgetFiles[1:] {
		h.mux.HandleFunc(Prefix+name, func(w http.ResponseWriter, r *http.Request) { h.asset(w, r, name) })
	}
	h.mux.HandleFunc(Prefix+"frame", h.frame)
	h.post(Prefix+"challenge", h.open)
	h.post(Prefix+"challenge/{id}/work", h.work)
	h.post(Prefix+"challenge/{id}/answer", h.answer)
	h.post(Prefix+"challenge/{id}/switch", h.change)
	h.post(Prefix+"challenge/{id}/extend", h.extend)
	h.mux.HandleFunc(Prefix+"challenge/{id}/{part}", h.media)
	h.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		h.refuse(w, &captcha.Refusal{Status: http.StatusNotFound, Code: "not-found", Text: "there is nothing at this path: see the documentation of the captcha"})
	})
}

// connection is the address that a request came from, without its port.
func connection(r *http.Request) string {
	address := r.RemoteAddr
	if i := strings.LastIndexByte(address, ':'); i >= 0 {
		address = address[:i]
	}
	return strings.Trim(address, "[]")
}
