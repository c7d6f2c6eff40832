// Package attack measures how well programs do at the questions of the CAPTCHA
// platform, and at its protocol: who attacks, how often it works, how long it
// takes and what a token costs then. What it finds is published as it is.
//
// It draws and hears nothing by itself: questions come from a [captcha.Source],
// and attackers that need pictures stand in packages below.
package attack

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
)

// Attacker answers questions without being a person. One Attacker is used by one
// goroutine at a time.
type Attacker interface {
	// Name is short and without spaces: "tesseract".
	Name() string
	// Try answers a question from what a visitor's browser is given: p has neither
	// answer nor seed, unless the attacker is an [Oracle]. media are all parts that
	// belong to the question. r is the only source of chance. An attacker that sees
	// that it does not know returns [ErrNoAnswer], which counts as a miss; any other
	// error ends the measurement.
	Try(ctx context.Context, p *captcha.Puzzle, media map[captcha.Part]captcha.Media, r *rand.Rand) (answer.Given, error)
}

// Class is the row of the published table that an attacker belongs to.
type Class string

// The classes.
const (
	Guess    Class = "A0" // guesses
	Plain    Class = "A1" // optical character recognition as it is sold, whole picture
	Targeted Class = "A2" // the same, shown where to look
	Trained  Class = "A3" // a reader and an icon detector trained on our own maps
	Vision   Class = "A4" // frontier vision models: not run here
	Ears     Class = "A5" // speech recognition, as it is sold and trained on our own words
	Protocol Class = "A6" // does not answer, but goes around
)

// Classed attackers say which row they belong to; without it it is [Guess].
type Classed interface {
	Class() Class
}

// Picky attackers do not take every question; without it they take all.
type Picky interface {
	// Takes reports whether the attacker tries a kind in a language at all.
	Takes(k captcha.Kind, lang string) bool
}

// Oracle is an attacker that is told more than a visitor: the whole puzzle with
// its seed and its answer. It is for bounds from above ("shown where to look, can
// it read it?"), and the report says so.
type Oracle interface {
	// Told says in a few words what it takes from what it is told: "where the
	// icons are".
	Told() string
}

// ErrNoAnswer says that an attacker has no answer to a question.
var ErrNoAnswer = errors.New("no answer")

// Blind attackers look at no media: none are made for them.
type Blind interface {
	Blind() bool
}

// Prepared attackers get ready for a kind of question before the time is taken:
// they train, or look whether their program is there.
type Prepared interface {
	// Prepare returns [ErrAbsent], wrapped, where what it needs is not installed.
	Prepare(ctx context.Context, k captcha.Kind, level int, lang string) error
}

// ErrAbsent says that the program an attacker runs is not on this machine.
var ErrAbsent = errors.New("not installed")
