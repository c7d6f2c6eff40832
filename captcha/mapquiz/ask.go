// Package mapquiz asks questions about maps of cities that do not exist: which
// places to click, and what stands on a map to be typed.
//
// A question is a function of its kind, level, language and seed, and so is its
// map: any gateway makes both again. The lowest bits of a seed number the
// questions that are asked about one map, the others make the map.
//
// The package knows how people are asked and what is right. How a map looks is
// package city's, what is done with an answer the protocol's.
package mapquiz

import (
	"math"
	"math/rand/v2"
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// Variants is how many questions a seed has room for on one map.
const Variants = 16

// MapSeed is the part of a puzzle's seed that makes its map.
func MapSeed(seed uint64) uint64 { return seed &^ (Variants - 1) }

// streams of random numbers of one map.
const (
	streamOrder uint64 = 0x6f72646572 + iota<<40
	streamRelation
	streamTyped
)

// asker is a map, seen by who asks about it.
type asker struct {
	*city.Plan
	ko      bool
	count   map[names.Category]int
	singles []int // places whose category stands once on the map
	unseen  []int // of those, all but the station, which is seen from its line
	station int   // -1 for none
	variant int
	// Distances between icons, in pixels.
	dist func(i, j int) float64
}

func newAsker(p *city.Plan, seed uint64) *asker {
	a := &asker{Plan: p, ko: p.Spec.Lang == "ko", count: make(map[names.Category]int), station: -1, variant: int(seed % Variants)}
	for i, q := range p.Places {
		a.count[q.Category]++
		if q.Category == names.Station {
			a.station = i
		}
	}
	for i, q := range p.Places {
		if a.count[q.Category] == 1 {
			a.singles = append(a.singles, i)
			if q.Category != names.Station {
				a.unseen = append(a.unseen, i)
			}
		}
	}
	a.dist = func(i, j int) float64 {
		return math.Hypot(p.Places[i].X-p.Places[j].X, p.Places[i].Y-p.Places[j].Y)
	}
	return a
}

// rand returns random numbers of the map, the same for all of its questions:
// what is asked by one is not asked by another.
func (a *asker) rand(stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(MapSeed(a.Spec.Seed), stream))
}

// say picks the text of the map's language.
func (a *asker) say(ko, en string) string {
	if a.ko {
		return ko
	}
	return en
}

// word is what a place is called in a question.
func (a *asker) word(i int) string { return names.Word(a.Places[i].Category, a.Spec.Lang) }

// Ask asks a question of kind k about the map p, which has the seed's map. It
// reports false where the map has no such question, or none left: then another
// seed has.
func Ask(p *city.Plan, k captcha.Kind, seed uint64) (captcha.Puzzle, bool) {
	a := newAsker(p, seed)
	z := captcha.Puzzle{Kind: k, Level: p.Spec.Level, Lang: p.Spec.Lang, Seed: seed, Width: p.Width, Height: p.Height}
	ok := false
	switch k {
	case captcha.KindOrder:
		ok = a.askOrder(&z)
	case captcha.KindRelation:
		ok = a.askRelation(&z)
	case captcha.KindName:
		ok = a.askName(&z)
	case captcha.KindMissing:
		ok = a.askMissing(&z)
	case captcha.KindIcon:
		ok = a.askIcon(&z)
	}
	return z, ok && !leaks(&z)
}

// Make asks a question of kind k with a map of its own, the first that has one
// from the seed's on.
func Make(k captcha.Kind, level int, lang string, seed uint64, streets *city.Streets) (captcha.Puzzle, *city.Plan, bool) {
	// Of 100 maps hardly any has no question of a kind; 64 in a row have none
	// only where the kind is none of ours.
	for range 64 {
		p := city.New(city.Spec{Seed: MapSeed(seed), Level: level, Lang: lang, Streets: streets})
		if z, ok := Ask(p, k, seed); ok {
			return z, p, true
		}
		seed += Variants
	}
	return captcha.Puzzle{}, nil, false
}

// leaks reports whether the question's text holds what is to be typed: a stem
// could by chance be made of its words.
func leaks(z *captcha.Puzzle) bool {
	bare := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, " ", "")) }
	text := bare(z.Text)
	for _, t := range z.Answer.Texts {
		if strings.Contains(text, bare(strings.TrimSuffix(t, z.Answer.Suffix))) {
			return true
		}
	}
	return false
}
