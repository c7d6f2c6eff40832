package mapquiz

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/mapquiz/city"
)

// Config describes a Source. Its zero fields are the defaults.
type Config struct {
	// Maps is how many drawn maps are kept ready per language at most. A map is
	// about 72 KB (61 at level 2, 88 at level 3, of which there are 3 to 2), so
	// that the default of 500 is 36 MB for each language that is
	// asked for; an idle language keeps an eighth of it, under 5 MB.
	Maps int
	// Reuse is how many questions are asked about one map, each another one.
	// Default 6; up to half as many again while the pressure is high, and up to
	// [Variants] while less than a quarter of the maps is left: a core draws some 50
	// a second, which is 300 questions by six of each, and 800 by sixteen. Else who
	// asks for many would shut out everybody.
	Reuse int
	// Kept is how many maps that were asked about are kept for those who look at
	// them again, on this gateway or on another one. Default 128, about 9 MB.
	Kept int
	// Streets, unless nil, are those of a city that the operator imported.
	Streets *city.Streets
	// Seed is for tests: seeds that can be foretold are questions that can be
	// foretold. Zero: of the system's random numbers.
	Seed [32]byte
}

// Limits of what is done at a time.
const (
	// draws is how many maps are planned, and how many are drawn, at a time for
	// those who wait: two cores' worth, whatever is asked for.
	draws = 2
	// waiting is how many may wait for that, or are at it: 32 × 25 ms, two at a
	// time, is under half a second.
	waiting = 32
	// smallest is how many maps are kept ready of each sort, wanted or not.
	smallest = 8
)

// pooled are the levels that maps are kept ready for, with their part of Maps:
// that of people, and the next. Maps of others are drawn when they are asked for.
var pooled = map[int]float64{2: 0.6, 3: 0.4}

// Validate reports every mistake.
func (c Config) Validate() error {
	var all []error
	if c.Maps < 0 || c.Maps > 50_000 {
		all = append(all, fmt.Errorf("captcha maps %d: choose 0 for the default, or up to 50000, which take 3.6 GB", c.Maps))
	}
	if c.Reuse < 0 || c.Reuse > Variants/2 {
		all = append(all, fmt.Errorf("captcha reuse %d: choose 0 for the default, or up to %d questions about a map", c.Reuse, Variants/2))
	}
	if c.Kept < 0 || c.Kept > 50_000 {
		all = append(all, fmt.Errorf("captcha kept %d: choose 0 for the default, or up to 50000", c.Kept))
	}
	return errors.Join(all...)
}

func (c Config) withDefaults() Config {
	if c.Maps == 0 {
		c.Maps = 500
	}
	if c.Reuse == 0 {
		c.Reuse = 6
	}
	if c.Kept == 0 {
		c.Kept = 128
	}
	return c
}

// Source makes questions about maps. Maps are drawn ahead by [Source.Run], and
// no request for a question waits for one. It is safe for concurrent use.
type Source struct {
	cfg      Config
	draw     func(city.Spec) (*city.Plan, []byte) // tests draw faster
	pressure atomic.Int64                         // in thousandths

	mu     sync.Mutex
	r      *rand.Rand
	stocks map[sort]*stock
	stored map[picture][]byte // of the maps in stock
	wake   chan struct{}      // to Run: something was used up

	kept           *kept
	plans, drawing *turns
}

// sort is what maps of one stock have in common.
type sort struct {
	lang  string
	level int
}

// New returns a Source. It has nothing ready until Run has drawn the first maps.
func New(cfg Config) (*Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	for cfg.Seed == [32]byte{} {
		_, _ = crand.Read(cfg.Seed[:]) // never fails: see crypto/rand
	}
	s := &Source{
		cfg: cfg, draw: draw,
		r:       rand.New(rand.NewChaCha8(cfg.Seed)),
		stocks:  make(map[sort]*stock),
		stored:  make(map[picture][]byte),
		wake:    make(chan struct{}, 1),
		kept:    newKept(cfg.Kept),
		plans:   newTurns(),
		drawing: newTurns(),
	}
	for _, lang := range Langs() {
		for level, part := range pooled {
			most := max(smallest, int(float64(cfg.Maps)*part))
			s.stocks[sort{lang, level}] = &stock{most: most, goal: max(smallest, most/8)}
		}
	}
	return s, nil
}

