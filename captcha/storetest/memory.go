package storetest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/daero/daero/captcha"
)

// NewSites returns a store in memory. It is safe for concurrent use.
func NewSites() *Memory {
	return &Memory{sites: map[string]captcha.Site{}, bin: map[string]captcha.Site{}, secrets: map[[32]byte]string{}, counts: map[countKey]int64{}}
}

// Memory keeps sites, and what is counted about them, until the process ends.
type Memory struct {
	mu      sync.Mutex
	sites   map[string]captcha.Site
	bin     map[string]captcha.Site // that were taken away; their counts stay in counts
	secrets map[[32]byte]string     // whose they are
	counts  map[countKey]int64
}

type countKey struct {
	site, name string
	hour       int64
}

var _ interface {
	captcha.Sites
	captcha.SiteBin
} = (*Memory)(nil)

// clone returns a site that shares nothing with s.
func clone(s captcha.Site) captcha.Site {
	s.Hosts, s.Langs, s.Secrets = slices.Clone(s.Hosts), slices.Clone(s.Langs), slices.Clone(s.Secrets)
	if s.Policy.Level != nil {
		level := *s.Policy.Level
		s.Policy.Level = &level
	}
	return s
}

// AddSite implements captcha.SiteStore.
func (m *Memory) AddSite(ctx context.Context, s captcha.Site) error {
	return m.AddSites(ctx, []captcha.Site{s})
}

// AddSites adds many, all or none.
func (m *Memory) AddSites(ctx context.Context, all []captcha.Site) error {
	return m.within(ctx, func() error {
		keys := map[string]bool{}
		for _, s := range all {
			if _, there := m.sites[s.Key]; there || keys[s.Key] || m.taken(s) {
				return captcha.ErrSiteExists
			}
			keys[s.Key] = true
		}
		for _, s := range all {
			if _, was := m.bin[s.Key]; was {
				m.forget(s.Key)
			}
			m.put(s)
		}
		return nil
	})
}

// taken reports whether another site has one of s's secrets.
func (m *Memory) taken(s captcha.Site) bool {
	return slices.ContainsFunc(s.Secrets, func(secret captcha.Secret) bool {
		other, there := m.secrets[secret.Hash]
		return there && other != s.Key
	})
}

// put keeps a site in the place of the one with its key.
func (m *Memory) put(s captcha.Site) {
	m.drop(s.Key)
	m.sites[s.Key] = clone(s)
	for _, secret := range s.Secrets {
		m.secrets[secret.Hash] = s.Key
	}
}

func (m *Memory) drop(key string) {
	for _, secret := range m.sites[key].Secrets {
		delete(m.secrets, secret.Hash)
	}
	delete(m.sites, key)
}

// within runs f alone, unless ctx is over.
func (m *Memory) within(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return f()
}

// Site implements captcha.SiteStore.
func (m *Memory) Site(ctx context.Context, key string) (s captcha.Site, err error) {
	err = m.within(ctx, func() error {
		found, there := m.sites[key]
		if !there {
			return captcha.ErrNoSite
		}
		s = clone(found)
		return nil
	})
	return s, err
}

// SiteBySecret implements captcha.SiteStore.
func (m *Memory) SiteBySecret(ctx context.Context, hash [32]byte) (s captcha.Site, err error) {
	err = m.within(ctx, func() error {
		key, there := m.secrets[hash]
		if !there {
			return captcha.ErrNoSite
		}
		s = clone(m.sites[key])
		return nil
	})
	return s, err
}

// AllSites implements captcha.SiteStore.
func (m *Memory) AllSites(ctx context.Context) (all []captcha.Site, err error) {
	err = m.within(ctx, func() error {
		for _, s := range m.sites {
			all = append(all, clone(s))
		}
		return nil
	})
	slices.SortFunc(all, func(a, b captcha.Site) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Key, b.Key))
	})
	return all, err
}

// ChangeSite implements captcha.SiteStore.
func (m *Memory) ChangeSite(ctx context.Context, s captcha.Site, was time.Time) error {
	return m.within(ctx, func() error {
		old, there := m.sites[s.Key]
		switch {
		case !there:
			return captcha.ErrNoSite
		case !old.Changed.Equal(was):
			return captcha.ErrSiteChanged
		case m.taken(s):
			return captcha.ErrSiteExists
		}
		m.put(s)
		return nil
	})
}

