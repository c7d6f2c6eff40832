package spool

import (
	"errors"
	"fmt"
	"os"
)

const mostDamages = 100

// errAside says that a segment is not there any more.
var errAside = errors.New("the segment was put aside")

// report notes damage.
func (s *Spool) report(d Damage) {
	d.At = s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost += d.Lost
	if len(s.damages) < mostDamages {
		s.damages = append(s.damages, d)
	}
}

// damaged puts aside what cannot be read from where sc stands, and returns where
// reading goes on.
func (s *Spool) damaged(g *segment, sc *scanner) (hole, error) {
	seq := sc.seq
	rest, err := readRest(sc)
	if err != nil {
		return hole{}, err
	}
	h := hole{to: sc.end, seq: seq}
	if next, _, found := resync(rest, sc.sum, sc.most, seq); found {
		f, _, err := parseFrame(rest[next:], sc.sum, sc.most)
		if err != nil {
			return hole{}, err
		}
		h = hole{to: sc.off + int64(next), seq: f.seq}
		rest = rest[:next]
	} else {
		s.mu.Lock()
		h.seq = max(seq, g.next)
		s.mu.Unlock()
	}
	name := fmt.Sprintf("%016x.%x.damaged", g.first, sc.off)
	if err := s.copyAside(name, rest); err != nil {
		return hole{}, err
	}
	d := Damage{File: g.name, Offset: sc.off, Bytes: h.to - sc.off, Aside: name}
	if from := max(seq, s.head.seq); h.seq > from {
		d.Lost = h.seq - from
	}
	s.report(d)
	return h, nil
}

func (s *Spool) copyAside(name string, b []byte) error {
	f, err := s.fs.Open(s.path(name), os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	if _, err = f.WriteAt(b, 0); err == nil {
		err = f.Sync()
	}
	if gone := f.Close(); err == nil {
		err = gone
	}
	if err == nil {
		err = s.fs.SyncDir(s.cfg.Dir)
	}
	return err
}

// unreadable puts a whole segment aside: without its header nothing in it can be
// told from what a stranger has written.
func (s *Spool) unreadable(g *segment, after uint64, size int64) error {
	name := fmt.Sprintf("%016x.0.damaged", g.first)
	if err := s.fs.Rename(s.path(g.name), s.path(name)); err != nil {
		return err
	}
	d := Damage{File: g.name, Bytes: size, Aside: name}
	if from := max(g.first, s.head.seq); after > from {
		d.Lost = after - from
	}
	g.next = max(g.first, after)
	s.report(d)
	return errAside
}
