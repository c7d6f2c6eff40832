package spool

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/daero/daero/relay"
)

// batch are records that are written together, with one sync. One of those who
// wait for it writes it, once the batch before is written: there is no goroutine
// beside them.
type batch struct {
	recs  [][]byte // nil where a writer has given up
	bytes int64
	lead  chan struct{} // whoever takes from it writes the batch
	done  chan struct{}
	err   error
}

func (b *batch) end(err error) {
	b.err = err
	close(b.done)
}

// Bounds of what is in memory.
const (
	batchBytes = 4 << 20 // a batch that holds more is followed by another
	maxWaiting = 64 << 20
)

// Append keeps b for good before it returns. Errors are [relay.ErrTooLarge],
// [relay.ErrFull], the cause of ctx (then it was not kept; once it is being
// written only the disk ends it), [relay.ErrUnknown] when the disk failed at it,
// and afterwards a *[PoisonedError].
func (s *Spool) Append(ctx context.Context, b []byte) error {
	if len(b) > s.cfg.MaxRecord {
		return fmt.Errorf("the spool keeps records of up to %d bytes: %w", s.cfg.MaxRecord, relay.ErrTooLarge)
	}
	if b == nil {
		b = []byte{}
	}
	mine, at, leads, err := s.join(b)
	if err != nil {
		return err
	}
	if leads {
		s.write(mine)
		return mine.err
	}
	select {
	case <-mine.done:
	case <-mine.lead:
		s.write(mine)
	case <-ctx.Done():
		if s.withdraw(mine, at) {
			return context.Cause(ctx)
		}
		<-mine.done
	}
	return mine.err
}

// join adds a record to the last batch. leads says that nobody writes, so that
// the caller has to.
func (s *Spool) join(b []byte) (mine *batch, at int, leads bool, err error) {
	size := int64(frameHead + len(b))
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, 0, false, ErrClosed
	case s.poison != nil:
		return nil, 0, false, s.poison
	case s.live+s.waiting+size > s.cfg.MaxBytes:
		return nil, 0, false, fmt.Errorf("the spool holds the %d bytes that it may: raise its bound, or see why the log is away: %w", s.cfg.MaxBytes, relay.ErrFull)
	case s.waiting+size > max(maxWaiting, size):
		return nil, 0, false, fmt.Errorf("the spool's disk does not keep up: %w", relay.ErrFull)
	}
	if n := len(s.queue); n == 0 || s.queue[n-1].bytes >= batchBytes {
		s.queue = append(s.queue, &batch{lead: make(chan struct{}, 1), done: make(chan struct{})})
	}
	mine = s.queue[len(s.queue)-1]
	mine.recs = append(mine.recs, b)
	mine.bytes += size
	s.waiting += size
	leads = !s.leading
	s.leading = true
	return mine, len(mine.recs) - 1, leads, nil
}

// withdraw takes a record out of a batch that is not being written.
func (s *Spool) withdraw(b *batch, at int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, q := range s.queue {
		if q != b {
			continue
		}
		size := int64(frameHead + len(b.recs[at]))
		b.recs[at] = nil
		b.bytes -= size
		s.waiting -= size
		if b.bytes > 0 {
			return true
		}
		s.queue = append(s.queue[:i:i], s.queue[i+1:]...)
		select {
		case <-b.lead: // nobody is left to write it
			s.pass()
		default:
		}
		return true
	}
	return false
}

// pass lets the next batch be written.
func (s *Spool) pass() {
	if len(s.queue) > 0 {
		s.queue[0].lead <- struct{}{}
		return
	}
	s.leading = false
	s.idle.Broadcast()
}

