package playtest

import (
	"time"

	"github.com/daero/daero/level"
)

// player reads one signal of a test as time goes on.
type player struct {
	points []point
	next   int     // of the points
	cur    point   // that holds
	value  float64 // it read last
	before float64 // it read before a value that is held for a while
	arms   bool
	until  time.Time // a warning holds
	note   string
}

// read returns what the signal reads at a moment, which never goes back.
func (p *player) read(at time.Duration, now time.Time) level.Reading {
	for p.next < len(p.points) && p.points[p.next].at <= at {
		p.turn(p.points[p.next], now.Add(p.points[p.next].at-at))
		p.next++
	}
	if p.cur.kind == vanish {
		return level.Reading{Note: "the test says that nothing is heard"}
	}
	if p.arms {
		return level.Reading{At: now, Until: p.until, Note: p.note}
	}
	switch c := &p.cur; {
	case c.kind == ramps && at < c.at+c.over:
		p.value = c.from + (c.to-c.from)*float64(at-c.at)/float64(c.over)
	case c.kind == values && c.hold > 0 && at >= c.at+c.hold:
		p.value = p.before
	case c.kind == values || c.kind == ramps:
		p.value = c.to
	}
	return level.Reading{Value: p.value, At: now}
}

// turn makes a point the one that holds.
func (p *player) turn(c point, now time.Time) {
	switch c.kind {
	case ramps:
		if !c.rises {
			c.from = p.value
		}
	case values:
		p.before = p.value
	case warns:
		p.until, p.note = now.Add(c.over), c.note
	case cancels:
		p.until, p.note = time.Time{}, ""
	}
	p.cur = c
}
