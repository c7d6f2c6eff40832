// Package relay lets what can wait wait in a log, and delivers it.
//
// A message is accepted once it is safe: on all replicas of the log, or in the
// spool on disk while the log is away. It is delivered to each target in the
// order of its key, at the speed that the target bears, until the target has
// answered. Trouble on one side stays on that side: a message that fails blocks
// its own key, a target that is down pauses its own delivery, and nobody who
// writes ever waits for anybody who reads.
//
// Delivery is at least once. A message that was under way when a process died
// is delivered again, with the same idempotency key: with a receiver that
// remembers keys (see package inbox) its effect is there once. Exactly once
// there is only from topic to topic, inside one log, see Transform in driver/kafka.
//
// The package knows nothing of Kafka, Caddy or HTTP. What decides is pure and
// stands in packages below this one: relay/track which offsets are done,
// relay/gate which message may go next, relay/retry when to try again.
package relay
