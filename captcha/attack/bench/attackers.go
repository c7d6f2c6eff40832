// Package bench is the command `daero captcha bench` without the program around
// it: arguments in, a report and an exit status out. It puts the attackers of the
// packages beside it to the questions of the captcha, and writes what came of it
// into captcha/STRENGTH.md.
package bench

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/attack/ears"
	"github.com/daero/daero/captcha/attack/guess"
	"github.com/daero/daero/captcha/attack/ocr"
	"github.com/daero/daero/captcha/attack/reader"
	"github.com/daero/daero/captcha/audio"
	"github.com/daero/daero/captcha/mapquiz"
)

// protocolName is the attacker that answers nothing.
const protocolName = "protocol"

// sources ask all kinds of question.
type sources struct {
	maps *mapquiz.Source
}

// Next implements [captcha.Source].
func (s sources) Next(ctx context.Context, w captcha.Want) (captcha.Puzzle, error) {
	if w.Mode == captcha.Sound {
		return audio.Source{}.Next(ctx, w)
	}
	return s.maps.Next(ctx, w)
}

// Media implements [captcha.Source].
func (s sources) Media(ctx context.Context, p *captcha.Puzzle, part captcha.Part) (captcha.Media, error) {
	if p.Kind == captcha.KindWords {
		return audio.Source{}.Media(ctx, p, part)
	}
	return s.maps.Media(ctx, p, part)
}

// attackers are those that answer questions, in the order of the report. The
// seed is of their training.
func attackers(quick bool, seed uint64) []attack.Attacker {
	mixes := 0
	if quick {
		mixes = 150
	}
	all := []attack.Attacker{
		guess.Random{},
		guess.Icons{},
		guess.Shapes{},
		guess.Question{},
		ocr.Whole{},
		ocr.Targeted{},
	}
	if r, err := reader.New(); err == nil { // its model comes with the program; a test reads it
		all = append(all, r)
	}
	return append(all, &ears.Sphinx{}, &ears.Listener{Mixes: mixes, Seed: seed})
}

// closeAll removes what attackers keep on disk.
func closeAll(all []attack.Attacker) {
	for _, a := range all {
		if c, ok := a.(io.Closer); ok {
			_ = c.Close() // a directory of temporary files
		}
	}
}

// named returns the attackers of a name, or all.
func named(all []attack.Attacker, name string) ([]attack.Attacker, error) {
	if name == "all" {
		return all, nil
	}
	var known []string
	for _, a := range all {
		if a.Name() == name {
			return []attack.Attacker{a}, nil
		}
		known = append(known, a.Name())
	}
	return nil, fmt.Errorf("--attacker %q: choose all, %s or %s", name, strings.Join(known, ", "), protocolName)
}

// langs are those that can be asked in here.
func langs(kind captcha.Kind) []string {
	if kind == captcha.KindWords {
		return audio.Langs()
	}
	return mapquiz.Langs()
}

func knownKind(k captcha.Kind) bool { return slices.Contains(attack.Kinds(), k) }
