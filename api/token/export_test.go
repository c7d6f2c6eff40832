package token

import "time"

// Computed is how much memory hashes have passed over, in KiB.
func Computed() uint64 { return computed.Load() }

// Resting is how long the next password waits, Rest makes it wait.
func (p *Passwords) Resting() time.Duration {
	p.slots <- struct{}{}
	defer func() { <-p.slots }()
	return p.rest
}

// Rest makes the next password wait.
func (p *Passwords) Rest(d time.Duration) {
	p.slots <- struct{}{}
	defer func() { <-p.slots }()
	p.rest = d
}
