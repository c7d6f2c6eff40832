package virtual

import (
	"context"
	"errors"
	"time"

	"github.com/daero/daero/surge"
)

// ask is one try of a client: through the admission control, and if that lets
// it in, to the backend, for as long as its patience lasts. done is told how it
// ended and, after a refusal, what it said about coming back.
type ask struct {
	Attempt
	patience time.Duration
	work     func() time.Duration // drawn once it is in
	done     func(o surge.Outcome, after time.Duration, err error)
}

// ask sends a.
func (w *World) ask(c Contender, b Backend, a ask) {
	began := w.Now()
	if !c.MayWait(a.Attempt) {
		release, err := c.Enter(context.Background(), a.Attempt)
		w.entered(b, a, began, release, err)
		return
	}
	w.Go(func() func() {
		ctx, cancel := context.WithTimeout(context.Background(), a.patience)
		defer cancel()
		release, err := c.Enter(ctx, a.Attempt)
		return func() { w.entered(b, a, began, release, err) }
	})
}

func (w *World) entered(b Backend, a ask, began time.Duration, release func(Outcome), err error) {
	if err != nil {
		after := time.Duration(0)
		if later, ok := errors.AsType[ReturnLater](err); ok {
			after = later.ReturnAfter()
		}
		a.done(surge.Refused, after, err)
		return
	}
	gone := w.Now()-began >= a.patience
	if !gone {
		w.At(began+a.patience, func() {
			if !gone {
				gone = true
				a.done(surge.TimedOut, 0, nil)
			}
		})
	}
	b.Start(w, Job{Kind: a.Kind, Work: a.work(), Done: func(o Outcome) {
		release(o)
		if gone {
			return
		}
		gone = true
		a.done([...]surge.Outcome{Served: surge.OK, Failed: surge.Failed, Overloaded: surge.Refused}[o], 0, nil)
	}})
}

// drain lets what waits in Enter come back, so that no goroutine is left.
func (w *World) drain() {
	for w.outside > 0 {
		w.Run(w.Now() + 100*time.Millisecond)
		if w.outside > 0 {
			w.sleep(100 * time.Millisecond)
		}
	}
}
