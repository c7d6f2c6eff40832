// Package answer says whether what a visitor gave answers a question: forgiving
// where people differ, unforgiving where guessing would pay.
//
// How forgiving is a matter of arithmetic. A Korean name is one of 41 million;
// one jamo off, two spellings and a particle make some 200 of them right at a
// time, which leaves one in 200,000 for a guess. Three missing syllables are one
// of 512,000: as forgiving, a guess would be right once in a few thousand times,
// so they have to be exact. They are short, stand beside their blank, and an
// input method shows what it made of them.
//
// Nothing is given away by the time an answer takes. Every question is answered
// once, so that a second measurement is one of another question; and nothing
// here stops at the first difference: all spots, all texts and all words are
// compared whatever came of the one before, over at most [MaxText] bytes, which
// is microseconds beside a network's milliseconds.
package answer

import "math"

// Rule is how typed text is compared.
type Rule string

// The rules.
const (
	Name      Rule = "name"      // a full name: spaces, particles, an optional suffix, one jamo or letter off
	Syllables Rule = "syllables" // missing syllables, exactly, in order
	Words     Rule = "words"     // words heard, each one jamo or letter off
)

// MaxText is how many bytes of typed text are looked at: a longer one is wrong,
// and costs nothing.
const MaxText = 200

// Answer is what is right.
type Answer struct {
	// Spots are to be clicked, in this order.
	Spots []Spot `json:"spots,omitempty"`
	// Rule and Texts say what is to be typed. Under Name and Syllables any of
	// Texts is right; under Words each one is, in this order, with alternatives
	// after a bar: "일|1|하나".
	Rule  Rule     `json:"rule,omitempty"`
	Texts []string `json:"texts,omitempty"`
	// Suffix may be left away from a name: "약국".
	Suffix string `json:"suffix,omitempty"`
}

// Spot is a place on the map, in CSS pixels.
type Spot struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	R float64 `json:"r"` // how far off a click may be
}

// Given is what a visitor gave.
type Given struct {
	Points [][2]float64 `json:"points,omitempty"`
	Text   string       `json:"text,omitempty"`
}

// Match reports whether g is right. An Answer that asks for nothing is answered
// by nothing.
func (a Answer) Match(g Given) bool {
	if len(a.Spots) > 0 {
		return clicked(a.Spots, g.Points)
	}
	typed := plain(g.Text)
	if len(typed) == 0 {
		return false
	}
	switch a.Rule {
	case Name:
		return isName(a.Texts, a.Suffix, typed)
	case Syllables:
		return isExactly(a.Texts, typed)
	case Words:
		return areWords(a.Texts, g.Text)
	}
	return false
}

// clicked reports whether every point lies on its spot. What is not a number, or
// infinite, lies nowhere: every comparison with it is false.
func clicked(spots []Spot, points [][2]float64) bool {
	if len(points) != len(spots) {
		return false
	}
	right := true
	for i, s := range spots {
		if !(math.Hypot(points[i][0]-s.X, points[i][1]-s.Y) <= s.R) {
			right = false
		}
	}
	return right
}
