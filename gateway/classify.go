package gateway

import (
	"net/http"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

// classify finds the lane, the intent and the user of a request.
func (h *Lanes) classify(r *http.Request) (*rule, daero.Call, error) {
	call := daero.Call{User: h.user(r)}
	rule, err := h.ruleOf(r)
	if err != nil {
		return nil, call, err
	}
	background, err := h.isBackground(rule, r)
	if err != nil {
		return nil, call, err
	}
	if background {
		call.Intent = lane.Background
	}
	call.Road, call.Stream = rule.road, rule.stream
	return rule, call, nil
}

// ruleOf returns the first rule that matches. An upgrade or an event stream
// matches rules of lanes for streams only: a connection that lasts for hours
// must not hold a permit of a lane for requests.
func (h *Lanes) ruleOf(r *http.Request) (*rule, error) {
	stream := daero.IsStream(r)
	for i := range h.rules {
		rule := &h.rules[i]
		if stream && !rule.stream {
			continue
		}
		if ok, err := rule.match.AnyMatchWithError(r); err != nil || ok {
			return rule, err
		}
	}
	if stream {
		return &h.streams, nil
	}
	return &h.fallback, nil
}

func (h *Lanes) isBackground(rule *rule, r *http.Request) (bool, error) {
	// No matcher at all would match everything, so ask only where there is one.
	if len(rule.background) > 0 {
		if ok, err := rule.background.AnyMatchWithError(r); err != nil || ok {
			return ok, err
		}
	}
	if len(h.background) > 0 {
		return h.background.AnyMatchWithError(r)
	}
	return false, nil
}

func (h *Lanes) user(r *http.Request) uint64 {
	for i := range h.User {
		if key := h.User[i].key(r); key != "" {
			return lane.HashUser(key)
		}
	}
	return 0
}
