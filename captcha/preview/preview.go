// Package preview makes one question of a kind, with its answer, for those who
// look after a captcha and want to see what visitors see.
//
// Nothing that it makes is ever asked: it knows no sites, no ledger and no
// pool, what it returns has no id that could be answered, and its maps and
// sounds come from seeds that are kept apart from those of real questions, so
// that who knows a real one's seed cannot have its answer shown here.
package preview

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // how large a map is
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/audio"
	"github.com/daero/daero/captcha/mapquiz"
	"github.com/daero/daero/captcha/mapquiz/city"
)

// Want says which question is to be shown.
type Want struct {
	Kind  captcha.Kind
	Level int    // 0 to MaxLevel
	Lang  string // ko or en
	Seed  uint64 // the same seed, the same question
}

// MaxLevel is the hardest.
const MaxLevel = 4

// Kinds are those that there is something to see or to hear of.
var Kinds = []captcha.Kind{
	captcha.KindOrder, captcha.KindRelation, captcha.KindName, captcha.KindMissing, captcha.KindIcon, captcha.KindWords,
}

// Langs are the languages.
var Langs = []string{"ko", "en"}

// Validate reports every mistake at once.
func (w Want) Validate() error {
	var errs []error
	if !slices.Contains(Kinds, w.Kind) {
		known := make([]string, len(Kinds))
		for i, k := range Kinds {
			known[i] = string(k)
		}
		errs = append(errs, fmt.Errorf("kind: there is something to see of %s", strings.Join(known, ", ")))
	}
	if w.Level < 0 || w.Level > MaxLevel {
		errs = append(errs, fmt.Errorf("level %d: must be 0 to %d", w.Level, MaxLevel))
	}
	if !slices.Contains(Langs, w.Lang) {
		errs = append(errs, fmt.Errorf("lang: must be %s", strings.Join(Langs, " or ")))
	}
	return errors.Join(errs...)
}

// Question is one that is shown, with its answer.
type Question struct {
	Want
	Text   string
	Clicks int // how many places are to be clicked
	Answer answer.Answer
	// Width and Height are of the map in CSS pixels, Scale how many pixels of the
	// picture are in one.
	Width, Height int
	Scale         float64
	Map           []byte // JPEG
	Icon          []byte // PNG; of a question about one
	Sound, Slow   []byte // WAV
	Places        []city.Place
}

// ErrTooMany is returned when previews are wanted faster than they are made.
var ErrTooMany = errors.New("preview: one at a time, and thirty a minute: wait a moment")

// ErrNone is returned if no map was found that has such a question.
var ErrNone = errors.New("preview: no map with such a question was found: choose another seed")

// Bounds: a map takes about a tenth of a second of one core.
const (
	burst = 10
	every = 2 * time.Second
)

// Booth makes one preview at a time, and thirty a minute, for all who ask. The
// zero Booth is ready.
type Booth struct {
	making sync.Mutex

	mu   sync.Mutex
	left float64
	last time.Time
}

// allowed takes one out of a bucket that holds ten and fills by one in two
// seconds.
func (b *Booth) allowed(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last.IsZero() {
		b.left = burst
	} else if d := now.Sub(b.last); d > 0 {
		b.left = min(b.left+float64(d)/float64(every), burst)
	}
	b.last = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// Make makes a question. ErrTooMany says that somebody else's is being made, or
// that too many were.
func (b *Booth) Make(ctx context.Context, now time.Time, w Want) (Question, error) {
	if err := w.Validate(); err != nil {
		return Question{}, err
	}
	if !b.making.TryLock() {
		return Question{}, ErrTooMany
	}
	defer b.making.Unlock()
	if !b.allowed(now) {
		return Question{}, ErrTooMany
	}
	return Make(ctx, w)
}

// Make makes a question without asking how many were made.
func Make(ctx context.Context, w Want) (Question, error) {
	if err := w.Validate(); err != nil {
		return Question{}, err
	}
	if w.Kind == captcha.KindWords {
		return heard(ctx, w)
	}
	if w.Lang == "ko" && !city.Hangul() {
		w.Lang = "en" // as it is asked where there is no font with Hangul
	}
	// The first question of the map: not every map has a second of each kind.
	z, p, ok := mapquiz.Make(w.Kind, w.Level, w.Lang, mapquiz.MapSeed(apart(w.Seed)), nil)
	if !ok {
		return Question{}, ErrNone
	}
	q := Question{
		Want: w, Text: z.Text, Clicks: z.Clicks, Answer: z.Answer, Width: z.Width, Height: z.Height,
		Map: p.JPEG(), Places: p.Places,
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(q.Map))
	if err != nil {
		return Question{}, err
	}
	q.Scale = float64(size.Width) / float64(max(z.Width, 1))
	if i := slices.IndexFunc(p.Places, func(q city.Place) bool { return slices.Contains(z.Answer.Texts, q.Name.Full) }); z.Kind == captcha.KindIcon && i >= 0 {
		q.Icon = city.IconPNG(p.Places[i].Category, z.Seed)
	}
	return q, nil
}

// heard makes a question by ear.
func heard(ctx context.Context, w Want) (Question, error) {
	source := audio.Source{}
	z, err := source.Next(ctx, captcha.Want{Mode: captcha.Sound, Kind: w.Kind, Level: w.Level, Lang: w.Lang, Seed: apart(w.Seed)})
	if err != nil {
		return Question{}, err
	}
	q := Question{Want: w, Text: z.Text, Answer: z.Answer}
	for _, part := range []struct {
		part captcha.Part
		into *[]byte
	}{{captcha.PartAudio, &q.Sound}, {captcha.PartAudioSlow, &q.Slow}} {
		m, err := source.Media(ctx, &z, part.part)
		if err != nil {
			return Question{}, err
		}
		*part.into = m.Bytes
	}
	return q, nil
}

// apart is the seed that a preview's map or sound is made from. A real question
// has one of 64 bits by chance; to have this one come out as that, somebody
// would have to turn SHA-256 around.
func apart(seed uint64) uint64 {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	sum := sha256.Sum256(append([]byte("daero captcha preview\x00"), b[:]...))
	return binary.LittleEndian.Uint64(sum[:])
}
