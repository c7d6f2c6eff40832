package mapquiz

import (
	"fmt"
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// blank stands for one syllable that is missing, gap for letters.
const (
	blank = "□"
	gap   = "…"
)

// target returns the place whose name is asked for, and how a question tells
// it. The variants of a map ask for the places one after another, whatever the
// kind, so that no name is asked for twice.
func (a *asker) target(singlesOnly bool) (told, bool) {
	var all []told
	for _, i := range a.singles {
		w := a.word(i)
		all = append(all, told{i, i, a.say("지도에 있는 "+w, "the "+w+" on the map")})
	}
	all = append(all, a.nearestOf()...)
	a.rand(streamTyped).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if a.variant >= len(all) {
		return told{}, false
	}
	t := all[a.variant]
	return t, !singlesOnly || a.count[a.Places[t.place].Category] == 1
}

func named(z *captcha.Puzzle, n names.Name) {
	z.Answer = answer.Answer{Rule: answer.Name, Texts: []string{n.Full}, Suffix: n.Suffix}
}

// askName asks for the full name of a place that is told by its category.
func (a *asker) askName(z *captcha.Puzzle) bool {
	t, ok := a.target(false)
	if !ok {
		return false
	}
	z.Text = a.say(t.text+"의 전체 이름을 쓰세요.", "Type the full name of "+t.text+".")
	named(z, a.Places[t.place].Name)
	return true
}

// askIcon asks for the name beside an icon, which is shown as a picture.
func (a *asker) askIcon(z *captcha.Puzzle) bool {
	t, ok := a.target(true)
	if !ok {
		return false
	}
	z.Text = a.say("이 그림이 있는 곳의 전체 이름을 쓰세요.", "Type the full name of the place with this icon.")
	named(z, a.Places[t.place].Name)
	return true
}

// askMissing shows a name with most of its stem missing. In Korean one syllable
// of four is shown, the first or the last: what is missing is one of 80^3 =
// 512,000. In English it is the first letter, and what is missing one of 150,000
// or more. Two missing syllables, or a missing piece of an English name, would
// be one of a few thousand: too few, for they cannot be read with a slip.
func (a *asker) askMissing(z *captcha.Puzzle) bool {
	t, ok := a.target(false)
	if !ok {
		return false
	}
	n := a.Places[t.place].Name
	stem := []rune(n.Stem())
	if len(stem) < 4 {
		return false
	}
	from, until := 1, len(stem)
	if a.ko && a.rand(streamTyped+uint64(a.variant)).IntN(2) == 0 {
		from, until = 0, len(stem)-1
	}
	missing := string(stem[from:until])
	tail := strings.TrimPrefix(n.Full, string(stem))
	hole := strings.Repeat(blank, until-from)
	if !a.ko {
		hole = gap // how many letters would say which endings there can be
	}
	shown := string(stem[:from]) + hole + string(stem[until:]) + tail
	for i, p := range a.Places {
		if i != t.place && fits(p.Name, stem, from, until, n.Suffix) {
			return false
		}
	}
	z.Text = a.say(
		fmt.Sprintf("지도에서 이곳을 찾아 빈칸에 들어갈 %d글자를 쓰세요: %s", until-from, shown),
		"Find this place on the map and type the missing letters: "+shown)
	// Who types the whole name, or its stem, has read what is missing.
	z.Answer = answer.Answer{Rule: answer.Syllables, Texts: []string{missing, string(stem), n.Full}}
	return true
}

// fits reports whether a name could be meant by what is shown of a stem. How
// long the blank is says nothing: people do not count.
func fits(n names.Name, stem []rune, from, until int, suffix string) bool {
	s := n.Stem()
	return n.Suffix == suffix && strings.HasPrefix(s, string(stem[:from])) && strings.HasSuffix(s, string(stem[until:]))
}
