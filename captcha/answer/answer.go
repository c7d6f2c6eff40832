// Package answer says whether what a visitor gave answers a question: forgiving
// where people differ, unforgiving where guessing would pay.
package answer

// Rule is how typed text is compared.
type Rule string

// The rules.
const (
	Name      Rule = "name"      // a full name: spaces, particles, an optional suffix, one jamo or letter off
	Syllables Rule = "syllables" // missing syllables, exactly, in order
	Words     Rule = "words"     // words heard, each one jamo or letter off
)

// Answer is what is right.
type Answer struct {
	// Spots are to be clicked, in this order.
	Spots []Spot `json:"spots,omitempty"`
	// Rule and Texts say what is to be typed. Under Name any of Texts is right;
	// under Words each one is, in this order, with alternatives after a bar:
	// "일|1|하나".
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

// Match reports whether g is right.
func (a Answer) Match(g Given) bool { panic("to be written") }
