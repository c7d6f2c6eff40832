package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
)

const (
	prefix    = "daero_"
	idLen     = 6
	secretLen = 32
	// textLen is how long every token is.
	textLen = len(prefix) + idLen*4/3 + 1 + (secretLen*4+2)/3
)

// Costs of a hash: what OWASP asks of argon2id at least. A token's secret is
// random, so this is for the day on which a random source turns out weak.
var tokenCosts = costs{memory: 19 << 10, passes: 2}

// costs of an argon2id hash: memory in KiB, and passes over it.
type costs struct{ memory, passes uint32 }

const (
	threads = 1
	saltLen = 16
	hashLen = 32
	algo    = "argon2id"
)

var (
	b64 = base64.RawURLEncoding.Strict()

	errForm = errors.New("not a token: one looks like daero_XXXXXXXX.XXXX…")
)

// New makes a token, with the ID and the hash that a store keeps of it.
func New() (text, id, hash string) {
	random := make([]byte, idLen+secretLen+saltLen)
	rand.Read(random) // never fails, see crypto/rand
	id = b64.EncodeToString(random[:idLen])
	secret, salt := random[idLen:idLen+secretLen], random[idLen+secretLen:]
	return prefix + id + "." + b64.EncodeToString(secret), id, hashWith(tokenCosts, secret, salt)
}

func hashWith(c costs, secret, salt []byte) string {
	sum := derive(secret, salt, c.passes, c.memory, threads)
	return fmt.Sprintf("$%s$v=%d$m=%d,t=%d,p=%d$%s$%s", algo, argon2.Version, c.memory, c.passes, threads, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

// parse takes a token apart. The error does not repeat it.
func parse(text string) (id string, secret []byte, err error) {
	rest, ok := strings.CutPrefix(text, prefix)
	id, enc, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 || len(text) != textLen {
		return "", nil, errForm
	}
	if raw, err := b64.DecodeString(id); err != nil || len(raw) != idLen {
		return "", nil, errForm
	}
	if secret, err = b64.DecodeString(enc); err != nil || len(secret) != secretLen {
		return "", nil, errForm
	}
	return id, secret, nil
}

// matches reports whether a hash is that of a secret. A hash of other costs
// than ours is verified by its own, within bounds: costs may rise later.
func matches(secret []byte, hash string) bool {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != algo {
		return false
	}
	var version, m, t, p int
	if n, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &m, &t, &p); err != nil || n != 4 || version != argon2.Version {
		return false
	}
	if m < 8 || m > 256<<10 || t < 1 || t > 16 || p < 1 || p > 16 {
		return false
	}
	salt, err := b64.DecodeString(parts[4])
	sum, err2 := b64.DecodeString(parts[5])
	if err != nil || err2 != nil || len(sum) != hashLen {
		return false
	}
	return subtle.ConstantTimeCompare(derive(secret, salt, uint32(t), uint32(m), uint8(p)), sum) == 1
}

// computed counts what hashes cost, in KiB passed over: tests compare it, where
// time would depend on the machine.
var computed atomic.Uint64

func derive(secret, salt []byte, passes, memory uint32, threads uint8) []byte {
	computed.Add(uint64(passes) * uint64(memory))
	return argon2.IDKey(secret, salt, passes, memory, threads, hashLen)
}

// NewLogin makes the secret of a one-time login link, and what a store keeps of
// it. The secret is random and short-lived, so a plain hash will do.
func NewLogin() (secret, hash string) {
	raw := make([]byte, secretLen)
	rand.Read(raw) // never fails, see crypto/rand
	secret = b64.EncodeToString(raw)
	return secret, LoginHash(secret)
}

// LoginHash is what a store keeps of a login link's secret.
func LoginHash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
