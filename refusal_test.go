package daero_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/daero/daero"
)

func TestRefusalProblem(t *testing.T) {
	d, s := newDaero(t, lanesOf(1)), newService()
	h := d.Handler(s, daero.HandlerConfig{Classify: byPath})
	release := fill(t, h, s)
	w := do(h, get("/v1/login?secret=1", "X-User-Id", "kim"))
	release()

	if w.Code != 503 || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%d %s", w.Code, w.Header().Get("Content-Type"))
	}
	var doc struct {
		Type, Title, Detail, Instance, Lane, Reason, Appointment string
		Status                                                   int
		After                                                    int `json:"retry_after_seconds"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatalf("%v\n%s", err, w.Body)
	}
	if doc.Type == "" || doc.Title == "" || doc.Detail == "" || doc.Status != 503 || doc.Instance != "/v1/login" ||
		doc.Lane != "login" || doc.Reason != "full" {
		t.Errorf("problem %+v", doc)
	}
	if doc.After < 1 || w.Header().Get("Retry-After") != strconv.Itoa(doc.After) {
		t.Errorf("come back in %d seconds, Retry-After %q", doc.After, w.Header().Get("Retry-After"))
	}
	if doc.Appointment == "" || doc.Appointment != w.Header().Get("Daero-Appointment") {
		t.Errorf("appointment %q, header %q", doc.Appointment, w.Header().Get("Daero-Appointment"))
	}
	if w.Header().Get("Connection") != "" || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("headers %v", w.Header())
	}
	noneOut(t, d)
}

func TestRefusalForms(t *testing.T) {
	d, s := newDaero(t, lanesOf(1)), newService()
	h := d.Handler(s, daero.HandlerConfig{Classify: byPath})
	defer fill(t, h, s)()
	const html = "text/html,application/xhtml+xml,*/*;q=0.8"
	tests := map[string]struct {
		r       *http.Request
		status  int
		headers []string // name, wanted part
		body    []string
		not     []string
	}{
		"a person, Korean": {
			get("/v1/login", "Accept", html, "Accept-Language", "ko-KR,ko;q=0.9,en;q=0.8"), 503,
			[]string{"Content-Type", "text/html; charset=utf-8", "Set-Cookie", "HttpOnly; SameSite=Lax"},
			[]string{`<html lang="ko">`, "지금 이용자가 많습니다", `http-equiv="refresh"`},
			[]string{"<script", "http://", "https://"},
		},
		"a person, English": {
			get("/v1/login", "Accept", html, "Accept-Language", "en-GB,ko;q=0.5"), 503,
			nil,
			[]string{`<html lang="en">`, "Very busy"},
			nil,
		},
		"a person, German": {
			get("/v1/login", "Accept", html, "Accept-Language", "de"), 503,
			nil,
			[]string{`<html lang="en">`},
			nil,
		},
		"a person who sent a form": {
			with(httptest.NewRequest("POST", "/v1/login", strings.NewReader("a=1")), "Accept", html), 503,
			nil,
			[]string{"has not been processed"},
			[]string{"refresh"},
		},
		"a script in a browser": {
			get("/v1/login", "Sec-Fetch-Mode", "cors"), 503,
			[]string{"Set-Cookie", "daero-appointment-login=", "Content-Type", "problem+json"},
			nil, nil,
		},
		"gRPC": {
			with(httptest.NewRequest("POST", "/v1/login", nil), "Content-Type", "application/grpc+proto"), 200,
			[]string{"Grpc-Status", "14", "Content-Type", "application/grpc", "Retry-After", "", "Grpc-Retry-Pushback-Ms", ""},
			nil,
			[]string{"{"},
		},
		"gRPC-Web": {
			with(httptest.NewRequest("POST", "/v1/login", nil), "Content-Type", "application/grpc-web+proto"), 503,
			[]string{"Content-Type", "problem+json"},
			nil, nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := do(h, tt.r)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			for i := 0; i < len(tt.headers); i += 2 {
				if got := w.Header().Get(tt.headers[i]); got == "" || !strings.Contains(got, tt.headers[i+1]) {
					t.Errorf("%s: %q, want %q", tt.headers[i], got, tt.headers[i+1])
				}
			}
			body := w.Body.String()
			for _, want := range tt.body {
				if !strings.Contains(body, want) {
					t.Errorf("no %q in %s", want, body)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(body, not) {
					t.Errorf("%q in %s", not, body)
				}
			}
			if len(body) > 6000 {
				t.Errorf("%d bytes", len(body))
			}
		})
	}
}

// TestRefusalKeepsConnection: a client that loses its connection logs in again.
func TestRefusalKeepsConnection(t *testing.T) {
	d, s := newDaero(t, lanesOf(1)), newService()
	h := d.Handler(s, daero.HandlerConfig{Classify: byPath})
	var conns atomic.Int64
	server := httptest.NewUnstartedServer(h)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	defer fill(t, h, s)()
	for range 20 {
		resp, err := server.Client().Post(server.URL+"/v1/login", "text/plain", strings.NewReader("name=kim"))
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 503 {
			t.Fatalf("status %d", resp.StatusCode)
		}
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("20 refusals took %d connections", n)
	}
}

func TestRefusedLargeBodyIsNotRead(t *testing.T) {
	d, s := newDaero(t, lanesOf(1)), newService()
	h := d.Handler(s, daero.HandlerConfig{Classify: byPath})
	defer fill(t, h, s)()
	body := &counted{Reader: strings.NewReader(strings.Repeat("x", 1<<20))}
	r := httptest.NewRequest("POST", "/v1/login", body)
	r.ContentLength = 1 << 20
	if w := do(h, r); w.Code != 503 || body.n != 0 {
		t.Errorf("status %d, %d bytes read", w.Code, body.n)
	}
}

type counted struct {
	io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

func TestInstanceIsEscaped(t *testing.T) {
	d, s := newDaero(t, lanesOf(1)), newService()
	h := d.Handler(s, daero.HandlerConfig{Classify: func(*http.Request) daero.Class { return daero.Class{Lane: "login"} }})
	defer fill(t, h, s)()
	r := get("/")
	r.RequestURI = "/\"</script>\xff\\" + strings.Repeat("y", 10_000)
	w := do(h, r)
	var doc struct{ Instance string }
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if !strings.HasPrefix(doc.Instance, `/"</script>`) || len(doc.Instance) > 300 {
		t.Errorf("instance %q", doc.Instance)
	}
}
