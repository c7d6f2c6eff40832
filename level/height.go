package level

import "math"

// top is the greatest height.
const top = float64(Count)

// height is where a value stands among the thresholds, 0 to 5.
func (s *Signal) height(v float64) float64 {
	if !(v > 0) {
		return 0
	}
	from := 0.0
	for i, t := range s.At {
		if v < t {
			if math.IsInf(t, 1) {
				return math.Nextafter(float64(i+1), 0) // never the next level, but all of this one
			}
			return float64(i) + (v-from)/(t-from)
		}
		if i < 3 {
			from = t
		}
	}
	// Above the last, as far again as it is from the one before.
	return math.Min(4+(v-s.At[3])/(s.At[3]-from), top)
}

// value is the inverse of height at a level: what the signal reads there.
func (s *Signal) value(h float64) float64 {
	h = math.Min(h, 4)
	i := int(math.Min(math.Floor(h), 3))
	from := 0.0
	if i > 0 {
		from = s.At[i-1]
	}
	if math.IsInf(s.At[i], 1) {
		return from
	}
	return from + (h-float64(i))*(s.At[i]-from)
}
