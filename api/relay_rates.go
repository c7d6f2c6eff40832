package api

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/daero/daero/relay"
)

// QueueRates is how fast a delivery goes, over the last seconds in which
// somebody looked. All are per second, and null until that is known.
type QueueRates struct {
	// Accepted is how fast messages come into the partitions that this gateway
	// reads, from whichever gateway.
	Accepted  *float64 `json:"rate_accepted"`
	Delivered *float64 `json:"rate_delivered"`
	Retried   *float64 `json:"rate_retried"`
	Dead      *float64 `json:"rate_dead"`
	// Empty is when nothing will wait any more, at this pace; 0: nothing does,
	// null: what waits does not become less.
	Empty *float64 `json:"empty_seconds"`
}

// TopicLagDoc is how far a delivery is behind in one topic.
type TopicLagDoc struct {
	Topic      string  `json:"topic"`
	Partitions int     `json:"partitions"` // that this gateway reads
	Lag        int64   `json:"lag"`
	Oldest     float64 `json:"oldest_seconds"`
}

// look is what rates need of a snapshot.
type look struct {
	at         time.Time
	deliveries map[string]counted
}

type counted struct {
	delivered, retried, dead uint64
	partitions               map[relay.Partition]span
}

// span is a partition: up to where it is finished, and where it ends.
type span struct{ finished, end int64 }

func lookAt(s relay.Snapshot) look {
	l := look{at: s.At, deliveries: make(map[string]counted, len(s.Deliveries))}
	for _, d := range s.Deliveries {
		c := counted{delivered: d.Delivered, retried: d.Retries, dead: d.DeadLettered, partitions: make(map[relay.Partition]span, len(d.Partitions))}
		for _, p := range d.Partitions {
			c.partitions[p.Partition] = span{p.Finished, p.End}
		}
		l.deliveries[d.Name] = c
	}
	return l
}

// ratesBetween says how fast a delivery went between two looks.
//
//	        end ─────────────●   accepted = Δend / Δt
//	           ╱             ↕   waiting now
//	finished ●───────────────●   it shrinks by (Δfinished − Δend) / Δt
//
// Only partitions that were read at both looks count: others have come from
// another gateway, or have gone to one.
func ratesBetween(old, now look, name string) (r QueueRates) {
	was, there := old.deliveries[name]
	is, still := now.deliveries[name]
	seconds := now.at.Sub(old.at).Seconds()
	if !there || !still || seconds <= 0 {
		return r
	}
	r.Delivered = perSecond(was.delivered, is.delivered, seconds)
	r.Retried = perSecond(was.retried, is.retried, seconds)
	r.Dead = perSecond(was.dead, is.dead, seconds)
	came, went, waiting, both := int64(0), int64(0), int64(0), 0
	for p, now := range is.partitions {
		waiting += max(now.end-now.finished, 0)
		before, read := was.partitions[p]
		if !read || now.end < before.end || now.finished < before.finished {
			continue // read anew
		}
		came, went, both = came+now.end-before.end, went+now.finished-before.finished, both+1
	}
	if both == 0 {
		return r
	}
	accepted := float64(came) / seconds
	r.Accepted = &accepted
	if waiting == 0 {
		r.Empty = new(float64)
	} else if went > came {
		empty := float64(waiting) / (float64(went-came) / seconds)
		r.Empty = &empty
	}
	return r
}

// perSecond is how fast a counter grew; nil if it began anew.
func perSecond(was, is uint64, seconds float64) *float64 {
	if is < was {
		return nil
	}
	v := float64(is-was) / seconds
	return &v
}

// Bounds of how far looks are apart that rates are made of: nearer ones say
// more about chance than about the pace, and farther ones are history.
const (
	lookNearest  = 2 * time.Second
	lookFarthest = 15 * time.Second
)

// looks remembers what was seen in the last seconds: eight looks at most.
type looks struct {
	mu  sync.Mutex
	all []look // the oldest first
}

// since notes a look and returns the one to compare it with, the oldest that is
// not history; false if there is none.
func (l *looks) since(now look) (old look, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = slices.DeleteFunc(l.all, func(o look) bool { return now.at.Sub(o.at) > lookFarthest || o.at.After(now.at) })
	if len(l.all) > 0 && now.at.Sub(l.all[0].at) >= lookNearest {
		old, ok = l.all[0], true
	}
	if n := len(l.all); n == 0 || now.at.Sub(l.all[n-1].at) >= lookNearest {
		l.all = append(l.all, now)
	}
	return old, ok
}

// byTopic sums up partitions, topic by topic.
func byTopic(now time.Time, partitions []relay.PartitionSnapshot) []TopicLagDoc {
	all := []TopicLagDoc{}
	for _, p := range partitions {
		i := slices.IndexFunc(all, func(t TopicLagDoc) bool { return t.Topic == p.Topic })
		if i < 0 {
			i, all = len(all), append(all, TopicLagDoc{Topic: p.Topic})
		}
		t := &all[i]
		t.Partitions++
		t.Lag += max(p.End-p.Finished, 0)
		t.Oldest = max(t.Oldest, since(now, p.Oldest))
	}
	slices.SortFunc(all, func(a, b TopicLagDoc) int { return cmp.Compare(a.Topic, b.Topic) })
	return all
}

// HeldKeyDoc is a key that waits for a retry of its first message. The key is a
// fingerprint, as in a masked peek.
type HeldKeyDoc struct {
	Topic     string  `json:"topic"`
	Partition int32   `json:"partition"`
	Offset    int64   `json:"offset"`
	Key       string  `json:"key,omitempty"`
	Behind    int     `json:"behind"`
	Attempts  int     `json:"attempts"`
	Since     float64 `json:"since_seconds"` // the first attempt
	Due       float64 `json:"due_seconds"`   // from now on
}

func heldKeys(now time.Time, held []relay.HeldKey) []HeldKeyDoc {
	all := make([]HeldKeyDoc, 0, len(held))
	for _, k := range held {
		d := HeldKeyDoc{
			Topic: k.Topic, Partition: k.ID, Offset: k.Offset, Behind: k.Behind, Attempts: k.Attempts,
			Since: since(now, k.Since), Due: max(k.Due.Sub(now).Seconds(), 0),
		}
		if k.Key != nil {
			d.Key = fingerprint(k.Key)
		}
		all = append(all, d)
	}
	return all
}
