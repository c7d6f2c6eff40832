package appointment

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

const (
	version    = 1
	payloadLen = 24
	tokenBytes = payloadLen + macLen

	// TokenLen is the length of every token, in characters.
	TokenLen = (tokenBytes*8 + 5) / 6
	// MaxLen is the longest text that is looked at; anything longer is
	// oversize without being decoded.
	MaxLen = 256
	// MinSecret is the shortest secret that is accepted, in bytes.
	MinSecret = 16
	// DefaultGrace is how long after its time an appointment is honoured.
	DefaultGrace = 10 * time.Minute
)

// encoding is strict, so that one appointment has exactly one spelling.
var encoding = base64.RawURLEncoding.Strict()

// Config describes a Signer.
type Config struct {
	// Secrets are the keys: the first signs, all verify. To rotate, put the
	// new one first and drop the old one after the grace. Required, each at
	// least MinSecret bytes.
	Secrets [][]byte
	// Grace is how long after its time an appointment is honoured. Default
	// DefaultGrace.
	Grace time.Duration
}

// Validate reports every mistake at once, joined. It never prints a secret.
func (c Config) Validate() error {
	var errs []error
	if len(c.Secrets) == 0 {
		errs = append(errs, errors.New("appointment: no secret: give at least one"))
	}
	for i, s := range c.Secrets {
		if len(s) < MinSecret {
			errs = append(errs, fmt.Errorf("appointment: secret %d has %d bytes: use at least %d, best random", i+1, len(s), MinSecret))
		}
	}
	if c.Grace < 0 || c.Grace > 24*time.Hour {
		errs = append(errs, fmt.Errorf("appointment: grace %s: must be at most 24h", c.Grace))
	}
	return errors.Join(errs...)
}

// Signer signs and verifies. It is immutable and safe for concurrent use.
type Signer struct {
	keys  []key
	grace time.Duration
}

// NewSigner returns a Signer.
func NewSigner(cfg Config) (*Signer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Signer{grace: cfg.Grace}
	if s.grace == 0 {
		s.grace = DefaultGrace
	}
	for _, secret := range cfg.Secrets {
		s.keys = append(s.keys, newKey(secret))
	}
	return s, nil
}

// Sign returns a token for user of lane to come back at at. The token is the
// only allocation.
func (s *Signer) Sign(lane string, user uint64, now, at time.Time) string {
	var text [TokenLen]byte
	s.append(text[:], lane, user, now, at)
	return string(text[:])
}

// Append appends a token to dst, for callers that bring their own buffer.
func (s *Signer) Append(dst []byte, lane string, user uint64, now, at time.Time) []byte {
	var text [TokenLen]byte
	s.append(text[:], lane, user, now, at)
	return append(dst, text[:]...)
}

func (s *Signer) append(text []byte, lane string, user uint64, now, at time.Time) {
	var b [tokenBytes]byte
	k := &s.keys[0]
	b[0] = version
	b[1] = k.id
	binary.BigEndian.PutUint32(b[2:], uint32(now.Unix()))
	putUint48(b[6:], uint64(at.UnixMilli()))
	binary.BigEndian.PutUint32(b[12:], uint32(at.Add(s.grace).Unix()))
	binary.BigEndian.PutUint64(b[16:], k.bind(lane, user))
	mac := k.mac(b[:payloadLen])
	copy(b[payloadLen:], mac[:])
	encoding.Encode(text, b[:])
}

// Verify looks at a token that user brought to lane. With the result OK the
// appointment is for the time at; with any other it must be ignored.
func (s *Signer) Verify(token, lane string, user uint64, now time.Time) (at time.Time, res Result) {
	b, res := decode(token)
	if res != OK {
		return time.Time{}, res
	}
	k := s.signed(&b)
	switch {
	case k == nil:
		return time.Time{}, Forged
	case binary.BigEndian.Uint64(b[16:]) != k.bind(lane, user):
		return time.Time{}, Foreign
	case uint64(now.Unix()) > uint64(binary.BigEndian.Uint32(b[12:])):
		return time.Time{}, Expired
	}
	return time.UnixMilli(int64(uint48(b[6:]))), OK
}

// decode turns text into the bytes of a token, or says why it is none.
func decode(token string) (b [tokenBytes]byte, res Result) {
	if len(token) > MaxLen {
		return b, Oversize
	}
	if len(token) != TokenLen {
		return b, Garbage
	}
	var text [TokenLen]byte
	copy(text[:], token)
	if n, err := encoding.Decode(b[:], text[:]); err != nil || n != tokenBytes || b[0] != version {
		return b, Garbage
	}
	return b, OK
}

// signed returns the key that signed b, nil if none of ours did.
func (s *Signer) signed(b *[tokenBytes]byte) *key {
	for i := range s.keys {
		k := &s.keys[i]
		if k.id != b[1] {
			continue
		}
		mac := k.mac(b[:payloadLen])
		if subtle.ConstantTimeCompare(mac[:], b[payloadLen:]) == 1 {
			return k
		}
	}
	return nil
}

func putUint48(b []byte, v uint64) {
	binary.BigEndian.PutUint16(b, uint16(v>>32))
	binary.BigEndian.PutUint32(b[2:], uint32(v))
}

func uint48(b []byte) uint64 {
	return uint64(binary.BigEndian.Uint16(b))<<32 | uint64(binary.BigEndian.Uint32(b[2:]))
}
