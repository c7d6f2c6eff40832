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
	// siteAsk is how long the store may take. Who began to ask for all others may
	// have gone away by then.
	siteAsk = 5 * time.Second
	// maxSites are held, and as many keys that are nobody's. Full, a half of them
	// is forgotten, whichever: they are asked for again.
	maxSites = 4096
)

// siteCache keeps sites for a moment: a token is checked without asking the
// store. Once that is over one caller asks again, and the others take what was
// known meanwhile: a store that hangs holds up one in two seconds, not all.
type siteCache struct {
	store SiteStore
	mu    sync.RWMutex
	known map[string]cached // by key, or by a secret's hash
	none  map[string]time.Time
}

type cached struct {
	site *Site // not to be changed
	at   time.Time
	// asked is when somebody went to ask for it again, zero for nobody.
	asked time.Time
}

func newSiteCache(store SiteStore) *siteCache {
	return &siteCache{store: store, known: map[string]cached{}, none: map[string]time.Time{}}
}

func (c *siteCache) byKey(ctx context.Context, key string, now time.Time) (*Site, error) {
	return c.find(ctx, "k"+key, now, func(ctx context.Context) (Site, error) { return c.store.Site(ctx, key) })
}

func (c *siteCache) bySecret(ctx context.Context, hash [32]byte, now time.Time) (*Site, error) {
	return c.find(ctx, "s"+string(hash[:]), now, func(ctx context.Context) (Site, error) { return c.store.SiteBySecret(ctx, hash) })
}

func fresh(at, now time.Time, life time.Duration) bool {
	age := now.Sub(at)
	return age >= 0 && age < life // a clock that was set back makes nothing last
}

func (c *siteCache) find(ctx context.Context, name string, now time.Time, ask func(context.Context) (Site, error)) (*Site, error) {
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
	stale := known && fresh(old.at, now, siteStale)
	if stale {
		if !c.mayAsk(name, old, now) {
			return old.site, nil
		}
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), siteAsk)
		defer cancel()
		ctx = within
	}
	s, err := ask(ctx)
	switch {
	case err == nil:
	case errors.Is(err, ErrNoSite):
		c.mu.Lock()
		defer c.mu.Unlock()
		halve(c.none)
		c.none[name] = now
		delete(c.known, name)
		return nil, ErrNoSite
	case stale:
		return old.site, nil
	default:
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	halve(c.known)
	c.known[name] = cached{site: &s, at: now}
	delete(c.none, name)
	return &s, nil
}

// mayAsk reports whether the caller is the one who asks again for what is known.
func (c *siteCache) mayAsk(name string, old cached, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e, known := c.known[name]; {
	case !known: // it is gone, or was forgotten
		return true
	case e.site != old.site || fresh(e.asked, now, siteFresh): // somebody was quicker
		return false
	}
	old.asked = now
	c.known[name] = old
	return true
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
