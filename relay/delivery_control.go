package relay

import (
	"bytes"
	"fmt"
	"time"

	"github.com/daero/daero/relay/retry"
)

func (d *delivery) pause(p Pause) {
	now := time.Now()
	d.mu.Lock()
	d.pauseBy = &p
	d.repause = true
	d.pending.Store(true)
	if !p.Until.IsZero() {
		d.alarmAt(p.Until)
	}
	d.tell(now, Event{What: DeliveryPaused, Why: pausedWhy(p)})
	d.mu.Unlock()
	d.flush()
}

func pausedWhy(p Pause) string {
	until := "until somebody resumes it"
	if !p.Until.IsZero() {
		until = "until " + p.Until.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("paused by %s %s: %s", bounded(p.By, 100), until, bounded(p.Reason, 300))
}

// resume ends pauses, that of the flood limiter too.
func (d *delivery) resume() bool {
	now := time.Now()
	d.mu.Lock()
	was := d.pausedAt(now) || d.flooded
	d.pauseBy = nil
	if d.flooded {
		d.flooded = false
		d.flood.Fill(now)
	}
	if was {
		d.goOn(now, "resumed")
	}
	d.dispatch(now)
	d.mu.Unlock()
	d.flush()
	return was
}

func (d *delivery) throttle(perSecond float64) {
	now := time.Now()
	if perSecond < 0 || perSecond != perSecond {
		perSecond = -1
	}
	d.mu.Lock()
	if d.perSec != perSecond {
		d.perSec = perSecond
		d.drain = nil
		why := "no bound"
		if perSecond >= 0 {
			why = fmt.Sprintf("at most %g per second", perSecond)
		}
		if perSecond > 0 {
			d.drain = newRate(perSecond, now)
		}
		d.repause = true
		d.tell(now, Event{What: DeliveryThrottle, Why: why})
		d.dispatch(now)
	}
	d.mu.Unlock()
	d.flush()
}

// pausedAt reports whether somebody has paused the delivery.
func (d *delivery) pausedAt(now time.Time) bool {
	return d.pauseBy != nil && (d.pauseBy.Until.IsZero() || now.Before(d.pauseBy.Until))
}

// goOn tells that deliveries go on.
func (d *delivery) goOn(now time.Time, why string) {
	d.repause = true
	d.tell(now, Event{What: DeliveryResumed, Why: why})
}

// tell keeps an event until mu is free. Called with mu held.
func (d *delivery) tell(now time.Time, e Event) {
	e.At, e.Target = now, d.Name
	d.events = append(d.events, e)
	d.pending.Store(true)
}

// tellOnce tells an event at most once a minute, and reports whether it did.
func (d *delivery) tellOnce(now time.Time, e Event) bool {
	if at, ok := d.said[e.What]; ok && now.Sub(at) < time.Minute {
		return false
	}
	d.said[e.What] = now
	d.tell(now, e)
	return true
}

// tellNow is tellOnce for who does not hold mu.
func (d *delivery) tellNow(e Event) {
	d.mu.Lock()
	d.tellOnce(time.Now(), e)
	d.mu.Unlock()
	d.flush()
}

// flush does what must not be done with mu held: it tells events, and tells the
// session what is to be read.
func (d *delivery) flush() {
	if !d.pending.CompareAndSwap(true, false) {
		return
	}
	d.pauseMu.Lock()
	now := time.Now()
	d.mu.Lock()
	events := d.events
	d.events = nil
	var pause, resume []Partition
	if d.repause {
		pause, resume = d.look(now)
	}
	sess := d.sess
	d.mu.Unlock()
	if len(pause) > 0 {
		sess.Pause(pause...)
	}
	if len(resume) > 0 {
		sess.Resume(resume...)
	}
	d.pauseMu.Unlock()
	for _, e := range events {
		d.listener.tell(e)
	}
}

// look finds what is to be paused and resumed. A log may remember a pause of a
// partition that went and came back, so what is new is told in any case.
func (d *delivery) look(now time.Time) (pause, resume []Partition) {
	d.repause = false
	d.heldBack = d.gate.Bytes() > d.Bytes/2
	for _, p := range d.parts {
		if p.stopping {
			continue
		}
		want := d.wantPaused(p, now)
		if want == p.paused && p.told {
			continue
		}
		p.paused, p.told = want, true
		if want {
			pause = append(pause, p.Partition)
		} else {
			resume = append(resume, p.Partition)
		}
	}
	return pause, resume
}

// newRate bounds a rate per second; a tenth of a second may come at once.
func newRate(perSecond float64, now time.Time) *retry.Bucket {
	return retry.NewBucket(perSecond, max(1, perSecond/10), now)
}

// panicAt is the line that panicked, out of a stack.
func panicAt(stack []byte) string {
	_, rest, ok := bytes.Cut(stack, []byte("panic("))
	for range 3 {
		_, rest, _ = bytes.Cut(rest, []byte("\n"))
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	line, _, _ = bytes.Cut(bytes.TrimSpace(line), []byte(" "))
	if !ok || len(line) == 0 {
		return "an unknown line"
	}
	return string(line)
}
