package relay

import "time"

// Event is something that a person on call, or the record, wants to know. It
// is never told once per message.
type Event struct {
	At   time.Time
	What string // one of the constants below
	// Target is the delivery or the topic that it is about.
	Target string
	// Partition is where, "" if it is not about one.
	Partition string
	// Why is a sentence. It holds no payload and no key.
	Why string
}

// What may happen.
const (
	CircuitOpened    = "relay.circuit_opened"
	CircuitClosed    = "relay.circuit_closed"
	DeadLettered     = "relay.dead_lettered"     // the first of a minute, with how many followed in Why
	DeadLettersFull  = "relay.dead_letters_full" // the flood limiter paused a delivery
	MessagesLost     = "relay.messages_lost"     // retention took, or a topic was made anew
	PlaceLost        = "relay.place_lost"        // a known group has no committed offset
	KeyParked        = "relay.key_parked"
	HotKey           = "relay.hot_key"
	HeadOfLine       = "relay.head_of_line" // one message holds up a partition
	RetentionNear    = "relay.retention_near"
	SpoolPoisoned    = "relay.spool_poisoned" // its disk failed: nothing more is kept there
	SpoolUsed        = "relay.spool_used"     // the log is away
	SpoolDrained     = "relay.spool_drained"
	SpoolDamaged     = "relay.spool_damaged"  // its disk has lost what was kept
	SpoolRejected    = "relay.spool_rejected" // the log refuses messages for good: they were put aside
	Fenced           = "relay.fenced"
	HandlerPanicked  = "relay.handler_panicked"
	ConsumeFailed    = "relay.consume_failed"
	DeliveryPaused   = "relay.delivery_paused"
	DeliveryResumed  = "relay.delivery_resumed"
	DeliveryThrottle = "relay.delivery_throttled"
)

// Listener is told of events, on the goroutine where they happen: it must be
// quick. nil is nobody.
type Listener func(Event)

func (l Listener) tell(e Event) {
	if l != nil {
		l(e)
	}
}
