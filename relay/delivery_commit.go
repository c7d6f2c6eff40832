package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daero/daero/relay/track"
)

// Times of commits.
const (
	commitEvery  = 100 * time.Millisecond
	commitWithin = 5 * time.Second
)

// commitOn commits what is finished ten times a second, and sooner when much is:
// what is finished and not committed is delivered again after a kill -9.
func (d *delivery) commitOn(ctx context.Context) {
	timer := time.NewTimer(commitEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-d.keep:
		}
		d.commit(ctx)
		timer.Reset(commitEvery)
	}
}

// commit commits all parts that are not about to go. The turn is kept until the
// log has answered, so that a commit made before a partition goes is not under
// way any more once it has gone (F2).
func (d *delivery) commit(ctx context.Context) {
	d.turn <- struct{}{}
	defer func() { <-d.turn }()
	d.mu.Lock()
	var ps []*part
	for _, p := range d.parts {
		if p.dirty && !p.stopping {
			ps = append(ps, p)
		}
	}
	marks := d.marks(ps)
	sess := d.sess
	if len(marks) == 0 {
		d.mu.Unlock()
		return
	}
	ctx, cancel := context.WithTimeout(ctx, commitWithin)
	d.cut = cancel
	d.mu.Unlock()
	err := sess.Commit(ctx, marks)
	cancel()
	d.mu.Lock()
	d.cut = nil
	d.committed(ps, marks, err)
	d.mu.Unlock()
	d.flush()
}

// commitLast commits parts that go, and forgets them.
func (d *delivery) commitLast(ctx context.Context, ps []*part) {
	d.turn <- struct{}{}
	defer func() { <-d.turn }()
	d.mu.Lock()
	var dirty []*part
	for _, p := range ps {
		if p.dirty && !p.gone {
			dirty = append(dirty, p)
		}
	}
	marks := d.marks(dirty)
	sess := d.sess
	d.mu.Unlock()
	var err error
	if len(marks) > 0 {
		err = sess.Commit(ctx, marks)
	}
	d.mu.Lock()
	d.committed(dirty, marks, err)
	for _, p := range ps {
		d.drop(p)
	}
	d.mu.Unlock()
}

// marks are the places of parts. They are taken at one moment: what is finished
// in a companion was marked as moved in the topic before.
func (d *delivery) marks(ps []*part) []Mark {
	now := time.Now()
	marks := make([]Mark, 0, len(ps))
	for _, p := range ps {
		var stuck []track.Stuck
		for u := range p.troubled {
			if t := u.Value.t; t.attempts > 0 {
				stuck = append(stuck, track.Stuck{Offset: u.Value.off, Attempts: t.attempts, Age: d.tried(t, now)})
			}
		}
		for _, s := range p.stuck { // not read yet
			stuck = append(stuck, s)
		}
		p.dirty, p.finished = false, 0
		marks = append(marks, Mark{p.Partition, p.track.Base(), p.track.Encode(stuck)})
	}
	return marks
}

// committed takes in what became of a commit. What failed is tried again with
// the next.
func (d *delivery) committed(ps []*part, marks []Mark, err error) {
	for i, p := range ps {
		if err != nil {
			p.dirty = true
		} else {
			p.marked = marks[i].Offset
		}
	}
	if err != nil && !errors.Is(err, ErrFenced) && !errors.Is(err, context.Canceled) {
		d.tellOnce(time.Now(), Event{What: ConsumeFailed, Why: fmt.Sprintf("group %s: its place could not be kept, and is tried again: %v", d.Group, err)})
	}
}
