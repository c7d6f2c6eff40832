package limit

import (
	"math"
	"time"
)

// moments is a decaying sample mean and variance.
type moments struct{ n, sum, sq float64 }

func (m *moments) add(x float64) { m.n++; m.sum += x; m.sq += x * x }

func (m *moments) decay(f float64) { m.n *= f; m.sum *= f; m.sq *= f }

func (m *moments) reset() { *m = moments{} }

func (m moments) mean() float64 {
	if m.n == 0 {
		return 0
	}
	return m.sum / m.n
}

// se is the standard error of the mean.
func (m moments) se() float64 {
	if m.n < 2 {
		return math.Inf(1)
	}
	mean := m.mean()
	return math.Sqrt(max(m.sq/m.n-mean*mean, 0) / m.n)
}

// deviation is the standard deviation.
func (m moments) deviation() float64 {
	if m.n < 2 {
		return 0
	}
	mean := m.mean()
	return math.Sqrt(max(m.sq/m.n-mean*mean, 0))
}

// keep is the factor by which a value with time constant tau shrinks in dt.
func keep(dt, tau time.Duration) float64 {
	return math.Exp(-float64(dt) / float64(tau))
}

// reserve is the smallest r with P(X >= r) <= p for X Poisson with mean a:
// how many places to keep free for requests of which a are in flight on
// average, so that at most a share p of them finds none.
func reserve(a, p float64) int {
	if a <= 0 {
		return 0
	}
	if a > 200 { // normal approximation, z for the upper tail p
		return int(math.Ceil(a + 1.34*math.Sqrt(a)))
	}
	term := math.Exp(-a)
	tail := 1.0
	for r := 0; ; r++ {
		if tail <= p {
			return r
		}
		tail -= term
		term *= a / float64(r+1)
	}
}
