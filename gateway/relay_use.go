package gateway

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/api"
	"github.com/daero/daero/relay"
)

// What follows is what others ask of the relay that runs.

// Accept keeps a message.
func (h *relayHost) Accept(ctx context.Context, m *relay.Message) (relay.Receipt, error) {
	h.accepts.RLock()
	defer h.accepts.RUnlock()
	h.mu.Lock()
	u, failed := h.accept, h.failed
	h.mu.Unlock()
	switch {
	case u != nil:
		return u.relay.Accept(ctx, m)
	case failed != nil:
		return relay.Receipt{}, fmt.Errorf("%w: %w", relay.ErrAway, failed)
	}
	return relay.Receipt{}, relay.ErrAway
}

// Snapshot returns what all of it does.
func (h *relayHost) Snapshot(now time.Time) relay.Snapshot {
	s := relay.Snapshot{At: now}
	h.mu.Lock()
	accept := h.accept
	h.mu.Unlock()
	if accept != nil {
		a := accept.relay.Snapshot(now)
		s.Topics, s.Spool = a.Topics, a.Spool
	}
	for _, u := range h.all() {
		ds := u.relay.Snapshot(now).Deliveries
		if u.pace != nil {
			for i := range ds { // there is one
				ds[i].Rate = u.pace()
			}
		}
		s.Deliveries = append(s.Deliveries, ds...)
	}
	return s
}

// Pause stops a delivery, also that of a later configuration.
func (h *relayHost) Pause(name string, p relay.Pause) error {
	u, err := h.delivery(name)
	if err != nil {
		return err
	}
	if err := u.relay.Pause(name, p); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pauses == nil {
		h.pauses = map[string]relay.Pause{}
	}
	h.pauses[name] = p
	return nil
}

// Resume ends a pause.
func (h *relayHost) Resume(name string) (bool, error) {
	u, err := h.delivery(name)
	if err != nil {
		return false, err
	}
	h.mu.Lock()
	delete(h.pauses, name)
	h.mu.Unlock()
	return u.relay.Resume(name)
}

// redrive takes dead letters back, one redrive of a delivery at a time.
func (h *relayHost) redrive(ctx context.Context, req relay.RedriveRequest, progress func(done, matched int)) (relay.RedriveResult, error) {
	u, err := h.delivery(req.Delivery)
	if err != nil {
		return relay.RedriveResult{}, err
	}
	if _, busy := h.redriving.LoadOrStore(req.Delivery, true); busy {
		return relay.RedriveResult{}, api.ErrRedriving
	}
	defer h.redriving.Delete(req.Delivery)
	return u.relay.Redrive(ctx, req, progress)
}

// throttle bounds deliveries that take a topic, below 0 not any more.
func (h *relayHost) throttle(topic string, perSecond float64) {
	h.mu.Lock()
	if h.rates == nil {
		h.rates = map[string]float64{}
	}
	h.rates[topic] = perSecond
	h.mu.Unlock()
	for _, u := range h.all() {
		if slices.Contains(u.topics, topic) {
			h.mu.Lock()
			rate := h.rate(u.topics)
			h.mu.Unlock()
			_ = u.relay.Throttle(u.name, rate) // it has one delivery, of this name
		}
	}
}

// rate is the lowest that the playbook has for any of topics, below 0 without
// one. mu is held.
func (h *relayHost) rate(topics []string) float64 {
	lowest := float64(daero.Unbounded)
	for _, t := range topics {
		if r, ok := h.rates[t]; ok && r >= 0 && (lowest < 0 || r < lowest) {
			lowest = r
		}
	}
	return lowest
}

// reader looks at the log.
func (h *relayHost) reader() (relay.Reader, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.top() == nil:
		return nil, errNoRelay
	case h.opened == nil && h.failed != nil:
		return nil, fmt.Errorf("%w: %w", relay.ErrAway, h.failed)
	case h.opened == nil:
		return nil, relay.ErrAway
	}
	return h.opened.reader, nil
}

// relayState is how the relay is.
type relayState struct {
	configured, up bool
	failed         error    // what keeps it from working
	opened         *openLog // nil while there is none
}

func (h *relayHost) state() relayState {
	h.mu.Lock()
	defer h.mu.Unlock()
	return relayState{h.top() != nil, h.ready && h.failed == nil, h.failed, h.opened}
}
