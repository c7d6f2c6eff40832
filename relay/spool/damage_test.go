package spool_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/daero/daero/relay/spool"
)

// rec is the i-th record, of a known size in the file.
func rec(i int) string { return fmt.Sprintf("%04d-%s", i, strings.Repeat("x", 95)) }

const (
	headerSize = 24
	recSize    = 32 + 100
)

// filled makes a spool of closed segments with n records in each, and returns
// the files.
func filled(t *testing.T, segments, n int) (dir string, files []string) {
	t.Helper()
	dir = t.TempDir()
	i := 0
	for range segments {
		s := open(t, spool.Config{Dir: dir}) // each opening begins a segment
		for range n {
			add(t, s, rec(i))
			i++
		}
		s.Close()
	}
	files, _ = filepath.Glob(filepath.Join(dir, "*.seg"))
	slices.Sort(files)
	if len(files) != segments {
		t.Fatalf("%d files, want %d", len(files), segments)
	}
	return dir, files
}

func change(t *testing.T, file string, f func(b []byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, f(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

// flip changes one bit.
func flip(at int) func([]byte) []byte {
	return func(b []byte) []byte {
		b[at] ^= 4
		return b
	}
}

func cut(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:len(b)-n] } }

// What is damaged is told, put aside and gone past; what is cut off is gone.
func TestDamage(t *testing.T) {
	const body = headerSize + 32 + 50 // the middle of a first record
	for name, c := range map[string]struct {
		file   int // of three, with four records each
		change func([]byte) []byte
		gone   []int // records
		lost   uint64
		aside  int // files
	}{
		"a record in the middle":       {1, flip(body + recSize), []int{5}, 1, 1},
		"its length":                   {1, flip(headerSize + recSize + 5), []int{5}, 1, 1},
		"its sequence":                 {1, flip(headerSize + recSize + 8), []int{5}, 1, 1},
		"the first":                    {0, flip(body), []int{0}, 1, 1},
		"the last of a segment":        {0, flip(body + 3*recSize), []int{3}, 1, 1},
		"a stretch":                    {1, func(b []byte) []byte { clear(b[headerSize+100 : headerSize+300]); return b }, []int{4, 5, 6}, 3, 1},
		"one in the last segment":      {2, flip(body + recSize), []int{9}, 1, 1},
		"the last of all, like a cut":  {2, flip(body + 3*recSize), []int{11}, 0, 0},
		"the end is cut off":           {2, cut(10), []int{11}, 0, 0},
		"the end is cut off in a head": {2, cut(recSize - 5), []int{11}, 0, 0},
		"a segment's end is cut off":   {1, cut(10), []int{7}, 1, 1},
		"a segment's last record":      {1, cut(recSize), []int{7}, 1, 0},
		"a segment's header":           {1, flip(9), []int{4, 5, 6, 7}, 4, 1},
		"an empty segment":             {1, func([]byte) []byte { return nil }, []int{4, 5, 6, 7}, 4, 1},
		"an empty last segment":        {2, func([]byte) []byte { return nil }, []int{8, 9, 10, 11}, 0, 0},
		"zeros at the end":             {2, func(b []byte) []byte { return append(b, make([]byte, 5000)...) }, nil, 0, 0},
		"rubbish at the end":           {2, func(b []byte) []byte { return append(b, bytes.Repeat([]byte("rubbish"), 900)...) }, nil, 0, 0},
		"a copy of a record at the end": {2, func(b []byte) []byte {
			return append(b, b[headerSize:headerSize+recSize]...)
		}, nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir, files := filled(t, 3, 4)
			change(t, files[c.file], c.change)
			var want []string
			for i := range 12 {
				if !slices.Contains(c.gone, i) {
					want = append(want, rec(i))
				}
			}
			for range 2 { // it is the same when it is opened again
				s := open(t, spool.Config{Dir: dir})
				if v := s.Snapshot(); v.Lost != c.lost || v.Depth != int64(len(want)) {
					t.Errorf("snapshot %+v: want %d lost, %d there; %+v", v, c.lost, len(want), s.Damages())
				}
				same(t, there(t, s, 20), want...)
				aside, _ := filepath.Glob(filepath.Join(dir, "*.damaged"))
				if len(aside) != c.aside {
					t.Errorf("%d files were put aside, want %d", len(aside), c.aside)
				}
				s.Close()
			}
			s := open(t, spool.Config{Dir: dir})
			add(t, s, "new")
			same(t, there(t, s, 20), append(want, "new")...)
			if err := s.Done(len(want)); err != nil {
				t.Fatal(err)
			}
			same(t, there(t, s, 20), "new")
			s.Done(1)
			if v := s.Snapshot(); v.Depth != 0 || v.Bytes != 0 {
				t.Errorf("snapshot %+v: want nothing", v)
			}
		})
	}
}

