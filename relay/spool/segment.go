package spool

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// segment is one file of records.
type segment struct {
	name  string
	first uint64 // sequence of its first record
	sum   uint32 // where the checksums of its records begin
	f     File   // to write to, nil once it is full
	holes map[int64]hole

	// Guarded by Spool.mu.
	size int64  // bytes that are synced
	next uint64 // sequence after its last record
}

// hole is a part that cannot be read.
type hole struct {
	to  int64  // where reading goes on
	seq uint64 // with which record
}

const segmentEnd = ".seg"

func segmentName(first uint64) string { return fmt.Sprintf("%016x%s", first, segmentEnd) }

// segmentFirst is the inverse of segmentName.
func segmentFirst(name string) (uint64, bool) {
	hex, ok := strings.CutSuffix(name, segmentEnd)
	if !ok || len(hex) != 16 {
		return 0, false
	}
	first, err := strconv.ParseUint(hex, 16, 64)
	return first, err == nil && name == segmentName(first)
}

func (g *segment) close() error {
	if g.f == nil {
		return nil
	}
	f := g.f
	g.f = nil
	return f.Close()
}

// create makes the segment that is written to next. Nothing is in the file
// before its name is on disk.
func (s *Spool) create(first uint64) (*segment, error) {
	g := &segment{name: segmentName(first), first: first, next: first, sum: saltSum(s.salt), size: headerSize}
	f, err := s.fs.Open(s.path(g.name), os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, err
	}
	g.f = f
	if _, err = f.WriteAt(appendHeader(nil, version, s.salt), 0); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = s.fs.SyncDir(s.cfg.Dir)
	}
	if err == nil {
		return g, nil
	}
	_ = g.close() // the first error is the one that counts
	if noRoom(err) {
		if gone := s.fs.Remove(s.path(g.name)); gone != nil {
			return nil, gone
		}
	}
	return nil, err
}

// reclaim removes segments of which everything is done. The head is on disk
// before they go, so that what is done does not have to be looked for in them.
func (s *Spool) reclaim() error {
	s.mu.Lock()
	n := 0
	for n < len(s.segments)-1 && s.segments[n].next <= s.head.seq {
		n++
	}
	gone := s.segments[:n:n]
	s.segments = s.segments[n:]
	s.mu.Unlock()
	if n == 0 {
		return nil
	}
	if err := s.head.sync(); err != nil {
		return err
	}
	for _, g := range gone {
		if err := s.fs.Remove(s.path(g.name)); err != nil {
			return err
		}
	}
	return s.fs.SyncDir(s.cfg.Dir)
}
