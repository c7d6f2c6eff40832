package alertmanager

import (
	"errors"
	"maps"
	"time"
)

// book has the alerts that fire. It has no clock, and is not safe for
// concurrent use.
type book struct {
	maxAge time.Duration
	groups map[string]map[string]entry // by groupKey, then by fingerprint
	count  int
	turn   uint64    // rises with every change
	heard  time.Time // of the last webhook
}

// entry is one alert that fires.
type entry struct {
	labels map[string]string
	until  time.Time
}

func newBook(maxAge time.Duration) *book {
	return &book{maxAge: maxAge, groups: map[string]map[string]entry{}}
}

var errFull = errors.New("too many alerts fire at a time: group them, or send fewer here")

// take puts a webhook in. Unless alerts were left out of it, it is all that
// there is to know about its group, so that one that comes twice changes
// nothing, but for how long its alerts are believed.
func (b *book) take(now time.Time, p payload) error {
	b.expire(now)
	old := b.groups[p.GroupKey]
	next := make(map[string]entry, len(p.Alerts))
	if p.Truncated > 0 && p.Status == firing {
		maps.Copy(next, old)
	}
	for _, a := range p.Alerts {
		until := now.Add(b.maxAge)
		if a.EndsAt.Year() > 1 && a.EndsAt.Before(until) {
			until = a.EndsAt
		}
		if p.Status == resolved || a.Status == resolved || !now.Before(until) {
			delete(next, a.Fingerprint)
			continue
		}
		next[a.Fingerprint] = entry{a.Labels, until}
	}
	count := b.count - len(old) + len(next)
	if count > maxAlerts && len(next) > len(old) {
		return errFull
	}
	b.count = count
	if b.groups[p.GroupKey] = next; len(next) == 0 {
		delete(b.groups, p.GroupKey)
	}
	b.turn++
	b.heard = now
	return nil
}

// expire drops what is believed no more.
func (b *book) expire(now time.Time) {
	for key, group := range b.groups {
		for f, e := range group {
			if !now.Before(e.until) {
				delete(group, f)
				b.count--
			}
		}
		if len(group) == 0 {
			delete(b.groups, key)
		}
	}
}

// view is what one signal sees, and from when until when that holds if nothing
// is heard.
type view struct {
	value float64
	from  time.Time
	until time.Time // zero: for ever
}

// holds reports whether the view is that of a time: clocks are set back, too.
func (v view) holds(now time.Time) bool {
	return !now.Before(v.from) && (v.until.IsZero() || now.Before(v.until))
}

// look finds what a signal sees. An alert that came in several groups counts
// once.
func (b *book) look(now time.Time, cfg *Config) view {
	v := view{from: now}
	seen := map[string]bool{}
	for _, group := range b.groups {
		for f, e := range group {
			if !now.Before(e.until) || !cfg.matches(e.labels) {
				continue
			}
			if v.until.IsZero() || e.until.Before(v.until) {
				v.until = e.until
			}
			switch {
			case cfg.Label != "":
				v.value = max(v.value, cfg.Values[e.labels[cfg.Label]])
			case !seen[f]:
				seen[f] = true
				v.value++
			}
		}
	}
	return v
}
