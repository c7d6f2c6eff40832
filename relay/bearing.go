package relay

import "time"

// bearing is how many messages a target bears at once.
type bearing struct {
	most int
}

func newBearing(d Delivery) *bearing { return &bearing{most: d.InFlight} }

// limit is how many that is now.
func (b *bearing) limit() int { return b.most }

// allows reports whether one more may go, with so many in flight.
func (b *bearing) allows(inFlight int) bool { return inFlight < b.most }

// began counts an attempt.
func (b *bearing) began(time.Time) {}

// ended learns from an attempt.
func (b *bearing) ended(time.Time, time.Time, int, Result) {}
