package peers

import "testing"

func TestParseProcessors(t *testing.T) {
	for stat, want := range map[string][2]float64{
		"cpu  10 1 5 100 20 2 3 4 50 60\ncpu0 1 1 1 1\n": {25, 145},
		"cpu  10 x": {10, 10},
		"":          {0, 0},
	} {
		if busy, all := parseProcessors(stat); busy != want[0] || all != want[1] {
			t.Errorf("%q: %v of %v, want %v of %v", stat, busy, all, want[0], want[1])
		}
	}
}
