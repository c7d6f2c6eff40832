package relay

// EncodeHeld and DecodeHeld are how messages stand in the spool.
func EncodeHeld(m *Message, run uint64) []byte { return appendHeld(nil, m, run) }

// DecodeHeld is the inverse of EncodeHeld.
func DecodeHeld(b []byte) (*Message, uint64, error) {
	h, err := decodeHeld(b)
	return h.m, h.run, err
}
