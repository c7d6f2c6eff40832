package alertfeed

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/daero/daero/driver/alertfeed/alert"
	"github.com/daero/daero/driver/alertfeed/format"
)

const (
	// behind is how long after a second its document is asked for.
	behind = time.Second
	// pewsTimeout is short: what is older than a few seconds is of no use.
	pewsTimeout = 3 * time.Second
	// misses is how many documents may be missing in a row: now and then one
	// is not there in time.
	misses = 5
)

// watcher asks PEWS for one document a second.
type watcher struct {
	f      *Feed
	state  format.PEWS
	began  time.Time
	offset time.Duration // what the server's clock is ahead
	asked  time.Time     // the second asked for last
}

// watch polls PEWS, about a second behind its clock.
func (f *Feed) watch(ctx context.Context) {
	w := &watcher{f: f, began: time.Now()}
	for failures := 0; ctx.Err() == nil; {
		err := w.once(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := time.Until(w.due())
		if err == nil {
			failures = 0
		} else if failures++; failures >= misses {
			f.fail(err)
			wait = max(wait, f.after(err, time.Second, min(failures-misses, 6))) // about a minute at most
		}
		if !sleep(ctx, wait) {
			return
		}
	}
}

// now is the server's time, or that of the replay.
func (w *watcher) now() time.Time {
	if r := w.f.cfg.Replay; r != nil {
		return r.From.Add(time.Since(w.began)).Add(behind)
	}
	return time.Now().Add(w.offset)
}

// due is when the document after the last is to be asked for, by our clock.
func (w *watcher) due() time.Time {
	return time.Now().Add(w.asked.Add(time.Second + behind).Sub(w.now()))
}

func (w *watcher) once(ctx context.Context) error {
	at := w.now().Add(-behind).UTC().Truncate(time.Second)
	if !at.After(w.asked) && at.Add(time.Minute).After(w.asked) {
		at = w.asked.Add(time.Second) // the server's clock was set back a little
	}
	w.asked = at
	head, dir := format.PEWSHead, ""
	if r := w.f.cfg.Replay; r != nil {
		head, dir = format.PEWSReplayHead, r.Number+"/"
	}
	sent := time.Now()
	body, _, h, err := w.f.get(ctx, w.f.cfg.URL+dir+at.Format("20060102150405")+".b", validators{}, pewsTimeout)
	w.set(h, sent, time.Now())
	if err != nil {
		return err
	}
	if body == nil {
		return errors.New("an empty answer")
	}
	alerts, err := w.state.Take(at, body, head)
	if err != nil {
		return err
	}
	now := time.Now()
	if w.f.cfg.Replay != nil {
		shift(alerts, now.Sub(at))
	}
	w.f.hear(now, alerts, nil)
	return nil
}

// set takes the server's time from the header ST, seconds since 1970, unless
// the answer took so long that it says little.
func (w *watcher) set(h http.Header, sent, came time.Time) {
	st, err := strconv.ParseFloat(h.Get("ST"), 64)
	if took := came.Sub(sent); err != nil || !(st > 0 && st < 1<<33) || took > behind {
		return
	}
	sec, frac := math.Modf(st)
	server := time.Unix(int64(sec), int64(frac*1e9))
	if off := server.Sub(sent.Add(came.Sub(sent) / 2)); off.Abs() < time.Hour {
		w.offset = off
	}
}

// shift moves what a replay tells to now.
func shift(alerts []alert.Alert, by time.Duration) {
	for i := range alerts {
		alerts[i].Origin = alerts[i].Origin.Add(by)
	}
}
