// Package audio asks by ear: a few clear words over a light murmur, to be typed
// in the order in which they are heard.
//
// Noise is pointless against a recogniser that was trained on these words, so
// there is hardly any: what costs an attacker is competing speech, which costs
// people too. It stays well below the words. What a question by ear is worth comes
// from work and budgets, not from distortion; package attack measures it.
//
// The package knows no network and starts no program: the words are recordings
// that bank/generate.sh made, 64 in each language, far apart in sound.
package audio

import (
	"context"
	"fmt"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
)

// Source asks questions by ear. It keeps nothing: a sound is mixed when it is
// asked for, in some 2 ms, the same from the same puzzle. It is safe for
// concurrent use.
type Source struct{}

// texts by language: one word for how many, and where it stands.
var texts = map[string]map[int]string{
	"ko": {3: "들리는 낱말 세 개를 차례로 쓰세요", 4: "들리는 낱말 네 개를 차례로 쓰세요"},
	"en": {3: "Type the three words you hear, in order", 4: "Type the four words you hear, in order"},
}

// Next implements [captcha.Source].
func (Source) Next(_ context.Context, w captcha.Want) (captcha.Puzzle, error) {
	if w.Mode != captcha.Sound && w.Mode != "" || w.Kind != "" && w.Kind != captcha.KindWords {
		return captcha.Puzzle{}, fmt.Errorf("audio: mode %q, kind %q: only %q and %q are asked by ear", w.Mode, w.Kind, captcha.Sound, captcha.KindWords)
	}
	b, err := bankOf(w.Lang)
	if err != nil {
		return captcha.Puzzle{}, err
	}
	level := clampLevel(w.Level)
	s := newScript(b, w.Lang, level, w.Seed)
	p := captcha.Puzzle{
		Kind:   captcha.KindWords,
		Level:  level,
		Lang:   w.Lang,
		Seed:   w.Seed,
		Text:   texts[w.Lang][len(s.words)],
		Answer: answer.Answer{Rule: answer.Words},
	}
	for _, u := range s.words {
		p.Answer.Texts = append(p.Answer.Texts, b.words[u.word].Text)
	}
	return p, nil
}

// Media implements [captcha.Source].
func (Source) Media(_ context.Context, p *captcha.Puzzle, part captcha.Part) (captcha.Media, error) {
	if p.Kind != captcha.KindWords || part != captcha.PartAudio && part != captcha.PartAudioSlow {
		return captcha.Media{}, fmt.Errorf("audio: a question of kind %q has no part %q: ask for %q or %q", p.Kind, part, captcha.PartAudio, captcha.PartAudioSlow)
	}
	m, err := NewMix(p.Lang, p.Level, p.Seed, part == captcha.PartAudioSlow)
	if err != nil {
		return captcha.Media{}, err
	}
	return captcha.Media{Type: "audio/wav", Bytes: EncodeWAV(m.Samples)}, nil
}

func clampLevel(l int) int { return min(max(l, 0), 4) }
