package gateway

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/audio"
	"github.com/daero/daero/captcha/gate"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/siteverify"
	"github.com/daero/daero/captcha/widget"
	"github.com/daero/daero/driver/postgres"
	"github.com/daero/daero/driver/valkey"
	"github.com/daero/daero/web"
)

// captchaPlan is what one configuration asks of the CAPTCHA, with placeholders
// replaced.
type captchaPlan struct {
	cfg                        *CaptchaConfig
	postgres, valkey, osm, dir string
	base                       string
}

// provisionCaptcha draws the CAPTCHA up and contacts nobody.
func (a *App) provisionCaptcha(ctx caddy.Context) error {
	if a.Captcha == nil {
		return nil
	}
	if errs := a.drawCaptcha(); len(errs) > 0 {
		return joinMistakes(errs)
	}
	m := &making{repl: caddy.NewReplacer()}
	p := &captchaPlan{cfg: a.Captcha, dir: dataDir(ctx.Storage())}
	bad := func(what string, err error) error {
		return mistakeAt(a.Captcha.Where, fmt.Sprintf("captcha: %s: %v", what, err))
	}
	for _, t := range []struct {
		name, from string
		into       *string
	}{
		{"postgres", a.Captcha.Postgres, &p.postgres},
		{"valkey", a.Captcha.Valkey, &p.valkey},
		{"osm", a.Captcha.OSM, &p.osm},
		{"base", a.Captcha.Base, &p.base},
	} {
		var err error
		if *t.into, err = m.optional(t.from); err != nil {
			return bad(t.name, err)
		}
	}
	if p.postgres != "" {
		db, err := postgres.Open(postgres.Config{URL: p.postgres}) // it connects with the first question
		if err != nil {
			return bad("postgres", err)
		}
		db.Close()
	}
	if p.valkey != "" {
		l, err := valkey.Open(valkey.Config{URL: p.valkey}) // likewise
		if err != nil {
			return bad("valkey", err)
		}
		_ = l.Close() // it was never open
	}
	if p.osm != "" {
		if _, err := os.Stat(p.osm); err != nil {
			return bad("osm", err)
		}
	}
	p.base = strings.TrimSuffix(p.base, "/")
	a.captchaPlan = p
	return nil
}

