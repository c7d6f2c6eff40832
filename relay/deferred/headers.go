package deferred

import (
	"net/http"
	"net/textproto"
	"strings"
)

// KeptHeaders are the request's headers that are kept without being asked for.
// A name that ends in * stands for all that begin so. Secrets are not among
// them: Authorization and Cookie are kept where [Lane.Keep] says so.
func KeptHeaders() []string {
	return []string{
		"Content-Type", "Content-Encoding", "Content-Language", "Accept", "Accept-Language", "User-Agent",
		"Traceparent", "Tracestate", "X-Request-Id", "X-App-*",
	}
}

// AnsweredHeaders are the headers of the service's answer that are kept without
// being asked for, see [Lane.Answered]. Set-Cookie is not among them.
func AnsweredHeaders() []string {
	return []string{"Content-Type", "Content-Encoding", "Content-Language", "Content-Disposition", "Location", "Link", "X-Request-Id", "X-App-*"}
}

// allow is a list of headers that may pass.
type allow struct {
	names  map[string]bool
	begins []string
}

func allowOf(lists ...[]string) allow {
	a := allow{names: map[string]bool{}}
	for _, list := range lists {
		for _, name := range list {
			if prefix, ok := strings.CutSuffix(name, "*"); ok {
				a.begins = append(a.begins, textproto.CanonicalMIMEHeaderKey(prefix))
				continue
			}
			a.names[textproto.CanonicalMIMEHeaderKey(name)] = true
		}
	}
	return a
}

// never are headers that belong to one connection, or are ours to set.
func never(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer",
		"Transfer-Encoding", "Upgrade", "Content-Length", "Host", "Expect", "Idempotency-Key", "Accept-Encoding":
		return true
	}
	return strings.HasPrefix(name, "Daero-")
}

// badNames are names in lists that stand for no header.
func badNames(lists ...[]string) (bad []string) {
	for _, list := range lists {
		for _, name := range list {
			if !token(strings.TrimSuffix(name, "*")) {
				bad = append(bad, name)
			}
		}
	}
	return bad
}

// pick returns what of h may pass.
func (a allow) pick(h http.Header) http.Header {
	out := http.Header{}
	for name, values := range h {
		if name != textproto.CanonicalMIMEHeaderKey(name) || never(name) || !a.has(name) {
			continue
		}
		for _, v := range values {
			if plain(v) {
				out[name] = append(out[name], v)
			}
		}
	}
	return out
}

func (a allow) has(name string) bool {
	if a.names[name] {
		return true
	}
	switch name {
	case "Authorization", "Cookie", "Set-Cookie":
		return false // a secret is named in full, or not kept
	}
	for _, b := range a.begins {
		if strings.HasPrefix(name, b) {
			return true
		}
	}
	return false
}
