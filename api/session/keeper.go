package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/daero/daero/api/store"
)

// Bounds of sessions.
const (
	Idle    = 12 * time.Hour
	Longest = 7 * 24 * time.Hour
	// LongestElsewhere is for accounts that are kept elsewhere: nobody says when
	// they are closed there, so people log in again each day.
	LongestElsewhere = 12 * time.Hour
	PerName          = 16
	InAll            = 1024

	touchEvery = time.Minute
	secretLen  = 32
	idLen      = 9
)

// ErrNone says that there is no such session, or not any more.
var ErrNone = errors.New("there is no such session, or not any more")

// Store keeps sessions. Errors are store.ErrNotFound, or of the store.
type Store interface {
	AddSession(ctx context.Context, s store.Session, b store.SessionBounds) error
	Session(ctx context.Context, hash string, at time.Time) (store.Session, error)
	TouchSession(ctx context.Context, hash string, at time.Time) error
}

// Keeper makes and finds sessions. It is safe for concurrent use.
type Keeper struct {
	store Store

	mu      sync.Mutex
	touched map[string]time.Time // hash -> when the store was last told
}

// NewKeeper returns a Keeper of what s keeps.
func NewKeeper(s Store) *Keeper {
	return &Keeper{store: s, touched: map[string]time.Time{}}
}

// Begin begins a session of whoever logged in: s says who, how and from where.
// The secret is for the browser, and nobody can be told it again.
func (k *Keeper) Begin(ctx context.Context, now time.Time, s store.Session) (secret string, begun store.Session, err error) {
	random := make([]byte, secretLen+idLen)
	rand.Read(random) // never fails, see crypto/rand
	secret = base64.RawURLEncoding.EncodeToString(random[:secretLen])
	s.ID = base64.RawURLEncoding.EncodeToString(random[secretLen:])
	s.Hash = hashOf(secret)
	longest := Longest
	if s.Operator == "" {
		longest = LongestElsewhere
	}
	s.Created, s.LastUsed, s.Ends = now, now, now.Add(longest)
	if err := k.store.AddSession(ctx, s, store.SessionBounds{Idle: Idle, PerName: PerName, InAll: InAll}); err != nil {
		return "", store.Session{}, err
	}
	return secret, s, nil
}

// Find returns the session of a secret and notes that it was used, in the store
// at most once a minute. Other errors than ErrNone are the store's.
func (k *Keeper) Find(ctx context.Context, now time.Time, secret string) (store.Session, error) {
	if len(secret) != base64.RawURLEncoding.EncodedLen(secretLen) {
		return store.Session{}, ErrNone
	}
	s, err := k.store.Session(ctx, hashOf(secret), now)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !now.Before(s.LastUsed.Add(Idle)):
		return store.Session{}, ErrNone
	case err != nil:
		return store.Session{}, err
	}
	if now.Sub(s.LastUsed) >= touchEvery && k.mayTouch(now, s.Hash) {
		// That it was used matters in twelve hours; it must not keep anyone out now.
		if k.store.TouchSession(ctx, s.Hash, now) == nil {
			s.LastUsed = now
		}
	}
	return s, nil
}

// mayTouch reports whether nobody else told the store within the last minute.
func (k *Keeper) mayTouch(now time.Time, hash string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if last, ok := k.touched[hash]; ok && now.Sub(last) < touchEvery {
		return false
	}
	if len(k.touched) >= InAll {
		for h, last := range k.touched {
			if now.Sub(last) >= touchEvery {
				delete(k.touched, h)
			}
		}
	}
	k.touched[hash] = now
	return true
}

// Expires is when a session ends if it is not used again.
func Expires(s store.Session) time.Time {
	if idle := s.LastUsed.Add(Idle); idle.Before(s.Ends) {
		return idle
	}
	return s.Ends
}

// Live reports whether a session has not ended by lying idle.
func Live(s store.Session, now time.Time) bool { return now.Before(Expires(s)) }

// hashOf is what the store knows a secret by.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
