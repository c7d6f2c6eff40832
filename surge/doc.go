// Package surge describes a crowd: when people and their apps come
// ([Curve], [Arrivals]) and what they do when they are refused ([Client],
// [Population]).
//
// Everything here is a function of its arguments and of a seeded
// *rand.Rand. The package does no I/O, reads no clock and starts no
// goroutine, so the same crowd can be replayed against a real service and in
// virtual time. It knows nothing of HTTP, lanes or backends.
package surge
