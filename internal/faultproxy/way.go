package faultproxy

import (
	"errors"
	"io"
	"time"
)

// wayState is what one direction of one link remembers.
type wayState struct {
	link    *link
	of      func(Faults) Way
	setting uint64 // the one that passed was counted for
	passed  int64  // bytes since the setting
	cut     bool   // the bound of CutAfter is reached
}

// piecesPerSecond is in how many pieces a second's bytes pass under a Rate.
const piecesPerSecond = 20

// pass waits until the first piece of c may go on and returns how long it is;
// false says that the link is dead.
func (s *wayState) pass(c chunk) (int, bool) {
	var due, paid time.Time // paid: until when the rate has been waited for
	for {
		f, setting, changed := s.link.proxy.state()
		w := s.of(f)
		if setting != s.setting {
			s.setting, s.passed = setting, 0
		}
		switch {
		case w.Drop:
			s.dropped(changed)
			return 0, false
		case w.Hold:
			if !s.wait(time.Time{}, changed) {
				return 0, false
			}
			continue
		}
		if due.IsZero() && (w.Delay > 0 || w.Jitter > 0) {
			due = c.read.Add(w.Delay + s.link.proxy.jitter(w.Jitter))
		}
		piece := len(c.bytes)
		if w.Rate > 0 {
			piece = min(piece, max(1, w.Rate/piecesPerSecond))
			if paid.IsZero() {
				paid = time.Now().Add(time.Duration(piece) * time.Second / time.Duration(w.Rate))
			}
		}
		if until := later(due, paid); time.Now().Before(until) {
			if !s.wait(until, changed) {
				return 0, false
			}
			if _, now, _ := s.link.proxy.state(); now != setting {
				due, paid = time.Time{}, time.Time{} // other rules now
			}
			continue
		}
		return s.count(piece, w.CutAfter), true
	}
}

// count returns how many of n bytes pass before the cut.
func (s *wayState) count(n int, bound int64) int {
	if bound > 0 && s.passed+int64(n) >= bound {
		n, s.cut = int(bound-s.passed), true
	}
	s.passed += int64(n)
	return n
}

// dropped waits for the end of Drop: the link has forgotten bytes, and is dead
// then.
func (s *wayState) dropped(changed <-chan struct{}) {
	for s.wait(time.Time{}, changed) {
		f, _, next := s.link.proxy.state()
		if !s.of(f).Drop {
			return
		}
		changed = next
	}
}

// wait returns at a time (never, if it is zero) or at the next Set; false says
// that the link has ended.
func (s *wayState) wait(until time.Time, changed <-chan struct{}) bool {
	var at <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		at = t.C
	}
	select {
	case <-at:
		return true
	case <-changed:
		return true
	case <-s.link.done:
		return false
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func endOfStream(err error) bool { return errors.Is(err, io.EOF) }
