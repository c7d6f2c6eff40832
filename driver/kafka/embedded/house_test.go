package embedded

import (
	"bytes"
	"testing"
)

func TestOnlyFinishedMessagesGo(t *testing.T) {
	type places = []map[int32]int64
	for _, c := range []struct {
		name      string
		aged, end int64
		groups    places
		short     bool
		want      int64
	}{
		{"nobody reads: by age", 50, 100, nil, false, 50},
		{"nobody reads and room is short: by age", 50, 100, nil, true, 50},
		{"finished by all: by age", 50, 100, places{{0: 90}, {0: 80}}, false, 50},
		{"finished by all, room is short: all of it", 50, 100, places{{0: 90}, {0: 80}}, true, 80},
		{"one group is behind", 50, 100, places{{0: 90}, {0: 20}}, false, 20},
		{"one group is behind, room is short", 50, 100, places{{0: 90}, {0: 20}}, true, 20},
		{"one group has no place in this partition", 50, 100, places{{0: 90}, {1: 90}}, true, 0},
		{"the newest stays", 100, 100, places{{0: 100}}, true, 99},
		{"empty", 0, 0, places{{0: 0}}, true, 0},
	} {
		if got := before(c.aged, c.end, c.groups, 0, c.short); got != c.want {
			t.Errorf("%s: before %d, want %d", c.name, got, c.want)
		}
	}
}

// Whatever a file holds, the scan ends without a panic.
func FuzzScan(f *testing.F) {
	f.Add([]byte{}, true)
	f.Add(bytes.Repeat([]byte{0}, 200), false)
	f.Add(append([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 60}, bytes.Repeat([]byte{1}, 100)...), true)
	f.Fuzz(func(_ *testing.T, b []byte, last bool) { _ = scanSegment(bytes.NewReader(b), last) })
}
