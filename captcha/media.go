package captcha

import (
	"container/list"
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of what is fetched of one question in two minutes. A sound is fetched
// whenever it is heard, and by some browsers in pieces; but to mix one takes
// 15 to 29 ms, so those of the last questions are kept. A picture is fetched once,
// and once more by who loads it again; its source keeps it for a while.
//
// A prefix has 60 questions a minute: 60 × 12 × 25 ms is 18 s of one core in a
// minute at the worst, if all are fetched in turn so that nothing stays kept.
const (
	mediaMost = 60 // sounds that are kept
	madeMost  = 12 // pictures, and sounds that are not kept
)

// Bounds of the sounds that are kept, about 200 KB each, and of how many are made
// at a time: as many more wait for that as take half a second.
const (
	soundsKept   = 64
	soundsAtOnce = 2
	soundsWait   = 32
)

// Media returns a picture or a sound of an open question. The id is what proves
// who asks: a picture's address holds nothing else.
func (p *Platform) Media(ctx context.Context, id string, part Part, now time.Time) (Media, error) {
	i, ok := p.mint.readID(id, now)
	if !ok || i.step != stepQuestion {
		return Media{}, gone()
	}
	st, err := p.look(ctx, &i)
	if err != nil {
		return Media{}, err
	}
	source := p.cfg.Sources[ModeOf(st.Puzzle.Kind)]
	if source == nil || !slices.Contains(partsOf(st.Puzzle.Kind), part) {
		return Media{}, refuse(http.StatusNotFound, CodeGone, "this question has no such part")
	}
	if ModeOf(st.Puzzle.Kind) != Sound {
		if err := p.fetched(ctx, forMade, &i, madeMost); err != nil {
			return Media{}, err
		}
		return mediaOf(ctx, source, st.Puzzle, part)
	}
	name := sound{i.nonce, part}
	if m, there := p.sounds.get(name); there {
		return m, p.fetched(ctx, forMedia, &i, mediaMost)
	}
	if err := p.fetched(ctx, forMade, &i, madeMost); err != nil {
		return Media{}, err
	}
	leave, err := p.sounds.enter(ctx)
	if err != nil {
		return Media{}, unavailable(err)
	}
	defer leave()
	if m, there := p.sounds.get(name); there { // made for another piece of it while we waited
		return m, nil
	}
	m, err := mediaOf(ctx, source, st.Puzzle, part)
	if err == nil {
		p.sounds.put(name, m)
	}
	return m, err
}

func mediaOf(ctx context.Context, source Source, puzzle *Puzzle, part Part) (Media, error) {
	m, err := source.Media(ctx, puzzle, part)
	if err != nil {
		return Media{}, unavailable(err)
	}
	return m, nil
}

// fetched spends one of what a question has.
func (p *Platform) fetched(ctx context.Context, what string, i *id, most int) error {
	ok, _, after, err := p.cfg.Ledger.Spend(ctx, what+i.ledgerKey(), 1, most, openLife)
	if err != nil {
		return unavailable(err)
	}
	if !ok {
		r := refuse(http.StatusTooManyRequests, CodeTooMany, "this was fetched %d times: ask for another question", most)
		r.After = after
		return r
	}
	return nil
}

// sound names a sound of a question.
type sound struct {
	nonce [nonceSize]byte
	part  Part
}

// sounds are those that were heard last.
type sounds struct {
	turns chan struct{}
	queue atomic.Int64 // who waits for a turn, and who has one

	mu    sync.Mutex
	order *list.List // of *keptSound, the last heard in front
	all   map[sound]*list.Element
}

type keptSound struct {
	name  sound
	media Media
}

func newSounds() *sounds {
	return &sounds{turns: make(chan struct{}, soundsAtOnce), order: list.New(), all: map[sound]*list.Element{}}
}

// enter waits for a turn, unless too many wait already.
func (s *sounds) enter(ctx context.Context) (leave func(), err error) {
	if s.queue.Add(1) > soundsAtOnce+soundsWait {
		s.queue.Add(-1)
		return nil, ErrBusy
	}
	select {
	case s.turns <- struct{}{}:
		return func() {
			<-s.turns
			s.queue.Add(-1)
		}, nil
	case <-ctx.Done():
		s.queue.Add(-1)
		return nil, ctx.Err()
	}
}

func (s *sounds) get(name sound) (Media, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.all[name]
	if e == nil {
		return Media{}, false
	}
	s.order.MoveToFront(e)
	return e.Value.(*keptSound).media, true
}

func (s *sounds) put(name sound, m Media) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[name] != nil {
		return
	}
	s.all[name] = s.order.PushFront(&keptSound{name, m})
	for s.order.Len() > soundsKept {
		last := s.order.Back()
		delete(s.all, last.Value.(*keptSound).name)
		s.order.Remove(last)
	}
}
