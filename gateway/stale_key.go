package gateway

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"net/http"
	"slices"
	"strings"
)

// staleKey is what an answer is found by: everything that tells one request
// from another, hashed, so that nothing about users is kept.
type staleKey [sha256.Size]byte

// hashed writes parts so that no two lists of parts are the same bytes.
func hashed(h hash.Hash, parts ...string) {
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
}

// varied is the key of the answer to a request where answers differ by headers.
func (k staleKey) varied(post *answer, r *http.Request) (out staleKey) {
	h := sha256.New()
	h.Write(k[:])
	var salt [8]byte
	binary.BigEndian.PutUint64(salt[:], post.salt)
	h.Write(salt[:])
	for _, name := range post.vary {
		values := r.Header[name]
		if name == "Host" {
			values = []string{r.Host}
		}
		hashed(h, name, strings.Join(values, ","))
	}
	h.Sum(out[:0])
	return out
}

// asker is under which keys the answer to a request may be kept and found.
type asker struct {
	shared staleKey // of answers for everyone
	own    staleKey // of this user's
	known  bool     // there is a user, and nothing else that says who asks
}

// askerOf returns who asks, by the request alone. A user is told apart by a
// header only if the request has no other credential: whoever forges the header
// would get from the service what we have.
func (h *Lanes) askerOf(r *http.Request, lane string) (a asker) {
	d := sha256.New()
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	hashed(d, h.backend(), lane, scheme, strings.ToLower(r.Host), r.URL.RequestURI())
	d.Sum(a.shared[:0])
	name, value := h.userHeader(r)
	if value == "" || hasCredential(r, name) {
		return a
	}
	hashed(d, "user", name, value)
	d.Sum(a.own[:0])
	a.known = true
	return a
}

// userHeader returns the header by which the user is known. A cookie and a
// token are credentials, and an address is shared by many: by those no answer
// is kept for a user.
func (h *Lanes) userHeader(r *http.Request) (name, value string) {
	for i := range h.User {
		u := &h.User[i]
		if u.key(r) == "" {
			continue
		}
		name = http.CanonicalHeaderKey(u.Header)
		if u.Header == "" || len(r.Header[name]) != 1 { // of several the service may believe another
			return "", ""
		}
		return name, u.key(r)
	}
	return "", ""
}

// credentialWords are parts of names of headers that say who asks.
var credentialWords = []string{"auth", "cookie", "token", "key", "secret", "session", "signature", "jwt", "credential", "password", "cert"}

// hasCredential reports whether a request says who asks in another way than by
// the header except.
func hasCredential(r *http.Request, except string) bool {
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		return true
	}
	for name := range r.Header {
		if name == except {
			continue
		}
		lower := strings.ToLower(name)
		if slices.ContainsFunc(credentialWords, func(w string) bool { return strings.Contains(lower, w) }) {
			return true
		}
	}
	return false
}
