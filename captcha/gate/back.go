package gate

import (
	"net/http"
	"net/url"
	"strings"
)

// maxBack bounds the way back: longer addresses are no form's.
const maxBack = 2048

// backOf is where a person goes once they have passed: the page that they asked
// for, or after a form was sent the page that the form stands on. What a form
// held is gone, and is not brought back by us: whoever can make a browser send
// something here could otherwise have it sent again from this host, with the
// person's own doing.
func backOf(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		if u, err := url.ParseRequestURI(r.RequestURI); err == nil {
			return local(u)
		}
		return "/"
	}
	u, err := url.Parse(r.Header.Get("Referer"))
	if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
		return "/"
	}
	return local(u)
}

// local is the path and query of an address, if a browser takes them for a place
// on this host, and the front page if not.
func local(u *url.URL) string {
	back := u.EscapedPath()
	if u.RawQuery != "" {
		back += "?" + u.RawQuery
	}
	if !isLocal(back) {
		return "/"
	}
	return back
}

// isLocal reports whether a browser takes an address for a place on this host:
// "//example.com" is another host, and "/\example.com" and "/	/example.com" are to
// browsers as well.
func isLocal(back string) bool {
	if len(back) == 0 || len(back) > maxBack || back[0] != '/' || len(back) > 1 && (back[1] == '/' || back[1] == '\\') {
		return false
	}
	for i := range len(back) {
		if c := back[i]; c <= ' ' || c >= 0x7f || c == '\\' || c == '"' || c == '<' || c == '>' {
			return false
		}
	}
	return !strings.HasPrefix(back, ClearPath)
}
