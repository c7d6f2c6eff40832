package limit

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// poissonTail is P(X >= r) for X Poisson with mean a, by its definition.
func poissonTail(a float64, r int) float64 {
	below := 0.0
	for k := range r {
		lg, _ := math.Lgamma(float64(k + 1))
		below += math.Exp(float64(k)*math.Log(a) - a - lg)
	}
	return 1 - below
}

func TestReserveIsThePoissonQuantile(t *testing.T) {
	for _, a := range []float64{0.001, 0.05, 0.1, 0.5, 1, 2, 3.7, 5, 10, 25, 50, 99.5, 150, 200} {
		for _, p := range []float64{0.01, touch, 0.3} {
			r := reserve(a, p)
			if got := poissonTail(a, r); got > p+1e-9 {
				t.Errorf("reserve(%g, %g) = %d: found none with %.4f", a, p, r, got)
			}
			if r > 0 && poissonTail(a, r-1) <= p-1e-9 {
				t.Errorf("reserve(%g, %g) = %d: one less would do", a, p, r)
			}
		}
	}
}

func TestReserveOfManyIsCloseToTheQuantile(t *testing.T) {
	for _, a := range []float64{201, 300, 500, 700} {
		if got := poissonTail(a, reserve(a, touch)); got < 0.5*touch || got > 1.2*touch {
			t.Errorf("reserve(%g): found none with %.3f, want about %.3f", a, got, touch)
		}
	}
}

func TestReserveOfNothing(t *testing.T) {
	for _, a := range []float64{0, -1} {
		if r := reserve(a, touch); r != 0 {
			t.Errorf("reserve(%g) = %d", a, r)
		}
	}
}

func TestMomentsAreMeanAndDeviation(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	var m moments
	if m.mean() != 0 || m.deviation() != 0 || !math.IsInf(m.se(), 1) {
		t.Error("nothing seen has a mean")
	}
	for range 10_000 {
		m.add(5 + 2*rng.NormFloat64())
	}
	if math.Abs(m.mean()-5) > 0.1 || math.Abs(m.deviation()-2) > 0.1 || math.Abs(m.se()-0.02) > 0.001 {
		t.Errorf("mean %.3f, deviation %.3f, error %.4f; want 5, 2, 0.02", m.mean(), m.deviation(), m.se())
	}
	was := m.mean()
	m.decay(keep(time.Second, time.Second))
	if math.Abs(m.n-10_000/math.E) > 1 || math.Abs(m.mean()-was) > 1e-9 {
		t.Errorf("after one time constant n %.1f, mean %.6f", m.n, m.mean())
	}
}
