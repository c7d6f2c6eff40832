package gateway

import (
	"context"
	"sync"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/mapquiz"
	"github.com/daero/daero/captcha/mapquiz/osm"
	"github.com/daero/daero/driver/valkey"
)

// captchaParts are what outlives reloads that keep it: stores, ledgers and drawn
// maps, each by a key that tells configurations apart.
var captchaParts = caddy.NewUsagePool()

// use takes a part that is there, or makes it; leave gives it back.
func use[T caddy.Destructor](key string, build func() (T, error)) (part T, leave func(), err error) {
	v, _, err := captchaParts.LoadOrNew(key, func() (caddy.Destructor, error) { return build() })
	if err != nil {
		return part, nil, err
	}
	return v.(T), sync.OnceFunc(func() { _, _ = captchaParts.Delete(key) }), nil // what ends says so itself
}

// captchaMaps draws maps ahead.
type captchaMaps struct {
	*mapquiz.Source
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// newMaps reads the streets, if there are any, and begins to draw.
func newMaps(ctx context.Context, cfg *CaptchaConfig, file string) (*captchaMaps, error) {
	made := mapquiz.Config{Maps: cfg.Pool}
	if file != "" {
		streets, err := osm.LoadFile(ctx, file, osm.Limits{})
		if err != nil {
			return nil, err
		}
		made.Streets = streets
	}
	source, err := mapquiz.New(made)
	if err != nil {
		return nil, err
	}
	m := &captchaMaps{Source: source}
	running, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	m.wg.Go(func() { _ = source.Run(running) }) // it ends when we say so
	return m, nil
}

// Destruct implements caddy.Destructor.
func (m *captchaMaps) Destruct() error {
	m.cancel()
	m.wg.Wait()
	return nil
}

// inValkey is a ledger for several gateways. It connects with the first question.
func inValkey(url string) func(context.Context) (captcha.Ledger, func(), error) {
	return func(context.Context) (captcha.Ledger, func(), error) {
		l, err := valkey.Open(valkey.Config{URL: url})
		if err != nil {
			return nil, nil, err
		}
		return l, func() { _ = l.Close() }, nil // what was asked of it was answered
	}
}
