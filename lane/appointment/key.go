package appointment

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

const (
	blockLen = 64 // of SHA-256
	macLen   = 16
)

// key is one secret, prepared so that using it allocates nothing: HMAC is
// H(outer ‖ H(inner ‖ message)), and inner and outer depend on the key alone.
// crypto/hmac computes the same (a test compares them) but keeps its state in
// an object, which would have to be pooled.
type key struct {
	id           byte
	seed         uint64
	inner, outer [blockLen]byte
}

func newKey(secret []byte) key {
	var k key
	// The id and the seed come from the secret through labels of their own, so
	// that neither tells anything about what signs.
	k.id = derive(secret, "daero appointment id")[0]
	k.seed = binary.BigEndian.Uint64(derive(secret, "daero appointment binding"))
	signing := derive(secret, "daero appointment mac")
	for i := range blockLen {
		var c byte
		if i < len(signing) {
			c = signing[i]
		}
		k.inner[i] = c ^ 0x36
		k.outer[i] = c ^ 0x5c
	}
	return k
}

func derive(secret []byte, label string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(label))
	return h.Sum(nil)
}

// mac signs a payload.
func (k *key) mac(payload []byte) (out [macLen]byte) {
	var in [blockLen + payloadLen]byte
	copy(in[:], k.inner[:])
	copy(in[blockLen:], payload)
	first := sha256.Sum256(in[:])
	var over [blockLen + sha256.Size]byte
	copy(over[:], k.outer[:])
	copy(over[blockLen:], first[:])
	second := sha256.Sum256(over[:])
	copy(out[:], second[:])
	return out
}

// bind mixes lane and user with the key's seed. It need not withstand an
// attacker by itself: it is signed.
func (k *key) bind(lane string, user uint64) uint64 {
	h := k.seed
	for i := 0; i < len(lane); i++ {
		h = (h ^ uint64(lane[i])) * 1099511628211
	}
	return mix(mix(h) ^ user)
}

// mix is the finaliser of SplitMix64: every input bit moves every output bit.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
