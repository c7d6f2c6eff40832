package token

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// failures bounds how often tokens that are not valid are looked at, per
// network, in constant memory: networks share buckets by a random hash, so two
// that meet in one share its bound.
type failures struct {
	mu      sync.Mutex
	seed    maphash.Seed
	buckets [1024]bucket
}

// bucket leaks one failure per failureEvery.
type bucket struct {
	at time.Time // when it will be empty
}

const (
	failuresMost = 20              // at once
	failureEvery = 6 * time.Second // after that: ten a minute
)

func newFailures() *failures { return &failures{seed: maphash.MakeSeed()} }

// of returns the bucket of an address's network, or of any other text.
func (f *failures) of(from string) *bucket {
	return &f.buckets[maphash.String(f.seed, network(from))%uint64(len(f.buckets))]
}

// network of an address: its /64 for IPv6, which is what one customer has. What
// is no address is a network of its own.
func network(from string) string {
	addr, err := netip.ParseAddr(from)
	if err != nil {
		return from
	}
	addr = addr.Unmap()
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		return from
	}
	return p.String()
}

// allow reports whether another attempt is looked at.
func (f *failures) allow(now time.Time, from string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.of(from).allows(now)
}

// note counts a failure.
func (f *failures) note(now time.Time, from string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.of(from).add(now)
}

// take counts an attempt as a failure if it is looked at, so that those who come
// at once do not all pass before the first has failed. giveBack takes it back.
func (f *failures) take(now time.Time, from string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.of(from)
	if !b.allows(now) {
		return false
	}
	b.add(now)
	return true
}

func (f *failures) giveBack(now time.Time, from string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b := f.of(from); b.at.After(now) {
		b.at = b.at.Add(-failureEvery)
	}
}

func (b *bucket) allows(now time.Time) bool {
	return b.at.Sub(now) <= (failuresMost-1)*failureEvery
}

func (b *bucket) add(now time.Time) {
	if b.at.Before(now) {
		b.at = now
	}
	if most := now.Add(failuresMost * failureEvery); b.at.Before(most) {
		b.at = b.at.Add(failureEvery)
	}
}