// captchaRunning is the CAPTCHA of one configuration that is in force.
type captchaRunning struct {
	base     string
	platform *captcha.Platform
	store    *captchaSites
	maps     *captchaMaps
	gate     *gate.Gate
	widget   *widget.Handler
	verify   http.Handler

	leave  []func() // parts
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// beginCaptcha puts the CAPTCHA in force.
func (a *App) beginCaptcha(secrets [][]byte) error {
	if a.captchaPlan == nil {
		return nil
	}
	c, err := a.makeCaptcha(a.captchaPlan, secrets)
	if err != nil {
		c.end()
		return fmt.Errorf("captcha: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.wg.Go(func() { _ = c.platform.Run(ctx) }) // what it could not count it has said, by counting
	c.wg.Go(func() { c.store.prune(ctx) })
	if url := a.captchaPlan.valkey; url != "" {
		c.wg.Go(func() { checkValkey(ctx, url, a.log) })
		if len(a.Secrets) == 0 {
			a.log.Warn("captcha: gateways that share a ledger share the secret too, or none knows the others' tokens: add \"secret {env.DAERO_SECRET}\" to the global option daero")
		}
	}
	a.captcha.Store(c) // for good: requests that are under way when it ends are answered
	a.undo = append(a.undo, a.rt.captcha.begin(c))
	a.sayCaptcha(c)
	return nil
}

// makeCaptcha makes it of its parts. On error what was taken is in c all the
// same.
func (a *App) makeCaptcha(p *captchaPlan, secrets [][]byte) (c *captchaRunning, err error) {
	c = &captchaRunning{base: p.base}
	counts := &a.rt.captcha.counts
	store, leave, err := use(keyOf("store", p.cfg.SQLite, p.postgres, p.dir), func() (*captchaSites, error) {
		return &captchaSites{lazy: lazy[captcha.Sites]{open: openSites(p.cfg, p.dir, p.postgres)}, counts: counts}, nil
	})
	if err != nil {
		return c, err
	}
	c.store, c.leave = store, append(c.leave, leave)
	ledger, leave, err := use(keyOf("ledger", p.valkey), func() (*captchaLedger, error) {
		open := inMemory
		if p.valkey != "" {
			open = inValkey(p.valkey)
		}
		return &captchaLedger{lazy: lazy[captcha.Ledger]{open: open}, counts: counts}, nil
	})
	if err != nil {
		return c, err
	}
	c.leave = append(c.leave, leave)
	if c.maps, leave, err = use(keyOf("maps", p.cfg.Pool, p.osm), func() (*captchaMaps, error) { return newMaps(a.ctx, p.cfg, p.osm) }); err != nil {
		return c, fmt.Errorf("osm: %w", err)
	}
	c.leave = append(c.leave, leave)
	return c, a.assembleCaptcha(c, p, ledger, secrets)
}

// assembleCaptcha makes the platform, and what serves it.
func (a *App) assembleCaptcha(c *captchaRunning, p *captchaPlan, ledger captcha.Ledger, secrets [][]byte) (err error) {
	forPlatform, forGate := make([][]byte, len(secrets)), make([][]byte, len(secrets))
	for i, s := range secrets {
		forPlatform[i], forGate[i] = derived(s, "daero/captcha.key"), derived(s, "daero/captcha-gate.key")
	}
	gateSecret := hex.EncodeToString(derived(secrets[0], "daero/captcha-gate-site.key"))
	c.platform, err = captcha.New(captcha.Config{
		Secrets: forPlatform, Sites: &gateSites{Sites: c.store, hash: captcha.HashSecret(gateSecret)}, Ledger: ledger,
		Sources:  map[captcha.Mode]captcha.Source{captcha.Click: c.maps, captcha.Text: c.maps, captcha.Sound: audio.Source{}},
		TestKeys: p.cfg.TestKeys, Tell: a.rt.captcha.counts.tell,
	})
	if err != nil {
		return err
	}
	c.gate, err = gate.New(gate.Config{
		Checker: c.platform, SiteKey: gateKey, SiteSecret: gateSecret, Secrets: forGate, Life: time.Duration(p.cfg.Clearance), Client: clientOf,
	})
	if err != nil {
		return err
	}
	c.verify = siteverify.New(siteverify.Config{Checker: c.platform})
	few := a.log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core { return zapcore.NewSamplerWithOptions(core, time.Second, 10, 0) }))
	c.widget, err = widget.New(widget.Config{Platform: c.platform, Client: clientOf, Refused: func(r widget.Refused) {
		if r.Cause != nil {
			few.Warn("the captcha could not answer", zap.String("reference", r.Reference), zap.String("code", r.Code), zap.Error(r.Cause))
		}
	}})
	return err
}

// ServeHTTP implements http.Handler.
func (c *captchaRunning) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case siteverify.Serves(r.URL.Path):
		c.verify.ServeHTTP(w, r)
	case gate.Serves(r.URL.Path):
		c.gate.ServeHTTP(w, r)
	default:
		c.widget.ServeHTTP(w, r)
	}
}

// press passes on what the playbook and the level ask for.
func (c *captchaRunning) press(least time.Duration, pressure float64) {
	c.platform.Press(least)
	c.maps.SetPressure(pressure)
}

// end ends what runs, and gives the parts back.
func (c *captchaRunning) end() {
	if c.cancel != nil {
		c.cancel()
	}
	c.wg.Wait()
	for i := len(c.leave) - 1; i >= 0; i-- {
		c.leave[i]()
	}
	c.leave = nil
}

// sayCaptcha says in the log what visitors will notice.
func (a *App) sayCaptcha(c *captchaRunning) {
	if !city.Hangul() {
		a.log.Warn("captcha: maps are in English: no font with Hangul was found; install fonts-nanum, or build with \"make fonts\"")
	}
	if !c.widget.Built() {
		a.log.Warn("captcha: " + web.Missing)
	}
	if a.Captcha.TestKeys {
		a.log.Warn("captcha: the published test keys are in force: sites that are set to their secrets let everyone pass")
	}
}

// checkValkey says what the server should not do.
func checkValkey(ctx context.Context, url string, log *zap.Logger) {
	l, err := valkey.Open(valkey.Config{URL: url})
	if err != nil {
		return // it was opened before
	}
	defer func() { _ = l.Close() }() // nothing was kept
	warnings, err := l.Check(ctx)
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Error("captcha: the ledger cannot be used yet, and is tried again: no challenge can be given and no token redeemed meanwhile", zap.Error(err))
	}
	for _, w := range warnings {
		log.Warn("captcha: " + w)
	}
}
