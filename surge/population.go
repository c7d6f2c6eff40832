package surge

import "math/rand/v2"

// Part is a share of a population that behaves alike.
type Part struct {
	Weight float64
	Client Client
}

// Population is a mix of clients. Weights need not add up to 1.
type Population []Part

// Pick draws one client: each person keeps the same one for all attempts of an
// action. An empty population, or one without weight, is honouring.
func (p Population) Pick(rng *rand.Rand) Client {
	total := 0.0
	for _, part := range p {
		total += clean(part.Weight)
	}
	x := rng.Float64() * total
	for _, part := range p {
		if w := clean(part.Weight); x < w {
			return part.Client
		} else {
			x -= w
		}
	}
	return Honouring{}
}
