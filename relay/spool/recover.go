package spool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// recover reads all that is there.
func (s *Spool) recover() error {
	if err := s.openHead(); err != nil {
		return err
	}
	// What the head says is done goes. The process before may not have synced it,
	// and it must not fall back behind what is gone.
	if err := s.head.sync(); err != nil {
		return err
	}
	names, err := s.fs.List(s.cfg.Dir)
	if err != nil {
		return err
	}
	var found []*segment
	for _, name := range names {
		if first, ok := segmentFirst(name); ok {
			found = append(found, &segment{name: name, first: first, next: first})
		}
	}
	slices.SortFunc(found, func(a, b *segment) int {
		if a.first < b.first {
			return -1
		}
		return 1
	})
	expect := s.head.seq // 0 if the head is lost: then nothing is missing
	for i, g := range found {
		last := i == len(found)-1
		if g.first > expect && expect > 0 {
			s.report(Damage{File: segmentName(expect), Lost: g.first - expect})
		}
		after := uint64(0)
		if !last {
			after = found[i+1].first
		}
		if err := s.examine(g, after); err != nil {
			return err
		}
		expect = max(expect, g.next)
	}
	s.nextSeq = max(s.nextSeq, expect, s.head.seq)
	s.read.seq = s.head.seq
	return s.fs.SyncDir(s.cfg.Dir)
}

// examine reads a segment. after is the first record of the one behind it, 0 if
// it is the last, which alone may have been cut off by a crash.
func (s *Spool) examine(g *segment, after uint64) error {
	f, err := s.fs.Open(s.path(g.name), os.O_RDWR)
	if err != nil {
		return err
	}
	drop, err := s.examineFile(g, f, after)
	if err := errors.Join(err, f.Close()); err != nil {
		if errors.Is(err, errAside) {
			return nil
		}
		return err
	}
	if drop || g.next <= s.head.seq {
		return s.fs.Remove(s.path(g.name))
	}
	s.segments = append(s.segments, g)
	return nil
}

func (s *Spool) examineFile(g *segment, f File, after uint64) (drop bool, err error) {
	size, err := f.Size()
	if err != nil {
		return false, err
	}
	head := make([]byte, min(size, headerSize))
	if err := readFull(f, head, 0); err != nil {
		return false, err
	}
	v, salt, err := parseHeader(head)
	switch {
	case err != nil && size <= headerSize && after == 0:
		return true, nil // it was being made
	case err != nil:
		return false, s.unreadable(g, after, size)
	case v != version:
		return false, fmt.Errorf("%s: was written in format %d, and this program reads %d: use the program that wrote it, or a newer one", g.name, v, version)
	}
	g.sum = saltSum(salt)
	sc := scanner{f: f, sum: g.sum, most: s.cfg.MaxRecord, off: headerSize, seq: g.first, end: size}
	for {
		rec, err := sc.next()
		switch {
		case err == nil:
			g.next = rec.seq + 1
			if rec.seq >= s.head.seq {
				s.live += rec.size()
				s.depth++
			}
		case errors.Is(err, io.EOF):
			g.size = sc.off
			if after > g.next {
				s.report(Damage{File: g.name, Offset: sc.off, Lost: after - g.next})
				g.next = after
			}
			if after > 0 {
				return g.next == g.first, nil
			}
			// A process that was killed may have written records that it did not
			// sync. They are there, and must stay: others follow them.
			return g.next == g.first, f.Sync()
		case errors.Is(err, errBad):
			if err := s.mend(g, &sc, after); err != nil {
				return false, err
			}
		default:
			return false, err
		}
	}
}

// mend deals with a record that cannot be read: it cuts off what a crash has cut
// off, and notes a hole for what is damaged.
func (s *Spool) mend(g *segment, sc *scanner, after uint64) error {
	rest, err := readRest(sc)
	if err != nil {
		return err
	}
	if _, synced, _ := resync(rest, sc.sum, sc.most, sc.seq); !synced && after == 0 {
		f := sc.f.(File)
		if err := f.Truncate(sc.off); err != nil {
			return err
		}
		sc.end = sc.off
		return f.Sync()
	}
	h, err := s.damaged(g, sc)
	if err != nil {
		return err
	}
	if g.holes == nil {
		g.holes = map[int64]hole{}
	}
	g.holes[sc.off] = h
	sc.off, sc.seq, g.next = h.to, h.seq, h.seq
	return nil
}

// readRest returns all from where sc stands to the end.
func readRest(sc *scanner) ([]byte, error) {
	b := make([]byte, sc.end-sc.off)
	n, err := sc.f.ReadAt(b, sc.off)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:n], nil
}
