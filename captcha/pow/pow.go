// Package pow is a proof of work whose time cannot be divided among machines: a
// time-lock after Rivest, Shamir and Wagner. y = x^(2^t) mod n takes t squarings
// one after another, unless one knows how n was made; then it takes one
// exponentiation.
//
// It paces, and proves nothing about who waits: a machine's own arithmetic is
// about 7 times as fast as a browser's, and a second of one core costs next to
// nothing. What it gives is a delay that more cores do not shorten.
//
// The modulus has 1024 bits. What was measured on one core of an EPYC, all sizes
// beside each other (microseconds for a squaring, for a check in Go):
//
//	bits   Chromium 156   GMP    what a native solver gains   check
//	1024        2.9       0.42                7               0.3 ms
//	1536        7.3       0.87                8               1.0 ms
//	2048       11.2       1.50                7               2.2 ms
//
// A greater modulus gains nothing on the native solver, and makes each check,
// which is the server's own expense, up to 7 times as dear. To factor 1024 bits
// would take about half a million core-years (829 bits took 2,700), for what
// costs 0.2 core-seconds when it is simply computed; and n keeps no secret and
// signs nothing.
package pow

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"math/big"
	"sync"
)

// Bits is the size of the modulus.
const Bits = 1024

// MostSquarings is the most that a task may ask for: two minutes of a usual
// browser. Solve refuses more, and Squarings gives no more.
const MostSquarings = 120_000 * perMillisecond

// perMillisecond: Chromium 156 takes 2.9 µs for x*x % n of 1024 bits as BigInt
// on one EPYC core (1000/2.9 = 345). Node 20 takes 3.3 µs there. Phones of the
// middle class take two to three times as long.
const perMillisecond = 340

// Lock is a modulus with what is needed to check quickly. It is safe for
// concurrent use.
type Lock struct {
	n    *big.Int
	hex  string
	p, q *big.Int
	// For the Chinese remainder: y = yq + q·((yp − yq)·qInv mod p).
	qInv   *big.Int
	p1, q1 *big.Int // p−1, q−1
}

// made are the locks of the last secrets: to find the primes takes 50 ms, and a
// program that reads its configuration again asks for the same ones.
var made struct {
	sync.Mutex
	locks map[[32]byte]*Lock
}

// mostMade bounds made. Secrets change by the month.
const mostMade = 16

// New makes a lock from a secret, always the same: gateways that share the secret
// share the lock.
func New(secret []byte) *Lock {
	name := sha256.Sum256(secret)
	made.Lock()
	defer made.Unlock()
	if l := made.locks[name]; l != nil {
		return l
	}
	if len(made.locks) >= mostMade || made.locks == nil {
		made.locks = map[[32]byte]*Lock{}
	}
	l := build(secret)
	made.locks[name] = l
	return l
}

func build(secret []byte) *Lock {
	key, err := hkdf.Key(sha256.New, secret, nil, "daero captcha time-lock, 1024 bits, v1", 32)
	if err != nil {
		panic("pow: " + err.Error()) // only for keys longer than 255 hashes
	}
	stream := sha3.NewSHAKE256()
	_, _ = stream.Write(key) // never fails
	p := prime(stream)
	q := prime(stream)
	for p.Cmp(q) == 0 {
		q = prime(stream)
	}
	one := big.NewInt(1)
	n := new(big.Int).Mul(p, q)
	return &Lock{
		n: n, hex: n.Text(16), p: p, q: q,
		qInv: new(big.Int).ModInverse(q, p),
		p1:   new(big.Int).Sub(p, one), q1: new(big.Int).Sub(q, one),
	}
}

// prime takes candidates from a stream of bytes until one is prime. Its two
// highest bits are set, so that the product of two has Bits bits.
func prime(stream io.Reader) *big.Int {
	b := make([]byte, Bits/2/8)
	n := new(big.Int)
	for {
		_, _ = io.ReadFull(stream, b) // SHAKE never ends
		b[0] |= 0xc0
		b[len(b)-1] |= 1
		// Twenty bases beside Baillie-PSW: less than 2^-100 for a stranger's number,
		// and this one is nobody's.
		if n.SetBytes(b).ProbablyPrime(20) {
			return n
		}
	}
}

