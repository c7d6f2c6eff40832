package history

import (
	"cmp"
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
	// backMost is how far a clock may be set back for its seconds to be left out
	// until it is where it was. Set back by more, what was kept of the time after
	// the new now is forgotten: nobody knows any more when that was.
	backMost = 5
	// late is how far apart two samples may be that are one tick apart: the second
	// that fell between them is not a gap.
	late = 1500 * time.Millisecond
)

// History keeps samples. It is safe for concurrent use.
type History struct {
	mu     sync.Mutex
	first  int64     // second of the oldest sample, 0 before there is one
	last   int64     // and of the newest
	at     time.Time // of the newest
	level  ring
	totals [numTotals]ring
	lanes  map[Key]*series
}

// Key names a lane.
type Key struct{ Backend, Lane string }

// String returns it as it is asked for: backend/lane.
func (k Key) String() string { return k.Backend + "/" + k.Lane }

// ring is one column: a value for each second, NaN where there is none. Columns
// that were always 0 are nil, which is most of them on a calm day.
type ring []float32

func newRing() ring {
	r := make(ring, slots)
	for i := range r {
		r[i] = none
	}
	return r
}

var none = float32(math.NaN())

// series is all columns of a lane. The limit's is always there, and says when
// the lane was.
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

// Add keeps a sample of a moment. Seconds that were left out stay empty, but for
// one that a late tick has skipped, which is as the sample is. A second that
// comes twice keeps the later sample.
func (h *History) Add(now time.Time, s Sample) {
	h.mu.Lock()
	defer h.mu.Unlock()
	sec := now.Unix()
	from := sec // the first second that the sample is about
	switch {
	case h.first == 0, sec < h.first, sec > h.last+slots:
		h.reset(sec)
	case sec < h.last-backMost:
		h.clear(sec+1, h.last)
		h.last = sec
	case sec < h.last:
		return
	default:
		if sec == h.last+2 && now.Round(0).Sub(h.at) < late {
			from = sec - 1
		}
		h.clear(h.last+1, sec)
		h.last = sec
		h.first = max(h.first, sec-slots+1)
	}
	h.at = now.Round(0) // by the clock on the wall, as seconds are
	for ; from <= sec; from++ {
		h.put(from, &s)
	}
	h.forget(sec)
}

// put keeps what a second was.
func (h *History) put(sec int64, s *Sample) {
	i := sec % slots
	h.level[i] = float32(s.Level)
	for c, v := range totalsOf(s.Totals) {
		h.totals[c][i] = v
	}
	for n := range s.Lanes {
		h.lane(&s.Lanes[n], sec)
	}
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

// clear empties the slots of seconds, which have what was two hours ago, or what
// was before the clock was set back.
func (h *History) clear(from, until int64) {
	for sec := from; sec <= until; sec++ {
		i := sec % slots
		h.level[i] = none
		for _, r := range h.totals {
			r[i] = none
		}
		for _, s := range h.lanes {
			s.clear(i)
		}
	}
}

func (s *series) clear(i int64) {
	for _, r := range s.columns {
		if r != nil {
			r[i] = none
		}
	}
	for _, r := range s.reasons {
		r[i] = none
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
		if s.columns[c] == nil && v != 0 {
			s.columns[c] = s.zeros()
		}
		if s.columns[c] != nil {
			s.columns[c][i] = v
		}
	}
	for reason, v := range l.Reasons {
		if v != 0 && s.reasons[reason] == nil && len(s.reasons) < maxReasons {
			s.reasons[reason] = s.zeros()
		}
	}
	for reason, r := range s.reasons {
		r[i] = float32(l.Reasons[reason])
	}
}

// maxReasons is above how many there are.
const maxReasons = 16

// zeros is a column that was 0 whenever the lane was there.
func (s *series) zeros() ring {
	r := newRing()
	for i, v := range s.columns[colLimit] {
		if v == v { // not NaN
			r[i] = 0
		}
	}
	return r
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
	s.columns[colLimit] = newRing()
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
		return cmp.Or(cmp.Compare(a.Backend, b.Backend), cmp.Compare(a.Lane, b.Lane))
	})
	return keys
}
