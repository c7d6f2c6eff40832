package mapquiz

import (
	"slices"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/mapquiz/city"
)

// enough is how many places it takes for two clicks: those that stand once and
// are no station, which anybody knows by its line. Who sees icons and knows none,
// but leaves out those, finds the two of eight in their order once in 8 × 7 = 56
// times, under the 2 % that a kind may be guessed at. With fewer, three are asked
// for: 5 × 4 × 3 = 60.
const (
	enough = 8
	least  = 5
)

// spots makes the answer of places to be clicked.
func (a *asker) spots(z *captcha.Puzzle, places ...int) {
	z.Clicks = len(places)
	for _, i := range places {
		r := float64(city.HitRadius)
		for j := range a.Places {
			if j != i {
				r = min(r, a.dist(i, j)/2) // what is meant for one is not right for another
			}
		}
		z.Answer.Spots = append(z.Answer.Spots, answer.Spot{X: a.Places[i].X, Y: a.Places[i].Y, R: r})
	}
}

// askOrder asks for places in an order. Only categories that stand once are
// named, so that nobody has to choose. Two variants of a map never begin with
// the same two places.
func (a *asker) askOrder(z *captcha.Puzzle) bool {
	n := len(a.unseen)
	if n < least {
		return false
	}
	var pairs [][]int
	for _, i := range a.unseen {
		for _, j := range a.unseen {
			if i != j {
				pairs = append(pairs, []int{i, j})
			}
		}
	}
	r := a.rand(streamOrder)
	r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	chosen := pairs[a.variant]
	for n < enough && len(chosen) < 3 {
		if third := a.unseen[r.IntN(n)]; !slices.Contains(chosen, third) {
			chosen = append(chosen, third)
		}
	}
	var steps []told
	for _, i := range chosen {
		steps = append(steps, told{i, i, a.word(i)})
	}
	a.inOrder(z, steps)
	return true
}
