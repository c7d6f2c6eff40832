package deferred_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/deferred"
)

// TestHeadersOfARequest: what may pass does, byte for byte, and nothing else.
func TestHeadersOfARequest(t *testing.T) {
	r := newRig(t, func(_ *deferred.Config, l *deferred.Lane) {
		l.Keep = []string{"X-Mine", "x-team-*", "Connection", "Daero-Deferred", "A*"}
	})
	req := post("/v1/login", "x")
	req.Header = http.Header{
		"X-Mine": {"a", "b"}, "X-Team-A": {"c"}, "Accept": {"text/plain"}, "X-App-Name": {"\xc3\xa9\xff"},
		"Connection": {"close"}, "Te": {"trailers"}, "Transfer-Encoding": {"chunked"}, "Upgrade": {"h2c"}, "Daero-Deferred": {"forged"},
		"Content-Length": {"99"}, "Expect": {"100-continue"}, "Proxy-Authorization": {"secret"}, "Accept-Encoding": {"br"},
		"Authorization": {"secret"}, // it is not named in full
		"not-canonical": {"x"},
	}
	r.put(req, 7)
	if res := r.Handle(t.Context(), r.shelf.next(t)); res.Verb != relay.Acked {
		t.Fatalf("%+v", res)
	}
	got := r.service.asked[0].Header
	for name, want := range map[string]string{"X-Mine": "a,b", "X-Team-A": "c", "Accept": "text/plain", "X-App-Name": "\xc3\xa9\xff"} {
		if strings.Join(got[name], ",") != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	for _, name := range []string{"Connection", "Te", "Transfer-Encoding", "Upgrade", "Content-Length", "Expect", "Proxy-Authorization", "Accept-Encoding", "Authorization", "not-canonical"} {
		if len(got[name]) > 0 {
			t.Errorf("%s: %q", name, got[name])
		}
	}
	if got.Get("Daero-Deferred") == "forged" {
		t.Error("a client says that it is deferred")
	}
}

// TestTooManyHeaders: what does not fit is not kept in part.
func TestTooManyHeaders(t *testing.T) {
	r := newRig(t, func(_ *deferred.Config, l *deferred.Lane) { l.Keep = []string{"Cookie"} })
	if answered, err := r.Defer(nil, post("/v1/login", "x", "Cookie", strings.Repeat("c", 40<<10)), "login", 7); answered || err == nil {
		t.Errorf("answered %t: %v", answered, err)
	}
	if answered, err := r.Defer(nil, post("/v1/login?"+strings.Repeat("q", 40<<10), "x"), "login", 7); answered || err == nil {
		t.Errorf("answered %t: %v", answered, err)
	}
	if sn := r.Snapshot(); sn.NotKept["large"] != 2 || r.Waiting("login", 7) {
		t.Errorf("%+v", sn)
	}
}

// FuzzMessage: whatever stands in the log, nothing panics, and what is sent goes
// to the service's own host and to nobody else.
func FuzzMessage(f *testing.F) {
	r := newRig(f, nil)
	r.put(post("/v1/login?a=b", "x", "X-App-A", "\xff", "Idempotency-Key", "k"), 7)
	f.Add(r.shelf.next(f).Header("daero-deferred-request"), []byte("x"))
	f.Add([]byte(`{"v":1,"uri":"//evil/x","method":"GET"}`), []byte(nil))
	f.Add([]byte("{"), []byte("\n"))
	f.Fuzz(func(t *testing.T, head, body []byte) {
		r := newRig(t, func(_ *deferred.Config, l *deferred.Lane) { l.Within = 0 })
		m := &relay.Message{Value: body, Headers: []relay.Header{{Name: "daero-deferred-request", Value: head}}, Attempt: 1}
		res := r.Handle(t.Context(), m)
		r.Remember(m)
		for i, q := range r.service.asked {
			if q.URL.Host != "service:9000" || q.URL.Scheme != "http" || !strings.HasPrefix(q.URL.Path, "/app/") || res.Verb != relay.Acked {
				t.Errorf("%s: %+v", q.URL, res)
			}
			if !bytes.Equal([]byte(r.service.bodies[i]), body) {
				t.Errorf("body %q, want %q", r.service.bodies[i], body)
			}
			for name, values := range q.Header {
				for _, v := range values {
					if strings.ContainsAny(name+v, "\r\n") {
						t.Errorf("%q: %q", name, v)
					}
				}
			}
			if _, err := url.Parse(q.URL.String()); err != nil {
				t.Error(err)
			}
		}
	})
}

// FuzzTicket: whatever is brought, it is answered, and nothing is found that was
// not given out.
func FuzzTicket(f *testing.F) {
	r := newRig(f, func(c *deferred.Config, _ *deferred.Lane) { c.Secrets = nil }) // each process signs for itself
	location := r.put(post("/v1/login", "x"), 7).Header().Get("Location")
	f.Add(strings.TrimPrefix(location, deferred.Prefix), "wait=1", "ko")
	f.Add("", "", "")
	f.Add(strings.Repeat("A", 66), "wait=,wait=0", "text/html")
	f.Fuzz(func(t *testing.T, id, prefer, lang string) {
		if strings.Contains(prefer, "wait") {
			prefer = "wait=0" // not here
		}
		w := r.ask(deferred.Prefix+url.PathEscape(id), "Prefer", prefer, "Accept-Language", lang, "Accept", lang)
		if found := deferred.Prefix+id == location; (w.Code == 202) != found || w.Code != 202 && w.Code != 404 {
			t.Errorf("%q: %d", id, w.Code)
		}
	})
}
