package captcha

import (
	"context"
	"time"
)

// Ledger keeps what must be known once, by all gateways: open challenges, tokens
// that were redeemed, and budgets. [Memory] is one for a single gateway,
// driver/valkey's for several; package storetest holds what they must do.
type Ledger interface {
	Opens
	Claims
	Budgets
}

// Opens are values that are taken once.
type Opens interface {
	// Put keeps a value for ttl.
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Get returns a value, nil if there is none or its time is over.
	Get(ctx context.Context, key string) ([]byte, error)
	// Take returns a value and removes it: of all callers one gets it.
	Take(ctx context.Context, key string) ([]byte, error)
	// Touch gives a value that is there more time. It brings none back.
	Touch(ctx context.Context, key string, ttl time.Duration) (there bool, err error)
}

// Claims are things that one caller may have.
type Claims interface {
	// Claim keeps by under key for ttl, unless somebody was first, and returns who
	// was: by itself for the one who is first.
	Claim(ctx context.Context, key, by string, ttl time.Duration) (first string, err error)
}

// Budgets bound how much of something is done in a time.
type Budgets interface {
	// Spend takes n of what may be spent under key in a window of per, which begins
	// with the first spending. What is over limit is not spent: ok is false, and
	// after says when the window ends. n = 0 only asks.
	Spend(ctx context.Context, key string, n, limit int, per time.Duration) (ok bool, spent int, after time.Duration, err error)
}
