package mapquiz

import (
	"container/list"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// picture names a map's picture.
type picture struct {
	seed  uint64
	level int
	lang  string
}

func pictureOf(s city.Spec) picture { return picture{MapSeed(s.Seed), s.Level, s.Lang} }

// Media returns the map of a puzzle, or the icon that it asks about. A map that
// is not kept, because another gateway asked about it or because that was long
// ago, is drawn again: two at a time, and not for more than wait already.
func (s *Source) Media(ctx context.Context, z *captcha.Puzzle, part captcha.Part) (captcha.Media, error) {
	switch {
	case captcha.ModeOf(z.Kind) != captcha.Click && captcha.ModeOf(z.Kind) != captcha.Text:
		return captcha.Media{}, fmt.Errorf("a question of kind %q has no map: ask another source", z.Kind)
	case part == captcha.PartIcon && z.Kind == captcha.KindIcon:
		c, ok := categoryOf(z.Answer.Suffix, z.Lang)
		if !ok {
			return captcha.Media{}, fmt.Errorf("the question about an icon is not one of this version's: ask for another one")
		}
		return captcha.Media{Type: "image/png", Bytes: city.IconPNG(c, z.Seed)}, nil
	case part != captcha.PartImage:
		return captcha.Media{}, fmt.Errorf("a question of kind %q has no part %q: ask for %q", z.Kind, part, captcha.PartImage)
	}
	jpeg, err := s.picture(ctx, picture{MapSeed(z.Seed), max(0, min(4, z.Level)), s.lang(z.Lang)})
	return captcha.Media{Type: "image/jpeg", Bytes: jpeg}, err
}

// categoryOf finds a category by what its names end with.
func categoryOf(suffix, lang string) (names.Category, bool) {
	for _, c := range names.Categories() {
		if slices.Contains(names.Suffixes(c, lang), suffix) {
			return c, true
		}
	}
	return "", false
}

// picture finds a map's picture, or draws it.
func (s *Source) picture(ctx context.Context, p picture) ([]byte, error) {
	if b := s.drawn(p); b != nil {
		return b, nil
	}
	leave, err := s.drawing.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	if b := s.drawn(p); b != nil { // drawn for somebody else while we waited
		return b, nil
	}
	_, b := s.draw(city.Spec{Seed: p.seed, Level: p.level, Lang: p.lang, Streets: s.cfg.Streets})
	s.kept.put(p, b)
	return b, nil
}

// turns let a few do something at a time, and a few more wait for it.
type turns struct {
	gate  chan struct{}
	queue atomic.Int64 // who waits, and who is at it
}

func newTurns() *turns { return &turns{gate: make(chan struct{}, draws)} }

// enter waits for a turn, unless too many wait already: those are told at once.
func (t *turns) enter(ctx context.Context) (leave func(), err error) {
	if t.queue.Add(1) > waiting {
		t.queue.Add(-1)
		return nil, captcha.ErrBusy
	}
	select {
	case t.gate <- struct{}{}:
		return func() {
			<-t.gate
			t.queue.Add(-1)
		}, nil
	case <-ctx.Done():
		t.queue.Add(-1)
		return nil, ctx.Err()
	}
}

// drawn returns a picture that is there, nil if there is none.
func (s *Source) drawn(p picture) []byte {
	s.mu.Lock()
	b := s.stored[p]
	s.mu.Unlock()
	if b != nil {
		return b
	}
	return s.kept.get(p)
}

// kept are pictures, those that were looked at last.
type kept struct {
	mu    sync.Mutex
	most  int
	order *list.List // of *keptOne, the last used in front
	all   map[picture]*list.Element
}

type keptOne struct {
	p picture
	b []byte
}

func newKept(most int) *kept {
	return &kept{most: most, order: list.New(), all: make(map[picture]*list.Element)}
}

func (k *kept) get(p picture) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.all[p]
	if e == nil {
		return nil
	}
	k.order.MoveToFront(e)
	return e.Value.(*keptOne).b
}

func (k *kept) put(p picture, b []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.all[p]; e != nil {
		k.order.MoveToFront(e)
		return
	}
	k.all[p] = k.order.PushFront(&keptOne{p, b})
	for k.order.Len() > k.most {
		last := k.order.Back()
		delete(k.all, last.Value.(*keptOne).p)
		k.order.Remove(last)
	}
}
