// Package messenger is a small chat service: people log in, send messages
// and sync. It is the service behind `daero demo` and the backend of
// `daero rehearse`.
//
// It has what makes such services fall over: one fixed pool of workers shared
// by cheap and dear requests, with a first-come-first-served queue in front.
// Work is waiting (on a database, say), not computing. The number of workers
// can be changed while it runs, which is how a rehearsal takes half of the
// service away.
//
// It knows nothing of daero: no lane, no limit, no Retry-After but its own.
package messenger
