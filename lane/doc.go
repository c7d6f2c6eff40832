// Package lane decides which requests may use a backend now.
//
// Each kind of request travels in a lane of its own. Lanes are ordered by
// tier; all lanes in front of one backend share one [Set], and the Set finds
// by itself how many requests the backend bears at once. A request asks with
// [Lane.Enter] and gets a [Permit], at once or after a short wait, or a
// [Refusal] that says why and when to come back. The permit is given back
// with [Permit.Done], which is what the Set learns from, or [Permit.Drop],
// from which it learns nothing.
//
// The package knows nothing of HTTP, Caddy or Kafka, starts no goroutine and
// reads no clock but the one in [Config.Clock], except to see how far away a
// context's deadline and the end of a wait are. How the limit is found is in
// package lane/limit, as a pure function of time, state and samples.
package lane
