// Package osm reads the streets out of an operator's own .osm.pbf file, for maps
// that look like a place people know. It takes their lines and how important
// they are, and nothing else: names stay made up.
//
// It reads the format itself. What is uploaded may be anything: a file that
// says it is longer than it is, or a few kilobytes that unfold to gigabytes. So
// nothing is unpacked beyond [Limits], nothing is kept that is not part of a
// street, and nothing in the file makes it panic.
package osm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"github.com/daero/daero/captcha/mapquiz/city"
)

// Limits bound what a file may take. Zero fields are the defaults, which are
// enough for a large city and its surroundings.
type Limits struct {
	FileBytes    int64         // of the file; default 512 MiB
	DecodedBytes int64         // of all that it unfolds to; default 4 GiB
	Nodes        int64         // points in the file, of streets or not; default 100 million
	Points       int           // points of streets; default a million, which take 16 MB
	Time         time.Duration // for all of it; default 2 min
}

// Ceilings that the format has itself.
const (
	maxHeader = 64 << 10
	maxBlob   = 32 << 20
)

func (l Limits) withDefaults() Limits {
	def := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.FileBytes, 512<<20)
	def(&l.DecodedBytes, 4<<30)
	def(&l.Nodes, 100_000_000)
	if l.Points <= 0 {
		l.Points = 1_000_000
	}
	if l.Time <= 0 {
		l.Time = 2 * time.Minute
	}
	return l
}

// smaller is the cure for a file that is too much.
const smaller = "cut one city out of it, for example with osmium extract"

// Errors of files that are refused.
var (
	ErrTooMuch   = errors.New("more than is allowed: " + smaller)
	ErrFormat    = errors.New("not an .osm.pbf file that can be read: fetch or export it again")
	ErrNoStreets = errors.New("no streets in the file: choose an extract of a city")
)

// LoadFile reads the streets of a file.
func LoadFile(ctx context.Context, path string, l Limits) (*city.Streets, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file: name an .osm.pbf file", path)
	}
	s, err := Load(ctx, f, l)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// Load reads the streets, twice over: the ways first, and then the points that
// belong to one. What is returned is in metres from the middle, x to the east and y to the
// north.
func Load(ctx context.Context, from io.ReadSeeker, l Limits) (*city.Streets, error) {
	l = l.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, l.Time)
	defer cancel()
	w := &ways{most: l.Points}
	if err := scan(ctx, from, l, w.block); err != nil {
		return nil, err
	}
	if len(w.all) == 0 {
		return nil, ErrNoStreets
	}
	p := newPoints(w.refs, l.Nodes)
	if err := scan(ctx, from, l, p.block); err != nil {
		return nil, err
	}
	s := w.streets(p)
	if len(s.Lines) == 0 {
		return nil, ErrNoStreets
	}
	return s, nil
}

// scan reads a file from its beginning and gives its blocks of data to do.
func scan(ctx context.Context, from io.ReadSeeker, l Limits, do func([]byte) error) error {
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r := &reader{from: from, fileLeft: l.FileBytes, decodedLeft: l.DecodedBytes}
	for {
		if err := ctx.Err(); err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				return fmt.Errorf("took longer than %s: %w", l.Time, ErrTooMuch)
			}
			return err
		}
		kind, data, err := r.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case kind == kindHeader:
			err = checkHeader(data)
		case kind == kindData:
			err = do(data)
		}
		if err != nil {
			return err
		}
	}
}

// way is a street: where its points stand in refs.
type way struct {
	major       bool
	from, until int
}

// ways collects streets.
type ways struct {
	most int
	all  []way
	refs []int64 // ids of points
}

// points are where the points of streets lie.
type points struct {
	ids  []int64      // sorted
	at   [][2]float64 // longitude and latitude, in degrees
	seen []bool
	next int   // where the id after the last one is looked for
	left int64 // how many more points of a file are looked at
}

func newPoints(refs []int64, most int64) *points {
	ids := slices.Clone(refs)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return &points{ids: ids, at: make([][2]float64, len(ids)), seen: make([]bool, len(ids)), left: most}
}

// note keeps a point if it belongs to a street. Files are sorted by id, mostly:
// then the next one is never far.
func (p *points) note(id int64, lon, lat float64) error {
	if p.left--; p.left < 0 {
		return fmt.Errorf("the file has too many points: %w", ErrTooMuch)
	}
	if p.next > 0 && p.ids[p.next-1] >= id {
		p.next, _ = slices.BinarySearch(p.ids, id)
	}
	for steps := 0; p.next < len(p.ids) && p.ids[p.next] < id; p.next++ {
		if steps++; steps > 32 {
			more, _ := slices.BinarySearch(p.ids[p.next:], id)
			p.next += more
			break
		}
	}
	if p.next == len(p.ids) || p.ids[p.next] != id {
		return nil
	}
	// What is nowhere on earth, or no number, is as if it were not there.
	if math.Abs(lon) <= 180 && math.Abs(lat) <= 85 {
		p.at[p.next], p.seen[p.next] = [2]float64{lon, lat}, true
	}
	p.next++
	return nil
}

// find returns where a point lies.
func (p *points) find(id int64) ([2]float64, bool) {
	i, ok := slices.BinarySearch(p.ids, id)
	if !ok || !p.seen[i] {
		return [2]float64{}, false
	}
	return p.at[i], true
}

// streets makes lines of the ways. Where a point is missing, as it is at the
// edge of an extract, a line ends and another begins.
func (w *ways) streets(p *points) *city.Streets {
	flat := newFlat(p)
	s := &city.Streets{}
	for _, one := range w.all {
		line := city.Street{Major: one.major}
		end := func() {
			if len(line.Points) > 1 {
				s.Lines = append(s.Lines, line)
			}
			line.Points = nil
		}
		for _, id := range w.refs[one.from:one.until] {
			at, ok := p.find(id)
			if !ok {
				end()
				continue
			}
			line.Points = append(line.Points, flat.metres(at))
		}
		end()
	}
	return s
}

// flat lays the earth flat about the middle of what is seen of it. Across a city
// of 50 km, 0.4 % of the earth's radius either way, shapes stay true to a few
// per mille: more than a picture of 480 pixels shows.
type flat struct {
	lon, lat, cos float64
}

func newFlat(p *points) flat {
	var lons, lats []float64
	for i, at := range p.at {
		if p.seen[i] {
			lons, lats = append(lons, at[0]), append(lats, at[1])
		}
	}
	if len(lons) == 0 {
		return flat{cos: 1}
	}
	// The median: a stray point far away moves nothing.
	mid := func(all []float64) float64 {
		slices.SortFunc(all, cmp.Compare)
		return all[len(all)/2]
	}
	f := flat{lon: mid(lons), lat: mid(lats)}
	f.cos = math.Cos(f.lat * math.Pi / 180)
	return f
}

func (f flat) metres(at [2]float64) [2]float64 {
	const degree = 6_371_000 * math.Pi / 180 // of a great circle, in metres
	east := math.Mod(at[0]-f.lon+540, 360) - 180
	return [2]float64{east * degree * f.cos, (at[1] - f.lat) * degree}
}
