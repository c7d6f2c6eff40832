package widget

import (
	"net/http"
	"net/url"
	"strings"
)

// browser reports whether a browser sent a request. All that are in use say where
// a request comes from, in one of these; an app has no reason to.
func browser(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
}

// ours reports whether a request may ask: it is our own frame's, or no browser's.
// A page elsewhere could otherwise make its visitors work for tokens that it
// collects.
func ours(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin":
		return true
	case "": // an app, or a browser of before 2023
	default: // "none" is an address typed by hand, which nobody needs here
		return false
	}
	if len(r.Header["Origin"]) == 0 {
		return true
	}
	origin, err := url.Parse(r.Header.Get("Origin"))
	if err != nil || len(r.Header["Origin"]) > 1 || origin.Host == "" {
		return false
	}
	return withPort(origin.Host, origin.Scheme) == withPort(r.Host, origin.Scheme)
}

// withPort makes a scheme's own port explicit. Which scheme the visitor used is
// known from the origin alone: TLS may have ended before us.
func withPort(host, scheme string) string {
	host = strings.ToLower(host)
	port := ":443"
	if scheme == "http" {
		port = ":80"
	}
	return strings.TrimSuffix(host, port)
}
