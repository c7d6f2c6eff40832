package deferred_test

import (
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/daero/daero/relay/deferred"
)

// BenchmarkWaiting is what every request costs that could wait: while nobody
// waits, and while others do.
func BenchmarkWaiting(b *testing.B) {
	for name, others := range map[string]int{"nobody": 0, "others": 10_000} {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, nil)
			for i := range others {
				r.put(post("/v1/login", "x"), uint64(i+1000))
			}
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if r.Waiting("login", 7) {
						b.Fatal("who does not wait")
					}
				}
			})
		})
	}
}

// BenchmarkDefer is what it costs to take a request, without the log.
func BenchmarkDefer(b *testing.B) {
	r := newRig(b, func(c *deferred.Config, _ *deferred.Lane) { c.Waiting = 1 << 30 })
	b.ReportAllocs()
	user := uint64(1)
	for b.Loop() {
		user++
		if answered, err := r.Defer(httptest.NewRecorder(), post("/v1/login", "user=kim", "Content-Type", "application/x-www-form-urlencoded"), "login", user); !answered {
			b.Fatal(err)
		}
		r.shelf.row = r.shelf.row[:0]
	}
}

// BenchmarkHeld is what it costs to look at one that may not go yet.
func BenchmarkHeld(b *testing.B) {
	r := newRig(b, func(c *deferred.Config, _ *deferred.Lane) { c.Pace = func(string) float64 { return 0 } })
	r.put(post("/v1/login", "x", "User-Agent", "app/1"), 7)
	m := r.shelf.next(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Handle(b.Context(), m)
	}
}

// BenchmarkForged is what a stranger's guess costs.
func BenchmarkForged(b *testing.B) {
	r := newRig(b, nil)
	req := httptest.NewRequest("GET", deferred.Prefix+"AWl_LzIAAAAHAGsGvAAADhDQqfnYUOyhI_NAQfxQ-tdlpC6r2ij9LIq1Q91SXU1sqA", nil)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		if r.ServeHTTP(w, req); w.Code != 404 {
			b.Fatal(w.Code)
		}
	}
}

// BenchmarkMemoryPerWaiting is what one that waits takes.
func BenchmarkMemoryPerWaiting(b *testing.B) {
	for b.Loop() {
		r := newRig(b, func(c *deferred.Config, _ *deferred.Lane) { c.Waiting = 1 << 30 })
		heap := func() uint64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		before := heap()
		const n = 100_000
		for i := range n {
			r.put(post("/v1/login", "x"), uint64(i+1))
			r.shelf.row = nil
			if i%1000 == 0 {
				r.shelf.ids = nil
			}
		}
		r.shelf.row, r.shelf.ids = nil, nil
		b.ReportMetric(float64(heap()-before)/n, "B/waiting")
		runtime.KeepAlive(r)
	}
}
