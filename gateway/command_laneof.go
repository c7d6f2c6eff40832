package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero/api"
	"github.com/daero/daero/lane"
)

// Exit statuses of daero's commands.
const (
	exitGood   = 0
	exitFailed = 1 // a check failed
	exitUsage  = 2 // wrong use
)

var _ = addCommand(laneOfCommand)

func laneOfCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "lane-of",
		Usage: "METHOD PATH|URL [-H 'NAME: VALUE']... [--config FILE] [--adapter NAME] [--ip ADDRESS] [--expect LANE] [--output text|json]",
		Short: "Tells which lane a request would take",
		Long: `Reads a configuration as "validate" does, without starting or reaching
anything, and tells which lane a request would take, and why.

With --expect it exits with status 1 if it would take another lane, so that a
Caddyfile can be tested in CI. Rewrites in front of the lanes are not applied:
give the path as the lanes see it.`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = cobra.ArbitraryArgs // counted in laneOf, for the exit status
			cmd.Flags().StringArrayP("header", "H", nil, "a request header, may be repeated")
			cmd.Flags().StringP("config", "c", "Caddyfile", "configuration file")
			cmd.Flags().StringP("adapter", "a", "", "name of the adapter of the configuration file")
			cmd.Flags().String("ip", "192.0.2.1", "address of the client")
			cmd.Flags().String("expect", "", "the lane that it should take")
			cmd.Flags().String("output", "text", "text or json")
			cmd.RunE = caddycmd.WrapCommandFuncForCobra(laneOf)
		},
	}
}

// laneAnswer is what lane-of says.
type laneAnswer struct {
	Lane    string          `json:"lane"`
	Backend string          `json:"backend"`
	Rule    int             `json:"rule,omitempty"` // counted from 1; 0 if no rule matched
	Match   json.RawMessage `json:"match,omitempty"`
	Intent  string          `json:"intent"`
	Where   string          `json:"where,omitempty"` // FILE:LINE of the lane
	User    bool            `json:"user"`            // known, not anonymous
	Stream  bool            `json:"stream"`

	user   uint64
	intent lane.Intent
	site   string // where its server listens
}

func laneOf(fl caddycmd.Flags) (int, error) {
	if fl.NArg() != 2 {
		return exitUsage, errors.New("give a method and a path, like: daero lane-of GET /v1/messages")
	}
	output := fl.String("output")
	if output != "text" && output != "json" {
		return exitUsage, fmt.Errorf("--output %s: unknown word%s", output, didYouMean(output, []string{"text", "json"}))
	}
	headers, err := fl.GetStringArray("header")
	if err != nil {
		return exitUsage, err
	}
	r, err := testRequest(fl.Arg(0), fl.Arg(1), headers, fl.String("ip"))
	if err != nil {
		return exitUsage, err
	}
	servers, release, err := provisionedServers(fl.String("config"), fl.String("adapter"))
	if err != nil {
		return exitUsage, err
	}
	defer release()
	answer, h, err := ask(servers, r)
	if err != nil {
		return exitFailed, err
	}
	want, names := fl.String("expect"), h.laneNames()
	if want != "" && !slices.Contains(names, want) {
		return exitUsage, fmt.Errorf("--expect %s: no such lane%s", want, didYouMean(want, names))
	}
	if err := answer.write(os.Stdout, output); err != nil {
		return exitFailed, err
	}
	if want != "" && want != answer.Lane {
		return exitFailed, fmt.Errorf("it takes lane %s, expected %s", answer.Lane, want)
	}
	return exitGood, nil
}

// laneNames are the declared lanes and those that exist without it.
func (h *Lanes) laneNames() []string {
	names := []string{h.fallback.name.(string), h.streams.name.(string)}
	for _, r := range h.rules {
		if !slices.Contains(names, r.name.(string)) {
			names = append(names, r.name.(string))
		}
	}
	return names
}

