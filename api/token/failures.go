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

// of returns the bucket of an address: of its /64 for IPv6, which is what one
// customer has.
func (f *failures) of(from string) *bucket {
	key := from
	if addr, err := netip.ParseAddr(from); err == nil {
		addr = addr.Unmap()
		bits := 32
		if addr.Is6() {
			bits = 64
		}
		if p, err := addr.WithZone("").Prefix(bits); err == nil {
			key = p.String()
		}
	}
	return &f.buckets[maphash.String(f.seed, key)%uint64(len(f.buckets))]
}

// allow reports whether another attempt is looked at.
func (f *failures) allow(now time.Time, from string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.of(from).at.Sub(now) <= (failuresMost-1)*failureEvery
}

// note counts a failure.
func (f *failures) note(now time.Time, from string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.of(from)
	if b.at.Before(now) {
		b.at = now
	}
	if most := now.Add(failuresMost * failureEvery); b.at.Before(most) {
		b.at = b.at.Add(failureEvery)
	}
}
