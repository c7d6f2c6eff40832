// Package pow is a proof of work whose time cannot be divided among machines: a
// time-lock after Rivest, Shamir and Wagner. y = x^(2^t) mod n takes t squarings
// one after another, unless one knows how n was made; then it takes one
// exponentiation.
package pow

// Lock is a modulus with what is needed to check quickly.
type Lock struct{}

// New makes a lock from a secret, always the same: gateways that share the secret
// share the lock.
func New(secret []byte) *Lock { panic("to be written") }

// Task returns n and x of a challenge, in lower-case hexadecimal; x follows from
// the challenge's seed.
func (l *Lock) Task(seed []byte) (n, x string) { panic("to be written") }

// Check reports whether y, in hexadecimal, is x^(2^t) mod n.
func (l *Lock) Check(seed []byte, t int, y string) bool { panic("to be written") }

// Squarings is how many squarings take a usual browser about that many
// milliseconds.
func Squarings(ms int) int { panic("to be written") }

// Solve does the work, for clients in Go and for tests.
func Solve(n, x string, t int) (y string, err error) { panic("to be written") }
