package gateway

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero"
	"github.com/daero/daero/api"
	"github.com/daero/daero/captcha"
	"github.com/daero/daero/level"
)

// captchaHost is what outlives a reload of the CAPTCHA besides what its parts
// hold: what was counted, and what the playbook asks for.
type captchaHost struct {
	counts captchaCounts

	mu       sync.Mutex
	running  []*captchaRunning // of configurations in force, the newest last
	least    time.Duration     // that the work takes, as the playbook has it
	pressure float64           // 0 to 1
}

// begin puts what runs in force until undo is called.
func (h *captchaHost) begin(c *captchaRunning) (undo func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = append(h.running, c)
	c.press(h.least, h.pressure)
	return sync.OnceFunc(func() {
		h.mu.Lock()
		h.running = slices.DeleteFunc(h.running, func(other *captchaRunning) bool { return other == c })
		h.mu.Unlock()
		c.end()
	})
}

// newest is what the newest configuration runs, nil for none.
func (h *captchaHost) newest() *captchaRunning {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.running); n > 0 {
		return h.running[n-1]
	}
	return nil
}

// pressed makes the work take at least so long.
func (h *captchaHost) pressed(least time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.least = least
	for _, c := range h.running {
		c.press(h.least, h.pressure)
	}
}

// changed draws fewer maps ahead while the level is high.
func (h *captchaHost) changed(ch level.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pressure = float64(ch.To) / float64(level.Count-1)
	for _, c := range h.running {
		c.press(h.least, h.pressure)
	}
}

// api is the CAPTCHA as the API needs it, nil without one.
func (h *captchaHost) api() *api.Captcha {
	c := h.newest()
	if c == nil {
		return nil
	}
	return &api.Captcha{Sites: c.store, Base: c.base, Counted: h.counts.passes}
}

// captchaCounts counts what happens at all sites of this process.
type captchaCounts struct {
	ledgerFailed, storeFailed atomic.Uint64

	mu     sync.Mutex
	events map[string]uint64 // by Event.Name, which is from a fixed set
	took   [len(solveBuckets) + 1]uint64
	tookIn time.Duration
}

// solveBuckets are bounds of how long questions take, in seconds.
var solveBuckets = [...]float64{2, 5, 8, 12, 20, 40, 80}

// mostEvents bounds the names, should they ever come from elsewhere.
const mostEvents = 256

// tell counts an event.
func (c *captchaCounts) tell(e captcha.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.events == nil {
		c.events = map[string]uint64{}
	}
	if _, known := c.events[e.Name]; known || len(c.events) < mostEvents {
		c.events[e.Name]++
	}
	if e.Took > 0 && strings.HasPrefix(e.Name, captcha.CountSolved) {
		i := 0
		for i < len(solveBuckets) && e.Took.Seconds() > solveBuckets[i] {
			i++
		}
		c.took[i]++
		c.tookIn += e.Took
	}
}

// passes is how many challenges were begun, and how many tokens were given.
func (c *captchaCounts) passes() (issued, passed uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, n := range c.events {
		if strings.HasPrefix(name, captcha.CountSolved) {
			passed += n
		}
	}
	return c.events[captcha.CountIssued], passed
}

// captchaShown is what was counted, at one moment.
type captchaShown struct {
	events map[string]uint64
	took   map[float64]uint64 // cumulative, by bound
	solved uint64
	tookIn time.Duration
}

func (c *captchaCounts) shown() captchaShown {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := captchaShown{events: map[string]uint64{}, took: map[float64]uint64{}, tookIn: c.tookIn}
	maps.Copy(s.events, c.events)
	for i, n := range c.took {
		s.solved += n
		if i < len(solveBuckets) {
			s.took[solveBuckets[i]] = s.solved
		}
	}
	return s
}

// challenger asks for the configuration of an app: a lane's handler is made
// before anything runs.
type challenger struct{ app *App }

// Cleared implements daero.Challenger.
func (c challenger) Cleared(r *http.Request, user uint64) (cleared, known bool) {
	if running := c.app.captcha.Load(); running != nil {
		return running.gate.Cleared(r, user)
	}
	return false, false
}

// Challenge implements daero.Challenger.
func (c challenger) Challenge(w http.ResponseWriter, r *http.Request, lane string, user uint64) (answered bool) {
	running := c.app.captcha.Load()
	return running != nil && running.gate.Challenge(w, asSent(r), lane, user)
}

// asSent is a request with the address that the caller knows: what it was
// rewritten to before it came to the lanes leads nobody back.
func asSent(r *http.Request) *http.Request {
	sent, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request)
	if !ok || sent.RequestURI == "" || sent.RequestURI == r.RequestURI {
		return r
	}
	r = r.WithContext(r.Context()) // a copy: the request is not ours to change
	r.RequestURI = sent.RequestURI
	return r
}

// challenger is who asks for the lanes of this configuration, nil where nobody
// does.
func (a *App) challenger() daero.Challenger {
	if a.Captcha == nil {
		return nil
	}
	return challenger{a}
}
