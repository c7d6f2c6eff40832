package gate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"time"
)

// What is signed. All is public: it is who was asked, as a keyed hash, and until
// when it is good.
//
//	ask        version 1 | until 8 | caller 16 | mac 16    the mac covers the way back too
//	clearance  version 1 | until 8 | mac 16                the mac covers the caller
const (
	version  = 1
	timeLen  = 8
	tagLen   = 16
	macLen   = 16
	askLen   = 1 + timeLen + tagLen + macLen
	clearLen = 1 + timeLen + macLen
)

// askLife is how long somebody may take: people leave pages open.
const askLife = time.Hour

// tag stands for a caller at a host.
type tag [tagLen]byte

// key is one secret's, for each purpose another one.
type key struct{ tags, asks, clears []byte }

func newKey(secret []byte) key {
	derive := func(purpose string) []byte {
		m := hmac.New(sha256.New, secret)
		m.Write([]byte("daero captcha gate " + purpose)) // a hash never fails
		return m.Sum(nil)
	}
	return key{tags: derive("caller"), asks: derive("ask"), clears: derive("clearance")}
}

// callerOf is who calls: the user, where the lane knows one, and else the network
// that the address is in. What has no address is one caller.
func callerOf(user uint64, address string) []byte {
	if user != 0 {
		return binary.BigEndian.AppendUint64([]byte("user "), user)
	}
	a, err := netip.ParseAddr(address)
	if err != nil {
		return []byte("none")
	}
	bits := 48
	if a = a.Unmap().WithZone(""); a.Is4() {
		bits = 24
	}
	p, _ := a.Prefix(bits) // of an address that is valid
	return append([]byte("net "), p.String()...)
}

// mac signs parts; lengths keep them apart.
func mac(k []byte, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, k)
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		m.Write(n[:]) // a hash never fails
		m.Write(p)
	}
	return m.Sum(nil)
}

func (k *key) tagOf(host string, caller []byte) (t tag) {
	copy(t[:], mac(k.tags, []byte(host), caller))
	return t
}

// ask says that a caller was asked, and where they go from there.
func (k *key) ask(caller tag, back string, now time.Time) string {
	b := binary.BigEndian.AppendUint64([]byte{version}, uint64(now.Add(askLife).Unix()))
	b = append(b, caller[:]...)
	b = append(b, mac(k.asks, b, []byte(back))[:macLen]...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// asked reads an ask: for whom it is, until when, and which key signed it.
func (g *Gate) asked(ask, back string) (k *key, caller tag, until time.Time, ok bool) {
	b, head, until, ok := open(ask, askLen)
	if !ok {
		return nil, tag{}, time.Time{}, false
	}
	for i := range g.keys {
		if k := &g.keys[i]; hmac.Equal(mac(k.asks, head, []byte(back))[:macLen], b[len(head):]) {
			copy(caller[:], head[1+timeLen:])
			return k, caller, until, true
		}
	}
	return nil, tag{}, time.Time{}, false
}

// clearance says that a caller passed.
func (k *key) clearance(caller tag, until time.Time) string {
	b := binary.BigEndian.AppendUint64([]byte{version}, uint64(until.Unix()))
	b = append(b, mac(k.clears, b, caller[:])[:macLen]...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// look reads a clearance; ok is false unless it is this caller's, at this host.
func (g *Gate) look(clearance, host string, caller []byte) (until time.Time, ok bool) {
	return g.holds(clearance, func(k *key) tag { return k.tagOf(host, caller) })
}

// holds reads a clearance of whoever tagOf says, by the key.
func (g *Gate) holds(clearance string, tagOf func(k *key) tag) (until time.Time, ok bool) {
	b, head, until, ok := open(clearance, clearLen)
	if !ok {
		return time.Time{}, false
	}
	for i := range g.keys {
		k := &g.keys[i]
		t := tagOf(k)
		if hmac.Equal(mac(k.clears, head, t[:])[:macLen], b[len(head):]) {
			return until, true
		}
	}
	return time.Time{}, false
}

// open takes the wrapping off something of a length: all of it, what is signed of
// it, and the time in it.
func open(s string, length int) (b, head []byte, until time.Time, ok bool) {
	if len(s) != base64.RawURLEncoding.EncodedLen(length) {
		return nil, nil, time.Time{}, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || b[0] != version {
		return nil, nil, time.Time{}, false
	}
	return b, b[:length-macLen], time.Unix(int64(binary.BigEndian.Uint64(b[1:])), 0), true
}
