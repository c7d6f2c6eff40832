// Package guess attacks questions without looking: attackers that know all of the
// source, the question's text, and up to where icons are, but see and hear
// nothing. A kind of question that they solve is none.
package guess

import (
	"context"
	"math/rand/v2"
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/audio"
	"github.com/daero/daero/captcha/mapquiz/names"
)

type media = map[captcha.Part]captcha.Media

// Random clicks anywhere.
type Random struct{}

// Name implements [attack.Attacker].
func (Random) Name() string { return "guess-random" }

// Blind implements [attack.Blind].
func (Random) Blind() bool { return true }

// Takes implements [attack.Picky].
func (Random) Takes(k captcha.Kind, _ string) bool { return captcha.ModeOf(k) == captcha.Click }

// Try implements [attack.Attacker].
func (Random) Try(_ context.Context, p *captcha.Puzzle, _ media, r *rand.Rand) (answer.Given, error) {
	var g answer.Given
	for range p.Clicks {
		g.Points = append(g.Points, [2]float64{float64(p.Width) * r.Float64(), float64(p.Height) * r.Float64()})
	}
	return g, nil
}

// Question types what the question alone lets it guess: it knows the grammar of
// the names, the words of the bank, and what of a name is shown.
type Question struct{}

// Name implements [attack.Attacker].
func (Question) Name() string { return "guess-question" }

// Blind implements [attack.Blind].
func (Question) Blind() bool { return true }

// Takes implements [attack.Picky].
func (Question) Takes(k captcha.Kind, _ string) bool { return captcha.ModeOf(k) != captcha.Click }

// Try implements [attack.Attacker].
func (Question) Try(_ context.Context, p *captcha.Puzzle, _ media, r *rand.Rand) (answer.Given, error) {
	switch p.Kind {
	case captcha.KindWords:
		return answer.Given{Text: words(p, r)}, nil
	case captcha.KindMissing:
		return answer.Given{Text: missing(p, r)}, nil
	}
	return answer.Given{Text: names.Of(r, category(p, r), p.Lang).Full}, nil
}

// words guesses as many words as the question asks for. How many is told by the
// level as well as by the text.
func words(p *captcha.Puzzle, r *rand.Rand) string {
	n := 3
	if strings.Contains(p.Text, "네 개") || strings.Contains(p.Text, "four") {
		n = 4
	}
	all := audio.Words(p.Lang)
	var said []string
	for _, i := range r.Perm(len(all))[:n] {
		word, _, _ := strings.Cut(all[i].Text, "|")
		said = append(said, word)
	}
	return strings.Join(said, " ")
}

// category is the last one that the question names, or one by chance: "the
// pharmacy nearest to the station" asks for the pharmacy, so that a station counts
// only where nothing else is named.
func category(p *captcha.Puzzle, r *rand.Rand) names.Category {
	all := names.Categories()
	found := names.Category("")
	for _, c := range all {
		if c != names.Station && strings.Contains(p.Text, names.Word(c, p.Lang)) {
			found = c
		}
	}
	if found != "" {
		return found
	}
	if strings.Contains(p.Text, names.Word(names.Station, p.Lang)) {
		return names.Station
	}
	return all[r.IntN(len(all))]
}

// tries bounds the search for a name that fits what is shown.
const tries = 200

// missing makes up names until one fits what is shown around the hole, and types
// its part in the hole: as good as any who knows the grammar.
func missing(p *captcha.Puzzle, r *rand.Rand) string {
	shown := p.Text[strings.LastIndex(p.Text, ": ")+len(": "):]
	head, tail := shown, ""
	if i := strings.IndexAny(shown, "□…"); i >= 0 {
		j := strings.LastIndexAny(shown, "□…")
		head, tail = shown[:i], strings.TrimLeft(shown[j:], "□…")
	}
	typed := ""
	for range tries {
		for _, c := range names.Categories() {
			full := names.Of(r, c, p.Lang).Full
			rest, ok := strings.CutSuffix(full, tail)
			if !ok {
				continue
			}
			if typed = strings.TrimPrefix(rest, head); len(typed) < len(rest) || head == "" {
				return typed
			}
		}
	}
	return typed
}

var (
	_ attack.Attacker = Random{}
	_ attack.Attacker = Question{}
	_ attack.Blind    = Question{}
)
