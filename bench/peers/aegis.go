package peers

import (
	"context"
	"sync/atomic"
	"time"
	_ "unsafe" // for go:linkname

	"github.com/daero/daero/rehearse/virtual"
	"github.com/go-kratos/aegis/ratelimit"
	"github.com/go-kratos/aegis/ratelimit/bbr"
)

const aegisModule = "github.com/go-kratos/aegis"

// aegisCPU is the reading that the library's limiter acts on, in thousandths.
//
//go:linkname aegisCPU github.com/go-kratos/aegis/ratelimit/bbr.gCPU
var aegisCPU int64

// aegises are go-kratos' BBR limiter, which acts only while the CPU is above a
// threshold. In virtual time no CPU is used, so the reading is overwritten
// every 10 ms with the share of the backend that is busy: through the library's
// own smoothing (×0.95 every 500 ms) in the first row, at once in the tuned.
// The library's goroutine still writes the host's CPU in, every half second of
// real time; it stands for at most 10 ms of virtual time.
func aegises() []Peer {
	return []Peer{{
		Name: "aegis BBR", Module: aegisModule, Alone: true,
		Setting: "one limiter, defaults: CPU threshold 800, window 10 s, 100 buckets",
		Told:    "how busy the backend is, smoothed as the library does",
		Build:   kratos(500*time.Millisecond, false),
	}, {
		Name: "aegis BBR, per kind, tuned", Module: aegisModule, Alone: true,
		Setting: "one limiter per kind; window 1 s, 10 buckets",
		Told:    "how busy the backend is, exactly, every 10 ms",
		Build:   kratos(0, true, bbr.WithWindow(time.Second), bbr.WithBucket(10)),
	}}
}

func kratos(smoothedEvery time.Duration, perKind bool, opts ...bbr.Option) func(*Stage) (virtual.Contender, func(), error) {
	return func(st *Stage) (virtual.Contender, func(), error) {
		feed(st, &aegisCPU, smoothedEvery)
		c := &kratosBBR{}
		c.limiters[virtual.Message] = bbr.NewLimiter(opts...)
		c.limiters[virtual.Login] = c.limiters[virtual.Message]
		if perKind {
			c.limiters[virtual.Login] = bbr.NewLimiter(opts...)
		}
		return c, nil, nil
	}
}

// feed writes the busy share of the backend into a reading in thousandths. If
// smoothedEvery is not 0 it goes through a moving average that takes 5 % of
// each value.
func feed(st *Stage, reading *int64, smoothedEvery time.Duration) {
	atomic.StoreInt64(reading, 0)
	average := 0.0
	if smoothedEvery > 0 {
		st.Every(smoothedEvery, func() { average = 0.95*average + 0.05*st.Busy() })
	}
	st.Every(10*time.Millisecond, func() {
		if smoothedEvery == 0 {
			average = st.Busy()
		}
		atomic.StoreInt64(reading, int64(1000*average))
	})
}

type kratosBBR struct{ limiters [2]*bbr.BBR }

func (*kratosBBR) MayWait(virtual.Attempt) bool { return false }

func (k *kratosBBR) Enter(_ context.Context, a virtual.Attempt) (func(virtual.Outcome), error) {
	done, err := k.limiters[a.Kind].Allow()
	if err != nil {
		return nil, err
	}
	return func(virtual.Outcome) { done(ratelimit.DoneInfo{}) }, nil
}
