package deferred_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/deferred"
)

// shelf is a relay that is as simple as can be: messages stand in one row, and
// are handed out by hand.
type shelf struct {
	mu   sync.Mutex
	row  []*relay.Message
	ids  map[string]bool
	fail error // of Accept
	keep bool  // keep the message all the same
}

func (s *shelf) Accept(_ context.Context, m *relay.Message) (relay.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil && !s.keep {
		return relay.Receipt{}, s.fail
	}
	id := m.ID()
	if s.ids == nil {
		s.ids = map[string]bool{}
	}
	r := relay.Receipt{ID: id, Repeated: s.ids[id]}
	if !r.Repeated {
		s.ids[id] = true
		s.row = append(s.row, m)
	}
	return r, s.fail
}

func (s *shelf) next(t testing.TB) *relay.Message {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.row) == 0 {
		t.Fatal("nothing was kept")
	}
	m := s.row[0]
	s.row = s.row[1:]
	m.Attempt = 1
	return m
}

// service answers what it is told to, and remembers what it was asked.
type service struct {
	mu     sync.Mutex
	status int
	header http.Header
	body   string
	fail   error
	asked  []*http.Request
	bodies []string
}

// RoundTrip implements http.RoundTripper.
func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, _ := io.ReadAll(r.Body)
	s.asked, s.bodies = append(s.asked, r), append(s.bodies, string(b))
	if s.fail != nil {
		return nil, s.fail
	}
	status := s.status
	if status == 0 {
		status = 201
	}
	h := s.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: h, ContentLength: int64(len(s.body)), Body: io.NopCloser(strings.NewReader(s.body))}, nil
}

// rig is a desk with one lane, and all that it stands on.
type rig struct {
	*deferred.Desk
	t       testing.TB
	cfg     deferred.Config
	shelf   *shelf
	service *service
	answers *deferred.Memory
}

func newRig(t testing.TB, change func(*deferred.Config, *deferred.Lane)) *rig {
	t.Helper()
	r := &rig{t: t, shelf: &shelf{}, service: &service{}, answers: deferred.NewMemory(0)}
	target, err := url.Parse("http://service:9000/app/")
	if err != nil {
		t.Fatal(err)
	}
	lane := deferred.Lane{Topic: "daero.deferred.login", Target: target, Send: r.service}
	r.cfg = deferred.Config{
		Accept: r.shelf.Accept, Answers: r.answers, Secrets: [][]byte{[]byte(strings.Repeat("s", 32))},
	}
	if change != nil {
		change(&r.cfg, &lane)
	}
	r.cfg.Lanes = map[string]deferred.Lane{"login": lane}
	if r.Desk, err = deferred.New(r.cfg); err != nil {
		t.Fatal(err)
	}
	return r
}

// byHeader finds the user as a gateway does.
func byHeader(r *http.Request) uint64 {
	if r.Header.Get("X-User-Id") == "" {
		return 0
	}
	return user(r.Header.Get("X-User-Id"))
}

// user is a user's hash.
func user(name string) uint64 {
	u := uint64(1469598103934665603)
	for _, c := range []byte(name) {
		u = (u ^ uint64(c)) * 1099511628211
	}
	return u
}

func post(path, body string, headers ...string) *http.Request {
	return with(httptest.NewRequest("POST", path, strings.NewReader(body)), headers...)
}

func with(r *http.Request, headers ...string) *http.Request {
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// put hands a request in and returns the answer; the request must be answered.
func (r *rig) put(req *http.Request, user uint64) *httptest.ResponseRecorder {
	r.t.Helper()
	w := httptest.NewRecorder()
	if answered, err := r.Defer(w, req, "login", user); !answered || err != nil {
		r.t.Fatalf("answered %t: %v", answered, err)
	}
	return w
}

// ask brings a ticket.
func (r *rig) ask(location string, headers ...string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r.ServeHTTP(w, with(httptest.NewRequest("GET", location, nil), headers...))
	return w
}

// document is what a program reads.
type document struct {
	State, Title, Detail, URL string
	Status                    int
	Ahead                     *int
	Estimate                  *int   `json:"estimate_seconds"`
	RetryAfter                int    `json:"retry_after_seconds"`
	Key                       string `json:"idempotency_key"`
	Received, Until           time.Time
}

func read(t testing.TB, w *httptest.ResponseRecorder) document {
	t.Helper()
	var doc document
	dec := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	if err := dec.Decode(&doc); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if h := w.Header().Get("Daero-Deferred"); h != doc.State || doc.Status != w.Code || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("header %q, status %d, headers %v: %+v", h, w.Code, w.Header(), doc)
	}
	return doc
}

var errBroken = errors.New("connection reset")

// serve runs a server and returns its address.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
