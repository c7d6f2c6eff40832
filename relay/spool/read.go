package spool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// reader hands out what is not done. It is guarded by Spool.rmu.
type reader struct {
	g     *segment // that is being read
	f     File
	scan  scanner
	seq   uint64  // of the next record to be read
	cache []frame // from the head on
	bytes int64   // of them
}

// nextBytes bounds what Next reads ahead, but for one record.
const nextBytes = 8 << 20

// Next returns up to most of the oldest records that are not done, and no more
// than 8 MiB of them; if there are none, it waits for one. With a ctx that has
// ended it returns what is there. The records must not be changed.
func (s *Spool) Next(ctx context.Context, most int) ([][]byte, error) {
	for {
		recs, added, err := s.take(most)
		if len(recs) > 0 || err != nil {
			return recs, err
		}
		select {
		case <-added:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// take returns what is there, and what is closed when there is more.
func (s *Spool) take(most int) ([][]byte, <-chan struct{}, error) {
	s.rmu.Lock()
	defer s.rmu.Unlock()
	s.mu.Lock()
	added, closed := s.added, s.closed
	s.mu.Unlock()
	if closed {
		return nil, nil, ErrClosed
	}
	if err := s.fill(most); err != nil && len(s.read.cache) == 0 {
		return nil, nil, err
	}
	n := min(most, len(s.read.cache))
	recs := make([][]byte, n)
	for i, f := range s.read.cache[:n] {
		recs[i] = f.data
	}
	return recs, added, nil
}

// fill reads on until most records are there.
func (s *Spool) fill(most int) error {
	r := &s.read
	for len(r.cache) < most && r.bytes < nextBytes {
		f, err := s.readOne()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return s.fail(err)
		case f.seq < s.head.seq:
			continue
		}
		r.cache = append(r.cache, f)
		r.bytes += f.size()
	}
	return nil
}

// readOne returns the next record, io.EOF if there is none yet.
func (s *Spool) readOne() (frame, error) {
	r := &s.read
	for {
		if r.g == nil {
			if err := s.openNext(); err != nil {
				return frame{}, err
			}
		}
		s.mu.Lock()
		r.scan.end = r.g.size
		behind := r.g.next
		last := r.g == s.segments[len(s.segments)-1]
		s.mu.Unlock()
		f, err := r.scan.next()
		switch {
		case err == nil:
			r.seq = f.seq + 1
			return f, nil
		case errors.Is(err, errBad):
			if err := s.skip(); err != nil {
				return frame{}, err
			}
		case errors.Is(err, io.EOF) && !last:
			r.seq = max(r.seq, behind) // its end may be missing
			if err := r.close(); err != nil {
				return frame{}, err
			}
		default:
			return frame{}, err
		}
	}
}

// openNext opens the segment that has the next record.
func (s *Spool) openNext() error {
	r := &s.read
	s.mu.Lock()
	var g *segment
	for _, each := range s.segments {
		if each.next > r.seq && each.next > s.head.seq {
			g = each
			break
		}
	}
	s.mu.Unlock()
	if g == nil {
		return io.EOF
	}
	f, err := s.fs.Open(s.path(g.name), os.O_RDONLY)
	if err != nil {
		return err
	}
	r.g, r.f, r.seq = g, f, max(r.seq, g.first)
	r.scan = scanner{f: f, sum: g.sum, most: s.cfg.MaxRecord, off: headerSize, seq: g.first}
	return nil
}

func (r *reader) close() error {
	if r.f == nil {
		return nil
	}
	f := r.f
	r.g, r.f = nil, nil
	return f.Close()
}

// skip goes past what cannot be read.
func (s *Spool) skip() error {
	r := &s.read
	h, known := r.g.holes[r.scan.off]
	if !known {
		var err error
		if h, err = s.damaged(r.g, &r.scan); err != nil {
			return err
		}
		if lost := h.seq - r.scan.seq; lost > 0 && h.seq > s.head.seq {
			s.mu.Lock()
			s.live -= h.to - r.scan.off
			s.depth -= int64(min(lost, h.seq-s.head.seq))
			s.mu.Unlock()
		}
	}
	r.scan.off, r.scan.seq, r.seq = h.to, h.seq, h.seq
	return nil
}

// Done says that the n oldest records are finished. They are gone at once; an
// error means that they may come again once the spool is opened anew.
func (s *Spool) Done(n int) error {
	s.rmu.Lock()
	defer s.rmu.Unlock()
	r := &s.read
	if n <= 0 {
		return nil
	}
	if n > len(r.cache) {
		return fmt.Errorf("%d records are to be done, and %d were handed out", n, len(r.cache))
	}
	seq := r.cache[n-1].seq + 1
	bytes := int64(0)
	for _, f := range r.cache[:n] {
		bytes += f.size()
	}
	clear(r.cache[:n])
	r.cache = r.cache[n:]
	r.bytes -= bytes
	s.mu.Lock()
	s.live -= bytes
	s.depth -= int64(n)
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return ErrClosed
	}
	err := s.head.move(seq)
	if err == nil {
		err = s.reclaim()
	}
	if err != nil {
		return s.fail(err)
	}
	return nil
}

// oldest returns when the oldest record that is not done was kept.
func (s *Spool) oldest() time.Time {
	s.rmu.Lock()
	defer s.rmu.Unlock()
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if r := &s.read; len(r.cache) > 0 || !closed && s.fill(1) == nil && len(r.cache) > 0 {
		return time.UnixMilli(r.cache[0].ms)
	}
	return time.Time{}
}
