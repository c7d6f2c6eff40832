package osm

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"
)

// Kinds of blobs. Others are passed over, as the format asks for.
const (
	kindHeader = "OSMHeader"
	kindData   = "OSMData"
)

// reader takes a file apart into blobs and unpacks them.
type reader struct {
	from                  io.Reader
	fileLeft, decodedLeft int64
	packed, unpacked      []byte // reused
}

// next returns the next blob, unpacked, which is good until the call after; or
// io.EOF.
func (r *reader) next() (kind string, data []byte, err error) {
	var size [4]byte
	if _, err := io.ReadFull(r.from, size[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return "", nil, io.EOF
		}
		return "", nil, broken("ends within a length")
	}
	header, err := r.read(int64(binary.BigEndian.Uint32(size[:])), maxHeader)
	if err != nil {
		return "", nil, err
	}
	length := int64(-1)
	for f := range fields(header) {
		switch {
		case f.num == 1 && f.typ == protowire.BytesType:
			kind = string(f.bytes)
		case f.num == 3 && f.typ == protowire.VarintType:
			length = int64(int32(f.number)) // the format has 32 bits, of which a negative one is refused below
		case f.num == 0:
			return "", nil, broken("a blob's header is broken")
		}
	}
	blob, err := r.read(length, maxBlob)
	if err != nil {
		return "", nil, err
	}
	if kind != kindHeader && kind != kindData {
		return kind, nil, nil
	}
	data, err = r.unpack(blob)
	return kind, data, err
}

// read returns n bytes of the file, good until the next call.
func (r *reader) read(n, most int64) ([]byte, error) {
	if n < 0 || n > most {
		return nil, broken("a blob is said to have %d bytes, %d are allowed", n, most)
	}
	if r.fileLeft -= n + 4; r.fileLeft < 0 {
		return nil, fmt.Errorf("the file is too long: %w", ErrTooMuch)
	}
	// Memory follows what is there, not what is said to be there.
	buf := bytes.NewBuffer(r.packed[:0])
	if got, err := io.Copy(buf, io.LimitReader(r.from, n)); err != nil || got < n {
		return nil, broken("ends within a blob")
	}
	r.packed = buf.Bytes()
	return r.packed, nil
}

// unpack returns what a blob holds, as it is or unfolded.
func (r *reader) unpack(blob []byte) ([]byte, error) {
	var plain, folded []byte
	said := int64(-1)
	for f := range fields(blob) {
		switch {
		case f.num == 1 && f.typ == protowire.BytesType:
			plain = f.bytes
		case f.num == 2 && f.typ == protowire.VarintType:
			said = int64(int32(f.number)) // as above
		case f.num == 3 && f.typ == protowire.BytesType:
			folded = f.bytes
		case f.num >= 4 && f.num <= 7:
			return nil, fmt.Errorf("packed by something other than zlib: pack it again, for example with osmium cat -f pbf: %w", ErrFormat)
		case f.num == 0:
			return nil, broken("a blob is broken")
		}
	}
	if folded == nil {
		return plain, r.count(int64(len(plain)))
	}
	if said < 0 || said > maxBlob {
		return nil, broken("a blob is said to unfold to %d bytes, %d are allowed", said, maxBlob)
	}
	if err := r.count(said); err != nil {
		return nil, err
	}
	z, err := zlib.NewReader(bytes.NewReader(folded))
	if err != nil {
		return nil, broken("a blob is not packed by zlib")
	}
	defer z.Close()
	// One byte more than was said is enough to know that it was not true.
	buf := bytes.NewBuffer(r.unpacked[:0])
	got, err := io.Copy(buf, io.LimitReader(z, said+1))
	if err != nil || got != said {
		return nil, broken("a blob unfolds to other than the %d bytes it says", said)
	}
	r.unpacked = buf.Bytes()
	return r.unpacked, nil
}

func (r *reader) count(n int64) error {
	if r.decodedLeft -= n; r.decodedLeft < 0 {
		return fmt.Errorf("the file unfolds to too much: %w", ErrTooMuch)
	}
	return nil
}

func broken(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrFormat)
}

// field is one of a message's.
type field struct {
	num    protowire.Number // 0 for the end of what can be read
	typ    protowire.Type
	number uint64
	bytes  []byte
}

// fields are those of a message. One that is broken ends with a field 0.
func fields(b []byte) func(yield func(field) bool) {
	return func(yield func(field) bool) {
		for len(b) > 0 {
			num, typ, n := protowire.ConsumeTag(b)
			if n < 0 {
				yield(field{})
				return
			}
			f := field{num: num, typ: typ}
			b = b[n:]
			switch typ {
			case protowire.VarintType:
				f.number, n = protowire.ConsumeVarint(b)
			case protowire.BytesType:
				f.bytes, n = protowire.ConsumeBytes(b)
			default:
				n = protowire.ConsumeFieldValue(num, typ, b)
			}
			if n < 0 {
				yield(field{})
				return
			}
			b = b[n:]
			if !yield(f) {
				return
			}
		}
	}
}

// deltas are the numbers of a packed list, each kept as its distance from the
// one before.
type deltas struct {
	b    []byte
	last int64
}

// next returns the next number; ok is false at the end, and where the list is
// broken, which bad tells apart.
func (d *deltas) next() (v int64, ok bool) {
	u, n := protowire.ConsumeVarint(d.b)
	if n <= 0 {
		return 0, false
	}
	d.b = d.b[n:]
	d.last += protowire.DecodeZigZag(u) // wraps around, as a nonsensical id may
	return d.last, true
}

func (d *deltas) bad() bool { return len(d.b) > 0 }
