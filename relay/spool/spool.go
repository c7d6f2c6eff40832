package spool

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/daero/daero/relay"
)

// ErrClosed says that the spool has been closed.
var ErrClosed = errors.New("the spool is closed")

// PoisonedError is why nothing is kept any more.
type PoisonedError struct{ Err error }

// Error implements error.
func (e *PoisonedError) Error() string {
	return "the spool keeps nothing since its disk failed (" + e.Err.Error() + "): open it anew once the disk is sound"
}

// Unwrap returns the first error of the disk.
func (e *PoisonedError) Unwrap() error { return e.Err }

// Spool is records on disk. It is safe for concurrent use, with one reader: who
// calls Next and Done is one goroutine, or several that take turns.
type Spool struct {
	cfg  Config
	fs   FS
	lock io.Closer
	salt uint64

	// Locks are taken in the order rmu, mu.
	rmu  sync.Mutex
	read reader
	head head

	mu       sync.Mutex
	segments []*segment // the oldest first; the last one is written to
	queue    []*batch   // to be written
	leading  bool       // somebody writes
	before   int        // records in the batch before
	waiting  int64      // bytes in queue and being written
	live     int64      // bytes on disk that are not done
	depth    int64      // records on disk that are not done
	nextSeq  uint64
	lost     uint64
	damages  []Damage
	poison   error
	closed   bool
	added    chan struct{} // closed when there is more to read
	idle     sync.Cond     // signalled when nobody writes

	out []byte // the leader's

	amu   sync.Mutex
	aside *aside
}

var _ relay.Store = (*Spool)(nil)

// Open opens the spool in a directory, and reads all of it once. It fails when
// another process has it open, or when the disk does.
func Open(cfg Config) (*Spool, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Spool{cfg: cfg, fs: cfg.FS, nextSeq: 1, added: make(chan struct{})}
	s.idle.L = &s.mu
	s.salt = newSalt()
	if err := s.fs.MakeDir(cfg.Dir); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	lock, err := s.fs.Lock(s.path("lock"))
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	s.lock = lock
	if err := s.recover(); err != nil {
		_ = s.shut() // the first error is the one that counts
		return nil, fmt.Errorf("spool: %w", err)
	}
	return s, nil
}

func newSalt() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}

func (s *Spool) path(name string) string { return filepath.Join(s.cfg.Dir, name) }

// Close waits for what is being written, keeps the head and lets the spool go.
// Whoever waits in Append or Next gets [ErrClosed].
func (s *Spool) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	for _, b := range s.queue {
		s.waiting -= b.bytes
		b.end(ErrClosed)
		select {
		case <-b.lead: // whoever was to write it may not notice any more
			s.leading = false
		default:
		}
	}
	s.queue = nil
	close(s.added)
	for s.leading {
		s.idle.Wait()
	}
	s.mu.Unlock()

	s.rmu.Lock()
	defer s.rmu.Unlock()
	return errors.Join(s.head.sync(), s.shut())
}

// shut closes all files.
func (s *Spool) shut() error {
	var errs []error
	for _, g := range s.segments {
		errs = append(errs, g.close())
	}
	errs = append(errs, s.read.close(), s.head.close())
	s.amu.Lock()
	defer s.amu.Unlock()
	if s.aside != nil {
		errs = append(errs, s.aside.f.Close())
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

// fail poisons the spool, if it is not yet, and returns why.
func (s *Spool) fail(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failLocked(err)
}

func (s *Spool) failLocked(err error) error {
	if s.poison == nil {
		s.poison = &PoisonedError{Err: err}
	}
	return s.poison
}

// Snapshot returns how the spool fares.
func (s *Spool) Snapshot() relay.SpoolSnapshot {
	oldest := s.oldest()
	s.mu.Lock()
	defer s.mu.Unlock()
	v := relay.SpoolSnapshot{Depth: s.depth, Bytes: s.live, MaxBytes: s.cfg.MaxBytes, Lost: s.lost}
	if s.depth > 0 {
		v.Oldest = oldest
	}
	if s.poison != nil {
		v.Poisoned = s.poison.Error()
	}
	return v
}

// Damage is what could not be read of a file.
type Damage struct {
	File   string
	Offset int64
	Bytes  int64
	// Lost counts the records that were there.
	Lost uint64
	// Aside is the file that the bytes were copied to, "" if that failed.
	Aside string
	At    time.Time
}

// Damages returns what could not be read since the spool was opened, the first
// hundred of it.
func (s *Spool) Damages() []Damage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Damage(nil), s.damages...)
}
