package gateway

import (
	"encoding/json"
	"maps"
	"net"
	"slices"
	"strings"
)

// server is what of an HTTP server's configuration says where it can be reached.
type server struct {
	Listen []string        `json:"listen"`
	Routes json.RawMessage `json:"routes"`
	Auto   struct {
		Disabled bool     `json:"disable"`
		Skip     []string `json:"skip"`
	} `json:"automatic_https"`
}

// maxNesting bounds how deep routes within routes are looked through.
const maxNesting = 32

// siteOf is the URL of the first site that serves the console, else of the first
// that serves the API, "" if none does.
func siteOf(servers map[string]server) string {
	for _, handler := range []string{"daero_console", "daero_api"} {
		for _, name := range slices.Sorted(maps.Keys(servers)) {
			sv := servers[name]
			var routes any
			if json.Unmarshal(sv.Routes, &routes) != nil {
				continue
			}
			if host, ok := leadsTo(routes, handler, "", 0); ok {
				return sv.url(host)
			}
		}
	}
	return ""
}

// leadsTo looks for a handler in routes, and returns the host that leads to it,
// "" for any.
func leadsTo(node any, handler, host string, depth int) (string, bool) {
	if depth > maxNesting {
		return "", false
	}
	switch v := node.(type) {
	case []any:
		for _, one := range v {
			if found, ok := leadsTo(one, handler, host, depth+1); ok {
				return found, true
			}
		}
	case map[string]any:
		if v["handler"] == handler {
			return host, true
		}
		if named := matchedHost(v["match"]); named != "" {
			host = named
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if key == "match" {
				continue
			}
			if found, ok := leadsTo(v[key], handler, host, depth+1); ok {
				return found, true
			}
		}
	}
	return "", false
}

// matchedHost is the first host of a route's matchers that is a name.
func matchedHost(match any) string {
	sets, _ := match.([]any)
	for _, set := range sets {
		m, _ := set.(map[string]any)
		hosts, _ := m["host"].([]any)
		for _, h := range hosts {
			if name, ok := h.(string); ok && !strings.ContainsAny(name, "*{") {
				return name
			}
		}
	}
	return ""
}

// url is how a browser gets to a host of the server.
func (sv server) url(host string) string {
	port := "443"
	if len(sv.Listen) > 0 {
		_, address, ok := strings.Cut(sv.Listen[0], "/")
		if !ok {
			address = sv.Listen[0]
		}
		if h, p, err := net.SplitHostPort(address); err == nil {
			port, _, _ = strings.Cut(p, "-")
			if host == "" {
				host = h
			}
		}
	}
	// Caddy turns HTTPS on for servers of named sites, unless told not to.
	secure := port == "443" || host != "" && port != "80" && net.ParseIP(host) == nil && !sv.Auto.Disabled && !slices.Contains(sv.Auto.Skip, host)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	switch {
	case secure && port == "443":
		return "https://" + host
	case secure:
		return "https://" + net.JoinHostPort(host, port)
	case port == "80":
		return "http://" + host
	}
	return "http://" + net.JoinHostPort(host, port)
}
