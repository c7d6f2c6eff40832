package relay

import "hash/maphash"

// takenKeys remembers the last idempotency keys that a target has taken. It holds
// hashes of 128 bits under seeds of its own: that two keys of 4,096 are taken
// for one has a chance below 2^-100, and nobody can choose keys for which it has
// more.
type takenKeys struct {
	seeds [2]maphash.Seed
	known map[[2]uint64]struct{}
	ring  [][2]uint64
	at    int
	most  int
}

func newTakenKeys(n int) *takenKeys {
	return &takenKeys{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, known: map[[2]uint64]struct{}{}, most: n}
}

func (m *takenKeys) has(writer, id, key []byte) bool {
	if len(m.known) == 0 {
		return false
	}
	_, ok := m.known[m.sum(writer, id, key)]
	return ok
}

func (m *takenKeys) add(writer, id, key []byte) {
	s := m.sum(writer, id, key)
	if _, ok := m.known[s]; ok {
		return
	}
	if len(m.ring) < m.most {
		m.ring = append(m.ring, s)
	} else {
		delete(m.known, m.ring[m.at])
		m.ring[m.at] = s
		m.at = (m.at + 1) % m.most
	}
	m.known[s] = struct{}{}
}

// sum hashes the three with their lengths, so that no two triples look alike.
func (m *takenKeys) sum(writer, id, key []byte) (s [2]uint64) {
	for i := range s {
		var h maphash.Hash
		h.SetSeed(m.seeds[i])
		for _, b := range [...][]byte{writer, id, key} {
			n := len(b)
			h.WriteByte(byte(n))
			h.WriteByte(byte(n >> 8))
			h.WriteByte(byte(n >> 16))
			h.Write(b)
		}
		s[i] = h.Sum64()
	}
	return s
}
