package lane

import "time"

// deferredAgain is when a deferred request that found no permit may ask again.
// Nobody waits for it, and a permit comes free every few milliseconds; what
// asks ten times a second costs nothing.
const deferredAgain = 100 * time.Millisecond

// Defers reports whether requests are to wait by order. It is quick.
func (l *Lane) Defers() bool {
	o := l.orders.Load()
	return o != nil && o.Defer != [2]float64{}
}

// CountDeferred counts a request that was kept to be delivered later.
func (l *Lane) CountDeferred(i Intent) { l.deferred[i&1].Add(1) }

// Refuse refuses a request on behalf of the playbook, as if it had been shed:
// one that was to be deferred and could not be kept, or to be challenged and
// could not be asked. It says when to come back.
func (l *Lane) Refuse(req Request) *Refusal {
	return l.refuse(l.set.clock(), &req, ReasonPlaybook)
}
