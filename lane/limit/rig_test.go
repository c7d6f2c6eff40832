package limit_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/daero/daero/lane/limit"
)

const (
	message = iota // critical, cheap
	login          // sheddable, dear
)

// rig is a pool of workers behind a Finder, moved in milliseconds. Nobody
// queues at the Finder; whoever finds no place is refused.
type rig struct {
	f       *limit.Finder
	now     time.Duration
	rng     *rand.Rand
	in      []limit.LaneInput
	out     []limit.LaneOutput
	rate    []float64
	work    []time.Duration
	workers []time.Duration // when each is free
	open    []request
	all     int
	refused []int
	asked   []int
}

type request struct {
	lane      int
	from, end time.Duration
	n         int
}

func newRig(initial, workers int) *rig {
	r := &rig{
		f: limit.New(limit.Config{Initial: initial}, 2), rng: rand.New(rand.NewPCG(11, 12)),
		in: make([]limit.LaneInput, 2), out: make([]limit.LaneOutput, 2),
		rate: []float64{500, 50}, work: []time.Duration{4 * time.Millisecond, 100 * time.Millisecond},
		workers: make([]time.Duration, workers), refused: make([]int, 2), asked: make([]int, 2),
	}
	r.in[message].Tier, r.in[login].Tier = 1, 3
	r.f.Step(0, r.in, r.out)
	return r
}

func (r *rig) run(d time.Duration) {
	for end := r.now + d; r.now < end; {
		r.now += time.Millisecond
		r.finish()
		for i, rate := range r.rate {
			for p := r.rng.ExpFloat64() / rate; rate > 0 && p < 0.001; p += r.rng.ExpFloat64() / rate {
				r.arrive(i)
			}
		}
		if r.now%limit.Interval == 0 {
			r.f.Step(r.now, r.in, r.out)
			for i := range r.in {
				l := &r.in[i]
				l.Samples, l.Arrived, l.Refused = l.Samples[:0], 0, 0
			}
		}
	}
}

func (r *rig) finish() {
	r.open = slices.DeleteFunc(r.open, func(q request) bool {
		if q.end > r.now {
			return false
		}
		r.all--
		l := &r.in[q.lane]
		l.InFlight--
		l.Samples = append(l.Samples, limit.Sample{Entered: q.from, Took: q.end - q.from, N: q.n, Served: true})
		return true
	})
}

func (r *rig) arrive(i int) {
	l, o := &r.in[i], r.out[i]
	l.Arrived++
	r.asked[i]++
	if l.InFlight >= o.Cap || r.all >= o.Total && l.InFlight >= o.Floor {
		l.Refused++
		r.refused[i]++
		return
	}
	first := 0
	for w, at := range r.workers {
		if at < r.workers[first] {
			first = w
		}
	}
	r.workers[first] = max(r.workers[first], r.now) + r.work[i]
	r.open = append(r.open, request{i, r.now, r.workers[first], r.all})
	r.all++
	l.InFlight++
}

func between(tb testing.TB, what string, got, low, high int) {
	tb.Helper()
	if got < low || got > high {
		tb.Errorf("%s %d, want %d to %d", what, got, low, high)
	}
}

// hand is a Finder fed by hand: lane message takes 10 ms and login 100 ms when
// nothing presses.
type hand struct {
	f   *limit.Finder
	now time.Duration
	in  []limit.LaneInput
	out []limit.LaneOutput
}

func newHand(initial int) *hand {
	h := &hand{f: limit.New(limit.Config{Initial: initial}, 2), in: make([]limit.LaneInput, 2), out: make([]limit.LaneOutput, 2)}
	h.in[message].Tier, h.in[login].Tier = 1, 3
	h.in[message].InFlight = 5
	for range 100 {
		h.feed(5, 10*time.Millisecond, message)
		h.feed(1, 100*time.Millisecond, login)
		h.step()
	}
	return h
}

// feed adds n requests of a lane that took so long and ended just now.
func (h *hand) feed(n int, took time.Duration, lane int) {
	l := &h.in[lane]
	l.Arrived += n
	for range n {
		l.Samples = append(l.Samples, limit.Sample{Entered: h.now + limit.Interval - took, Took: took, N: 5, Served: true})
	}
}

// step lets an interval pass and takes in what was fed.
func (h *hand) step() {
	h.now += limit.Interval
	h.f.Step(h.now, h.in, h.out)
	for i := range h.in {
		l := &h.in[i]
		l.Samples, l.Arrived, l.Refused = l.Samples[:0], 0, 0
	}
}
