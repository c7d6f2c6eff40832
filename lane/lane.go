package lane

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/daero/daero/lane/limit"
)

// Lane is one lane of a [Set].
type Lane struct {
	set  *Set
	name string

	// Put in force by each step, read by each request.
	cap      atomic.Int64  // own permits, at most
	floor    atomic.Int64  // own permits it has whatever others use
	total    atomic.Int64  // above its floor: all permits, at most
	headroom atomic.Int64  // own permits kept from the background
	turn     atomic.Uint32 // places at or above it wait for their turn
	shedding atomic.Bool
	base     atomic.Int64 // ns
	streams  atomic.Bool
	queues   atomic.Bool
	retired  atomic.Bool
	orders   atomic.Pointer[orders] // nil: none

	_ [64]byte // what changes with each request is not on the lines read by all

	// entries counts permits given in its upper 40 bits and permits out in its
	// lower 24: one add does both.
	entries              atomic.Uint64
	back                 atomic.Uint64 // of the permits given, how many to the background
	refused              [2][numReasons]atomic.Uint64
	would                atomic.Uint64    // shadow: passed, but would have been refused
	wouldShed            [2]atomic.Uint64 // by Intent: passed, but an order in shadow would have refused
	deferred, wouldDefer [2]atomic.Uint64 // by Intent: kept for later; passed, but an order in shadow would have kept

	// By Intent: asked whether a person is there; passed, but an order in shadow
	// would have asked.
	challenged, wouldChallenge [2]atomic.Uint64

	waited  atomic.Int64  // ns that all who ever left the queue had waited in it
	waits   atomic.Uint64 // how many those are
	dropped atomic.Uint64
	ends    [3]atomic.Uint64 // by Outcome
	waiting atomic.Int64
	ring    ring
	ledger  ledger
	booking booking

	// Guarded by set.mu.
	cfg       LaneConfig
	queue     queue
	stile     turnstile
	lastIn    uint64 // entries at the step before
	lastRef   [numReasons]uint64
	lastFore  uint64
	foreShown uint64        // foreground permits given, as last shown
	fore      float64       // foreground tries per second, smoothed
	kept      float64       // fraction of a permit kept for the foreground
	done      float64       // requests ended per second, smoothed
	perPermit float64       // ended per second and permit while all were out
	room      float64       // requests per second it can serve, smoothed over about 50 steps
	stepped   time.Duration // when it last collected
	recent    float64       // seconds a request takes now, smoothed over about 20 steps with any
}

const (
	oneIn      = 1<<24 + 1 // one entry, one permit out
	inMask     = 1<<24 - 1
	entryShift = 24
)

// Name returns the lane's name.
func (l *Lane) Name() string { return l.name }

// InFlight is how many permits of the lane are out.
func (l *Lane) InFlight() int { return int(l.entries.Load() & inMask) }

// collect gathers what happened since the step before. Called with set.mu held.
func (l *Lane) collect(now time.Duration, samples []limit.Sample) limit.LaneInput {
	in := limit.LaneInput{
		Tier: uint8(l.cfg.Tier), Floor: l.cfg.Floor, Ceiling: l.ceiling(), Max: l.most(),
		InFlight: l.InFlight(), Waiting: int(l.waiting.Load()),
	}
	var ended uint64
	in.Samples, ended = l.ring.drain(now, samples)
	l.timed(in.Samples)
	l.done += 0.05 * (float64(ended)/max(now-l.stepped, time.Millisecond).Seconds() - l.done)
	l.stepped = now
	if l.cfg.Streams {
		// No tier: a lane that takes no share is not the most important one.
		in.Samples, in.InFlight, in.Waiting, in.Tier = in.Samples[:0], 0, 0, math.MaxUint8
		return in
	}
	entered := l.entries.Load() >> entryShift
	in.Arrived = int(entered - l.lastIn)
	win := turnWindow{tried: entered - l.lastIn}
	l.lastIn = entered
	for r := ReasonNone + 1; r < numReasons; r++ {
		if r == ReasonPlaybook {
			continue // never asked for a permit
		}
		n := l.refused[Foreground][r].Load() + l.refused[Background][r].Load()
		d := n - l.lastRef[r]
		l.lastRef[r] = n
		in.Refused += int(d)
		in.Arrived += int(d)
		switch r {
		case ReasonFull, ReasonQueueFull, ReasonTimeout, ReasonBackground:
			win.noPlace += d
			win.tried += d
		}
	}
	l.stile.window.tried += win.tried
	l.stile.window.noPlace += win.noPlace
	return in
}

