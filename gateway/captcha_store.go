package gateway

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/captcha"
	"github.com/daero/daero/driver/postgres"
	"github.com/daero/daero/driver/sqlite"
)

// errStoreEnded is what a store says whose configuration has ended.
var errStoreEnded = fmt.Errorf("%w: the configuration has ended", store.ErrUnavailable)

// captchaSites keeps sites and what is counted about them, in SQLite or
// PostgreSQL. It outlives reloads that keep it.
type captchaSites struct {
	lazy   lazy[captcha.Sites]
	counts *captchaCounts
}

// openSites opens the file, or connects.
func openSites(cfg *CaptchaConfig, dir, url string) func(context.Context) (captcha.Sites, func(), error) {
	if url == "" {
		path := cfg.SQLite
		if path == "" {
			path = filepath.Join(dir, sqlite.File)
		}
		return func(ctx context.Context) (captcha.Sites, func(), error) {
			file, err := sqlite.Open(context.WithoutCancel(ctx), path)
			if err != nil {
				return nil, nil, err
			}
			return file, func() { _ = file.Close() }, nil // everything in it is on disk
		}
	}
	return func(ctx context.Context) (captcha.Sites, func(), error) {
		db, err := postgres.Open(postgres.Config{URL: url})
		if err != nil {
			return nil, nil, err
		}
		if err := db.Migrate(ctx); err != nil {
			db.Close()
			return nil, nil, err
		}
		return db.Sites(), db.Close, nil
	}
}

// Destruct implements caddy.Destructor.
func (s *captchaSites) Destruct() error {
	s.lazy.end(errStoreEnded)
	return nil
}

