package spool

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// A segment begins with a header:
//
//	magic 8 | version 4 | salt 8 | crc 4
//
// and goes on with records, little endian:
//
//	crc 4 | length 4 | sequence 8 | time, unix milli 8 | index 4 | crc of bytes 4 | bytes
//
// The first checksum is CRC-32C over the salt and the 28 bytes that follow it:
// it alone says whether something is a record, so that looking for one in a
// damaged file takes a time that no content can make longer. The salt is random:
// what is in a record comes from strangers, who could otherwise hide a record of
// their own inside of one and wait for a damaged disk to show it.
//
// The index counts the records that were written together, from 0. All before
// the first of them was synced when they were written, which is how a record
// that was cut off by a crash is told from one that has been damaged since.
const (
	magic      = "daerospl"
	version    = 1
	headerSize = 24
	frameHead  = 32
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errBad is a record that is not as it was written.
var errBad = errors.New("the record is not as it was written")

func appendHeader(b []byte, v uint32, salt uint64) []byte {
	start := len(b)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, v)
	b = binary.LittleEndian.AppendUint64(b, salt)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

// parseHeader returns a segment's version and salt.
func parseHeader(b []byte) (v uint32, salt uint64, err error) {
	if len(b) < headerSize || string(b[:8]) != magic ||
		binary.LittleEndian.Uint32(b[20:]) != crc32.Checksum(b[:20], castagnoli) {
		return 0, 0, errBad
	}
	return binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint64(b[12:]), nil
}

// frame is one record.
type frame struct {
	seq   uint64
	ms    int64
	index uint32
	data  []byte
}

func (f *frame) size() int64 { return int64(frameHead + len(f.data)) }

// start of the checksum of a segment's records.
func saltSum(salt uint64) uint32 {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], salt)
	return crc32.Update(0, castagnoli, b[:])
}

func appendFrame(b []byte, sum uint32, f frame) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.data)))
	b = binary.LittleEndian.AppendUint64(b, f.seq)
	b = binary.LittleEndian.AppendUint64(b, uint64(f.ms))
	b = binary.LittleEndian.AppendUint32(b, f.index)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(f.data, castagnoli))
	binary.LittleEndian.PutUint32(b[start:], crc32.Update(sum, castagnoli, b[start+4:]))
	return append(b, f.data...)
}

// parseHead reads all of a record but its bytes, and returns their checksum. It
// returns errBad if b, of at least frameHead bytes, begins with no record.
func parseHead(b []byte, sum uint32, most int) (f frame, length int, data uint32, err error) {
	if binary.LittleEndian.Uint32(b) != crc32.Update(sum, castagnoli, b[4:frameHead]) {
		return frame{}, 0, 0, errBad
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if uint64(n) > uint64(most) {
		return frame{}, 0, 0, errBad
	}
	return frame{
		seq:   binary.LittleEndian.Uint64(b[8:]),
		ms:    int64(binary.LittleEndian.Uint64(b[16:])),
		index: binary.LittleEndian.Uint32(b[24:]),
	}, int(n), binary.LittleEndian.Uint32(b[28:]), nil
}

// parseFrame reads the record at the start of b. It returns io.ErrShortBuffer
// and how many bytes it takes if b holds less, errBad if it is none.
func parseFrame(b []byte, sum uint32, most int) (f frame, need int, err error) {
	if len(b) < frameHead {
		return frame{}, frameHead, io.ErrShortBuffer
	}
	f, length, data, err := parseHead(b, sum, most)
	if err != nil {
		return frame{}, 0, err
	}
	need = frameHead + length
	if len(b) < need {
		return frame{}, need, io.ErrShortBuffer
	}
	f.data = b[frameHead:need:need]
	if crc32.Checksum(f.data, castagnoli) != data {
		return frame{}, 0, errBad
	}
	return f, need, nil
}

// scanner reads records one after the other.
type scanner struct {
	f    io.ReaderAt
	sum  uint32
	most int    // bytes of a record
	off  int64  // where the next one begins
	seq  uint64 // and what it must be
	end  int64  // nothing is read beyond

	buf  []byte
	base int64 // where buf is in the file
}

const readAhead = 256 << 10

// next returns the next record. Its bytes stay as they are. Errors are io.EOF at
// the end, errBad for a record that cannot be read, at off, or those of the file.
func (s *scanner) next() (frame, error) {
	if s.off >= s.end {
		return frame{}, io.EOF
	}
	want := frameHead
	for {
		at := s.off - s.base
		if at < 0 || at+int64(want) > int64(len(s.buf)) {
			if s.off+int64(want) > s.end {
				return frame{}, errBad // it was cut off
			}
			if err := s.load(max(want, readAhead)); err != nil {
				return frame{}, err
			}
			at = 0
		}
		f, need, err := parseFrame(s.buf[at:], s.sum, s.most)
		if errors.Is(err, io.ErrShortBuffer) {
			want = need
			continue
		}
		if err == nil && f.seq != s.seq {
			err = errBad // it is from somewhere else
		}
		if err == nil {
			s.off += int64(need)
			s.seq++
		}
		return f, err
	}
}

// load reads n bytes from off on, or as many as there are.
func (s *scanner) load(n int) error {
	n = int(min(int64(n), s.end-s.off))
	buf := make([]byte, n)
	if err := readFull(s.f, buf, s.off); err != nil {
		return err
	}
	s.buf, s.base = buf, s.off
	return nil
}

// readFull reads all of b. A file that is shorter than it was is damaged.
func readFull(f io.ReaderAt, b []byte, off int64) error {
	n, err := f.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return errBad
	}
	return err
}

// resync looks for a record with a sequence above after in b, which begins with
// one that cannot be read. It reports whether that one had been synced: a record
// that was written later is there.
func resync(b []byte, sum uint32, most int, after uint64) (next int, synced, found bool) {
	for i := 1; i+frameHead <= len(b); {
		f, need, err := parseFrame(b[i:], sum, most)
		if err != nil || f.seq <= after {
			i++
			continue
		}
		if !found {
			next, found = i, true
		}
		if f.seq-uint64(f.index) > after {
			return next, true, true
		}
		i += need
	}
	return next, false, found
}
