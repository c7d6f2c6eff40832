package relay

import "time"

// Snapshot is what a Relay is doing, at one moment.
type Snapshot struct {
	At         time.Time
	Topics     []TopicSnapshot    // by name
	Deliveries []DeliverySnapshot // by name
	Spool      *SpoolSnapshot     // nil without a spool
}

// TopicSnapshot is how accepting for a topic fares. Counters only grow.
type TopicSnapshot struct {
	Topic    string
	Accepted uint64 // safe in the log
	Spooled  uint64 // safe in the spool
	Repeated uint64 // answered from memory: the same idempotency key
	Unknown  uint64 // timed out
	Refused  uint64 // the log or the spool did not take it
	Invalid  uint64 // the message was not acceptable
	Bytes    uint64
}

// SpoolSnapshot is how the spool fares.
type SpoolSnapshot struct {
	Depth    int64 // messages that wait in it
	Bytes    int64
	MaxBytes int64
	Oldest   time.Time
	Poisoned string // why nothing more is kept, "" if all is well
	Rejected uint64 // put aside, because the log refuses them for good
	Lost     uint64 // kept, and damaged on disk since
}

// DeliverySnapshot is how a delivery fares. Counters only grow.
type DeliverySnapshot struct {
	Name, Group string
	Paused      *Pause  // by a person or the playbook, nil if it is not
	Circuit     string  // closed, open, half-open
	Limit       int     // messages the target is believed to bear at once
	Rate        float64 // the most that may be delivered per second, 0 none, below 0 without a bound
	InFlight    int
	Waiting     int   // held in memory, not with the target
	Bytes       int64 // held in memory
	Blocked     int   // keys that wait for a retry
	Parked      int   // keys that are parked
	// Held are some of the keys that wait for a retry, the first that are due.
	Held []HeldKey
	// HotKeyWaiting is how many messages wait for the key with the most.
	HotKeyWaiting int

	Delivered    uint64
	Attempts     uint64
	Retries      uint64
	Rejected     uint64
	DeadLettered uint64
	Repeated     uint64 // not sent: the target has taken the same key before, or it was taken back for another group
	Deferrals    uint64
	Parkings     uint64

	Partitions []PartitionSnapshot
}

// HeldKey is a key that waits for a retry of its first message.
type HeldKey struct {
	Partition
	Offset   int64
	Key      []byte // it may be a user's: whoever shows it masks it
	Behind   int    // messages that wait behind the first
	Attempts int
	Since    time.Time // of the first attempt
	Due      time.Time // when it is tried again
}

// PartitionSnapshot is how one partition of a delivery fares.
type PartitionSnapshot struct {
	Partition
	Committed int64 // everything before is finished and kept as such
	Finished  int64 // everything before is finished
	Next      int64 // the next to be read
	End       int64 // after the newest, as far as known
	// Oldest is when the oldest unfinished message was taken by the log, zero
	// if all are finished.
	Oldest time.Time
	// Retention is how long the log keeps messages here, 0 without end or as
	// long as it is not known. What is older than that is lost.
	Retention time.Duration
	// Window is how much of the tracker's room is used, 0 to 1.
	Window float64
	Paused bool // reading is paused, for room
}

// Pause is why a delivery does not deliver.
type Pause struct {
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until,omitzero"`
}
