package history

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/daero/daero/live"
)

// Bounds.
const (
	Span = 2 * time.Hour
	// MaxLanes is how many lanes are kept. Of more, those that were seen last are.
	MaxLanes = 200

	slots = int64(Span / time.Second)
	// Clocks that are set back a little repeat a second, which is overwritten; by
	// more, what was kept no longer says when it was.
	backMost = 5
)

// History keeps samples. It is safe for concurrent use.
type History struct {
	mu     sync.Mutex
	first  int64 // second of the oldest sample, 0 before there is one
	last   int64 // and of the newest
	level  ring
	totals [numTotals]ring
	lanes  map[Key]*series
}

// Key names a lane.
type Key struct{ Backend, Lane string }

// String returns it as it is asked for: backend/lane.
func (k Key) String() string { return k.Backend + "/" + k.Lane }

// ring is one column: a value for each second, NaN where there is none.
type ring []float32

func newRing() ring {
	r := make(ring, slots)
	for i := range r {
		r[i] = none
	}
	return r
}

var none = float32(math.NaN())

// series is all columns of a lane.
type series struct {
	seen    int64 // second in which it was last sampled
	columns [numColumns]ring
	reasons map[string]ring
}

// Sample is one second of everything.
type Sample struct {
	Level  int
	Totals live.Outcome
	Lanes  []Lane
}

// Lane is one second of a lane.
type Lane struct {
	live.Lane
	// Shed is the share (0 to 1) that is ordered to be refused, of who is refused
	// most.
	Shed float64
}

// New returns an empty History.
func New() *History {
	return &History{lanes: map[Key]*series{}}
}

// Add keeps a sample of a moment. Seconds that were left out stay empty. A
// second that comes twice keeps the later sample.
func (h *History) Add(now time.Time, s Sample) {
	h.mu.Lock()
	defer h.mu.Unlock()
	sec := now.Unix()
	switch {
	case h.first == 0, sec < h.last-backMost, sec > h.last+slots:
		h.reset(sec)
	case sec < h.last:
		return
	default:
		for gap := h.last + 1; gap <= sec; gap++ {
			h.clear(gap % slots)
		}
		h.last = sec
		h.first = max(h.first, sec-slots+1)
	}
	i := sec % slots
	h.level[i] = float32(s.Level)
	for c, v := range totalsOf(s.Totals) {
		h.totals[c][i] = v
	}
	for n := range s.Lanes {
		h.lane(&s.Lanes[n], sec)
	}
	h.forget(sec)
}

// reset begins anew.
func (h *History) reset(sec int64) {
	h.first, h.last = sec, sec
	h.level = newRing()
	for c := range h.totals {
		h.totals[c] = newRing()
	}
	clear(h.lanes)
}

// clear empties a slot, which has what was two hours ago.
func (h *History) clear(i int64) {
	h.level[i] = none
	for _, r := range h.totals {
		r[i] = none
	}
	for _, s := range h.lanes {
		for _, r := range s.columns {
			r[i] = none
		}
		for _, r := range s.reasons {
			r[i] = none
		}
	}
}

// lane keeps a lane's second.
func (h *History) lane(l *Lane, sec int64) {
	key := Key{l.Backend, l.Name}
	s := h.lanes[key]
	if s == nil {
		if s = h.room(sec); s == nil {
			return
		}
		h.lanes[key] = s
	}
	s.seen = sec
	i := sec % slots
	for c, v := range columnsOf(l) {
		s.columns[c][i] = v
	}
	for reason, v := range l.Reasons {
		if v == 0 && s.reasons[reason] == nil {
			continue
		}
		if s.reasons[reason] == nil {
			s.reasons[reason] = newRing()
		}
		s.reasons[reason][i] = float32(v)
	}
}

// room makes a place for a new lane: instead of the one that has not been seen
// for longest, if there are too many. It returns nil if all of them are there
// now.
func (h *History) room(sec int64) *series {
	if len(h.lanes) >= MaxLanes {
		var oldest Key
		seen := sec
		for key, s := range h.lanes {
			if s.seen < seen {
				oldest, seen = key, s.seen
			}
		}
		if seen >= sec-1 {
			return nil
		}
		delete(h.lanes, oldest)
	}
	s := &series{reasons: map[string]ring{}}
	for c := range s.columns {
		s.columns[c] = newRing()
	}
	return s
}

// forget drops lanes of which nothing is left.
func (h *History) forget(sec int64) {
	for key, s := range h.lanes {
		if s.seen <= sec-slots {
			delete(h.lanes, key)
		}
	}
}

// Lanes returns the lanes of which something is kept, in order.
func (h *History) Lanes() []Key {
	h.mu.Lock()
	defer h.mu.Unlock()
	keys := make([]Key, 0, len(h.lanes))
	for key := range h.lanes {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b Key) int {
		if a.Backend != b.Backend {
			return compare(a.Backend, b.Backend)
		}
		return compare(a.Lane, b.Lane)
	})
	return keys
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}
