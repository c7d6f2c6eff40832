package alertfeed

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// maxWait bounds the wait after failures.
const maxWait = 5 * time.Minute

// backoff is how long to wait after a number of failures in a row: twice as
// long each time, and spread, so that gateways do not come back all at once.
//
//	0 failures   every ± 10 %
//	n failures   half to all of every × 2^n, at most 5 min (or every)
func backoff(r *rand.Rand, every time.Duration, failures int) time.Duration {
	if failures == 0 {
		return time.Duration(float64(every) * (0.9 + 0.2*r.Float64()))
	}
	d := every << min(failures, 20)
	if most := max(maxWait, every); d > most || d <= 0 {
		d = most
	}
	return d/2 + time.Duration(r.Float64()*float64(d/2))
}

// after is the wait after an error: what the server asks for, if that is longer.
func (f *Feed) after(err error, every time.Duration, failures int) time.Duration {
	d := backoff(f.rand, every, failures)
	if e, ok := errors.AsType[*statusError](err); ok {
		d = max(d, e.after)
	}
	return d
}

// sleep waits and reports whether ctx still lasts.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
