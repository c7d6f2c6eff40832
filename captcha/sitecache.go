package captcha

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// siteFresh is how long a site is not asked for again: what is changed is in
	// force two seconds later everywhere.
	siteFresh = 2 * time.Second
	// siteStale is how long one is good while the store is away.
	siteStale = time.Minute
	// maxSites are held, and as many keys that are nobody's. Full, a half of them
	// is forgotten, whichever: they are asked for again.
	maxSites = 4096
)

// siteCache keeps sites for a moment: a token is checked without asking the
// store.
type siteCache struct {
	store SiteStore
	mu    sync.RWMutex
	known map[string]cached // by key, or by a secret's hash
	none  map[string]time.Time
}

type cached struct {
	site *Site // not to be changed
	at   time.Time
}

func newSiteCache(store SiteStore) *siteCache {
	return &siteCache{store: store, known: map[string]cached{}, none: map[string]time.Time{}}
}

func (c *siteCache) byKey(ctx context.Context, key string, now time.Time) (*Site, error) {
	return c.find("k"+key, now, func() (Site, error) { return c.store.Site(ctx, key) })
}

func (c *siteCache) bySecret(ctx context.Context, hash [32]byte, now time.Time) (*Site, error) {
	return c.find("s"+string(hash[:]), now, func() (Site, error) { return c.store.SiteBySecret(ctx, hash) })
}

func fresh(at, now time.Time, life time.Duration) bool {
	age := now.Sub(at)
	return age >= 0 && age < life // a clock that was set back makes nothing last
}

func (c *siteCache) find(name string, now time.Time, ask func() (Site, error)) (*Site, error) {
	c.mu.RLock()
	old, known := c.known[name]
	none, isNone := c.none[name]
	c.mu.RUnlock()
	if known && fresh(old.at, now, siteFresh) {
		return old.site, nil
	}
	if isNone && fresh(none, now, siteFresh) {
		return nil, ErrNoSite
	}
	s, err := ask()
	switch {
	case err == nil:
	case errors.Is(err, ErrNoSite):
		c.mu.Lock()
		defer c.mu.Unlock()
		halve(c.none)
		c.none[name] = now
		delete(c.known, name)
		return nil, ErrNoSite
	case known && fresh(old.at, now, siteStale):
		return old.site, nil
	default:
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	halve(c.known)
	c.known[name] = cached{&s, now}
	delete(c.none, name)
	return &s, nil
}

func halve[V any](m map[string]V) {
	if len(m) < maxSites {
		return
	}
	for name := range m {
		if delete(m, name); len(m) <= maxSites/2 {
			return
		}
	}
}
