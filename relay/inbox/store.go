package inbox

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/http"
	"time"
)

// Key names a message: the idempotency key, and whose it is.
type Key struct {
	Caller string // the same ID of two callers is two keys
	ID     string
}

// KeyOf reads the key of a request that daero sends. Daero-Writer can be
// trusted only where nobody but daero reaches the service.
func KeyOf(r *http.Request) Key {
	return Key{Caller: r.Header.Get("Daero-Writer"), ID: r.Header.Get("Idempotency-Key")}
}

// Sum is a SHA-256: of a key, or of a request.
type Sum [sha256.Size]byte

// Sum returns what stores keep of k: it has one length, and shows nothing.
func (k Key) Sum() Sum { return sum(k.Caller, k.ID) }

// sum hashes parts so that no two lists of parts are the same bytes.
func sum(parts ...string) Sum {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return Sum(h.Sum(nil))
}

// State is what a store knows of a key.
type State uint8

// The states.
const (
	Claimed State = iota // by this call: do the work, then Finish or Release
	Done                 // before, with the same content
	Busy                 // another claim holds it
	Other                // the key is there with another content
)

var stateNames = [...]string{"claimed", "done", "busy", "other"}

// String returns the state's word.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// Token is a claim, so that who has lost it cannot finish another's.
type Token [16]byte

// Want is what is asked of Store.Claim.
type Want struct {
	Key, Content Sum
	Token        Token         // by chance
	Lease        time.Duration // the claim ends after it, if it is not finished
}

// Found is what Store.Claim says.
type Found struct {
	State  State
	Answer Answer        // of a key that is Done
	Left   time.Duration // of the other's lease, if Busy
	// Late says that the key was done before, and its time ran out: it is
	// Claimed, and the work is about to be done again.
	Late bool
	// Lapsed says that another's lease ran out, so that its work may have been
	// done.
	Lapsed bool
}

// Answer is what was answered.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
	// Cut says that the body was too large to keep.
	Cut bool
}

// Store remembers keys. It is safe for concurrent use, also by several
// processes where it says so. Package storetest has what it must do as tests.
//
// A key whose time ran out is kept as long again, so that it can be told when
// it comes too late; then it may be forgotten.
type Store interface {
	// Claim looks a key up, and claims it where nobody has. Of those who ask at
	// once, one gets it.
	Claim(ctx context.Context, w Want) (Found, error)
	// Finish keeps the answer for keep. It fails with [ErrLost] where the claim
	// is no longer the token's.
	Finish(ctx context.Context, key Sum, t Token, a Answer, keep time.Duration) error
	// Release gives a claim back: the next one who asks gets it. It does
	// nothing where the claim is no longer the token's.
	Release(ctx context.Context, key Sum, t Token) error
}

// ErrLost means that the lease ran out before the work was done.
var ErrLost = errors.New("the claim was lost: the lease is shorter than the work takes")
