package osm

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// checkHeader refuses files that need something to be understood.
func checkHeader(data []byte) error {
	for f := range fields(data) {
		switch {
		case f.num == 0:
			return broken("the header is broken")
		case f.num == 4 && f.typ == protowire.BytesType:
			if s := string(f.bytes); s != "OsmSchema-V0.6" && s != "DenseNodes" {
				return fmt.Errorf("needs %.40q, which is not understood: export it without history and extensions: %w", s, ErrFormat)
			}
		}
	}
	return nil
}

// class is how a street is drawn.
type class byte

const (
	none class = iota
	minor
	major
)

// classes are the values of highway that are streets. Motorways' ramps, service
// roads, paths and tracks are left out: on a picture they are clutter.
var classes = map[string]class{
	"motorway": major, "trunk": major, "primary": major, "secondary": major,
	"tertiary": minor, "unclassified": minor, "residential": minor, "living_street": minor, "road": minor,
}

// words are where the few strings stand that matter, in a block's table. The
// table is not kept: it may have millions.
type words struct {
	highway, area, yes uint64
	classes            map[uint64]class
}

// block is a part of a file, with what is needed to read its groups.
type block struct {
	words
	data             []byte
	granularity      float64
	latZero, lonZero float64
}

func readBlock(data []byte) (*block, error) {
	b := &block{data: data, granularity: 100}
	b.classes = make(map[uint64]class)
	for f := range fields(data) {
		switch {
		case f.num == 0:
			return nil, broken("a block is broken")
		case f.num == 1 && f.typ == protowire.BytesType:
			if err := b.readWords(f.bytes); err != nil {
				return nil, err
			}
		case f.num == 17 && f.typ == protowire.VarintType:
			b.granularity = float64(int32(f.number)) // the format has 32 bits
		case f.num == 19 && f.typ == protowire.VarintType:
			b.latZero = float64(int64(f.number)) // two's complement
		case f.num == 20 && f.typ == protowire.VarintType:
			b.lonZero = float64(int64(f.number)) // two's complement
		}
	}
	return b, nil
}

// each does something with each field of each group. There may be millions of
// groups: they are not collected.
func (b *block) each(do func(field) error) error {
	for g := range fields(b.data) {
		if g.num != 2 || g.typ != protowire.BytesType {
			continue
		}
		for f := range fields(g.bytes) {
			if f.num == 0 {
				return broken("a group is broken")
			}
			if err := do(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// readWords finds the strings that matter. The first is always empty, so that 0
// stands for one that is not there.
func (w *words) readWords(table []byte) error {
	i := uint64(0)
	for f := range fields(table) {
		if f.num == 0 {
			return broken("a table of strings is broken")
		}
		if f.num != 1 || f.typ != protowire.BytesType {
			continue
		}
		switch string(f.bytes) {
		case "highway":
			w.highway = i
		case "area":
			w.area = i
		case "yes":
			w.yes = i
		default:
			// A table may say a word again and again: once is enough.
			if c := classes[string(f.bytes)]; c != none && len(w.classes) < 4*len(classes) {
				w.classes[i] = c
			}
		}
		i++
	}
	return nil
}

// block collects the streets of a block.
func (w *ways) block(data []byte) error {
	b, err := readBlock(data)
	if err != nil {
		return err
	}
	if b.highway == 0 {
		return nil
	}
	return b.each(func(f field) error {
		if f.num == 3 && f.typ == protowire.BytesType {
			return w.way(f.bytes, &b.words)
		}
		return nil
	})
}

// way keeps a way if it is a street.
func (w *ways) way(data []byte, in *words) error {
	var keys, vals, refs []byte
	for f := range fields(data) {
		switch {
		case f.num == 0:
			return broken("a way is broken")
		case f.typ != protowire.BytesType:
		case f.num == 2:
			keys = f.bytes
		case f.num == 3:
			vals = f.bytes
		case f.num == 8:
			refs = f.bytes
		}
	}
	c := in.class(keys, vals)
	if c == none {
		return nil
	}
	one := way{major: c == major, from: len(w.refs)}
	list := deltas{b: refs}
	for id, ok := list.next(); ok; id, ok = list.next() {
		if len(w.refs) == w.most {
			return fmt.Errorf("the streets have more than %d points: %w", w.most, ErrTooMuch)
		}
		w.refs = append(w.refs, id)
	}
	if list.bad() {
		return broken("a way's list of points is broken")
	}
	if one.until = len(w.refs); one.until-one.from < 2 {
		w.refs = w.refs[:one.from]
		return nil
	}
	w.all = append(w.all, one)
	return nil
}

// class says what kind of street the tags tell, none for what is no street, or
// is a square.
func (w *words) class(keys, vals []byte) class {
	c := none
	for len(keys) > 0 && len(vals) > 0 {
		k, n := protowire.ConsumeVarint(keys)
		v, m := protowire.ConsumeVarint(vals)
		if n < 0 || m < 0 {
			return none
		}
		keys, vals = keys[n:], vals[m:]
		switch {
		case k == w.highway:
			c = w.classes[v]
		case k == w.area && w.area != 0 && v == w.yes:
			return none
		}
	}
	return c
}

// block keeps the points of a block that belong to streets.
func (p *points) block(data []byte) error {
	b, err := readBlock(data)
	if err != nil {
		return err
	}
	return b.each(func(f field) error {
		switch {
		case f.num == 1 && f.typ == protowire.BytesType:
			return p.one(f.bytes, b)
		case f.num == 2 && f.typ == protowire.BytesType:
			return p.dense(f.bytes, b)
		}
		return nil
	})
}

// degrees turns what a block keeps, in parts of a millionth of a degree, into
// degrees.
func (b *block) degrees(zero float64, v int64) float64 {
	return 1e-9 * (zero + b.granularity*float64(v))
}

// one reads a point that stands by itself.
func (p *points) one(data []byte, b *block) error {
	var id, lat, lon int64
	for f := range fields(data) {
		v := protowire.DecodeZigZag(f.number)
		switch f.num {
		case 0:
			return broken("a point is broken")
		case 1:
			id = v
		case 8:
			lat = v
		case 9:
			lon = v
		}
	}
	return p.note(id, b.degrees(b.lonZero, lon), b.degrees(b.latZero, lat))
}

// dense reads points that are kept as three lists.
func (p *points) dense(data []byte, b *block) error {
	var ids, lats, lons deltas
	for f := range fields(data) {
		switch {
		case f.num == 0:
			return broken("a list of points is broken")
		case f.typ != protowire.BytesType:
		case f.num == 1:
			ids.b = f.bytes
		case f.num == 8:
			lats.b = f.bytes
		case f.num == 9:
			lons.b = f.bytes
		}
	}
	for {
		id, a := ids.next()
		lat, b1 := lats.next()
		lon, c := lons.next()
		if !a && !b1 && !c && !ids.bad() && !lats.bad() && !lons.bad() {
			return nil
		}
		if !a || !b1 || !c {
			return broken("a list of points has other lengths than its coordinates")
		}
		if err := p.note(id, b.degrees(b.lonZero, lon), b.degrees(b.latZero, lat)); err != nil {
			return err
		}
	}
}
