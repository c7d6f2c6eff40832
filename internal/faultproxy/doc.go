// Package faultproxy stands between a client and a server and does to their TCP
// connections what networks do: it delays, slows down, stops one direction or
// both, forgets bytes, cuts and refuses. What it does can be changed at any
// time, for connections that are open too.
//
// It knows nothing of what the bytes mean, and it cannot lose single packets:
// TCP would send them again, and that is a delay.
package faultproxy

import (
	"math/rand/v2"
	"time"
)

// Faults is what happens to connections. The zero Faults is a good network.
type Faults struct {
	// Refuse resets new connections at once.
	Refuse bool
	// Up is the way from client to server, Down the way back. A fault in one of
	// them alone is a half-open connection.
	Up, Down Way
}

// Way is what happens to the bytes of one direction.
type Way struct {
	// Delay is how long bytes are under way, and Jitter how much longer at most,
	// by chance. The order of bytes stays, and so does the throughput.
	Delay, Jitter time.Duration
	// Rate is bytes per second, 0 without a bound.
	Rate int
	// Hold lets nothing pass, the end of the stream neither. What was sent
	// passes when Hold ends, as after a link that was down.
	Hold bool
	// Drop forgets what is sent, and its end. A connection that has forgotten
	// something is dead: when Drop ends it is reset, as behind a router that
	// has lost its state.
	Drop bool
	// CutAfter resets the connection once that many more bytes have passed,
	// counted from when the fault is set, 0 never. One byte less than a message
	// is half a message.
	CutAfter int64
}

// Random returns a fault that r draws: one in three lets everything pass, so
// that something gets done between faults.
func Random(r *rand.Rand) Faults {
	var w Way
	switch r.IntN(12) {
	case 0, 1:
		w.Delay, w.Jitter = time.Duration(r.IntN(50))*time.Millisecond, time.Duration(r.IntN(50))*time.Millisecond
	case 2, 3:
		w.Rate = 200 + r.IntN(20_000) // a message of 1 kB takes up to 5 s
	case 4:
		w.Hold = true
	case 5:
		w.Drop = true
	case 6:
		w.CutAfter = 1 + r.Int64N(4096)
	case 7:
		return Faults{Refuse: true}
	default:
		return Faults{}
	}
	switch r.IntN(3) {
	case 0:
		return Faults{Up: w}
	case 1:
		return Faults{Down: w}
	default:
		return Faults{Up: w, Down: w}
	}
}
