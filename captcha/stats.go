package captcha

import (
	"context"
	"errors"
	"sync"
	"time"
)

// What is counted. Names with a dot end with a mode, a kind, or a time.
const (
	CountIssued   = "issued"           // challenges begun
	CountWork     = "work"             // proofs of work that were right
	CountShown    = "shown."           // + mode: questions shown
	CountSolved   = "solved."          // + kind: passes, KindWork where nothing was asked
	CountMissed   = "missed."          // + kind: answers that were not right; KindWork: work
	CountSwitched = "switched."        // + mode: put aside for one of that mode
	CountWaits    = "waits."           // + code of StepWait
	CountValid    = "verified.valid"   // tokens redeemed
	CountInvalid  = "verified.invalid" // tokens refused
	CountTook     = "took."            // + 5s 10s 20s 40s 80s more: from shown to solved
	CountTookMS   = "took-ms"          // the same, added up
)

// EventSourceFailed is told to [Config].Tell, and not counted for the site: a
// Source said something else than ErrBusy. The mode follows.
const EventSourceFailed = "source-failed."

var tookBuckets = []struct {
	below time.Duration
	name  string
}{{5 * time.Second, "5s"}, {10 * time.Second, "10s"}, {20 * time.Second, "20s"}, {40 * time.Second, "40s"}, {80 * time.Second, "80s"}}

func tookBucket(d time.Duration) string {
	for _, b := range tookBuckets {
		if d < b.below {
			return b.name
		}
	}
	return "more"
}

const (
	flushSeconds = 5
	flushTimeout = 3 * time.Second
	// maxCounts are kept while the store is away: about 40 names an hour at 1,000
	// sites. What is new beyond is not counted.
	maxCounts = 50_000
	// flushSize is how many go into one transaction.
	flushSize = 1000
)

type countKey struct {
	site, name string
	hour       int64
}

// counts collects what is counted until the store has it.
type counts struct {
	store CountStore
	mu    sync.Mutex
	m     map[countKey]int64
}

func newCounts(store CountStore) *counts {
	return &counts{store: store, m: map[countKey]int64{}}
}

func (c *counts) add(site, name string, n int64, now time.Time) {
	c.merge(countKey{site, name, now.Unix() / 3600}, n)
}

func (c *counts) merge(k countKey, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.m[k]; there || len(c.m) < maxCounts {
		c.m[k] += n
	}
}

// flush counts into the store. What it does not take is kept. A store that keeps
// a batch and fails to say so has it twice: these are statistics.
func (c *counts) flush(ctx context.Context) error {
	c.mu.Lock()
	all := c.m
	c.m = make(map[countKey]int64, len(all))
	c.mu.Unlock()
	var failed error
	batch := make([]Count, 0, min(len(all), flushSize))
	send := func() {
		if len(batch) > 0 {
			failed = errors.Join(failed, c.send(ctx, batch, failed != nil))
			batch = batch[:0]
		}
	}
	for k, n := range all {
		batch = append(batch, Count{Site: k.site, Hour: time.Unix(k.hour*3600, 0).UTC(), Name: k.name, N: n})
		if len(batch) == flushSize {
			send()
		}
	}
	send()
	return failed
}

// send adds a batch, or keeps it. A site that is gone takes its counts with it,
// not those of others.
func (c *counts) send(ctx context.Context, batch []Count, away bool) error {
	err := errors.New("not tried")
	if !away {
		err = c.store.AddCounts(ctx, batch)
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrNoSite) {
		if len(batch) == 1 {
			return nil
		}
		half := len(batch) / 2
		return errors.Join(c.send(ctx, batch[:half], false), c.send(ctx, batch[half:], false))
	}
	for _, n := range batch {
		c.merge(countKey{n.Site, n.Name, n.Hour.Unix() / 3600}, n.N)
	}
	if away {
		return nil
	}
	return err
}
