package captcha

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/daero/daero/captcha/pow"
)

// Config describes a Platform.
type Config struct {
	// Secrets sign ids and tokens: the first signs, all are known. Gateways that
	// share a ledger share them too. At least one, of 16 bytes or more. To change
	// one, put the new one behind the old at all gateways, then before it, and
	// take the old one away ten minutes later.
	Secrets [][]byte
	Sites   Sites
	Ledger  Ledger
	// Sources by mode. A mode without one is not offered.
	Sources map[Mode]Source
	// TestKeys puts the published test keys in force: see testkeys.go. Whoever
	// knows them passes, at sites that are set to their secrets.
	TestKeys bool
	// Lock makes the proof of work out of a secret, and Squarings how many take so
	// many milliseconds. Default: [pow.New] and [pow.Squarings].
	Lock      func(secret []byte) Lock
	Squarings func(ms int) int
	// Tell is told what happens, for metrics; it must not wait. May be nil.
	Tell func(Event)
}

// Lock is a proof of work, as [pow.Lock] is.
type Lock interface {
	// Task returns n and x of a challenge, in lower-case hexadecimal.
	Task(seed []byte) (n, x string)
	// Check reports whether y is x^(2^t) mod n.
	Check(seed []byte, t int, y string) bool
}

// Event is something that happened, for whoever counts.
type Event struct {
	Name string // as Count.Name
	Kind Kind
	Took time.Duration // from shown to solved, 0 where it says nothing
}

// Platform gives challenges and checks tokens. It is safe for concurrent use.
type Platform struct {
	cfg    Config
	mint   mint
	sites  *siteCache
	stats  *counts
	sounds *sounds
	press  atomic.Int64
}

// Refusal is an error that a caller may be told, with its cure.
type Refusal struct {
	Status int           // of HTTP: 400, 403, 404, 409, 410, 413, 429, 503
	Code   string        // fixed: see refusals.go
	Text   string        // a sentence that names the cure
	After  time.Duration // when to come back, 0 where that would not help
}

// Error implements error.
func (r *Refusal) Error() string { return r.Text }

// mostPress bounds Press: beyond it people leave.
const mostPress = 30 * time.Second

// New returns a Platform.
func New(cfg Config) (*Platform, error) {
	var all []error
	if len(cfg.Secrets) == 0 || len(cfg.Secrets) > maxSecrets {
		all = append(all, fmt.Errorf("captcha: %d secrets: it needs 1 to %d, of 16 random bytes or more", len(cfg.Secrets), maxSecrets))
	}
	for i, s := range cfg.Secrets {
		if len(s) < 16 {
			all = append(all, fmt.Errorf("captcha: secret %d has %d bytes: take 16 or more, at random", i+1, len(s)))
		}
	}
	if cfg.Sites == nil {
		all = append(all, errors.New("captcha: no store of sites: set Sites"))
	}
	if cfg.Ledger == nil {
		all = append(all, errors.New("captcha: no ledger: set Ledger, to NewMemory(nil, 0) for one gateway"))
	}
	if err := errors.Join(all...); err != nil {
		return nil, err
	}
	if cfg.Lock == nil {
		cfg.Lock = func(secret []byte) Lock { return pow.New(secret) }
	}
	if cfg.Squarings == nil {
		cfg.Squarings = pow.Squarings
	}
	p := &Platform{cfg: cfg, sites: newSiteCache(cfg.Sites), stats: newCounts(cfg.Sites), sounds: newSounds()}
	for _, s := range cfg.Secrets {
		p.mint = append(p.mint, deriveKeys(s, cfg.Lock))
	}
	return p, nil
}

// Press sets how long the proof of work takes at least, at all sites: in a surge
// of real people nobody is asked anything, and the delay spreads them. It never
// makes a site's own shorter, and is at most 30 s. 0 ends it.
func (p *Platform) Press(least time.Duration) {
	p.press.Store(int64(min(max(least, 0), mostPress)))
}

// sweeper is a ledger that is cleaned by whoever owns it.
type sweeper interface{ Sweep() }

// Run counts into the store and cleans up until ctx ends; then it counts once
// more what is left.
func (p *Platform) Run(ctx context.Context) error {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	s, sweeps := p.cfg.Ledger.(sweeper)
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
			defer cancel()
			return p.stats.flush(last)
		case <-second.C:
		}
		if sweeps {
			s.Sweep()
		}
		if n%flushSeconds == 0 {
			flush, cancel := context.WithTimeout(ctx, flushTimeout)
			_ = p.stats.flush(flush) // kept, and tried again
			cancel()
		}
	}
}

// tell counts an event at a site.
func (p *Platform) tell(site string, e Event, now time.Time) {
	if _, test := p.testKey(site); !test { // no store has it
		p.stats.add(site, e.Name, 1, now)
	}
	if p.cfg.Tell != nil {
		p.cfg.Tell(e)
	}
}
