package history

import (
	"math"
	"strconv"
	"time"
)

// MaxPoints is how many points a series has at most: more than a screen shows.
const MaxPoints = 720

// Query says what is wanted.
type Query struct {
	// From (from then on) and Until (before then) bound the time. Zero: all that
	// is kept.
	From, Until time.Time
	// Step is the time of one point, whole seconds. Default: the shortest that
	// needs no more than MaxPoints.
	Step time.Duration
	// Lanes that are wanted. Default: none, only the totals.
	Lanes []Key
}

// Answer is what was kept, the oldest first, in N points of Step each.
type Answer struct {
	From   time.Time
	Step   time.Duration
	N      int
	Level  Points
	Totals map[string]Points
	Lanes  map[string]map[string]Points
	// Reasons are refusals per second of each lane, by why.
	Reasons map[string]map[string]Points
}

// Points is a series; NaN stands for "nothing was kept".
type Points []float32

// AppendText appends the points as JSON has them: null for what is not known,
// and no more digits than anybody reads.
func (p Points) AppendText(b []byte) ([]byte, error) {
	b = append(b, '[')
	for i, v := range p {
		if i > 0 {
			b = append(b, ',')
		}
		switch f := float64(v); {
		case math.IsNaN(f) || math.IsInf(f, 0):
			b = append(b, "null"...)
		case math.Abs(f) >= 100:
			b = strconv.AppendFloat(b, math.Round(f), 'f', -1, 64)
		case math.Abs(f) >= 1:
			b = strconv.AppendFloat(b, math.Round(f*100)/100, 'f', -1, 64)
		default: // of a second, say: hundredths of a millisecond
			b = strconv.AppendFloat(b, math.Round(f*1e5)/1e5, 'f', -1, 64)
		}
	}
	return append(b, ']'), nil
}

// MarshalJSON implements json.Marshaler.
func (p Points) MarshalJSON() ([]byte, error) { return p.AppendText(make([]byte, 0, 8*len(p)+2)) }

// Query returns what was kept of a span, thinned out to what was asked for.
// Points begin at multiples of the step, so that the same second falls into the
// same point whenever it is asked for.
func (h *History) Query(q Query) Answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	from, until := h.span(q)
	step := max(int64(q.Step/time.Second), (until-from+MaxPoints-2)/(MaxPoints-1), 1)
	from -= from % step
	n := int((until - from + step - 1) / step)
	if h.first == 0 || n <= 0 {
		n = 0
	}
	a := Answer{
		From: time.Unix(from, 0).UTC(), Step: time.Duration(step) * time.Second, N: n,
		Totals: map[string]Points{}, Lanes: map[string]map[string]Points{}, Reasons: map[string]map[string]Points{},
	}
	thin := func(r ring, worst bool) Points { return h.thin(r, worst, from, step, n) }
	a.Level = thin(h.level, true)
	for c, name := range totals {
		a.Totals[name] = thin(h.totals[c], false)
	}
	for _, key := range q.Lanes {
		s := h.lanes[key]
		if s == nil {
			continue
		}
		cols, reasons := map[string]Points{}, map[string]Points{}
		for c, col := range columns {
			r := s.columns[c]
			if r == nil {
				r = s.zeros()
			}
			cols[col.name] = thin(r, col.worst)
		}
		for reason, r := range s.reasons {
			reasons[reason] = thin(r, false)
		}
		a.Lanes[key.String()], a.Reasons[key.String()] = cols, reasons
	}
	return a
}

// span returns the seconds that are wanted and kept.
func (h *History) span(q Query) (from, until int64) {
	from, until = h.first, h.last+1
	if !q.From.IsZero() {
		from = max(from, q.From.Unix())
	}
	if !q.Until.IsZero() {
		until = min(until, q.Until.Unix())
	}
	return from, max(until, from)
}

// thin makes n points of a ring.
func (h *History) thin(r ring, worst bool, from, step int64, n int) Points {
	points := make(Points, n)
	for i := range points {
		points[i] = h.point(r, worst, from+int64(i)*step, step)
	}
	return points
}

// point makes one point of the seconds from a second on: of those of which
// something is known.
func (h *History) point(r ring, worst bool, from, step int64) float32 {
	sum, most, known := 0.0, math.Inf(-1), 0
	for sec := max(from, h.first); sec < from+step && sec <= h.last; sec++ {
		v := float64(r[sec%slots])
		if math.IsNaN(v) {
			continue
		}
		sum, most, known = sum+v, max(most, v), known+1
	}
	switch {
	case known == 0:
		return none
	case worst:
		return float32(most)
	}
	return float32(sum / float64(known))
}
