package osm

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/captcha/mapquiz/city"
)

func load(b []byte, l Limits) (*city.Streets, error) {
	return Load(context.Background(), bytes.NewReader(b), l)
}

func TestStreetsInMetres(t *testing.T) {
	s, err := load(crossing(), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Lines) != 2 || !s.Lines[0].Major || s.Lines[1].Major {
		t.Fatalf("%+v, want a major and a minor street", s.Lines)
	}
	// A thousandth of a degree is 111.2 m to the north, and at 37.5° times
	// cos 37.5° = 0.793, 88.2 m, to the east.
	a, b := s.Lines[0].Points, s.Lines[1].Points
	if dy := a[1][1] - a[0][1]; math.Abs(dy-111.2) > 0.1 || math.Abs(a[0][0]-a[1][0]) > 0.01 {
		t.Errorf("the major street goes %v: want 111.2 m to the north", a)
	}
	if dx := b[1][0] - b[0][0]; math.Abs(dx-88.2) > 0.1 || math.Abs(b[0][1]-b[1][1]) > 0.01 {
		t.Errorf("the minor street goes %v: want 88.2 m to the east", b)
	}
	if a[1] != b[1] || a[1] != [2]float64{} {
		t.Errorf("they cross at %v and %v, want the middle", a[1], b[1])
	}
}

