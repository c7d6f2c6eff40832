package gateway

import (
	"context"
	"sync"
	"time"
)

// lazyAgain is when what could not be opened is tried again, lazyWithin how long
// a try may take.
const (
	lazyAgain  = time.Second
	lazyWithin = time.Minute
)

// lazy is something that is opened with its first use, and again while that
// fails: a database that is away must not keep a gateway from starting.
type lazy[T any] struct {
	open func(ctx context.Context) (value T, closing func(), err error)

	mu      sync.Mutex
	ready   bool
	ended   bool
	value   T
	closing func()
	err     error
	tried   time.Time
}

// get returns it, or why there is none.
func (l *lazy[T]) get(ctx context.Context) (T, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var none T
	switch {
	case l.ready:
		return l.value, nil
	case l.err != nil && (l.ended || time.Since(l.tried) < lazyAgain):
		return none, l.err
	}
	// It is opened for all: whoever was first may go away, and one who does so on
	// purpose must not keep it shut.
	opening, cancel := context.WithTimeout(context.WithoutCancel(ctx), lazyWithin)
	defer cancel()
	value, closing, err := l.open(opening)
	l.tried, l.err = time.Now(), err
	if err != nil {
		return none, err
	}
	l.ready, l.value, l.closing = true, value, closing
	return value, nil
}

// end closes it; from then on there is none.
func (l *lazy[T]) end(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ready && l.closing != nil {
		l.closing()
	}
	l.ready, l.ended, l.err = false, true, why
}
