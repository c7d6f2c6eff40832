package live

import "time"

// Rate turns one counter into how fast it grows, over the last five seconds. Its
// zero value is ready; it is not safe for concurrent use.
type Rate struct {
	samples [kept]struct {
		at time.Time
		n  uint64
	}
	last uint64
}

// Of is how much the counter, which is n now, grows per second.
func (r *Rate) Of(now time.Time, n uint64) float64 {
	r.last = n
	for i := range r.samples {
		s := &r.samples[i]
		if age := now.Sub(s.at); !s.at.IsZero() && age > 0 && age <= Window+slack {
			return tidy(grown(s.n, n) / age.Seconds())
		}
	}
	return 0
}

// Take keeps what was last asked about. It is for once a second.
func (r *Rate) Take(now time.Time) {
	copy(r.samples[:], r.samples[1:])
	r.samples[kept-1].at, r.samples[kept-1].n = now, r.last
}
