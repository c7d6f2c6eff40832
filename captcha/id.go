package captcha

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// An id names a challenge in one step:
//
//	version 1 | step 1 | made 5 | nonce 16 | mac 16
//
// What it stands for is in the ledger, under the nonce. The MAC and the time
// tell forged and old ones from real ones before the ledger is asked.
const (
	idVersion = 1
	nonceSize = 16
	idBody    = 1 + 1 + 5 + nonceSize
	idSize    = idBody + 16
	idLen     = (idSize*8 + 5) / 6
)

// ahead is how far a gateway's clock may be before another's.
const ahead = time.Minute

// keys are what follows from one secret.
type keys struct {
	id, token, tag []byte
	lock           Lock
	name           [4]byte // names the lock in a state
}

func deriveKeys(secret []byte, lock func([]byte) Lock) keys {
	of := func(purpose string) []byte {
		h := hmac.New(sha256.New, secret)
		_, _ = h.Write([]byte("daero captcha " + purpose)) // never fails
		return h.Sum(nil)
	}
	k := keys{id: of("id"), token: of("token"), tag: of("tag"), lock: lock(of("work"))}
	copy(k.name[:], of("name"))
	return k
}

// mint signs ids and seals tokens: the first key signs, all verify.
type mint []keys

type id struct {
	step  byte
	made  time.Time // to the second
	nonce [nonceSize]byte
}

// ledgerKey is where the id's state is.
func (i *id) ledgerKey() string { return "o" + base64.RawURLEncoding.EncodeToString(i.nonce[:]) }

func newID(step byte, now time.Time) (i id) {
	i.step, i.made = step, now
	_, _ = rand.Read(i.nonce[:]) // never fails, see crypto/rand
	return i
}

func (m mint) mac(key, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write(body) // never fails
	return h.Sum(nil)[:idSize-idBody]
}

func (m mint) writeID(i *id) string {
	b := make([]byte, idBody, idSize)
	b[0], b[1] = idVersion, i.step
	put40(b[2:], i.made.Unix())
	copy(b[7:], i.nonce[:])
	return base64.RawURLEncoding.EncodeToString(append(b, m.mac(m[0].id, b)...))
}

// readID returns an id of ours that can still be open.
func (m mint) readID(s string, now time.Time) (i id, ok bool) {
	if len(s) != idLen {
		return i, false
	}
	var raw [idSize]byte
	if n, err := base64.RawURLEncoding.Strict().Decode(raw[:], []byte(s)); err != nil || n != idSize || raw[0] != idVersion {
		return i, false
	}
	for k := range m {
		if !hmac.Equal(raw[idBody:], m.mac(m[k].id, raw[:idBody])) {
			continue
		}
		i.step, i.made = raw[1], time.Unix(get40(raw[2:]), 0)
		copy(i.nonce[:], raw[7:])
		age := now.Sub(i.made)
		return i, age >= -ahead && age <= openMost
	}
	return i, false
}

func put40(b []byte, v int64) {
	b[0] = byte(v >> 32)
	binary.BigEndian.PutUint32(b[1:], uint32(v))
}

func get40(b []byte) int64 { return int64(b[0])<<32 | int64(binary.BigEndian.Uint32(b[1:])) }

// seal encrypts a token, so that it says nothing to the one who carries it:
//
//	version 1 | salt 16 | sealed
//
// Every token has a key of its own, of the salt. So the nonce may be zero, and no
// number of tokens wears the secret out.
func (m mint) seal(plain []byte) (token string, salt [16]byte) {
	_, _ = rand.Read(salt[:]) // never fails
	b := make([]byte, 0, 1+len(salt)+len(plain)+16)
	b = append(append(b, tokenVersion), salt[:]...)
	b = m[0].sealer(salt[:]).Seal(b, make([]byte, 12), plain, b[:1])
	return base64.RawURLEncoding.EncodeToString(b), salt
}

// unseal returns what a token of ours holds.
func (m mint) unseal(token string) (plain []byte, salt [16]byte, ok bool) {
	if len(token) > MaxToken || !only(token, "_-") { // base64 alone would pass over line ends
		return nil, salt, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) < 1+len(salt)+16 || b[0] != tokenVersion {
		return nil, salt, false
	}
	copy(salt[:], b[1:])
	for k := range m {
		if plain, err := m[k].sealer(salt[:]).Open(nil, make([]byte, 12), b[1+len(salt):], b[:1]); err == nil {
			return plain, salt, true
		}
	}
	return nil, salt, false
}

func (k *keys) sealer(salt []byte) cipher.AEAD {
	h := hmac.New(sha256.New, k.token)
	_, _ = h.Write(salt) // never fails
	block, err := aes.NewCipher(h.Sum(nil))
	if err != nil {
		panic("captcha: " + err.Error()) // not with 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("captcha: " + err.Error()) // not with AES
	}
	return aead
}
