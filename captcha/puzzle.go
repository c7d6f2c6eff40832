package captcha

import (
	"context"
	"errors"

	"github.com/daero/daero/captcha/answer"
)

// Mode is how a visitor answers: their choice, always.
type Mode string

// The modes.
const (
	Click Mode = "click" // places on a map
	Text  Mode = "text"  // a map question, by typing
	Sound Mode = "audio" // words that are heard, by typing
)

// Kind is what a question asks; the server chooses it within the mode.
type Kind string

// The kinds.
const (
	KindWork     Kind = "work"     // nothing is asked: the browser computes
	KindOrder    Kind = "order"    // click places in an order
	KindRelation Kind = "relation" // click the one place that is told by where it is
	KindName     Kind = "name"     // type the full name of a place
	KindMissing  Kind = "missing"  // type the missing syllables of a name
	KindIcon     Kind = "icon"     // type the name beside an icon
	KindWords    Kind = "words"    // type the words that are heard
)

// ModeOf is how a kind is answered.
func ModeOf(k Kind) Mode {
	switch k {
	case KindOrder, KindRelation:
		return Click
	case KindName, KindMissing, KindIcon:
		return Text
	case KindWords:
		return Sound
	}
	return ""
}

// Puzzle is one question with its answer. It is kept in the ledger as JSON: its
// media are made again from it, by any gateway.
type Puzzle struct {
	Kind  Kind   `json:"kind"`
	Level int    `json:"level"`
	Lang  string `json:"lang"`
	// Seed, with Kind, Level and Lang, makes the same media again.
	Seed uint64 `json:"seed"`
	// Text is the question as it is shown. It never holds the answer.
	Text string `json:"text"`
	// Clicks is how many places are to be clicked, 0 for what is typed.
	Clicks int `json:"clicks,omitempty"`
	// Width and Height of the picture, in CSS pixels.
	Width  int           `json:"width,omitempty"`
	Height int           `json:"height,omitempty"`
	Answer answer.Answer `json:"answer"`
}

// Want is what is asked of a Source.
type Want struct {
	Mode  Mode
	Level int    // 0 to 4
	Lang  string // "ko", "en"
	// Kind, unless "", is the kind wanted: for benches and previews, never for
	// visitors.
	Kind Kind
	// Seed is for what a Source does not take from a pool.
	Seed uint64
}

// Part names one medium of a puzzle.
type Part string

// The parts.
const (
	PartImage     Part = "image"      // the map
	PartIcon      Part = "icon"       // the picture that a KindIcon question shows
	PartAudio     Part = "audio"      // the words
	PartAudioSlow Part = "audio-slow" // the same, slower
)

// Media is a picture or a sound.
type Media struct {
	Type  string // "image/jpeg", "audio/wav"
	Bytes []byte // not to be changed
}

// ErrBusy says that a Source has nothing ready: it is being made.
var ErrBusy = errors.New("no question is ready yet: try again in a moment")

// Source makes questions of some modes.
type Source interface {
	// Next returns a puzzle without waiting for one to be drawn, or ErrBusy.
	Next(ctx context.Context, w Want) (Puzzle, error)
	// Media returns a part of a puzzle, the same bytes every time.
	Media(ctx context.Context, p *Puzzle, part Part) (Media, error)
}
