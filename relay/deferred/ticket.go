package deferred

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"net/http"
	"strings"
	"time"
)

// Ticket names a request that was taken, and is what its answer is asked for
// with. Who does not have it cannot guess it.
//
//	version 1 | lane 4 | user 4 | taken 5 | within 3 | nonce 16 | mac 16
//
// All but the nonce says, without asking anybody, when it was taken and how
// long it may take; the MAC tells forged ones cheaply from real ones.
type ticket struct {
	lane   uint32 // a hash of its name
	user   uint32 // a hash of the user's hash, 0 for nobody
	taken  int64  // seconds since 1970
	within int64  // seconds
	doubt  bool   // it was given out without knowing whether the request was taken
	nonce  [nonceSize]byte
}

const (
	ticketVersion = 1 // 2 of a ticket in doubt
	nonceSize     = 16
	macSize       = 16
	bodySize      = 1 + 4 + 4 + 5 + 3 + nonceSize
	ticketSize    = bodySize + macSize
	// ticketLen is how long a ticket is as it is written.
	ticketLen = (ticketSize*8 + 5) / 6
	maxWithin = 1<<24 - 1
)

// ID is what the request is known by inside: the nonce, in 22 characters.
func (t *ticket) id() string { return base64.RawURLEncoding.EncodeToString(t.nonce[:]) }

func (t *ticket) takenAt() time.Time { return time.Unix(t.taken, 0).UTC() }

// until is when its time runs out.
func (t *ticket) until() time.Time { return time.Unix(t.taken+t.within, 0).UTC() }

// mint signs tickets: the first secret signs, all verify.
type mint struct{ secrets [][]byte }

func laneTag(lane string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(lane)) // never fails
	return h.Sum32()
}

// userTag is never 0 for somebody.
func userTag(user uint64) uint32 {
	if user == 0 {
		return 0
	}
	return max(1, uint32(user>>32)^uint32(user))
}

func (m mint) mac(secret, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	_, _ = h.Write([]byte("daero deferred ticket\n")) // never fails
	_, _ = h.Write(body)
	return h.Sum(nil)[:macSize]
}

// write returns the ticket as it is given out.
func (m mint) write(t *ticket) string {
	b := make([]byte, bodySize, ticketSize)
	if b[0] = ticketVersion; t.doubt {
		b[0]++
	}
	binary.BigEndian.PutUint32(b[1:], t.lane)
	binary.BigEndian.PutUint32(b[5:], t.user)
	put(b[9:14], t.taken)
	put(b[14:17], t.within)
	copy(b[17:], t.nonce[:])
	return base64.RawURLEncoding.EncodeToString(append(b, m.mac(m.secrets[0], b)...))
}

func put(b []byte, v int64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte(v)
		v >>= 8
	}
}

func get(b []byte) (v int64) {
	for _, c := range b {
		v = v<<8 | int64(c)
	}
	return v
}

// parse takes a ticket apart without asking whether it is one of ours.
func parse(s string) (t ticket, body, mac []byte, ok bool) {
	if len(s) != ticketLen {
		return t, nil, nil, false
	}
	var raw [ticketSize]byte
	if n, err := base64.RawURLEncoding.Strict().Decode(raw[:], []byte(s)); err != nil || n != ticketSize || raw[0] < ticketVersion || raw[0] > ticketVersion+1 {
		return t, nil, nil, false
	}
	t.doubt = raw[0] > ticketVersion
	t.lane, t.user = binary.BigEndian.Uint32(raw[1:]), binary.BigEndian.Uint32(raw[5:])
	t.taken, t.within = get(raw[9:14]), get(raw[14:17])
	copy(t.nonce[:], raw[17:])
	return t, raw[:bodySize], raw[bodySize:], true
}

// doubt returns a ticket that says that it is not known whether the request was
// taken.
func (m mint) doubt(s string) string {
	t, _, _, _ := parse(s) // one of ours
	t.doubt = true
	return m.write(&t)
}

// read returns a ticket of ours.
func (m mint) read(s string) (ticket, bool) {
	t, body, mac, ok := parse(s)
	if !ok {
		return ticket{}, false
	}
	for _, secret := range m.secrets {
		if hmac.Equal(mac, m.mac(secret, body)) {
			return t, true
		}
	}
	return ticket{}, false
}

// issue makes the ticket of a request. Where the client names the request by an
// idempotency key, the nonce follows from the key, the user, the lane and what
// is asked: the same request sent again is the same one, another that happens
// to bring the same key is not, and nobody can ask for a stranger's. A ticket
// of ours as the key means that request.
func (m mint) issue(e *envelope, credentials string, within time.Duration, now time.Time) (t ticket, named bool) {
	t = ticket{lane: laneTag(e.Lane), user: userTag(e.user()), taken: now.Unix(), within: int64(within / time.Second)}
	if e.Key == "" {
		_, _ = rand.Read(t.nonce[:]) // never fails, see crypto/rand
		return t, false
	}
	if old, ok := m.read(e.Key); ok && old.lane == t.lane && old.user == t.user {
		t.nonce = old.nonce
		return t, true
	}
	h := hmac.New(sha256.New, m.secrets[0])
	for _, part := range [][]byte{
		[]byte("daero deferred key"), []byte(e.Lane), []byte(e.User), []byte(e.Key), []byte(e.Method), []byte(e.URI),
		[]byte(credentials), e.Body,
	} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		_, _ = h.Write(n[:])
		_, _ = h.Write(part)
	}
	copy(t.nonce[:], h.Sum(nil))
	return t, true
}

// credentials tell apart clients of whom no user is known.
func credentials(h http.Header) string {
	return strings.Join(h["Authorization"], "\n") + "\n\n" + strings.Join(h["Cookie"], "\n")
}
