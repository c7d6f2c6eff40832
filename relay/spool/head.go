package spool

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
)

// head says what is done: everything before seq. It is written in two places by
// turns, each in a sector of its own, so that a write that is cut off leaves the
// one before. It is synced only before a segment goes: losing it means that
// records come again.
//
//	seq 8 | turn 8 | crc 4
type head struct {
	f    File
	seq  uint64
	turn uint64
}

const (
	headName = "head"
	headSize = 20
	sector   = 512
)

func appendHead(b []byte, seq, turn uint64) []byte {
	b = binary.LittleEndian.AppendUint64(b, seq)
	b = binary.LittleEndian.AppendUint64(b, turn)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[len(b)-16:], castagnoli))
}

func parseHeadFile(b []byte) (seq, turn uint64, ok bool) {
	if len(b) < headSize || binary.LittleEndian.Uint32(b[16:]) != crc32.Checksum(b[:16], castagnoli) {
		return 0, 0, false
	}
	return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), true
}

// openHead reads the head, 0 if there is none that can be read.
func (s *Spool) openHead() error {
	f, err := s.fs.Open(s.path(headName), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return err
	}
	s.head = head{f: f}
	b := make([]byte, sector+headSize)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	b = b[:n]
	for _, at := range []int{0, sector} {
		if at > len(b) {
			break
		}
		if seq, turn, ok := parseHeadFile(b[at:]); ok && turn >= s.head.turn {
			s.head.seq, s.head.turn = seq, turn
		}
	}
	return nil
}

// move notes that everything before seq is done.
func (h *head) move(seq uint64) error {
	h.seq = seq
	h.turn++
	_, err := h.f.WriteAt(appendHead(nil, seq, h.turn), int64(h.turn%2)*sector)
	return err
}

func (h *head) sync() error { return h.f.Sync() }

func (h *head) close() error {
	if h.f == nil {
		return nil
	}
	return h.f.Close()
}
