package lane

import "time"

// HashUser hashes a user or device key (FNV-1a, 64 bit, finished with a
// mixer so that similar keys spread evenly). It never returns 0, which means
// anonymous. Keys are not recoverable from what lanes keep.
func HashUser(key string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(key); i++ {
		h ^= uint64(key[i])
		h *= 1099511628211
	}
	if h = mix(h); h == 0 {
		return 1
	}
	return h
}

// mix is the finaliser of SplitMix64: every input bit moves every output bit.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// place maps a user to a number in [0, 2^32) that is stable within the hour:
// low numbers are let in first. It changes with the hour so that nobody is
// always last.
func place(user, seed uint64, now time.Duration) uint32 {
	hour := uint64(now / time.Hour)
	return uint32(mix(user^mix(seed^hour)) >> 32)
}