// Task returns n and x of a challenge, in lower-case hexadecimal; x follows from
// the challenge's seed.
func (l *Lock) Task(seed []byte) (n, x string) { return l.hex, l.base(seed).Text(16) }

// base is a number below n that nobody has chosen. 64 bits more than n has make
// every number as likely as the next, to one part in 2^64.
func (l *Lock) base(seed []byte) *big.Int {
	h := sha3.NewSHAKE256()
	_, _ = h.Write([]byte("daero captcha time-lock, base, v1:"))
	_, _ = h.Write(seed)
	b := make([]byte, Bits/8+8)
	_, _ = io.ReadFull(h, b)
	x := new(big.Int).SetBytes(b)
	x.Mod(x, l.n)
	if x.BitLen() < 2 { // 0 and 1 are their own squares
		x.SetInt64(2)
	}
	return x
}

// Check reports whether y, in hexadecimal, is x^(2^t) mod n. There is one way to
// write it: lower case, without leading zeros. Nothing that was sent is parsed,
// and how long it takes depends on the task alone.
func (l *Lock) Check(seed []byte, t int, y string) bool {
	if t < 1 || t > MostSquarings || len(y) > Bits/4 {
		return false
	}
	x := l.base(seed)
	power := big.NewInt(int64(t))
	yp := shortcut(x, power, l.p, l.p1)
	yq := shortcut(x, power, l.q, l.q1)
	yp.Sub(yp, yq).Mul(yp, l.qInv).Mod(yp, l.p)
	yp.Mul(yp, l.q).Add(yp, yq)
	return subtle.ConstantTimeCompare([]byte(yp.Text(16)), []byte(y)) == 1
}

// shortcut is x^(2^t) mod p, by Fermat: 2^t counts modulo p−1 only.
func shortcut(x, t, p, p1 *big.Int) *big.Int {
	e := new(big.Int).Exp(big.NewInt(2), t, p1)
	return e.Exp(new(big.Int).Mod(x, p), e, p)
}

// Squarings is how many squarings take a usual browser about that many
// milliseconds.
func Squarings(ms int) int {
	return min(max(ms, 1), MostSquarings/perMillisecond) * perMillisecond
}

// What Solve takes at most: four times what New makes.
const mostDigits = 4 * Bits / 4

// Solve does the work, for clients in Go and for tests. It takes a server's word
// for nothing: a modulus or a number of squarings that no task of ours has is an
// error.
func Solve(n, x string, t int) (y string, err error) {
	switch {
	case t < 1 || t > MostSquarings:
		return "", fmt.Errorf("pow: %d squarings: a task has 1 to %d of them", t, MostSquarings)
	case len(n) > mostDigits || len(x) > mostDigits:
		return "", fmt.Errorf("pow: a number of %d digits: a task's have at most %d", max(len(n), len(x)), mostDigits)
	}
	m, ok := number(n)
	if !ok || m.Bit(0) == 0 || m.BitLen() < 2 {
		return "", errors.New("pow: the modulus is not an odd number above 1 in hexadecimal")
	}
	v, ok := number(x)
	if !ok || v.Cmp(m) >= 0 {
		return "", errors.New("pow: x is not a hexadecimal number below the modulus")
	}
	// Exp squares in Montgomery's form, three times as fast as Mul and Mod; 4096
	// squarings at once make the way there and back negligible.
	const stride = 4096
	e := new(big.Int).Lsh(big.NewInt(1), stride)
	for ; t >= stride; t -= stride {
		v.Exp(v, e, m)
	}
	v.Exp(v, e.Lsh(big.NewInt(1), uint(t)), m)
	return v.Text(16), nil
}

// number reads digits only: big.Int would take signs and underscores as well.
func number(s string) (*big.Int, bool) {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return nil, false
		}
	}
	return new(big.Int).SetString(s, 16)
}
