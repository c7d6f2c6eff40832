package captcha

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"
	"time"
)

// allModes in the order in which one stands in for another.
var allModes = []Mode{Click, Text, Sound}

// busyWait is when a question that is being made is asked for again.
const busyWait = time.Second

// audioPrice is how much more work a sound costs when the prefix has had those
// of the minute. It is never refused.
const audioPrice = 4

// modes are those that are offered.
func (p *Platform) modes() []Mode {
	return slices.DeleteFunc(slices.Clone(allModes), func(m Mode) bool { return p.cfg.Sources[m] == nil })
}

// question asks the visitor, in the mode of their choice.
func (p *Platform) question(ctx context.Context, h *held, j *Judgement, now time.Time) (Reply, error) {
	st := h.st
	tries := p.modes()
	if i := slices.Index(tries, st.Mode); i > 0 {
		tries = append([]Mode{st.Mode}, slices.Delete(tries, i, i+1)...)
	}
	if st.Mode == Sound && len(tries) > 0 && tries[0] == Sound {
		tries = tries[:1] // a picture is no stand-in for who asked for a sound
		if r, err := p.priceOfSound(ctx, h, j, now); err != nil || r.Step != "" {
			return r, err
		}
	}
	for _, m := range tries {
		puzzle, err := p.cfg.Sources[m].Next(ctx, Want{Mode: m, Level: j.Level, Lang: st.Lang, Seed: randomSeed()})
		if err == nil {
			return p.show(ctx, st, m, puzzle, now)
		}
		if !errors.Is(err, ErrBusy) && p.cfg.Tell != nil {
			p.cfg.Tell(Event{Name: EventSourceFailed + string(m)})
		}
	}
	// The work is done: who comes back goes on from here.
	st.T, st.Puzzle = 0, nil
	name, err := p.put(ctx, stepWork, newID(stepWork, now), st)
	if err != nil {
		return asReply(err, now)
	}
	r := p.waits(st, CodeBusy, busyWait, now)
	r.ID, r.Expires = name, int(openLife/time.Second)
	return r, nil
}

func randomSeed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return binary.BigEndian.Uint64(b[:])
}

// priceOfSound spends a sound of the prefix, or asks for more work.
func (p *Platform) priceOfSound(ctx context.Context, h *held, j *Judgement, now time.Time) (Reply, error) {
	st := h.st
	if st.Paid {
		return Reply{}, nil
	}
	ok, _, _, err := p.cfg.Ledger.Spend(ctx, st.budget(forAudio), 1, h.site.Policy.WithDefaults().PrefixAudio, time.Minute)
	if err != nil {
		return asReply(err, now)
	}
	st.Paid = true
	if ok {
		return Reply{}, nil
	}
	return p.giveWork(ctx, st, min(audioPrice*j.Work, mostWork), now)
}

// show keeps a question and replies with it.
func (p *Platform) show(ctx context.Context, st *state, m Mode, puzzle Puzzle, now time.Time) (Reply, error) {
	st.Puzzle, st.At, st.Paid = &puzzle, now.UnixMilli(), false
	st.Lock, st.T = nil, 0
	name, err := p.put(ctx, stepQuestion, newID(stepQuestion, now), st)
	if err != nil {
		return asReply(err, now)
	}
	p.tell(st.Site, Event{Name: CountShown + string(m), Kind: puzzle.Kind}, now)
	others := slices.DeleteFunc(p.modes(), func(o Mode) bool { return o == m })
	return Reply{ID: name, Step: StepQuestion, Expires: int(openLife / time.Second), Ask: &AskDoc{
		Mode: m, Kind: puzzle.Kind, Lang: puzzle.Lang, Text: puzzle.Text, Clicks: puzzle.Clicks,
		Width: puzzle.Width, Height: puzzle.Height, Parts: partsOf(puzzle.Kind), Modes: others,
	}, At: now}, nil
}

// partsOf are the media of a kind of question.
func partsOf(k Kind) []Part {
	switch k {
	case KindIcon:
		return []Part{PartImage, PartIcon}
	case KindWords:
		return []Part{PartAudio, PartAudioSlow}
	}
	return []Part{PartImage}
}
