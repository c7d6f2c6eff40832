package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero"
	"github.com/daero/daero/api"
	"github.com/daero/daero/lane"
)

// laneOf tells which lane a request would take in the configuration in force,
// with the very handlers that would serve it.
func (r *runtime) laneOf(_ context.Context, q api.LaneQuestion) (api.LaneAnswer, error) {
	app := r.newest()
	if app == nil {
		return api.LaneAnswer{}, api.ErrNoLanes
	}
	made, err := app.ctx.AppIfConfigured("http")
	if err != nil {
		return api.LaneAnswer{}, api.ErrNoLanes // a configuration without sites
	}
	req, named, err := requestOf(q)
	if err != nil {
		return api.LaneAnswer{}, fmt.Errorf("%w: %w", api.ErrQuestion, err)
	}
	servers := made.(*caddyhttp.App).Servers
	hosts := []string{req.Host}
	if !named {
		hosts = append([]string{q.Host, req.Host}, hostsOf(servers)...)
	}
	a, h, err := askAny(servers, req, hosts)
	if err != nil {
		return api.LaneAnswer{}, err
	}
	return api.LaneAnswer{
		Lane: a.Lane, Backend: a.Backend, Rule: a.Rule, Match: matchText(a.Match), Intent: a.Intent, User: a.User, Stream: a.Stream,
		Where: a.Where, Site: a.site, Verdict: r.verdict(h, a).String(),
	}, nil
}

// requestOf makes the request that is asked about, and tells whether it names
// its host.
func requestOf(q api.LaneQuestion) (r *http.Request, named bool, err error) {
	named = strings.Contains(q.URL, "://")
	headers := make([]string, 0, len(q.Headers))
	for _, h := range q.Headers {
		headers = append(headers, h[0]+": "+h[1])
		named = named || strings.EqualFold(strings.TrimSpace(h[0]), "Host")
	}
	r, err = testRequest(cmp.Or(q.Method, http.MethodGet), q.URL, headers, cmp.Or(q.IP, "192.0.2.1"))
	return r, named, err
}

// askAny asks with one host after the other: who gives a path alone means the
// site that has it.
func askAny(servers map[string]*caddyhttp.Server, req *http.Request, hosts []string) (a laneAnswer, h *Lanes, err error) {
	for _, host := range hosts {
		with := req.Clone(req.Context())
		with.Host = host
		if a, h, err = ask(servers, with); !errors.Is(err, api.ErrNoLanes) {
			break
		}
	}
	return a, h, err
}

// maxHosts bounds how many sites are asked.
const maxHosts = 100

// hostsOf are the hosts that sites name.
func hostsOf(servers map[string]*caddyhttp.Server) (hosts []string) {
	for _, name := range slices.Sorted(maps.Keys(servers)) {
		for _, route := range servers[name].Routes {
			for _, set := range route.MatcherSets {
				for _, m := range set {
					if named, ok := m.(*caddyhttp.MatchHost); ok && len(hosts) < maxHosts {
						hosts = append(hosts, *named...)
					}
				}
			}
		}
	}
	return hosts
}

// verdict is what the orders in force do with the request.
func (r *runtime) verdict(h *Lanes, a laneAnswer) daero.Verdict {
	l := r.d.Lane(h.backend(), a.Lane)
	if l == nil {
		return daero.Pass // it ended a moment ago
	}
	switch l.Ordered(lane.Request{User: a.user, Intent: a.intent}) {
	case lane.ReasonNone:
		return daero.Pass
	case lane.ReasonChallenge:
		return daero.Challenge
	case lane.ReasonDefer:
		return daero.Defer
	}
	return daero.Shed
}

// matchText writes matchers as a Caddyfile would: "method POST and path /a*, or
// path /b".
func matchText(source json.RawMessage) string {
	var sets []map[string]json.RawMessage
	if json.Unmarshal(source, &sets) != nil {
		return string(source)
	}
	alternatives := make([]string, 0, len(sets))
	for _, set := range sets {
		parts := make([]string, 0, len(set))
		for _, name := range slices.Sorted(maps.Keys(set)) {
			parts = append(parts, strings.TrimSpace(name+" "+valueText(set[name])))
		}
		alternatives = append(alternatives, strings.Join(parts, " and "))
	}
	return strings.Join(alternatives, ", or ")
}

func valueText(value json.RawMessage) string {
	var words []string
	if json.Unmarshal(value, &words) == nil {
		return strings.Join(words, " ")
	}
	if text := string(value); text != "{}" {
		return text
	}
	return ""
}

// begin makes a configuration the newest that is in force, until undo is
// called.
func (r *runtime) begin(a *App) (undo func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.apps = append(r.apps, a)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.apps = slices.DeleteFunc(r.apps, func(other *App) bool { return other == a })
	}
}

// newest is the configuration in force, nil if there is none.
func (r *runtime) newest() *App {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.apps); n > 0 {
		return r.apps[n-1]
	}
	return nil
}
