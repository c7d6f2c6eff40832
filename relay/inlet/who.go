package inlet

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
)

// Hash returns what is kept of a token.
func Hash(token string) [32]byte { return sha256.Sum256([]byte(token)) }

// writer is somebody who may write, with what is under way for them.
type writer struct {
	name     string
	reading  atomic.Int64
	inFlight atomic.Int64
	held     atomic.Int64
}

// grant lets a writer write to a topic.
type grant struct {
	Writer
	who *writer
}

// roll knows who may write.
type roll []grant

func newRoll(ws []Writer) roll {
	byName := map[string]*writer{}
	r := make(roll, len(ws))
	for i, w := range ws {
		if byName[w.Name] == nil {
			byName[w.Name] = &writer{name: w.Name}
		}
		r[i] = grant{w, byName[w.Name]}
	}
	return r
}

// who returns who sends r, for a topic. known says that they may write
// somewhere. All tokens are compared, each in constant time: how long it takes
// tells nothing of them.
func (l roll) who(r *http.Request, topic string) (w *writer, known bool) {
	hash, shown := bearer(r)
	cert := certificate(r)
	for i := range l {
		g := &l[i]
		match := false
		if g.Cert != "" {
			match = cert != nil && named(cert, g.Cert)
		} else if shown {
			match = subtle.ConstantTimeCompare(hash[:], g.Token[:]) == 1
		}
		known = known || match
		if match && g.Topic == topic && w == nil {
			w = g.who
		}
	}
	return w, known
}

// bearer returns the hash of the token that r shows.
func bearer(r *http.Request) (hash [32]byte, shown bool) {
	values := r.Header["Authorization"]
	if len(values) != 1 {
		return hash, false
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	token = strings.Trim(token, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return hash, false
	}
	return Hash(token), true
}

// certificate returns the client's certificate, if the server has verified it.
func certificate(r *http.Request) *x509.Certificate {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.VerifiedChains[0]) == 0 {
		return nil
	}
	return r.TLS.VerifiedChains[0][0]
}

// named reports whether c is called name.
func named(c *x509.Certificate, name string) bool {
	if dns, ok := strings.CutPrefix(name, "DNS="); ok {
		return slices.Contains(c.DNSNames, dns)
	}
	if uri, ok := strings.CutPrefix(name, "URI="); ok {
		return slices.ContainsFunc(c.URIs, func(u *url.URL) bool { return u.String() == uri })
	}
	if cn, ok := strings.CutPrefix(name, "CN="); ok && !strings.ContainsAny(cn, ",+\\") {
		return c.Subject.CommonName == cn
	}
	return c.Subject.String() == name
}
