package rehearse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/daero/daero/rehearse/against"
	"github.com/daero/daero/rehearse/live"
	"github.com/daero/daero/surge"
)

// Elsewhere is the stage of a rehearsal against a service of somebody else's.
// Nothing is started and nothing is taken from the service: it is only sent the
// people of the scenario, if it agrees, and no more of them than it bears.
type Elsewhere struct {
	// Silence is how long it may not answer at all before the rehearsal is
	// given up. Default 5 s.
	Silence time.Duration
	// Again is how often it is asked whether it still agrees. Default 5 s.
	Again time.Duration
}

var (
	errSilent    = errors.New("has not answered at all")
	errWithdrawn = errors.New("does not agree any more")
)

// elsewhere is a service that has agreed.
type elsewhere struct {
	stage   Elsewhere
	service against.Service // what it has agreed to
	asker   *against.Asker
	http    *live.HTTP
	// since is when something was sent that nothing was answered after, in ns
	// since 1970; 0 if there is nothing.
	since atomic.Int64
}

// Open implements [Stage].
func (e Elsewhere) Open(ctx context.Context, _ string, s Settings) (Set, error) {
	if s.Target == nil {
		return nil, errors.New("no target: name one")
	}
	set := &elsewhere{stage: e.withDefaults(), service: *s.Target, asker: against.NewAsker()}
	most, err := set.asker.Ask(ctx, set.service)
	if err != nil {
		set.asker.Close()
		return nil, err
	}
	set.service.Most = most
	set.http = live.NewHTTP(set.request)
	set.http.Final = true
	var status atomic.Int64
	set.http.Answered = func(code int) {
		status.Store(int64(code))
		set.since.Store(0)
	}
	for _, lane := range []string{laneMessage, laneSync, laneLogin} {
		if err := set.try(ctx, lane, &status); err != nil {
			return nil, errors.Join(err, set.Close())
		}
	}
	return set, nil
}

func (e Elsewhere) withDefaults() Elsewhere {
	if e.Silence == 0 {
		e.Silence = 5 * time.Second
	}
	if e.Again == 0 {
		e.Again = 5 * time.Second
	}
	return e
}

// try sends one request of a lane, so that a path that is not there is found
// before thousands are sent to it.
func (e *elsewhere) try(ctx context.Context, lane string, status *atomic.Int64) error {
	ctx, cancel := context.WithTimeout(ctx, e.stage.Silence)
	defer cancel()
	status.Store(0)
	r := e.http.Send(ctx, live.Attempt{Source: &live.Source{Name: lane, Lane: lane}, User: 1, Number: 1})
	switch code := status.Load(); {
	case r.Outcome == surge.OK || r.Outcome == surge.Refused:
		return nil
	case code == 0:
		return fmt.Errorf("target %s: the first %s was not answered", e.service.Name, lane)
	case code >= 300 && code < 400:
		return fmt.Errorf("target %s: the first %s was sent elsewhere (%d): redirects are not followed: name where it goes, if that is allowed", e.service.Name, lane, code)
	default:
		return fmt.Errorf("target %s: the first %s was answered %d: see whether method, path and body are right", e.service.Name, lane, code)
	}
}

// request makes the request of an attempt.
func (e *elsewhere) request(a live.Attempt) (*http.Request, error) {
	name := a.Source.Name
	if name == reconnect {
		name = laneMessage // whose session was lost
	}
	req, err := e.service.Request(a.Source.Lane, name+"-"+strconv.FormatUint(a.User, 10))
	if err == nil && a.Source.Name == "phones" {
		req.Header.Set("X-App-State", "background")
	}
	return req, err
}

// Target implements [Set].
func (e *elsewhere) Target() live.Target { return e }

// Send implements [live.Target].
func (e *elsewhere) Send(ctx context.Context, a live.Attempt) live.Result {
	e.since.CompareAndSwap(0, time.Now().UnixNano())
	return e.http.Send(ctx, a)
}

// Resize implements [Set]. Nobody's workers are taken away.
func (e *elsewhere) Resize(context.Context, int) error { return nil }

// CPU implements [Set]. The service may be on this machine or not.
func (e *elsewhere) CPU() map[string]float64 { return nil }

// Close implements [Set].
func (e *elsewhere) Close() error {
	e.http.Close()
	e.asker.Close()
	return nil
}

// Bounded is a Set that may be sent only so much.
type Bounded interface {
	// Most is how many requests a second it may be sent.
	Most() float64
	// Guard returns a context that ends when nothing more may be sent; end ends
	// watching for that and waits.
	Guard(ctx context.Context) (guarded context.Context, end func())
}

// Most implements [Bounded].
func (e *elsewhere) Most() float64 { return float64(e.service.Most) }

// Guard implements [Bounded].
func (e *elsewhere) Guard(ctx context.Context) (guarded context.Context, end func()) {
	guarded, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.watch(guarded, cancel)
	}()
	return guarded, func() {
		cancel(nil)
		<-done
	}
}

// watch gives the rehearsal up when the service does not answer at all, or says
// that it does not agree any more. That it cannot say so in a storm is no
// answer.
func (e *elsewhere) watch(ctx context.Context, giveUp context.CancelCauseFunc) {
	look, ask := time.NewTicker(e.stage.Silence/10), time.NewTicker(e.stage.Again)
	defer look.Stop()
	defer ask.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-look.C:
			if since := e.since.Load(); since != 0 && now.Sub(time.Unix(0, since)) > e.stage.Silence {
				giveUp(fmt.Errorf("target %s: %w for %s: given up", e.service.Name, errSilent, e.stage.Silence))
				return
			}
		case <-ask.C:
			if _, err := e.asker.Ask(ctx, e.service); errors.Is(err, against.ErrNoConsent) {
				giveUp(fmt.Errorf("target %s: %w: given up", e.service.Name, errWithdrawn))
				return
			}
		}
	}
}
