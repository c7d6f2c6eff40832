// Package session lets browsers stay logged in: it makes their secrets, finds
// whose they are, and ends them. It knows nothing of passwords, cookies or HTTP.
//
// A session's secret is 32 random bytes, of which the store has a SHA-256: it
// cannot be guessed, so a slow hash would only make each request slow. Sessions
// end when they were not used for [Idle], [Longest] after they began at the
// latest, and at once when somebody ends them, or their operator is removed or
// has another role.
package session