// Damage that comes while the spool is open.
func TestDamageWhileOpen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, spool.Config{Dir: dir})
	for i := range 6 {
		add(t, s, rec(i))
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.seg"))
	change(t, files[0], flip(headerSize+2*recSize+50))
	same(t, there(t, s, 20), rec(0), rec(1), rec(3), rec(4), rec(5))
	if d := s.Damages(); len(d) != 1 || d[0].Lost != 1 || d[0].Bytes != recSize || d[0].Aside == "" {
		t.Errorf("told %+v: want one record", d)
	}
	if err := s.Done(5); err != nil {
		t.Fatal(err)
	}
	if v := s.Snapshot(); v.Depth != 0 || v.Bytes != 0 || v.Lost != 1 {
		t.Errorf("snapshot %+v: want nothing there, and 1 lost", v)
	}
}

func TestHeadIsLost(t *testing.T) {
	for name, c := range map[string]struct {
		change func([]byte) []byte
		want   []string
	}{
		"whole":         {func([]byte) []byte { return nil }, []string{"a", "b", "c"}},
		"both damaged":  {func(b []byte) []byte { b[3] ^= 1; b[515] ^= 1; return b }, []string{"a", "b", "c"}},
		"newer damaged": {func(b []byte) []byte { b[3] ^= 1; return b }, []string{"b", "c"}},
		"older damaged": {func(b []byte) []byte { b[515] ^= 1; return b }, []string{"c"}},
		"cut off":       {func(b []byte) []byte { return b[:514] }, []string{"c"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, spool.Config{Dir: dir})
			add(t, s, "a", "b", "c")
			there(t, s, 3)
			s.Done(1) // turn 1
			s.Done(1) // turn 2
			s.Close()
			change(t, filepath.Join(dir, "head"), c.change)
			s = open(t, spool.Config{Dir: dir})
			same(t, there(t, s, 5), c.want...)
			if v := s.Snapshot(); v.Lost != 0 {
				t.Errorf("%d are lost", v.Lost)
			}
		})
	}
}

// A record cannot be hidden inside of another one: who wrote it does not know
// the salt.
func TestForgedRecord(t *testing.T) {
	dir := t.TempDir()
	s := open(t, spool.Config{Dir: dir})
	add(t, s, "a", "b", "c")
	s.Close()
	files, _ := filepath.Glob(filepath.Join(dir, "*.seg"))
	b, _ := os.ReadFile(files[0])
	image := string(b[headerSize+33 : headerSize+66]) // the second record, as a stranger's spool writes it

	victim := t.TempDir()
	s = open(t, spool.Config{Dir: victim})
	add(t, s, strings.Repeat("y", 7)+image, "after")
	s.Close()
	files, _ = filepath.Glob(filepath.Join(victim, "*.seg"))
	change(t, files[0], flip(headerSize+5)) // the length of the first
	s = open(t, spool.Config{Dir: victim})
	same(t, there(t, s, 9), "after")
}

func TestNewerFormat(t *testing.T) {
	dir, files := filled(t, 1, 1)
	change(t, files[0], func(b []byte) []byte { return append(spool.Header(9), b[headerSize:]...) })
	if _, err := spool.Open(spool.Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "format 9") {
		t.Errorf("got %v, want an error that names the format", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.seg")); len(left) != 1 {
		t.Error("the file is gone")
	}
}

// FuzzOpen opens what a stranger has left.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	s, err := spool.Open(spool.Config{Dir: dir})
	if err != nil {
		f.Fatal(err)
	}
	for i := range 3 {
		s.Append(f.Context(), []byte(rec(i)))
	}
	there(f, s, 1)
	s.Done(1)
	s.Close()
	files, _ := filepath.Glob(filepath.Join(dir, "*.seg"))
	seg, _ := os.ReadFile(files[0])
	head, _ := os.ReadFile(filepath.Join(dir, "head"))
	f.Add(seg, head)
	f.Add(seg[:len(seg)-7], []byte{})
	f.Add([]byte{}, head)
	f.Fuzz(func(t *testing.T, seg, head []byte) {
		fs := newMemFS()
		for name, b := range map[string][]byte{"0000000000000001.seg": seg, "0000000000000009.seg": seg, "head": head} {
			fs.now["/spool/"+name] = &inode{data: bytes.Clone(b)}
		}
		s, err := spool.Open(memConfig(fs))
		if err != nil {
			return
		}
		defer s.Close()
		if err := s.Append(t.Context(), []byte("mine")); err != nil {
			t.Fatal(err)
		}
		last := ""
		for {
			recs := there(t, s, 10)
			if len(recs) == 0 {
				break
			}
			last = recs[len(recs)-1]
			if err := s.Done(len(recs)); err != nil {
				t.Fatal(err)
			}
		}
		if last != "mine" {
			t.Errorf("the last is %q: what was appended must be", last)
		}
	})
}
