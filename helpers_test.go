package daero_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

// lanesOf is a backend that serves one request at a time, with a lane that
// does not wait.
func lanesOf(limit int) lane.Config {
	return lane.Config{FixedLimit: limit, Lanes: []lane.LaneConfig{
		{Name: "login", Tier: lane.Sheddable},
		{Name: "message", Tier: lane.Critical},
	}}
}

func newDaero(t testing.TB, cfg lane.Config) *daero.Daero {
	t.Helper()
	d, err := daero.New(daero.Config{Plan: daero.Plan{
		Backends: map[string]lane.Config{"default": cfg},
		Secrets:  [][]byte{[]byte(strings.Repeat("s", 32))},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// byPath sends /v1/NAME to the lane NAME.
func byPath(r *http.Request) daero.Class {
	c := daero.Class{Lane: strings.TrimPrefix(r.URL.Path, "/v1/"), User: r.Header.Get("X-User-Id")}
	if r.Header.Get("X-App-State") == "background" {
		c.Intent = lane.Background
	}
	return c
}

// service is a backend whose requests last until they are told to end.
type service struct {
	entered chan struct{}
	finish  chan struct{}
}

func newService() *service {
	return &service{entered: make(chan struct{}), finish: make(chan struct{})}
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("hold") {
		s.entered <- struct{}{}
		<-s.finish
	}
	w.Write([]byte("served"))
}

// fill occupies the only place until release is called.
func fill(t *testing.T, h http.Handler, s *service) (release func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v1/login?hold", nil))
	}()
	<-s.entered
	return func() { s.finish <- struct{}{}; <-done }
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(path string, headers ...string) *http.Request {
	return with(httptest.NewRequest("GET", path, nil), headers...)
}

func with(r *http.Request, headers ...string) *http.Request {
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func laneOf(d *daero.Daero, name string) lane.LaneSnapshot {
	for _, l := range d.Snapshot().Backends["default"].Lanes {
		if l.Name == name {
			return l
		}
	}
	return lane.LaneSnapshot{}
}

// noneOut fails the test if a permit was not given back.
func noneOut(t *testing.T, d *daero.Daero) {
	t.Helper()
	s := d.Snapshot()
	for name, b := range s.Backends {
		if b.InFlight != 0 {
			t.Errorf("backend %s: %d permits are out", name, b.InFlight)
		}
		for _, l := range b.Lanes {
			if l.InFlight != 0 || l.Waiting != 0 {
				t.Errorf("lane %s: %d in flight, %d waiting", l.Name, l.InFlight, l.Waiting)
			}
		}
	}
	if s.BodyBytes != 0 {
		t.Errorf("%d bytes of bodies are still accounted for", s.BodyBytes)
	}
}
