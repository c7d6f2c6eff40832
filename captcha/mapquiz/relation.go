package mapquiz

import (
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// Distances that people tell apart at a glance: the nearer of two is nearer by
// a third and by more than an icon's width.
const (
	clearRatio = 1.35
	clearGap   = 16
)

// form is a way to say which place is meant.
type form int

const (
	byName    form = iota // "the bank"
	nextTo                // "the place nearest to the bank"
	roadEnd               // "the place at the other end of the blue road from the bank"
	nearestOf             // "the pharmacy nearest to the station"
)

// told is a place that is told in one of the forms.
type told struct {
	place int
	by    int // the place that is named for it, -1 where its name is no secret
	text  string
}

// relation is a question about places told by where they are, and how rarely its
// likeliest answer may come for it to be asked: one in so many.
type relation struct {
	forms  [3]form
	rarely int
}

// relations are the questions that are asked about places told by where they
// are. Two told so would be more to keep in mind, and allow hardly more maps.
//
// All stay under the 2 % that a guess may be worth. For a place that is next to
// another one there often are ways enough for less, so that over all maps it is
// 1.1 %; of those at the end of a road, or of a kind, there never are more than
// 60 and 56 where eight icons stand once.
var relations = []relation{
	{[3]form{nextTo, byName, byName}, 66},
	{[3]form{nearestOf, byName, byName}, 56},
	{[3]form{roadEnd, byName, byName}, 60},
}

// askRelation asks for three places, of which one is told by where it is.
//
// Where things are can be seen without knowing what they are: which icons look
// alike, which one the subway's line runs through, where the coloured road ends,
// which is the nearest to which. What is left to know is which icon is meant by a
// word. So the ways are counted in which the words of a form can belong to icons
// that stand once, and a form is asked about a map only if no answer comes from
// more of them than one in so many. Of 100 maps 39 have such a question; the
// others are asked about in another way.
func (a *asker) askRelation(z *captcha.Puzzle) bool {
	ways := map[form][]told{byName: a.named(), nextTo: a.nextTo(), roadEnd: a.roadEnds(), nearestOf: a.nearestOf()}
	var all [][3]told
	for _, q := range relations {
		if fit := together(ways, q.forms); a.hardToGuess(fit, q.rarely) {
			all = append(all, fit...)
		}
	}
	if a.variant >= len(all) {
		return false
	}
	r := a.rand(streamRelation)
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	chosen, at := all[a.variant], 0
	for range a.variant + 1 { // every variant has an order of its own
		at = r.IntN(len(chosen))
	}
	for i := range at { // what is told by where it is comes first, second or last
		chosen[i], chosen[i+1] = chosen[i+1], chosen[i]
	}
	a.inOrder(z, chosen[:])
	return true
}

// inOrder writes a question for places to be clicked one after another.
func (a *asker) inOrder(z *captcha.Puzzle, steps []told) {
	var words []string
	var places []int
	for _, s := range steps {
		words, places = append(words, s.text), append(places, s.place)
	}
	list := strings.Join(words, " → ")
	z.Text = a.say(list+" 순서로 누르세요.", "Click in this order: "+list+".")
	a.spots(z, places...)
}

// together are the ways to tell three different places in three forms, in which
// no word comes twice.
func together(ways map[form][]told, forms [3]form) (all [][3]told) {
	apart := func(x, y told) bool { return x.place != y.place && (x.by < 0 || x.by != y.by) }
	for _, x := range ways[forms[0]] {
		for _, y := range ways[forms[1]] {
			if !apart(x, y) {
				continue
			}
			for _, z := range ways[forms[2]] {
				if apart(x, z) && apart(y, z) {
					all = append(all, [3]told{x, y, z})
				}
			}
		}
	}
	return all
}

// hardToGuess reports whether no answer comes more often among all of them than
// once in so many.
func (a *asker) hardToGuess(all [][3]told, rarely int) bool {
	n, most := len(a.Places), 0
	count := make([]int, n*n*n)
	for _, s := range all {
		k := (s[0].place*n+s[1].place)*n + s[2].place
		count[k]++
		most = max(most, count[k])
	}
	return most*rarely <= len(all)
}

// named are the places that can be asked for by their word alone. Which one the
// station is can be seen from its line.
func (a *asker) named() (all []told) {
	for _, i := range a.unseen {
		all = append(all, told{i, i, a.say(a.word(i), "the "+a.word(i))})
	}
	return all
}

// clearly reports whether near is nearer than far to anybody's eye.
func clearly(near, far float64) bool { return far >= clearRatio*near && far-near >= clearGap }

// nextTo are the places that are clearly the nearest to one that stands once.
func (a *asker) nextTo() (all []told) {
	for _, i := range a.unseen {
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
			all = append(all, told{nearest, i, a.say(w+"에서 가장 가까운 곳", "the place nearest to the "+w)})
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
				all = append(all, told{first, -1, a.nearest(first)})
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
		if a.count[a.Places[from].Category] != 1 || from == a.station {
			continue
		}
		w := a.word(from)
		all = append(all, told{to, from, a.say(
			w+"에서 "+ko+" 길을 따라가면 끝에 있는 곳",
			"the place at the other end of the "+a.RouteColour+" road from the "+w)})
	}
	return all
}
