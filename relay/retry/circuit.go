package retry

import (
	"math/rand/v2"
	"time"
)

// State is what a Circuit lets through.
type State uint8

// The states.
const (
	Closed   State = iota // everything
	Open                  // nothing, until the next probe
	HalfOpen              // a probe is under way
)

var stateNames = [...]string{"closed", "open", "half-open"}

// String returns the state's word.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// mostDoublings is how often the time between probes doubles: 1, 2, 4, 8, 16.
const mostDoublings = 4

// Circuit says whether a target is down as a whole. Make it with [NewCircuit].
type Circuit struct {
	failures int
	probe    time.Duration

	state  State
	row    int    // failures since the last sign of life
	first  uint64 // the key of the first of them
	second bool   // another key is among them
	probes int    // that failed in a row
	next   time.Time

	downSince time.Time
	down      time.Duration
}

// NewCircuit returns a closed Circuit that opens after so many failures in a
// row, over at least two keys if there are two, and probes after probe, which
// doubles up to 16 times.
func NewCircuit(failures int, probe time.Duration) *Circuit {
	return &Circuit{failures: failures, probe: probe}
}

// State is the state now.
func (c *Circuit) State() State { return c.state }

// Failed counts a sign that the target is down, met by a message of a key.
// others says that messages of other keys wait or are under way: then one key
// alone does not open the circuit. It reports whether the circuit opened.
func (c *Circuit) Failed(now time.Time, key uint64, others bool, rnd *rand.Rand) bool {
	switch c.state {
	case HalfOpen:
		c.probes = min(c.probes+1, mostDoublings)
		c.open(now, rnd)
		return false
	case Open:
		return false // of what was under way when it opened
	}
	if c.row == 0 {
		c.first, c.second = key, false
	}
	c.row++
	c.second = c.second || key != c.first
	if c.row < c.failures || others && !c.second {
		return false
	}
	c.downSince = now
	c.open(now, rnd)
	return true
}

// Alive counts a sign that the target is there, and reports whether the circuit
// closed.
func (c *Circuit) Alive(now time.Time) bool {
	c.row, c.probes = 0, 0
	if c.state == Closed {
		return false
	}
	c.down += now.Sub(c.downSince)
	c.state = Closed
	return true
}

// Probe asks whether one message may be sent while the circuit is open, and if
// so half-opens it: what comes of the message decides.
func (c *Circuit) Probe(now time.Time) bool {
	if c.state != Open || now.Before(c.next) {
		return false
	}
	c.state = HalfOpen
	return true
}

// Vain takes a probe back that told nothing.
func (c *Circuit) Vain(now time.Time) {
	if c.state == HalfOpen {
		c.state, c.next = Open, now
	}
}

// Next is when the next probe may be sent, while the circuit is open.
func (c *Circuit) Next() time.Time { return c.next }

// Down is how long the circuit was not closed, in all.
func (c *Circuit) Down(now time.Time) time.Duration {
	if c.state == Closed {
		return c.down
	}
	return c.down + now.Sub(c.downSince)
}

// open sets the time of the next probe; up to a quarter is taken off by chance,
// so that several relays do not probe together.
func (c *Circuit) open(now time.Time, rnd *rand.Rand) {
	c.state = Open
	d := c.probe << c.probes
	c.next = now.Add(d - time.Duration(rnd.Float64()*float64(d)/4))
}