// RemoveSite implements captcha.SiteStore.
func (m *Memory) RemoveSite(ctx context.Context, key string) error {
	return m.within(ctx, func() error {
		if _, there := m.sites[key]; !there {
			return captcha.ErrNoSite
		}
		m.drop(key)
		m.forget(key)
		return nil
	})
}

// forget takes a site out of the bin, and its counts.
func (m *Memory) forget(key string) {
	delete(m.bin, key)
	maps.DeleteFunc(m.counts, func(k countKey, _ int64) bool { return k.site == key })
}

// RetireSite implements captcha.SiteBin.
func (m *Memory) RetireSite(ctx context.Context, key string, was, at time.Time) error {
	return m.within(ctx, func() error {
		s, there := m.sites[key]
		switch {
		case !there:
			return captcha.ErrNoSite
		case !s.Changed.Equal(was):
			return captcha.ErrSiteChanged
		}
		m.drop(key)
		s.Retired = at
		m.bin[key] = s
		return nil
	})
}

// RestoreSite implements captcha.SiteBin.
func (m *Memory) RestoreSite(ctx context.Context, key string, since time.Time) error {
	return m.within(ctx, func() error {
		if _, there := m.sites[key]; there {
			return captcha.ErrSiteExists
		}
		s, there := m.bin[key]
		if !there || s.Retired.Before(since) {
			return captcha.ErrNoSite
		}
		delete(m.bin, key)
		s.Retired = time.Time{}
		m.put(s)
		return nil
	})
}

// RetiredSites implements captcha.SiteBin.
func (m *Memory) RetiredSites(ctx context.Context, since time.Time) (all []captcha.Site, err error) {
	err = m.within(ctx, func() error {
		for _, s := range m.bin {
			if !s.Retired.Before(since) {
				all = append(all, clone(s))
			}
		}
		return nil
	})
	slices.SortFunc(all, func(a, b captcha.Site) int {
		return cmp.Or(b.Retired.Compare(a.Retired), strings.Compare(a.Key, b.Key))
	})
	return all, err
}

// PruneSites forgets sites that were taken away before a time.
func (m *Memory) PruneSites(ctx context.Context, before time.Time) (n int, err error) {
	err = m.within(ctx, func() error {
		for key, s := range m.bin {
			if s.Retired.Before(before) {
				m.forget(key)
				n++
			}
		}
		return nil
	})
	return n, err
}

// AddCounts implements captcha.CountStore.
func (m *Memory) AddCounts(ctx context.Context, all []captcha.Count) error {
	return m.within(ctx, func() error {
		for _, c := range all {
			_, there := m.sites[c.Site]
			if _, was := m.bin[c.Site]; !there && !was {
				return captcha.ErrNoSite
			}
		}
		for _, c := range all {
			m.counts[countKey{c.Site, c.Name, c.Hour.Unix()}] += c.N
		}
		return nil
	})
}

// Counts implements captcha.CountStore.
func (m *Memory) Counts(ctx context.Context, site string, from, to time.Time) (all []captcha.Count, err error) {
	err = m.within(ctx, func() error {
		for k, n := range m.counts {
			if hour := time.Unix(k.hour, 0).UTC(); k.site == site && !hour.Before(from) && hour.Before(to) {
				all = append(all, captcha.Count{Site: site, Hour: hour, Name: k.name, N: n})
			}
		}
		return nil
	})
	slices.SortFunc(all, func(a, b captcha.Count) int {
		return cmp.Or(a.Hour.Compare(b.Hour), strings.Compare(a.Name, b.Name))
	})
	return all, err
}

// PruneCounts forgets what was counted before a time, and says how many.
func (m *Memory) PruneCounts(ctx context.Context, before time.Time) (n int, err error) {
	err = m.within(ctx, func() error {
		held := len(m.counts)
		maps.DeleteFunc(m.counts, func(k countKey, _ int64) bool { return time.Unix(k.hour, 0).Before(before) })
		n = held - len(m.counts)
		return nil
	})
	return n, err
}
