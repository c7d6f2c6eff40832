package api

import (
	"net/http"
	"sync"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/strength"
)

// StrengthDoc is how often which attacker got in, as it was measured before
// this version was made.
type StrengthDoc struct {
	// Measured is when, "" where nobody said; With is what with.
	Measured string `json:"measured"`
	With     string `json:"with"`
	Seed     uint64 `json:"seed"`
	// Short says that attackers made too few tries to say much.
	Short     bool               `json:"short"`
	Bars      []StrengthBar      `json:"bars"`
	Classes   []StrengthClass    `json:"classes"`
	Attackers []StrengthAttacker `json:"attackers"`
}

// StrengthBar is a bound that was set, and what was found.
type StrengthBar struct {
	Bar    string `json:"bar"`
	Wanted string `json:"wanted"`
	Found  string `json:"found"`
	Held   bool   `json:"held"`
}

// StrengthClass is a kind of attacker.
type StrengthClass struct {
	Who  string `json:"who"` // A0 to A6
	What string `json:"what"`
}

// StrengthAttacker is one attacker against one kind of question.
type StrengthAttacker struct {
	Attacker string   `json:"attacker"`
	Who      string   `json:"who"` // the class
	Kind     string   `json:"kind"`
	Level    string   `json:"level"` // a number, or "all"
	Lang     string   `json:"lang"`
	N        int      `json:"n"`
	Rate     *float64 `json:"rate"` // null where it was assumed and not measured
	Low      float64  `json:"lo"`
	High     float64  `json:"hi"`
	Seconds  *float64 `json:"seconds"` // of one try; null where not measured
	Told     string   `json:"told,omitempty"`
}

// measured is the table of this version, read once.
var measured = sync.OnceValues(func() (StrengthDoc, error) {
	t, err := strength.Parse(captcha.StrengthText())
	if err != nil {
		return StrengthDoc{}, err
	}
	doc := StrengthDoc{Measured: t.Date, With: t.With, Seed: t.Seed, Short: t.Short}
	for _, b := range t.Bars {
		doc.Bars = append(doc.Bars, StrengthBar{b.Name, b.Wanted, b.Found, b.Held})
	}
	for _, c := range t.Classes {
		doc.Classes = append(doc.Classes, StrengthClass{c.Name, c.What})
	}
	for _, a := range t.Attackers {
		doc.Attackers = append(doc.Attackers, StrengthAttacker{
			Attacker: a.Name, Who: a.Class, Kind: a.Kind, Level: a.Level, Lang: a.Lang, N: a.N,
			Rate: known(a.Rate), Low: a.Low, High: a.High, Seconds: known(a.Seconds), Told: a.Told,
		})
	}
	return doc, nil
})

// known is a number that is not below 0, which says that it is not known.
func known(v float64) *float64 {
	if v < 0 {
		return nil
	}
	return &v
}

func showStrength(c *call) error {
	doc, err := measured()
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, doc)
}