// with asks the store, and counts when it does not answer.
func (s *captchaSites) with(ctx context.Context, ask func(captcha.Sites) error) error {
	sites, err := s.lazy.get(ctx)
	if err == nil {
		err = ask(sites)
	} else if !errors.Is(err, store.ErrUnavailable) {
		err = fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	switch {
	case err == nil, errors.Is(err, captcha.ErrNoSite), errors.Is(err, captcha.ErrSiteExists), errors.Is(err, captcha.ErrSiteChanged), ctx.Err() != nil:
	default:
		s.counts.storeFailed.Add(1)
	}
	return err
}

// AddSite implements captcha.SiteStore.
func (s *captchaSites) AddSite(ctx context.Context, site captcha.Site) error {
	return s.with(ctx, func(sites captcha.Sites) error { return sites.AddSite(ctx, site) })
}

// Site implements captcha.SiteStore.
func (s *captchaSites) Site(ctx context.Context, key string) (site captcha.Site, err error) {
	err = s.with(ctx, func(sites captcha.Sites) (err error) { site, err = sites.Site(ctx, key); return err })
	return site, err
}

// SiteBySecret implements captcha.SiteStore.
func (s *captchaSites) SiteBySecret(ctx context.Context, hash [32]byte) (site captcha.Site, err error) {
	err = s.with(ctx, func(sites captcha.Sites) (err error) { site, err = sites.SiteBySecret(ctx, hash); return err })
	return site, err
}

// AllSites implements captcha.SiteStore.
func (s *captchaSites) AllSites(ctx context.Context) (all []captcha.Site, err error) {
	err = s.with(ctx, func(sites captcha.Sites) (err error) { all, err = sites.AllSites(ctx); return err })
	return all, err
}

// ChangeSite implements captcha.SiteStore.
func (s *captchaSites) ChangeSite(ctx context.Context, site captcha.Site, was time.Time) error {
	return s.with(ctx, func(sites captcha.Sites) error { return sites.ChangeSite(ctx, site, was) })
}

// RemoveSite implements captcha.SiteStore.
func (s *captchaSites) RemoveSite(ctx context.Context, key string) error {
	return s.with(ctx, func(sites captcha.Sites) error { return sites.RemoveSite(ctx, key) })
}

// bin asks the store for sites that were taken away.
func (s *captchaSites) bin(ctx context.Context, ask func(captcha.SiteBin) error) error {
	return s.with(ctx, func(sites captcha.Sites) error {
		bin, ok := sites.(captcha.SiteBin)
		if !ok {
			return captcha.ErrNoSite // both of our stores have one
		}
		return ask(bin)
	})
}

// RetireSite implements captcha.SiteBin.
func (s *captchaSites) RetireSite(ctx context.Context, key string, was, at time.Time) error {
	return s.bin(ctx, func(b captcha.SiteBin) error { return b.RetireSite(ctx, key, was, at) })
}

// RestoreSite implements captcha.SiteBin.
func (s *captchaSites) RestoreSite(ctx context.Context, key string, since time.Time) error {
	return s.bin(ctx, func(b captcha.SiteBin) error { return b.RestoreSite(ctx, key, since) })
}

// RetiredSites implements captcha.SiteBin.
func (s *captchaSites) RetiredSites(ctx context.Context, since time.Time) (all []captcha.Site, err error) {
	err = s.bin(ctx, func(b captcha.SiteBin) (err error) { all, err = b.RetiredSites(ctx, since); return err })
	return all, err
}

// AddCounts implements captcha.CountStore.
func (s *captchaSites) AddCounts(ctx context.Context, all []captcha.Count) error {
	return s.with(ctx, func(sites captcha.Sites) error { return sites.AddCounts(ctx, all) })
}

// Counts implements captcha.CountStore.
func (s *captchaSites) Counts(ctx context.Context, site string, from, to time.Time) (all []captcha.Count, err error) {
	err = s.with(ctx, func(sites captcha.Sites) (err error) { all, err = sites.Counts(ctx, site, from, to); return err })
	return all, err
}

// Counts are kept as long as the API shows them, and looked through once an hour,
// since sites that were removed are gone after a day.
const (
	countsKept = 400 * 24 * time.Hour
	pruneEvery = time.Hour
)

// prune forgets old counts, and sites that do not come back, until ctx ends.
func (s *captchaSites) prune(ctx context.Context) {
	again := time.NewTicker(pruneEvery)
	defer again.Stop()
	for {
		_ = s.pruneBefore(ctx, time.Now()) // in an hour is as good
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

func (s *captchaSites) pruneBefore(ctx context.Context, now time.Time) error {
	return s.with(ctx, func(sites captcha.Sites) error {
		pruner, ok := sites.(interface {
			PruneCounts(ctx context.Context, before time.Time) (int, error)
			PruneSites(ctx context.Context, before time.Time) (int, error)
		})
		if !ok {
			return nil
		}
		_, counts := pruner.PruneCounts(ctx, now.Add(-countsKept))
		_, gone := pruner.PruneSites(ctx, now.Add(-api.RestorableFor))
		return errors.Join(counts, gone)
	})
}

// gateKey is the site key of the gate, which asks whom the playbook challenges.
// It is public, and the same everywhere.
const gateKey = "daero-gate-site-key--who-is-challenged-0"

// gateSites are the sites with the gate's among them. That one is made where there
// is none yet, so that its policy can be changed like that of any other; it is
// shown on every page of ours, its secret follows from the gateway's own, and it
// is there while the store is away.
type gateSites struct {
	captcha.Sites
	hash [sha256.Size]byte
}

// Site implements captcha.SiteStore.
func (g *gateSites) Site(ctx context.Context, key string) (captcha.Site, error) {
	site, err := g.Sites.Site(ctx, key)
	if key != gateKey {
		return site, err
	}
	if errors.Is(err, captcha.ErrNoSite) {
		site, err = g.make(ctx)
	}
	if err != nil {
		site = captcha.Site{Key: gateKey, Name: gateName}
	}
	site.Hosts, site.Disabled = []string{captcha.AnyHost, "app:"}, false // disabled, it would shut people out
	site.Secrets = []captcha.Secret{{Hash: g.hash, Created: site.Created}}
	return site, nil
}

const gateName = "who is challenged"

// make makes the gate's site.
func (g *gateSites) make(ctx context.Context) (captcha.Site, error) {
	site, _ := captcha.NewSite(gateName, nil, time.Now()) // nobody needs the secret
	site.Key = gateKey
	err := g.Sites.AddSite(ctx, site)
	if errors.Is(err, captcha.ErrSiteExists) { // another gateway was first
		return g.Sites.Site(ctx, gateKey)
	}
	return site, err
}

// SiteBySecret implements captcha.SiteStore.
func (g *gateSites) SiteBySecret(ctx context.Context, hash [sha256.Size]byte) (captcha.Site, error) {
	if hash == g.hash {
		return g.Site(ctx, gateKey)
	}
	return g.Sites.SiteBySecret(ctx, hash)
}
