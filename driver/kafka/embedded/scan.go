package embedded

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Scan reads every segment of a log and compares its checksums. It returns
// where messages are damaged that had been kept before others. A last write
// that was cut off is no damage: nobody was told that it is safe.
func Scan(data string) error {
	dirs, err := os.ReadDir(filepath.Join(data, "partitions"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range dirs {
		if err := scanPartition(filepath.Join(data, "partitions", d.Name())); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", d.Name(), err))
		}
	}
	return errors.Join(errs...)
}

// scanPartition looks at a partition's segments, the oldest first.
func scanPartition(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var bases []int64
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".dat")
		if base, err := strconv.ParseInt(name, 10, 64); ok && err == nil {
			bases = append(bases, base)
		}
	}
	slices.Sort(bases)
	for i, base := range bases {
		f, err := os.Open(filepath.Join(dir, fmt.Sprintf("%d.dat", base)))
		if err != nil {
			return err
		}
		err = scanSegment(f, i == len(bases)-1)
		_ = f.Close()
		if err != nil {
			return fmt.Errorf("segment %d: %w", base, err)
		}
	}
	return nil
}

// A batch begins with its first offset, 8 bytes, and the length of what
// follows, 4; the checksum stands 17 bytes in, and is of all from byte 21 on.
// How far its last offset is from the first stands at 23.
const (
	batchHead  = 12
	crcAt      = 17
	crcOf      = 21
	deltaAt    = 23
	batchLeast = 61
	batchMost  = 128 << 20
)

// scanSegment returns where a segment is damaged. In the last one the end may
// have been cut off.
func scanSegment(r io.Reader, last bool) error {
	in := bufio.NewReaderSize(r, 1<<20)
	table := crc32.MakeTable(crc32.Castagnoli)
	var batch []byte
	for at, next := int64(0), int64(0); ; {
		head, err := in.Peek(batchHead)
		if len(head) == 0 && errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return cutOff(err, last, at)
		}
		n := int64(int32(binary.BigEndian.Uint32(head[8:]))) + batchHead
		if n < batchLeast || n > batchMost {
			return ended(in, last, fmt.Errorf("byte %d: a batch of %d bytes", at, n))
		}
		if int64(cap(batch)) < n {
			batch = make([]byte, n)
		}
		batch = batch[:n]
		if _, err := io.ReadFull(in, batch); err != nil {
			return cutOff(err, last, at)
		}
		if crc32.Checksum(batch[crcOf:], table) != binary.BigEndian.Uint32(batch[crcAt:]) {
			return ended(in, last, fmt.Errorf("byte %d: the checksum of a batch of %d bytes is wrong", at, n))
		}
		if next, err = follows(batch, next); err != nil {
			return fmt.Errorf("byte %d: %w", at, err)
		}
		at += n
	}
}

// follows returns the offset after a batch. Offsets rise; the first of a batch
// is not in its checksum.
func follows(batch []byte, next int64) (int64, error) {
	first := int64(binary.BigEndian.Uint64(batch))
	after := first + 1 + int64(int32(binary.BigEndian.Uint32(batch[deltaAt:])))
	if first < next || after <= first {
		return 0, fmt.Errorf("offsets %d to %d come after %d", first, after-1, next-1)
	}
	return after, nil
}

// cutOff takes the end of a file inside a batch for a write that was cut off.
func cutOff(err error, last bool, at int64) error {
	if last && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return nil
	}
	return fmt.Errorf("byte %d: %w", at, err)
}

// ended takes a batch that makes no sense for one that was cut off, if nothing
// comes after it.
func ended(in *bufio.Reader, last bool, damage error) error {
	if _, err := in.Peek(1); last && errors.Is(err, io.EOF) {
		return nil
	}
	return damage
}
