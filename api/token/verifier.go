package token

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/daero/daero/api/store"
)

// Credentials finds what verifies a token.
type Credentials interface {
	// Credential returns store.ErrNotFound for an ID that there is not, or not
	// any more.
	Credential(ctx context.Context, id string) (store.Credential, error)
	Touch(ctx context.Context, id string, at time.Time) error
}

// What is wrong with a token.
var (
	// ErrRefused: it is none, or is not valid, or not any more.
	ErrRefused = errors.New("the token is not valid")
	// ErrTooMany: too many tokens that were not valid came from there.
	ErrTooMany = errors.New("too many tokens that are not valid")
)

// Bounds of a Verifier.
const (
	remember   = time.Minute // a token that was verified
	remembered = 1024        // tokens at most
	atOnce     = 2           // hashes being computed, of 19 MiB each
)

// Verifier verifies tokens. Whether a token is still valid is asked each time;
// that its secret fits its hash, which is slow on purpose, is remembered for a
// minute. It is safe for concurrent use.
type Verifier struct {
	credentials Credentials
	failures    *failures
	slots       chan struct{}

	mu    sync.Mutex
	known map[[sha256.Size]byte]fit
}

// fit is a token whose secret fitted a hash.
type fit struct {
	hash  string
	until time.Time
}

// NewVerifier returns a Verifier of what c keeps.
func NewVerifier(c Credentials) *Verifier {
	return &Verifier{
		credentials: c, failures: newFailures(), slots: make(chan struct{}, atOnce),
		known: map[[sha256.Size]byte]fit{},
	}
}

// Verify returns whose token it is. from is where it comes from, an address:
// after many failures from there it answers ErrTooMany without looking, except
// at tokens that it remembers. Other errors are the store's.
func (v *Verifier) Verify(ctx context.Context, now time.Time, from, text string) (store.Operator, error) {
	c, err := v.VerifyCredential(ctx, now, from, text)
	return c.Operator, err
}

// VerifyCredential is Verify for who also needs the token's ID.
func (v *Verifier) VerifyCredential(ctx context.Context, now time.Time, from, text string) (store.Credential, error) {
	id, secret, err := parse(text)
	key := sha256.Sum256([]byte(text))
	hash, known := v.recall(now, key)
	if !known && !v.failures.allow(now, from) {
		return store.Credential{}, ErrTooMany
	}
	if err != nil {
		v.failures.note(now, from)
		return store.Credential{}, ErrRefused
	}
	c, err := v.credentials.Credential(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		v.failures.note(now, from)
		return store.Credential{}, ErrRefused
	case err != nil:
		return store.Credential{}, err
	case known && hash == c.Hash:
		return c, nil
	}
	ok, err := v.compute(ctx, secret, c.Hash)
	if err != nil {
		return store.Credential{}, err
	}
	if !ok {
		v.failures.note(now, from)
		return store.Credential{}, ErrRefused
	}
	v.keep(now, key, c.Hash)
	// That it was used is for people to read; it must not keep anyone out.
	_ = v.credentials.Touch(ctx, id, now)
	return c, nil
}

// Refused counts a failure that somebody else found, and Allowed reports
// whether there were too many.
func (v *Verifier) Refused(now time.Time, from string) { v.failures.note(now, from) }

// Allowed reports whether an attempt from an address is looked at.
func (v *Verifier) Allowed(now time.Time, from string) bool { return v.failures.allow(now, from) }

// compute compares with the slow hash, few at a time.
func (v *Verifier) compute(ctx context.Context, secret []byte, hash string) (bool, error) {
	select {
	case v.slots <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-v.slots }()
	return matches(secret, hash), nil
}

func (v *Verifier) recall(now time.Time, key [sha256.Size]byte) (hash string, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f, ok := v.known[key]
	if ok && !now.Before(f.until) {
		delete(v.known, key)
		ok = false
	}
	return f.hash, ok
}

func (v *Verifier) keep(now time.Time, key [sha256.Size]byte, hash string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.known) >= remembered {
		for k, f := range v.known {
			if !now.Before(f.until) {
				delete(v.known, k)
			}
		}
	}
	if len(v.known) >= remembered {
		clear(v.known) // more tokens in use than we remember: then each is slow once more
	}
	v.known[key] = fit{hash: hash, until: now.Add(remember)}
}
