package verify

import (
	"time"

	"github.com/daero/daero/relay"
)

// Record is one of those that are written: the N-th of its key, from 1. The
// writer of a key sends the next only once the last is acknowledged.
type Record struct{ Key, N int }

// Written is a record that was acknowledged.
type Written struct {
	Record
	// Sends is how often it was sent until then, with the same idempotency key.
	Sends int
	// Spooled says that it was acknowledged out of the spool.
	Spooled bool
	// First and Acked are the times of the first send and of the
	// acknowledgement, since the beginning of the run.
	First, Acked time.Duration
}

// Arrival is one delivery, as the target's ledger has it.
type Arrival struct {
	Record
	// Place is where in the ledger it stands: arrivals are in this order.
	Place int64
	ID    string         // the idempotency key
	At    relay.Position // of the message
	Epoch int64
	// Relay and Target say which life of which process delivered and took it.
	Relay, Target int
	// Answered says that the target had written its answer before it was
	// killed, if it was.
	Answered bool
}

// Kill is one kill -9.
type Kill struct {
	Role Role
	Life int           // of the process
	At   time.Duration // since the beginning of the run
	// Ledger is how long the ledger was; Settled how long it was when the group
	// worked again, after the kill of a broker.
	Ledger, Settled int64
	// Places is where the group stood: just before the kill of a broker, just
	// after that of a relay.
	Places Places
}

// Places is what a group has finished, by partition.
type Places map[relay.Partition]Finished

// Finished says whether an offset is finished, as committed.
type Finished func(offset int64) bool

// finished says whether a message would be delivered again after the kill.
func (p Places) finished(at relay.Position) bool {
	f, ok := p[relay.Partition{Topic: at.Topic, ID: at.Partition}]
	return ok && f(at.Offset)
}

// Evidence is what the processes of a run have left behind.
type Evidence struct {
	Written  []Written
	Arrivals []Arrival // in ledger order
	Kills    []Kill    // in the order of time
}
