package osm

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is a message being written.
type message []byte

func (m message) bytes(num protowire.Number, b []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, num, protowire.BytesType), b)
}

func (m message) number(num protowire.Number, v uint64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, num, protowire.VarintType), v)
}

// packed is a list of numbers, delta says each as its distance from the one
// before.
func packed(delta bool, all ...int64) []byte {
	var b []byte
	last := int64(0)
	for _, v := range all {
		if delta {
			v, last = v-last, v
			b = protowire.AppendVarint(b, protowire.EncodeZigZag(v))
			continue
		}
		b = protowire.AppendVarint(b, uint64(v))
	}
	return b
}

// blob is a blob with its header, folded by zlib or as it is. said is the length
// it claims to unfold to, where that is not the right one.
func blob(kind string, data []byte, folded bool, said int) []byte {
	var b message
	if folded {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		_, _ = w.Write(data)
		_ = w.Close()
		if said < 0 {
			said = len(data)
		}
		b = b.number(2, uint64(said)).bytes(3, z.Bytes())
	} else {
		b = b.bytes(1, data)
	}
	return framed(kind, b, len(b))
}

// framed puts a header before a blob that is said to have so many bytes.
func framed(kind string, b []byte, length int) []byte {
	h := message{}.bytes(1, []byte(kind)).number(3, uint64(length))
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(h))), h...), b...)
}

func header(features ...string) []byte {
	var h message
	for _, f := range features {
		h = h.bytes(4, []byte(f))
	}
	return blob(kindHeader, h, true, -1)
}

// node is a point, in millionths of a degree.
type node struct {
	id       int64
	lat, lon int64
}

// dense is a block of points, as most files have them; simple one as few do.
func dense(all ...node) message {
	var ids, lats, lons []int64
	for _, n := range all {
		ids, lats, lons = append(ids, n.id), append(lats, n.lat*10), append(lons, n.lon*10)
	}
	d := message{}.bytes(1, packed(true, ids...)).bytes(8, packed(true, lats...)).bytes(9, packed(true, lons...))
	return message{}.bytes(1, table("")).bytes(2, message{}.bytes(2, d))
}

func simple(all ...node) message {
	var g message
	for _, n := range all {
		g = g.bytes(1, message{}.number(1, protowire.EncodeZigZag(n.id)).
			number(8, protowire.EncodeZigZag(n.lat*10)).number(9, protowire.EncodeZigZag(n.lon*10)))
	}
	return message{}.bytes(1, table("")).bytes(2, g)
}

func table(all ...string) []byte {
	var t message
	for _, s := range all {
		t = t.bytes(1, []byte(s))
	}
	return t
}

// road is a way with one tag, or two.
type road struct {
	tags []string // key, value, key, value
	refs []int64
}

func roads(all ...road) message {
	words := []string{""}
	word := func(s string) int64 {
		if i := slices.Index(words, s); i > 0 {
			return int64(i)
		}
		words = append(words, s)
		return int64(len(words) - 1)
	}
	var g message
	for i, r := range all {
		var keys, vals []int64
		for k := 0; k < len(r.tags); k += 2 {
			keys, vals = append(keys, word(r.tags[k])), append(vals, word(r.tags[k+1]))
		}
		g = g.bytes(3, message{}.number(1, uint64(i)).bytes(2, packed(false, keys...)).
			bytes(3, packed(false, vals...)).bytes(8, packed(true, r.refs...)))
	}
	return message{}.bytes(1, table(words...)).bytes(2, g)
}

func file(parts ...[]byte) []byte {
	return append(header("OsmSchema-V0.6", "DenseNodes"), bytes.Join(parts, nil)...)
}

func data(m message) []byte { return blob(kindData, m, true, -1) }

// crossing is a small file: two streets that cross.
func crossing() []byte {
	return file(
		data(dense(node{1, 37_500_000, 127_000_000}, node{2, 37_501_000, 127_000_000}, node{3, 37_502_000, 127_000_000},
			node{4, 37_501_000, 126_999_000}, node{5, 37_501_000, 127_001_000}, node{9, 10_000_000, 10_000_000})),
		data(roads(
			road{[]string{"highway", "primary"}, []int64{1, 2, 3}},
			road{[]string{"highway", "residential"}, []int64{4, 2, 5}})))
}