// Langs returns the languages that maps are drawn in: English alone where no
// font has Hangul.
func Langs() []string {
	if city.Hangul() {
		return []string{"ko", "en"}
	}
	return []string{"en"}
}

func draw(s city.Spec) (*city.Plan, []byte) {
	p := city.New(s)
	return p, p.JPEG()
}

// lang is the language that is asked in: English where the one wanted is not
// drawn.
func (s *Source) lang(wanted string) string {
	if wanted == "ko" && s.stocks[sort{"ko", 2}] != nil {
		return "ko"
	}
	return "en"
}

// kinds of a mode, and how often each is asked.
func kinds(m captcha.Mode, r *rand.Rand) []captcha.Kind {
	switch m {
	case captcha.Click:
		if r.IntN(5) < 3 {
			return []captcha.Kind{captcha.KindOrder, captcha.KindRelation}
		}
		return []captcha.Kind{captcha.KindRelation, captcha.KindOrder}
	case captcha.Text:
		all := []captcha.Kind{captcha.KindName, captcha.KindMissing, captcha.KindIcon}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		return all
	}
	return nil
}

// Next returns a question. A level that maps are kept ready for is asked from
// among them; another one, and a kind that is asked for by its name, is planned
// at once and drawn when its picture is asked for.
func (s *Source) Next(ctx context.Context, w captcha.Want) (captcha.Puzzle, error) {
	if err := ctx.Err(); err != nil {
		return captcha.Puzzle{}, err
	}
	if w.Mode == "" {
		w.Mode = captcha.ModeOf(w.Kind)
	}
	if w.Mode != captcha.Click && w.Mode != captcha.Text || w.Kind != "" && captcha.ModeOf(w.Kind) != w.Mode {
		return captcha.Puzzle{}, fmt.Errorf("a map has no question of mode %q and kind %q: ask another source", w.Mode, w.Kind)
	}
	w.Lang, w.Level = s.lang(w.Lang), max(0, min(4, w.Level))
	if st := s.stocks[sort{w.Lang, w.Level}]; st != nil && w.Kind == "" {
		return s.fromStock(st, w.Mode)
	}
	return s.planned(ctx, w)
}

// planned makes a question without a picture, in some milliseconds.
func (s *Source) planned(ctx context.Context, w captcha.Want) (captcha.Puzzle, error) {
	leave, err := s.plans.enter(ctx)
	if err != nil {
		return captcha.Puzzle{}, err
	}
	defer leave()
	if w.Kind == "" {
		s.mu.Lock()
		w.Kind = kinds(w.Mode, s.r)[0]
		if w.Seed == 0 {
			w.Seed = s.r.Uint64()
		}
		s.mu.Unlock()
	}
	// Variant 0: every map has a first question of nearly every kind.
	z, _, ok := Make(w.Kind, w.Level, w.Lang, MapSeed(w.Seed), s.cfg.Streets)
	if !ok {
		return captcha.Puzzle{}, captcha.ErrBusy
	}
	return z, nil
}

// SetPressure says how hard the service is pressed, from 0 to 1: maps are drawn
// more slowly and fewer are kept, and a map is asked about a little more often.
func (s *Source) SetPressure(p float64) {
	if !(p > 0) { // not a number, too
		p = 0
	}
	s.pressure.Store(int64(1000 * min(p, 1)))
}

func (s *Source) pressed() float64 { return float64(s.pressure.Load()) / 1000 }

// reuse is how many questions are asked about a map now.
func (s *Source) reuse(st *stock) int {
	if 4*len(st.maps) < st.goal {
		return Variants
	}
	return s.cfg.Reuse + int(float64(s.cfg.Reuse)*s.pressed()/2)
}
