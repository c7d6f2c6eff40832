package main

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/daero/daero/captcha"
)

// sites are captcha.Sites in memory.
type sites struct {
	mu     sync.Mutex
	byKey  map[string]captcha.Site
	counts map[captcha.Count]int64 // by a Count without its N
}

func newSites() *sites {
	return &sites{byKey: map[string]captcha.Site{}, counts: map[captcha.Count]int64{}}
}

func (s *sites) AddSite(_ context.Context, site captcha.Site) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.byKey[site.Key]; there {
		return captcha.ErrSiteExists
	}
	s.byKey[site.Key] = site
	return nil
}

func (s *sites) Site(_ context.Context, key string) (captcha.Site, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	site, there := s.byKey[key]
	if !there {
		return captcha.Site{}, captcha.ErrNoSite
	}
	return site, nil
}

func (s *sites) SiteBySecret(_ context.Context, hash [32]byte) (captcha.Site, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, site := range s.byKey {
		for _, secret := range site.Secrets {
			if secret.Hash == hash {
				return site, nil
			}
		}
	}
	return captcha.Site{}, captcha.ErrNoSite
}

func (s *sites) AllSites(context.Context) ([]captcha.Site, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]captcha.Site, 0, len(s.byKey))
	for _, site := range s.byKey {
		all = append(all, site)
	}
	slices.SortFunc(all, func(a, b captcha.Site) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key))
	})
	return all, nil
}

func (s *sites) ChangeSite(_ context.Context, site captcha.Site, was time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, there := s.byKey[site.Key]
	switch {
	case !there:
		return captcha.ErrNoSite
	case !old.Changed.Equal(was):
		return captcha.ErrSiteChanged
	}
	s.byKey[site.Key] = site
	return nil
}

func (s *sites) RemoveSite(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.byKey[key]; !there {
		return captcha.ErrNoSite
	}
	delete(s.byKey, key)
	return nil
}

func (s *sites) AddCounts(_ context.Context, all []captcha.Count) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range all {
		n := c.N
		c.N = 0
		s.counts[c] += n
	}
	return nil
}

func (s *sites) Counts(_ context.Context, site string, from, to time.Time) ([]captcha.Count, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []captcha.Count
	for c, n := range s.counts {
		if c.Site == site && !c.Hour.Before(from) && c.Hour.Before(to) {
			c.N = n
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b captcha.Count) int {
		return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Name, b.Name))
	})
	return all, nil
}