// write writes one batch. Only one goroutine is here at a time.
func (s *Spool) write(b *batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(b.recs) < s.before {
		// Those who were woken by the batch before are about to come again: let
		// them, or they wait for two syncs instead of one.
		s.mu.Unlock()
		runtime.Gosched()
		s.mu.Lock()
	}
	s.before = len(b.recs)
	if len(s.queue) == 0 || s.queue[0] != b { // closed in between
		s.pass()
		return
	}
	s.queue = s.queue[1:]
	first, poison := s.nextSeq, s.poison
	s.mu.Unlock()
	n := 0
	err := poison
	if err == nil {
		n, err = s.put(b, first)
	}
	s.mu.Lock()
	s.waiting -= b.bytes
	if err == nil {
		g := s.segments[len(s.segments)-1]
		g.size += b.bytes
		s.nextSeq += uint64(n)
		g.next = s.nextSeq
		s.live += b.bytes
		s.depth += int64(n)
		if !s.closed {
			close(s.added)
			s.added = make(chan struct{})
		}
	}
	b.end(err)
	s.pass()
}

// put writes and syncs b's records, and returns how many they are.
func (s *Spool) put(b *batch, first uint64) (int, error) {
	if err := s.room(b.bytes); err != nil {
		return 0, err
	}
	g, err := s.active(first, b.bytes)
	switch {
	case err != nil && noRoom(err):
		return 0, full()
	case err != nil:
		return 0, s.broken(err)
	}
	n := 0
	s.out = s.out[:0]
	ms := s.cfg.Now().UnixMilli()
	for _, rec := range b.recs {
		if rec == nil {
			continue
		}
		s.out = appendFrame(s.out, g.sum, frame{seq: first + uint64(n), ms: ms, index: uint32(n), data: rec})
		n++
	}
	_, err = g.f.WriteAt(s.out, g.size)
	if cap(s.out) > batchBytes {
		s.out = nil
	}
	if err != nil && noRoom(err) {
		return 0, s.takeBack(g)
	}
	if err == nil {
		err = g.f.Sync()
	}
	if err != nil {
		return 0, s.broken(err)
	}
	return n, nil
}

// takeBack cuts off what the disk took before it was full, so that the file ends
// where it did.
func (s *Spool) takeBack(g *segment) error {
	err := g.f.Truncate(g.size)
	if err == nil {
		err = g.f.Sync()
	}
	if err != nil {
		return s.broken(err)
	}
	return full()
}

func full() error {
	return fmt.Errorf("the spool's disk is full: make room: %w", relay.ErrFull)
}

// room reports whether the disk has room for n more bytes.
func (s *Spool) room(n int64) error {
	if s.cfg.LowWater < 0 {
		return nil
	}
	free, err := s.fs.Free(s.cfg.Dir)
	if err != nil {
		return s.fail(err)
	}
	if free-n < s.cfg.LowWater {
		return fmt.Errorf("the spool's disk has less than the %d bytes left that are for others: make room: %w", s.cfg.LowWater, relay.ErrFull)
	}
	return nil
}

// active returns the segment to write n bytes to: a new one when the last is
// full, when all of it is done, so that it can go, or when it is from before.
func (s *Spool) active(first uint64, n int64) (*segment, error) {
	s.mu.Lock()
	var old *segment
	if len(s.segments) > 0 {
		old = s.segments[len(s.segments)-1]
	}
	done := s.depth == 0
	s.mu.Unlock()
	if old != nil && old.f != nil &&
		old.size+n <= s.cfg.SegmentBytes && (!done || old.size <= s.cfg.SegmentBytes/4) {
		return old, nil
	}
	g, err := s.create(first)
	if err != nil {
		return nil, err
	}
	if old != nil {
		if err := old.close(); err != nil {
			return nil, errors.Join(err, g.close())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.segments = append(s.segments, g)
	return g, nil
}

// broken notes that the disk failed. Nobody knows what it did of what it was
// told, and nothing more is written.
func (s *Spool) broken(err error) error {
	_ = s.fail(err) // the record that met it is not refused, its fate is unknown
	return fmt.Errorf("the spool's disk failed: %w: %w", relay.ErrUnknown, err)
}
