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
	// WouldShed is counted and not done.
	WouldShed [2]float64
	// Ceiling is the share of the limit the lane may not exceed; 0 is none.
	Ceiling float64
}

// orders are Orders ready for use.
type orders struct {
	Orders
	until, wouldUntil [2]uint64 // places from here on are refused
	anonymous         atomic.Uint32
}

// Order puts o in force, instead of what was ordered before. It may be called
// at any time.
func (l *Lane) Order(o Orders) {
	if o == (Orders{}) {
		l.orders.Store(nil)
		return
	}
	fresh := &orders{Orders: o}
	for i := range fresh.until {
		fresh.until[i] = uint64((1 - clamp01(o.Shed[i])) * (1 << 32))
		fresh.wouldUntil[i] = uint64((1 - clamp01(o.WouldShed[i])) * (1 << 32))
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

// sheds tells whether the request is refused by order, and counts what shadow
// would have refused.
func (l *Lane) sheds(o *orders, now time.Duration, req *Request) bool {
	i := req.Intent & 1
	if o.until[i] == 1<<32 && o.wouldUntil[i] == 1<<32 {
		return false
	}
	at := uint64(l.placeOf(o, now, req))
	due := req.Booked && req.DueIn <= 0
	if at >= o.wouldUntil[i] && (!due || o.wouldUntil[i] == 0) {
		l.wouldShed[i].Add(1)
	}
	return at >= o.until[i] && (!due || o.until[i] == 0)
}

// placeOf is the user's place. Anonymous requests are spread evenly one by one:
// steps of the golden ratio leave no gap and no run.
func (l *Lane) placeOf(o *orders, now time.Duration, req *Request) uint32 {
	if req.User == 0 {
		return o.anonymous.Add(2654435769)
	}
	return place(req.User, l.set.seed, now)
}
