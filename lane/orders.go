package lane

import (
	"sync/atomic"
	"time"
)

// Orders are what a playbook asks of a lane, beside what the lane decides by
// itself. The zero Orders ask for nothing.
type Orders struct {
	// Shed is the share of users (0 to 1) to refuse, by [Intent]. The same users
	// come first as when the lane sheds by itself; who holds an appointment that
	// is due gets in unless everyone is refused.
	Shed [2]float64
	// Defer is the share of users (0 to 1) whose requests wait for later, by
	// [Intent]: the same users, of whom those that Shed takes are refused all the
	// same. What cannot wait (see [Request.CanWait]) is refused.
	Defer [2]float64
	// Challenge is the share of users (0 to 1) who are asked whether a person is
	// there, by [Intent]: the same users, of whom those that Shed takes are refused
	// all the same. Who is cleared (see [Request.Cleared]) is not asked, and goes on
	// as others do; an appointment clears nobody. Who cannot be asked (see
	// [Request.CanAsk]) is refused.
	Challenge [2]float64
	// ChallengeNew is likewise, for devices that are not known (see
	// [Request.KnownDevice]).
	ChallengeNew [2]float64
	// WouldShed, WouldDefer, WouldChallenge and WouldChallengeNew are counted and
	// not done.
	WouldShed, WouldDefer             [2]float64
	WouldChallenge, WouldChallengeNew [2]float64
	// Ceiling is the share of the limit the lane may not exceed; 0 is none.
	Ceiling float64
	// Max is a number of permits the lane may not exceed; 0 is none.
	Max int
}

// orders are Orders ready for use.
type orders struct {
	Orders
	until, wouldUntil           [2]uint64 // places from here on are refused
	deferUntil, wouldDeferUntil [2]uint64 // below those: places from here on wait
	challenge, wouldChallenge   asked
	from                        [2]uint64 // the lowest of them all
	anonymous                   atomic.Uint32
}

// asked are the places from which on users are asked.
type asked struct{ all, fresh [2]uint64 }

func askedOf(all, fresh [2]float64) (a asked) {
	for i := range all {
		a.all[i] = above(all[i])
		a.fresh[i] = min(a.all[i], above(fresh[i])) // who is asked anyway is asked on a new device too
	}
	return a
}

// asks reports whether the user at a place is asked.
func (a *asked) asks(at uint64, req *Request) bool {
	if req.Cleared {
		return false
	}
	if req.KnownDevice {
		return at >= a.all[req.Intent&1]
	}
	return at >= a.fresh[req.Intent&1]
}

// nobody is above all places.
const nobody = 1 << 32

// above is the place from which on a share of users is.
func above(share float64) uint64 { return uint64((1 - clamp01(share)) * nobody) }

// Order puts o in force, instead of what was ordered before. It may be called
// at any time.
func (l *Lane) Order(o Orders) {
	if o == (Orders{}) {
		l.orders.Store(nil)
		return
	}
	fresh := &orders{
		Orders: o, challenge: askedOf(o.Challenge, o.ChallengeNew), wouldChallenge: askedOf(o.WouldChallenge, o.WouldChallengeNew),
	}
	for i := range fresh.until {
		fresh.until[i], fresh.wouldUntil[i] = above(o.Shed[i]), above(o.WouldShed[i])
		fresh.deferUntil[i], fresh.wouldDeferUntil[i] = above(o.Defer[i]), above(o.WouldDefer[i])
		fresh.from[i] = min(fresh.until[i], fresh.wouldUntil[i], fresh.deferUntil[i], fresh.wouldDeferUntil[i],
			fresh.challenge.fresh[i], fresh.wouldChallenge.fresh[i])
	}
	if old := l.orders.Load(); old != nil {
		fresh.anonymous.Store(old.anonymous.Load())
	}
	l.orders.Store(fresh)
}

func clamp01(v float64) float64 { return min(max(v, 0), 1) }

// Orders returns what is in force.
func (l *Lane) Orders() Orders {
	if o := l.orders.Load(); o != nil {
		return o.Orders
	}
	return Orders{}
}

// ceiling is the share of the limit in force, configured or ordered; 0 is none.
func (l *Lane) ceiling() float64 {
	o := l.orders.Load()
	switch {
	case o == nil || o.Ceiling <= 0:
		return l.cfg.Ceiling
	case l.cfg.Ceiling <= 0:
		return o.Ceiling
	}
	return min(o.Ceiling, l.cfg.Ceiling)
}

// most is the number of permits it may not exceed, configured or ordered; 0 is
// none.
func (l *Lane) most() int {
	o := l.orders.Load()
	switch {
	case o == nil || o.Max <= 0:
		return l.cfg.Max
	case l.cfg.Max <= 0:
		return o.Max
	}
	return min(o.Max, l.cfg.Max)
}

// ordered tells whether the request is refused, asked or deferred by order, and
// counts what shadow would have refused, asked or deferred.
func (l *Lane) ordered(o *orders, now time.Duration, req *Request) Reason {
	i := req.Intent & 1
	if o.from[i] == nobody {
		return ReasonNone
	}
	at := uint64(l.placeOf(o, now, req))
	due := req.Booked && req.DueIn <= 0
	hit := func(from uint64) bool { return at >= from && (!due || from == 0) }
	switch {
	case hit(o.wouldUntil[i]):
		l.wouldShed[i].Add(1)
	case o.wouldChallenge.asks(at, req):
		l.wouldChallenge[i].Add(1)
	case hit(o.wouldDeferUntil[i]):
		l.wouldDefer[i].Add(1)
	}
	switch {
	case hit(o.until[i]):
		return ReasonPlaybook
	case o.challenge.asks(at, req):
		if req.CanAsk {
			return ReasonChallenge
		}
		return ReasonPlaybook
	case hit(o.deferUntil[i]):
		if req.CanWait {
			return ReasonDefer
		}
		return ReasonPlaybook
	}
	return ReasonNone
}

// Ordered tells what the orders in force would do with a request: refuse it
// ([ReasonPlaybook]), ask or keep it, or nothing. Nothing is counted. An
// anonymous request, which has no place of its own, is told of what happens to
// all of them.
func (l *Lane) Ordered(req Request) Reason {
	o := l.orders.Load()
	if o == nil {
		return ReasonNone
	}
	i, at := req.Intent&1, uint64(0)
	if req.User != 0 {
		at = uint64(place(req.User, l.set.seed, l.set.clock()))
	}
	due := req.Booked && req.DueIn <= 0
	switch hit := func(from uint64) bool { return at >= from && (!due || from == 0) }; {
	case hit(o.until[i]):
		return ReasonPlaybook
	case o.challenge.asks(at, &req):
		return ReasonChallenge
	case hit(o.deferUntil[i]):
		return ReasonDefer
	}
	return ReasonNone
}

// placeOf is the user's place. Anonymous requests are spread evenly one by one:
// steps of the golden ratio leave no gap and no run.
func (l *Lane) placeOf(o *orders, now time.Duration, req *Request) uint32 {
	if req.User == 0 {
		return o.anonymous.Add(2654435769)
	}
	return place(req.User, l.set.seed, now)
}