func TestWhatIsAStreet(t *testing.T) {
	at := data(simple(node{1, 0, 0}, node{2, 0, 1000}, node{3, 0, 2000}, node{4, 0, 3000}))
	for _, c := range []struct {
		why   string
		roads []road
		lines int
		major int
	}{
		{"a motorway", []road{{[]string{"highway", "motorway"}, []int64{1, 2}}}, 1, 1},
		{"a lane", []road{{[]string{"name", "x", "highway", "living_street"}, []int64{1, 2}}}, 1, 0},
		{"a path", []road{{[]string{"highway", "footway"}, []int64{1, 2}}}, 0, 0},
		{"a building", []road{{[]string{"building", "residential"}, []int64{1, 2}}}, 0, 0},
		{"a square", []road{{[]string{"highway", "residential", "area", "yes"}, []int64{1, 2, 3, 1}}}, 0, 0},
		{"no square", []road{{[]string{"highway", "residential", "area", "no"}, []int64{1, 2}}}, 1, 0},
		{"one point", []road{{[]string{"highway", "primary"}, []int64{1}}}, 0, 0},
		{"a gap at the edge", []road{{[]string{"highway", "primary"}, []int64{1, 2, 77, 3, 4}}}, 2, 2},
		{"a gap that leaves nothing", []road{{[]string{"highway", "primary"}, []int64{1, 77, 2, 78}}}, 0, 0},
	} {
		// The streets before their points is as good.
		for _, b := range [][]byte{file(at, data(roads(c.roads...))), file(data(roads(c.roads...)), at)} {
			s, err := load(b, Limits{})
			if c.lines == 0 {
				if !errors.Is(err, ErrNoStreets) {
					t.Errorf("%s: %v, %v", c.why, s, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", c.why, err)
				continue
			}
			major := 0
			for _, l := range s.Lines {
				if l.Major {
					major++
				}
			}
			if len(s.Lines) != c.lines || major != c.major {
				t.Errorf("%s: %d lines, %d major, want %d and %d", c.why, len(s.Lines), major, c.lines, c.major)
			}
		}
	}
}

// Files are sorted by id, mostly; nothing depends on it. What lies nowhere on
// earth is not there, and a city may lie across the date line.
func TestPointsInAnyOrder(t *testing.T) {
	b := file(
		data(dense(node{900, 1000, 179_999_500}, node{-5, 1000, -179_999_500}, node{70, 0, 500_000_000}, node{40, 1000, 179_999_000})),
		data(simple(node{3, 1000, -179_999_000})),
		data(roads(road{[]string{"highway", "primary"}, []int64{40, 900, -5, 3}}, road{[]string{"highway", "primary"}, []int64{3, 70}})))
	s, err := load(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Lines) != 1 || len(s.Lines[0].Points) != 4 {
		t.Fatalf("%+v, want one street of four points", s.Lines)
	}
	for i, p := range s.Lines[0].Points[1:] {
		if d := p[0] - s.Lines[0].Points[i][0]; d < 50 || d > 120 {
			t.Errorf("point %d is %v m further east: %v", i+1, d, s.Lines[0].Points)
		}
	}
}

func TestHostileFiles(t *testing.T) {
	good := crossing()
	zeros := message{}.bytes(5, make([]byte, 8<<20))
	bomb := file(bytes.Repeat(blob(kindData, zeros, true, -1), 40))
	long := make([]int64, 3000)
	for i := range long {
		long[i] = int64(i % 5)
	}
	many := message{}.bytes(1, table(""))
	for range 2_000_000 {
		many = many.bytes(2, nil)
	}
	for _, c := range []struct {
		why  string
		b    []byte
		l    Limits
		want error
		says string
	}{
		{"nothing", nil, Limits{}, ErrNoStreets, "choose an extract"},
		{"text", []byte("<?xml version=\"1.0\"?><osm></osm>"), Limits{}, ErrFormat, ""},
		{"cut short", good[:len(good)-7], Limits{}, ErrFormat, "ends within"},
		{"cut in a length", good[:2], Limits{}, ErrFormat, "ends within"},
		{"history", header("OsmSchema-V0.6", "HistoricalInformation"), Limits{}, ErrFormat, "without history"},
		{"a long file", good, Limits{FileBytes: 100}, ErrTooMuch, "too long"},
		{"a bomb: 320 MB in 320 KB", bomb, Limits{DecodedBytes: 64 << 20}, ErrTooMuch, "unfolds to too much"},
		{"a bomb that says it is small", file(blob(kindData, zeros, true, 100)), Limits{}, ErrFormat, "other than the 100"},
		{"a blob that says it is large", file(blob(kindData, []byte("x"), true, 1000)), Limits{}, ErrFormat, "other than the 1000"},
		{"a blob over the format's ceiling", file(blob(kindData, []byte("x"), true, maxBlob+1)), Limits{}, ErrFormat, "are allowed"},
		{"a negative length", file(framed(kindData, []byte("x"), -1)), Limits{}, ErrFormat, "are allowed"},
		{"32 MB that are not there", file(framed(kindData, []byte("x"), maxBlob)), Limits{}, ErrFormat, "ends within"},
		{"a header of 4 GB", []byte{0xff, 0xff, 0xff, 0xff, 0}, Limits{}, ErrFormat, "are allowed"},
		{"lzma", file(framed(kindData, message{}.bytes(4, []byte("x")), 3)), Limits{}, ErrFormat, "osmium cat"},
		{"not zlib", file(framed(kindData, message{}.number(2, 5).bytes(3, []byte("xxxxx")), 9)), Limits{}, ErrFormat, "zlib"},
		{"noise", file(data([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))), Limits{}, ErrFormat, ""},
		{"too many points of streets", file(data(roads(road{[]string{"highway", "primary"}, long}))), Limits{Points: 2999}, ErrTooMuch, "2999"},
		{"too many points", good, Limits{Nodes: 5}, ErrTooMuch, "too many points"},
		{"lists of other lengths", file(data(roads(road{[]string{"highway", "primary"}, []int64{1, 2}})),
			data(message{}.bytes(2, message{}.bytes(2, message{}.bytes(1, packed(true, 1, 2)).bytes(8, packed(true, 1)))))), Limits{}, ErrFormat, "other lengths"},
		{"two million empty groups", file(data(many)), Limits{}, ErrNoStreets, ""},
		{"no time", good, Limits{Time: 1}, ErrTooMuch, "took longer"},
		{"an unknown kind of blob", append(good, blob("OSMOther", []byte("x"), false, -1)...), Limits{}, nil, ""},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, err := load(c.b, c.l)
		runtime.ReadMemStats(&after)
		if c.want == nil {
			if err != nil || len(s.Lines) != 2 {
				t.Errorf("%s: %v, %v", c.why, s, err)
			}
			continue
		}
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v that says %q", c.why, err, c.want, c.says)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 100<<20 {
			t.Errorf("%s: took %d MB", c.why, took>>20)
		}
	}
}

func TestLoadFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "city.osm.pbf")
	if err := os.WriteFile(path, crossing(), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := LoadFile(context.Background(), path, Limits{}); err != nil || len(s.Lines) != 2 {
		t.Errorf("%v, %v", s, err)
	}
	if _, err := LoadFile(context.Background(), dir, Limits{}); err == nil {
		t.Error("a directory was read")
	}
	if _, err := LoadFile(context.Background(), path+"x", Limits{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := LoadFile(gone, path, Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v for somebody who has gone", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(crossing())
	f.Add(header())
	f.Add(file(blob(kindData, dense(node{1, 2, 3}), false, -1), data(roads(road{[]string{"highway", "trunk"}, []int64{1, 1}}))))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := load(b, Limits{FileBytes: 1 << 20, DecodedBytes: 4 << 20, Points: 10_000, Nodes: 100_000, Time: 10 * time.Second})
		if (s == nil) == (err == nil) {
			t.Fatalf("%v, %v", s, err)
		}
		if s == nil {
			return
		}
		for _, l := range s.Lines {
			if len(l.Points) < 2 {
				t.Fatal("a line of one point")
			}
			for _, p := range l.Points {
				if !(math.Hypot(p[0], p[1]) < 3e7) { // half around the earth
					t.Fatalf("a point at %v", p)
				}
			}
		}
	})
}

// FuzzBlock fuzzes what is behind zlib, where a fuzzer does not come by itself.
func FuzzBlock(f *testing.F) {
	f.Add([]byte(roads(road{[]string{"highway", "trunk"}, []int64{1, 2}})), []byte(dense(node{1, 2, 3}, node{2, 2, 4})))
	f.Add([]byte(roads(road{[]string{"highway", "road", "area", "yes"}, []int64{1, 2}})), []byte(simple(node{1, 2, 3})))
	f.Fuzz(func(t *testing.T, w, p []byte) {
		_, _ = load(file(blob(kindData, w, false, -1), blob(kindData, p, false, -1)), Limits{Points: 10_000, Nodes: 100_000, Time: 10 * time.Second})
	})
}
