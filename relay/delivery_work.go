package relay

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// labour makes attempts, one after the other, until there will be no more.
func (d *delivery) labour(u *unit) {
	for {
		if u = d.attempt(u); u != nil {
			continue
		}
		var ok bool
		if u, ok = <-d.work; !ok {
			return
		}
	}
}

// attempt makes one attempt and returns the next message, nil if none may go.
func (d *delivery) attempt(u *unit) *unit {
	from := time.Now()
	ctx, cancel := context.WithTimeout(u.Value.p.ctx, d.Timeout)
	r := d.call(ctx, u.Value.m)
	cancel()
	return d.ended(u, r, from)
}

// call calls the handler; a panic of it is a Retry (F22).
func (d *delivery) call(ctx context.Context, m *Message) (r Result) {
	defer func() {
		if v := recover(); v != nil {
			r = Retry(0).Because("the handler panicked")
			d.tellNow(Event{What: HandlerPanicked, Why: fmt.Sprintf("%T at %s", v, panicAt(debug.Stack()))})
		}
	}()
	return d.Handler(ctx, m)
}

// mind does what is due at a time.
func (d *delivery) mind(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-d.kick:
		}
		now := time.Now()
		d.mu.Lock()
		d.minding, d.alarm = true, now.Add(time.Minute)
		d.gate.Free(now)
		d.overdue(now)
		for _, p := range d.parts {
			if p.crowded && !p.stopping {
				d.makeRoom(p, now)
			}
		}
		d.dispatch(now)
		if at, ok := d.gate.Due(); ok && at.Before(d.alarm) {
			d.alarm = at
		}
		alarm := d.alarm
		d.minding = false
		d.mu.Unlock()
		d.flush()
		timer.Reset(time.Until(alarm))
	}
}

// overdue ends pauses whose time is over.
func (d *delivery) overdue(now time.Time) {
	if b := d.pauseBy; b != nil && !b.Until.IsZero() {
		if now.Before(b.Until) {
			d.alarmAt(b.Until)
		} else {
			d.pauseBy = nil
			d.goOn(now, "the time of the pause is over")
		}
	}
	if !d.flooded {
		return
	}
	if at := d.flood.Next(now, float64(d.DeadLetters.PerMinute)/4); at.After(now) {
		d.alarmAt(at)
		return
	}
	d.flooded = false
	d.goOn(now, "there is room for dead letters again")
}

// hand gives an append to who makes them, because Append may wait.
func (d *delivery) hand(mv move) {
	d.moves = append(d.moves, mv)
	select {
	case d.carry <- struct{}{}:
	default:
	}
}

// carryOn makes the appends of dead letters and parked messages, in order.
func (d *delivery) carryOn(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.carry:
		}
		d.mu.Lock()
		moves := d.moves
		d.moves = nil
		d.mu.Unlock()
		for _, mv := range moves {
			if d.isGone(mv.u) {
				continue // whoever has it now moves it
			}
			d.log.Append(mv.m, func(_ Position, err error) { mv.done(err) })
		}
	}
}

func (d *delivery) isGone(u *unit) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return u.Value.p.gone
}

// Times between looks at what the log keeps.
const (
	lookFirst = time.Second
	lookEvery = 30 * time.Second
	nearEvery = 10 * time.Minute // between alarms for one partition
)

// watch compares the age of what is unfinished with how long the log keeps it
// (F16), where the log can be asked.
func (d *delivery) watch(ctx context.Context) {
	reader, ok := d.log.(Reader)
	if !ok {
		return
	}
	topics := append([]string(nil), d.Topics...)
	if d.parks() {
		for _, t := range d.Topics {
			topics = append(topics, ParkedTopic(t, d.Group))
		}
	}
	timer := time.NewTimer(lookFirst)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		look, cancel := context.WithTimeout(ctx, 10*time.Second)
		spans, err := reader.Spans(look, topics...)
		cancel()
		if err == nil {
			d.looked(spans)
		}
		timer.Reset(lookEvery)
	}
}

func (d *delivery) looked(spans []Span) {
	now := time.Now()
	d.mu.Lock()
	for _, s := range spans {
		p := d.parts[s.Partition]
		if p == nil {
			continue
		}
		p.retention, p.end = s.Retention, max(p.end, s.Next)
		at := p.oldest()
		if s.Retention <= 0 || at.IsZero() || now.Sub(at) < s.Retention/2 || !p.near.IsZero() && now.Sub(p.near) < nearEvery {
			continue
		}
		p.near = now
		d.tell(now, Event{What: RetentionNear, Partition: p.Partition.String(), Why: fmt.Sprintf("the oldest unfinished message is %v old, and the log keeps messages for %v: let the log keep them longer, or the target take more", now.Sub(at).Round(time.Second), s.Retention)})
	}
	d.mu.Unlock()
	d.flush()
}