// put puts a decision in force. Called with set.mu held.
func (l *Lane) put(now time.Duration, in limit.LaneInput, out limit.LaneOutput, base time.Duration) {
	if l.cfg.Streams {
		l.cap.Store(int64(l.most()))
		l.base.Store(0)
		l.shedding.Store(false)
		l.booking.setRate(max(20, float64(l.most())/100)) // as if each stayed 100 s
		return
	}
	l.cap.Store(int64(out.Cap))
	l.floor.Store(int64(out.Floor))
	l.total.Store(int64(out.Total))
	l.base.Store(int64(base))
	rate := l.rate(in, out, base)
	l.room += 0.02 * (rate - l.room)
	idle := out.Cap - in.InFlight
	l.stile.step(now, demand{permits: out.Cap, rate: rate, idle: 50*idle > out.Cap, slack: in.Waiting == 0 && 2*idle > out.Cap, queues: l.cfg.Queue.Length > 0, stands: l.queue.len() > 0 && now-l.queue.since > turnEvery/5})
	l.shedding.Store(l.stile.shedding)
	l.turn.Store(l.stile.threshold())
	// A lane whose permits others need for a moment serves again in the next:
	// appointments follow what it serves over half a second.
	l.booking.setRate(0.95 * max(rate, l.room))
	l.headroom.Store(l.keepForForeground(rate))
}

// rate is how many requests a second the lane can serve: while it is full,
// what it does serve; else by Little's law its permits over the time of one.
func (l *Lane) rate(in limit.LaneInput, out limit.LaneOutput, base time.Duration) float64 {
	if base <= 0 {
		return 20 // nothing known yet
	}
	if !l.stile.shedding {
		l.perPermit = 1 / base.Seconds()
	} else if 10*in.InFlight >= 9*out.Cap && out.Cap > 0 {
		l.perPermit += 0.1 * (l.done/float64(out.Cap) - l.perPermit)
	} else {
		l.perPermit *= 1.003 // not full: it may serve more than it was seen to
	}
	each := 1 / base.Seconds()
	l.perPermit = min(l.perPermit, each)
	return min(each, 1.02*l.perPermit) * float64(out.Cap)
}

// keepForForeground is how many permits background requests leave free while
// the lane sheds, so that a person finds one: foreground tries take from them
// at rate a, finished requests refill them at rate m before the background
// gets any, so all h are taken with probability (a/m)^h. h is the smallest
// with that at 5 %, but at most a twentieth of the lane, which is what idles;
// the fraction is dithered over the steps.
func (l *Lane) keepForForeground(rate float64) int64 {
	n := l.entries.Load()>>entryShift - l.back.Load()
	for r := range numReasons {
		if r != ReasonPlaybook {
			n += l.refused[Foreground][r].Load()
		}
	}
	perStep := float64(int64(n - l.lastFore)) // below 0 when entries and back were read amid an entry
	l.lastFore = n
	l.fore += 0.02 * (perStep/limit.Interval.Seconds() - l.fore)
	if !l.stile.shedding || l.fore < 0.1 || rate <= 0 {
		return 0
	}
	h := math.Ceil(math.Log(0.05) / math.Log(min(l.fore/rate, 0.9)))
	h, l.kept = math.Modf(l.kept + min(h, float64(l.cap.Load())/20))
	return int64(h)
}

// timed smooths what requests take now.
func (l *Lane) timed(samples []limit.Sample) {
	sum, n := time.Duration(0), 0
	for _, s := range samples {
		if s.Served && !s.Refused {
			sum += s.Took
			n++
		}
	}
	if n == 0 {
		return
	}
	mean := sum.Seconds() / float64(n)
	if l.recent == 0 {
		l.recent = mean
	}
	l.recent += 0.1 * (mean - l.recent)
}
