// Package events writes the audit record into a log, as CloudEvents, so that
// whoever wants to know what the automatic response and the relay do can read
// it there: a [Sink] for the gateway, and [Message], which is what it writes.
//
// An event is a CloudEvent 1.0 in the binary mode of the Kafka binding: its
// attributes are headers with the prefix ce_, its data is the entry in JSON. The
// key is the node, so that the events of one gateway stay in order. The same
// entry always has the same id: what is sent again can be told.
//
// The sink never holds up who records: it has a bounded queue, a goroutine of
// its own, and tries again while the log is away. What it had to drop is counted
// and told as an event of its own when the log is back.
//
// It does not know what an entry says. Texts are bounded and what looks like a
// secret is masked, but who writes an entry must not put one there.
package events
