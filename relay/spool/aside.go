package spool

import (
	"fmt"
	"os"

	"github.com/daero/daero/relay"
)

// aside is the file of what the log will never take.
type aside struct {
	f    File
	size int64
}

const asideName = "rejected.jsonl"

// SetAside keeps a line of text for good, in the file rejected.jsonl, before it
// returns. Nothing reads it but people. The file may grow to MaxBytes.
func (s *Spool) SetAside(line []byte) error {
	s.amu.Lock()
	defer s.amu.Unlock()
	s.mu.Lock()
	err := s.poison
	if s.closed {
		err = ErrClosed
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if s.aside == nil {
		if err := s.openAside(); err != nil {
			return s.fail(err)
		}
	}
	a := s.aside
	b := append(line[:len(line):len(line)], '\n')
	if a.size+int64(len(b)) > s.cfg.MaxBytes {
		return fmt.Errorf("%s has grown to %d bytes: look into it and move it away: %w", asideName, a.size, relay.ErrFull)
	}
	_, err = a.f.WriteAt(b, a.size)
	if err == nil {
		err = a.f.Sync()
	}
	if err != nil {
		return s.fail(err)
	}
	a.size += int64(len(b))
	return nil
}

func (s *Spool) openAside() error {
	f, err := s.fs.Open(s.path(asideName), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return err
	}
	size, err := f.Size()
	if err == nil {
		err = s.fs.SyncDir(s.cfg.Dir)
	}
	// A line that was cut off by a crash was never kept: a new one begins.
	if last := make([]byte, 1); err == nil && size > 0 {
		if err = readFull(f, last, size-1); err == nil && last[0] != '\n' {
			_, err = f.WriteAt([]byte{'\n'}, size)
			size++
		}
	}
	if err != nil {
		_ = f.Close() // the first error is the one that counts
		return err
	}
	s.aside = &aside{f: f, size: size}
	return nil
}
