package inlet_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/daero/daero/relay"
)

func TestCertificates(t *testing.T) {
	spiffe, _ := url.Parse("spiffe://example/robot")
	for name, c := range map[string]struct {
		cert     x509.Certificate
		topic    string
		verified bool
		want     int
		writer   string
	}{
		"common name":      {x509.Certificate{Subject: pkix.Name{CommonName: "till", Country: []string{"KR"}}}, "orders", true, 202, "till"},
		"not verified":     {x509.Certificate{Subject: pkix.Name{CommonName: "till"}}, "orders", false, 401, ""},
		"another":          {x509.Certificate{Subject: pkix.Name{CommonName: "tills"}}, "orders", true, 401, ""},
		"DNS name":         {x509.Certificate{DNSNames: []string{"a", "desk.example"}}, "private", true, 202, "desk"},
		"URI":              {x509.Certificate{URIs: []*url.URL{spiffe}}, "private", true, 202, "robot"},
		"whole subject":    {x509.Certificate{Subject: pkix.Name{CommonName: "clerk", Country: []string{"KR"}}}, "private", true, 202, "clerk"},
		"half its subject": {x509.Certificate{Subject: pkix.Name{CommonName: "clerk"}}, "private", true, 401, ""},
		"another topic":    {x509.Certificate{Subject: pkix.Name{CommonName: "till"}}, "private", true, 403, ""},
	} {
		a := &taker{}
		r := post("x", "Authorization:", "/daero/relay/"+c.topic)
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{&c.cert}}
		if c.verified {
			r.TLS.VerifiedChains = [][]*x509.Certificate{{&c.cert}}
		}
		w := do(make1(t, config(a)), r)
		if w.Code != c.want {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, c.want)
		}
		if c.want == 202 && string(a.got[0].Header(relay.HeaderWriter)) != c.writer {
			t.Errorf("%s: writer %q, want %q", name, a.got[0].Header(relay.HeaderWriter), c.writer)
		}
	}
}

func TestTooMuchAtOnce(t *testing.T) {
	a := &taker{wait: make(chan struct{})}
	cfg := config(a)
	cfg.InFlight = 2
	h := make1(t, cfg)
	codes := make(chan int)
	for range 3 {
		go func() { codes <- do(h, post("x")).Code }()
	}
	if got := <-codes; got != 429 {
		t.Errorf("the third: %d, want 429", got)
	}
	r := post("x", "Authorization:")
	r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{Subject: pkix.Name{CommonName: "till"}}}}}
	go func() { codes <- do(h, r).Code }()
	close(a.wait)
	for range 3 {
		if got := <-codes; got != 202 {
			t.Errorf("%d, want 202: another writer has its own bound", got)
		}
	}
	if got := do(h, post("x")).Code; got != 202 {
		t.Errorf("afterwards: %d", got)
	}
}

// stuck is a body that sends n bytes and then nothing, until it is told to end.
type stuck struct {
	n    int
	sent chan struct{}
	end  chan struct{}
}

func (s *stuck) Read(p []byte) (int, error) {
	if s.n == 0 {
		if s.sent != nil {
			close(s.sent)
			s.sent = nil
		}
		<-s.end
		return 0, io.EOF
	}
	n := min(len(p), s.n)
	s.n -= n
	return n, nil
}

func (s *stuck) Close() error { return nil }

// Bodies hold what they have sent, within one bound for each writer and one for
// all.
func TestBodiesAreBounded(t *testing.T) {
	cfg := config(&taker{})
	cfg.Topics = []relay.Topic{{Name: "orders", MaxBytes: 900_000}, {Name: "private"}}
	cfg.Held = 2 << 20
	h := make1(t, cfg)
	end := make(chan struct{})
	codes := make(chan int, 8)
	begin := func(writer string) {
		body := &stuck{n: 600_000, sent: make(chan struct{}), end: end}
		r := post("", "Authorization: Bearer "+token)
		r.Body, r.ContentLength = body, -1
		if writer == "till" {
			r.Header.Del("Authorization")
			r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{Subject: pkix.Name{CommonName: "till"}}}}}
		}
		over := make(chan struct{})
		sent := body.sent
		go func() {
			defer close(over)
			codes <- do(h, r).Code
		}()
		select {
		case <-sent:
		case <-over:
		}
	}
	begin("shop") // holds 900,000: a step of 1 MiB would be more than can come
	begin("shop") // is more than half of 2 MiB
	if got := <-codes; got != 503 {
		t.Errorf("the second body: %d, want 503", got)
	}
	begin("till")
	close(end)
	for range 2 {
		if got := <-codes; got != 202 {
			t.Errorf("%d, want 202", got)
		}
	}
	if got := do(h, post("x")).Code; got != 202 {
		t.Errorf("afterwards: %d", got)
	}
}

// F36: a body that does not end is not waited for.
func TestF36SlowBody(t *testing.T) {
	cfg := config(&taker{})
	cfg.Within = 50 * time.Millisecond
	s := httptest.NewServer(make1(t, cfg))
	defer s.Close()
	end := make(chan struct{})
	defer close(end)
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/daero/relay/orders", &stuck{n: 10, end: end})
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 408 {
		t.Errorf("%s, want 408", resp.Status)
	}
}
