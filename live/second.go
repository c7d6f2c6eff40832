package live

import (
	"time"

	"github.com/daero/daero/lane"
)

// Second returns what all lanes did since the last sample, in no order, and the
// sum of what became of requests: what is kept, where [Meter.Lanes] is what is
// looked at. It is for just before the next [Meter.Take].
func (m *Meter) Second(now time.Time, backends map[string]lane.Snapshot) (lanes []Lane, totals Outcome) {
	m.each(now, backends, m.latest, func(backend string, l *lane.LaneSnapshot, p *passage, seconds float64) {
		lanes = append(lanes, laneOf(backend, l, p, seconds))
		totals.add(p.outcome(seconds))
	})
	return lanes, totals.round()
}
