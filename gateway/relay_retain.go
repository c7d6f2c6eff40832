package gateway

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay"
)

const (
	// mostAging bounds topics that wait to be looked at; more are told again.
	mostAging = 64
	// mostRetention is as far as retention is lengthened: a target that nobody
	// misses for so long must not fill the cluster's disks.
	mostRetention = 90 * 24 * time.Hour
	retainWithin  = 30 * time.Second
)

// ages notes that messages of a partition, TOPIC/NUMBER, have used half their
// time. It does not wait.
func (h *relayHost) ages(partition string) {
	topic, _, _ := strings.Cut(partition, "/")
	select {
	case h.aging <- topic:
	default: // it is told again
	}
}

// keep lengthens the retention of topics in which messages grow old, until ctx
// ends.
func (h *relayHost) keep(ctx context.Context) {
	said := map[string]string{} // why not, by topic, so that it is said once
	for {
		select {
		case <-ctx.Done():
			return
		case topic := <-h.aging:
			now := time.Now()
			did, err := h.lengthen(ctx, topic, now)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil && said[topic] != err.Error():
				said[topic] = err.Error()
				h.record(audit.Entry{At: now, Who: audit.By, What: audit.RelayNotLengthened, Target: topic, Why: err.Error()})
			case err == nil && did != nil:
				delete(said, topic)
				did.At, did.Who, did.What, did.Target = now, audit.By, audit.RelayLengthened, topic
				h.record(*did)
			}
		}
	}
}

// lengthen sees to it that the oldest message of a topic that is not delivered
// has used less than half its time. Without an entry there was nothing to do.
func (h *relayHost) lengthen(ctx context.Context, topic string, now time.Time) (*audit.Entry, error) {
	h.mu.Lock()
	opened, plan := h.opened, h.top()
	h.mu.Unlock()
	if opened == nil || opened.retain == nil || !plan.grows(topic) {
		return nil, nil //nolint:nilnil // nothing to do, and nothing to say
	}
	ctx, cancel := context.WithTimeout(ctx, retainWithin)
	defer cancel()
	spans, err := opened.reader.Spans(ctx, topic)
	if err != nil {
		return nil, err
	}
	var is time.Duration // as it is now: another gateway may have been at it
	for _, s := range spans {
		is = max(is, s.Retention)
	}
	oldest := h.oldest(topic, now)
	to := min(2*max(is, oldest), mostRetention)
	switch {
	case is == 0 || oldest < is/2:
		return nil, nil //nolint:nilnil // likewise
	case to <= is:
		return nil, fmt.Errorf("the topic keeps messages for %s, and is not lengthened beyond %s", days(is), days(mostRetention))
	}
	raised, err := opened.retain(ctx, topic, to)
	if err != nil || !raised {
		return nil, err
	}
	return &audit.Entry{
		Before: days(is), After: days(to),
		Why: fmt.Sprintf("its oldest message that is not delivered is %s old, and the log would have dropped it", days(oldest)),
	}, nil
}

// grows says whether a plan lets a topic's retention be lengthened. What is
// parked of a topic is as the topic; topics of others are left to them.
func (p *relayPlan) grows(topic string) bool {
	if p == nil {
		return false
	}
	base, _, _ := strings.Cut(topic, relay.ParkedTopic("", ""))
	for _, t := range p.topics {
		if t.grows && (t.name == topic || t.name == base) {
			return true
		}
	}
	return false
}

// oldest is the age of a topic's oldest message that is not delivered, of what
// this gateway holds.
func (h *relayHost) oldest(topic string, now time.Time) (oldest time.Duration) {
	for _, d := range h.Snapshot(now).Deliveries {
		for _, p := range d.Partitions {
			if p.Topic == topic {
				oldest = max(oldest, age(now, p.Oldest))
			}
		}
	}
	return oldest
}

// days writes a time in days where it is long.
func days(d time.Duration) string {
	if d < 48*time.Hour {
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%.3gd", d.Hours()/24)
}