// testRequest makes the request that is asked about.
func testRequest(method, target string, headers []string, ip string) (*http.Request, error) {
	u, err := url.Parse(target)
	if err != nil || u.Path == "" || u.Path[0] != '/' {
		return nil, fmt.Errorf("%q: give a path that begins with /, or a whole URL", target)
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return nil, fmt.Errorf("--ip %q: not an address", ip)
	}
	r, err := http.NewRequest(strings.ToUpper(method), target, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	r.RequestURI = u.RequestURI()
	r.RemoteAddr = netip.AddrPortFrom(addr, 40000).String()
	for _, h := range headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, fmt.Errorf("-H %q: write it like -H 'X-User-Id: kim'", h)
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if strings.EqualFold(name, "Host") {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	if r.Host == "" {
		r.Host = "localhost"
	}
	return r, nil
}

// provisionedServers makes the sites of a configuration without starting them.
// release gives back what the lanes took for it.
func provisionedServers(file, adapter string) (servers map[string]*caddyhttp.Server, release func(), err error) {
	data, _, _, err := caddycmd.LoadConfig(file, adapter)
	if err != nil {
		return nil, nil, err
	}
	var cfg caddy.Config
	if err := json.Unmarshal(caddy.RemoveMetaFields(data), &cfg); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	ctx, err := caddy.ProvisionContext(&cfg)
	if err != nil {
		return nil, nil, err
	}
	app, err := ctx.AppIfConfigured("http")
	if err != nil {
		return nil, nil, fmt.Errorf("%s: no site: %w", file, err)
	}
	release = func() {}
	if lanes, err := ctx.AppIfConfigured("daero"); err == nil {
		release = func() { _ = lanes.(*App).Cleanup() } // it was never started: nothing but a count is given back
	}
	return app.(*caddyhttp.App).Servers, release, nil
}

// ask finds the lanes that the request reaches first, and its lane there.
func ask(servers map[string]*caddyhttp.Server, r *http.Request) (laneAnswer, *Lanes, error) {
	names := make([]string, 0, len(servers))
	for name := range servers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		s := servers[name]
		if !listensOn(s, r.URL.Port()) {
			continue
		}
		req := caddyhttp.PrepareRequest(r, caddy.NewReplacer(), httptest.NewRecorder(), s)
		h, err := lanesOn(s.Routes, req)
		if err != nil {
			return laneAnswer{}, nil, err
		}
		if h != nil {
			answer, err := h.answer(req)
			answer.site = strings.Join(s.Listen, " ")
			return answer, h, err
		}
	}
	return laneAnswer{}, nil, api.ErrNoLanes
}

func listensOn(s *caddyhttp.Server, port string) bool {
	return port == "" || slices.ContainsFunc(s.Listen, func(l string) bool { return strings.HasSuffix(l, ":"+port) })
}

// lanesOn follows the routes that match, as Caddy does, to the first lanes.
func lanesOn(routes caddyhttp.RouteList, r *http.Request) (*Lanes, error) {
	taken := map[string]bool{}
	for _, route := range routes {
		if route.Group != "" && taken[route.Group] {
			continue
		}
		ok, err := route.MatcherSets.AnyMatchWithError(r)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		taken[route.Group] = true
		for _, handler := range route.Handlers {
			switch h := handler.(type) {
			case *Lanes:
				return h, nil
			case *caddyhttp.Subroute:
				if found, err := lanesOn(h.Routes, r); found != nil || err != nil {
					return found, err
				}
			}
		}
		if route.Terminal {
			break
		}
	}
	return nil, nil
}

func (h *Lanes) answer(r *http.Request) (laneAnswer, error) {
	rule, call, err := h.classify(r)
	if err != nil {
		return laneAnswer{}, err
	}
	a := laneAnswer{
		Lane:    rule.name.(string),
		Backend: h.backend(),
		Intent:  call.Intent.String(),
		User:    call.User != 0,
		Stream:  call.Stream,
		user:    call.User, intent: call.Intent,
	}
	for i := range h.rules {
		if &h.rules[i] == rule {
			a.Rule, a.Match = i+1, rule.source
		}
	}
	a.Where = rule.where
	return a, nil
}

func (a laneAnswer) write(w io.Writer, output string) error {
	if output == "json" {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(a)
	}
	why := "no rule matched"
	if a.Rule > 0 {
		why = fmt.Sprintf("rule %d: %s", a.Rule, a.Match)
	}
	if a.Where != "" {
		why += " at " + a.Where
	}
	user := "anonymous"
	if a.User {
		user = "known"
	}
	kind := ""
	if a.Stream {
		kind = " (long-lived, holds no permit)"
	}
	_, err := fmt.Fprintf(w, "lane     %s%s\nwhy      %s\nbackend  %s\nintent   %s\nuser     %s\n",
		a.Lane, kind, why, a.Backend, a.Intent, user)
	return err
}
