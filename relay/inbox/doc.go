// Package inbox is for services that messages are delivered to: it makes a
// message's effect happen once, though the message may come more than once.
//
// There are two ways. [Inbox.Handler] is middleware for net/http with a store
// beside the service's own data. It answers
//
//	what the handler answered      and keeps it, if that is 2xx
//	the kept answer again          Idempotency-Replayed: true
//	409, Idempotency-Key           done before, and its answer was too large to keep
//	409, Retry-After               the same message is being worked on
//	422                            the same key with another content
//	400, 413                       no key; a body that is too large
//	503, Retry-After               the store does not answer; nothing was done
//
// which httptarget takes as Ack, Ack, Ack, Retry, Reject, Reject and Retry. Only
// answers of 2xx are kept: after any other the message is done anew when it
// comes again, so that one taken back out of the dead letters, once the service
// is repaired, is not answered with its old error.
//
// A process that dies between the handler's work and the keeping leaves a gap:
// the lease runs out, and the message is done again. [Once] has no gap: it
// marks the key in the transaction that does the work, so that both are there
// or none. Use it where the work is in one database.
//
// Keys are remembered for [Config.TTL]. A message that comes later is done
// again: TTL has to be longer than a message can be on its way, see
// [Config.Horizon]. [Stats.Late] counts those that came too late.
package inbox
