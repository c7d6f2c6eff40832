package daero_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

func TestOutcomes(t *testing.T) {
	tests := map[string]struct {
		status int
		want   func(lane.LaneSnapshot) uint64
	}{
		"nothing written": {0, func(l lane.LaneSnapshot) uint64 { return l.Served }},
		"200":             {200, func(l lane.LaneSnapshot) uint64 { return l.Served }},
		"404":             {404, func(l lane.LaneSnapshot) uint64 { return l.Served }},
		"500":             {500, func(l lane.LaneSnapshot) uint64 { return l.Failed }},
		"429":             {429, func(l lane.LaneSnapshot) uint64 { return l.Overloaded }},
		"503":             {503, func(l lane.LaneSnapshot) uint64 { return l.Overloaded }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDaero(t, lanesOf(1))
			h := d.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusEarlyHints) // not the answer
				if tt.status != 0 {
					w.WriteHeader(tt.status)
				}
			}), daero.HandlerConfig{Classify: byPath})
			do(h, get("/v1/login"))
			l := laneOf(d, "login")
			if tt.want(l) != 1 || l.Served+l.Failed+l.Overloaded+l.Dropped != 1 {
				t.Errorf("%+v", l)
			}
		})
	}
}

func TestPanicDropsPermit(t *testing.T) {
	d := newDaero(t, lanesOf(1))
	h := d.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		daero.HandlerConfig{Classify: byPath})
	for _, r := range []*http.Request{get("/v1/login"), get("/v1/login", "Accept", "text/event-stream")} {
		func() {
			defer func() {
				if got, _ := recover().(error); !errors.Is(got, http.ErrAbortHandler) {
					t.Errorf("recovered %v", got)
				}
			}()
			do(h, r)
		}()
	}
	if n := laneOf(d, "login").Dropped; n != 1 {
		t.Errorf("dropped %d", n)
	}
	noneOut(t, d)
}

func TestClientGoneTeachesNothing(t *testing.T) {
	d := newDaero(t, lanesOf(1))
	ctx, cancel := context.WithCancel(t.Context())
	h := d.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel() }), daero.HandlerConfig{Classify: byPath})
	do(h, get("/v1/login").WithContext(ctx))
	if l := laneOf(d, "login"); l.Dropped != 1 || l.Served != 0 {
		t.Errorf("%+v", l)
	}
	noneOut(t, d)
}

func TestStreamsHoldNoPermit(t *testing.T) {
	d, s := newDaero(t, lanesOf(1)), newService()
	h := d.Handler(s, daero.HandlerConfig{Classify: byPath})
	done := make(chan struct{})
	for range 5 {
		go func() {
			do(h, get("/v1/message?hold", "Connection", "keep-alive, Upgrade", "Upgrade", "websocket"))
			done <- struct{}{}
		}()
		<-s.entered
	}
	if b := d.Snapshot().Backends["default"]; b.InFlight != 0 || laneOf(d, "streams").InFlight != 5 {
		t.Errorf("backend has %d in flight, streams %d", b.InFlight, laneOf(d, "streams").InFlight)
	}
	if w := do(h, get("/v1/message")); w.Code != 200 {
		t.Errorf("streams stand in the way: %d", w.Code)
	}
	for range 5 {
		s.finish <- struct{}{}
		<-done
	}
	noneOut(t, d)
}

func TestShadowRefusesNothing(t *testing.T) {
	cfg := lanesOf(1)
	cfg.Shadow = true
	d, s := newDaero(t, cfg), newService()
	h := d.Handler(s, daero.HandlerConfig{Classify: byPath})
	release := fill(t, h, s)
	if w := do(h, get("/v1/login")); w.Code != 200 {
		t.Errorf("status %d", w.Code)
	}
	if n := laneOf(d, "login").WouldRefuse; n != 1 {
		t.Errorf("would have refused %d", n)
	}
	release()
	noneOut(t, d)
}

func TestUnknownLaneIsRest(t *testing.T) {
	d := newDaero(t, lanesOf(1))
	h := d.Handler(newService(), daero.HandlerConfig{Classify: byPath})
	do(h, get("/v1/nonsense"))
	if n := laneOf(d, "rest").Passed[lane.Foreground]; n != 1 {
		t.Errorf("rest passed %d", n)
	}
}

// discard is a ResponseWriter that keeps nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             { clear(d.header) }

// TestMillionUsers: what a lane keeps does not grow with the number of users.
func TestMillionUsers(t *testing.T) {
	d, s := newDaero(t, lanesOf(1)), newService()
	var user string
	h := d.Handler(s, daero.HandlerConfig{Classify: func(r *http.Request) daero.Class {
		return daero.Class{Lane: "login", User: user}
	}})
	defer fill(t, h, s)()
	r, w := get("/v1/login"), discard{http.Header{}}
	before := heap()
	for i := range 1_000_000 {
		user = fmt.Sprintf("user-%d", i)
		h.ServeHTTP(w, r)
	}
	if n := laneOf(d, "login").Refused[lane.Foreground]; len(n) == 0 {
		t.Fatal("nobody was refused")
	}
	if after := heap(); after > before+8<<20 {
		t.Errorf("a million users left %d bytes", after-before)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkPass(b *testing.B) {
	d := newDaero(b, lanesOf(100))
	h := d.Handler(newService(), daero.HandlerConfig{Classify: byPath})
	r, w := get("/v1/login", "X-User-Id", "kim"), discard{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}

func BenchmarkRefuse(b *testing.B) {
	d, s := newDaero(b, lanesOf(1)), newService()
	h := d.Handler(s, daero.HandlerConfig{Classify: byPath})
	go h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v1/login?hold", nil))
	<-s.entered
	r, w := get("/v1/login", "X-User-Id", "kim"), discard{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
	s.finish <- struct{}{}
}
