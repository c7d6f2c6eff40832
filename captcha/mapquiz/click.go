package mapquiz

import (
	"slices"
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// Distances that people tell apart at a glance: the nearer of two is nearer by
// a third and by more than an icon's width.
const (
	clearRatio = 1.35
	clearGap   = 16
)

// enough is how many places that stand once it takes for two clicks. Who sees
// icons and knows none, but leaves out those that come twice, finds the two of
// eight in their order once in 8 × 7 = 56 times, under the 2 % that a kind may
// be guessed at. With fewer, three are asked for: 6 × 5 × 4 = 120.
const (
	enough = 8
	least  = 6
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
	n := len(a.singles)
	if n < least {
		return false
	}
	var pairs [][]int
	for _, i := range a.singles {
		for _, j := range a.singles {
			if i != j {
				pairs = append(pairs, []int{i, j})
			}
		}
	}
	r := a.rand(streamOrder)
	r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	chosen := pairs[a.variant]
	for n < enough && len(chosen) < 3 {
		if third := a.singles[r.IntN(n)]; !slices.Contains(chosen, third) {
			chosen = append(chosen, third)
		}
	}
	var words []string
	for _, i := range chosen {
		words = append(words, a.word(i))
	}
	list := strings.Join(words, " → ")
	z.Text = a.say(list+" 순서로 누르세요.", "Click in this order: "+list+".")
	a.spots(z, chosen...)
	return true
}

// told is a place that is told by where it is.
type told struct {
	place int
	text  string
}

// askRelation asks for two places that are told by where they are: one next to
// another, which may be any place of the map, and one by the station or at the
// end of the coloured road. Who sees icons and knows none finds the two once in
// 9 × 8 = 72 times.
func (a *asker) askRelation(z *captcha.Puzzle) bool {
	var all [][2]told
	for _, n := range a.nextTo() {
		for _, o := range append(a.nearestOf(), a.roadEnds()...) {
			if n.place != o.place {
				all = append(all, [2]told{n, o}, [2]told{o, n})
			}
		}
	}
	if a.variant >= len(all) {
		return false
	}
	r := a.rand(streamRelation)
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	first, then := all[a.variant][0], all[a.variant][1]
	z.Text = a.say(
		names.With(first.text, "을", "를")+" 누르고, 이어서 "+names.With(then.text, "을", "를")+" 누르세요.",
		"Click "+first.text+", then "+then.text+".")
	a.spots(z, first.place, then.place)
	return true
}

// clearly reports whether near is nearer than far to anybody's eye.
func clearly(near, far float64) bool { return far >= clearRatio*near && far-near >= clearGap }

// nextTo are the places that are clearly the nearest to one that stands once.
func (a *asker) nextTo() (all []told) {
	for _, i := range a.singles {
		nearest, second := -1, -1
		for j := range a.Places {
			switch {
			case j == i:
			case nearest < 0 || a.dist(i, j) < a.dist(i, nearest):
				nearest, second = j, nearest
			case second < 0 || a.dist(i, j) < a.dist(i, second):
				second = j
			}
		}
		if second >= 0 && clearly(a.dist(i, nearest), a.dist(i, second)) {
			w := a.word(i)
			all = append(all, told{nearest, a.say(w+"에서 가장 가까운 곳", "the place nearest to the "+w)})
		}
	}
	return all
}

// nearestOf are the places that are, of several of their category, clearly the
// nearest to the station.
func (a *asker) nearestOf() (all []told) {
	if a.station < 0 || a.count[names.Station] != 1 {
		return nil
	}
	seen := make(map[names.Category]int)
	for _, i := range a.FromStation {
		c := a.Places[i].Category
		first, twice := seen[c]
		switch {
		case !twice:
			seen[c] = i
		case first >= 0: // the second nearest: what comes after it is further
			if clearly(a.dist(a.station, first), a.dist(a.station, i)) {
				all = append(all, told{first, a.nearest(first)})
			}
			seen[c] = -1
		}
	}
	return all
}

// nearest tells the nearest of its category to the station.
func (a *asker) nearest(i int) string {
	w, station := a.word(i), names.Word(names.Station, a.Spec.Lang)
	return a.say(station+"에서 가장 가까운 "+w, "the "+w+" nearest to the "+station)
}

// colours of the coloured road, as Korean says them before a noun.
var colours = map[string]string{"blue": "파란", "red": "빨간", "green": "초록색", "purple": "보라색"}

// roadEnds are the places at an end of the coloured road, told by the place at
// the other end.
func (a *asker) roadEnds() (all []told) {
	ko, known := colours[a.RouteColour]
	if a.Route[0] < 0 || a.Route[1] < 0 || a.Route[0] == a.Route[1] || !known && a.ko {
		return nil
	}
	for _, k := range []int{0, 1} {
		from, to := a.Route[k], a.Route[1-k]
		if a.count[a.Places[from].Category] != 1 {
			continue
		}
		w := a.word(from)
		all = append(all, told{to, a.say(
			w+"에서 "+ko+" 길을 따라가면 끝에 있는 곳",
			"the place at the other end of the "+a.RouteColour+" road from the "+w)})
	}
	return all
}
