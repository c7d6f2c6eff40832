package lane

import (
	"math"
	"time"
)

// turnstile decides whose turn it is while a lane is asked for more than it
// can serve: users whose place (see place) is below turn may try for a permit.
// Because a place is the user's for an hour, the same users get in and get
// things done, instead of everyone getting a tenth of what they came for.
type turnstile struct {
	turn     float64 // 0 to 1
	shedding bool
	quiet    time.Duration // since when nobody was refused a permit
	window   turnWindow
	from     time.Duration // of the window
}

type turnWindow struct {
	tried   uint64 // had their turn: let in, or found no permit
	noPlace uint64 // had their turn and found no permit
}

const turnEvery = 50 * time.Millisecond

// step moves the turn so that those who may try are about pressure times what
// the lane can serve. Where nobody queues, a permit that lies idle is lost: the
// turn goes on at once when some do, and slowly back when too many try in vain.
// Where requests queue, both ways are paced by the count alone.
func (t *turnstile) step(now time.Duration, d demand) {
	if t.window.noPlace > 0 {
		t.quiet = now
		if !t.shedding {
			t.shedding, t.turn = true, 1
		}
	}
	if !t.shedding {
		t.window, t.from = turnWindow{}, now
		return
	}
	switch {
	case d.slack:
		t.turn = 1
		t.window, t.from = turnWindow{}, now
	case d.idle && !d.queues && t.turn < 1:
		t.turn = min(1, t.turn*1.25+leastTurn)
		t.window, t.from = turnWindow{}, now
	}
	if d.stands {
		t.turn = max(t.turn*0.98, leastTurn)
	}
	dt := now - t.from
	if dt < turnEvery {
		return
	}
	win := t.window
	t.window, t.from = turnWindow{}, now
	want := d.pressure() * d.rate * min(dt, time.Second).Seconds()
	if win.tried > 0 && want > 0 {
		f := want / float64(win.tried)
		if d.queues {
			f = min(math.Sqrt(f), 1.05) // half way: the count of one window is noisy
		}
		if f = min(max(f, 0.8), 1.25); f < 1 || d.queues {
			t.turn = min(1, max(t.turn*f, leastTurn))
		}
	}
	if t.turn >= 1 && now-t.quiet > time.Second {
		t.shedding = false
	}
}

// leastTurn keeps the turn above zero, from where it could not grow.
const leastTurn = 1.0 / 4096

// threshold is the turn as a bound on places; MaxUint32 lets everyone try.
func (t *turnstile) threshold() uint32 {
	if !t.shedding || t.turn >= 1 {
		return 1<<32 - 1
	}
	return uint32(t.turn * (1 << 32))
}

// demand is what a turnstile needs to know of its lane.
type demand struct {
	permits int     // its permits
	rate    float64 // requests/s it can serve
	idle    bool    // permits lie idle now
	slack   bool    // most of them do, and nobody waits
	queues  bool    // requests may wait for one
	stands  bool    // and have not ceased to for a while
}

// pressure is how many times its capacity a lane must be tried for so that
// only about one in two hundred of its permits idles. Where nobody queues, a
// freed permit idles until the next try: with tries at p times the service rate
// 1/(p-1) permits idle on average, so p = 1 + 200/permits. Where requests
// queue, more than the lane can serve would only make all of them late.
func (d demand) pressure() float64 {
	if d.queues {
		return 0.975
	}
	return min(max(1+200/float64(max(d.permits, 1)), 1.5), 20)
}
