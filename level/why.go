package level

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Change is a level that became another.
type Change struct {
	At     time.Time `json:"at"`
	From   Level     `json:"from"`
	To     Level     `json:"to"`
	Armed  Level     `json:"armed,omitempty"`
	Pinned bool      `json:"pinned,omitempty"`
	// Why and Korean are one sentence: which signals moved the level.
	Why    string `json:"why"`
	Korean string `json:"why_ko"`
	// Down and DownKorean say what would bring it down; empty at normal.
	Down       string `json:"down,omitempty"`
	DownKorean string `json:"down_ko,omitempty"`
	// Signals are those that asked for the level, by name.
	Signals []string `json:"signals,omitempty"`
}

// cause is a signal that asks for the level shown, or for more.
type cause struct {
	s     *signal
	level Level // that it asks for
	near  bool  // it is not there yet, but near enough while armed
}

// change describes a change from one level to another.
func (l *Ladder) change(now time.Time, from, to Level) Change {
	c := Change{At: now, From: from, To: to, Armed: l.armed, Pinned: !l.pin.Until.IsZero()}
	l.current = l.current[:0]
	for i := range l.signals {
		if k, ok := l.cause(now, &l.signals[i], to); ok {
			l.current = append(l.current, k)
			c.Signals = append(c.Signals, k.s.Name)
		}
	}
	c.Why, c.Korean = l.why(now, from, to)
	c.Down, c.DownKorean = l.down(to)
	return c
}

// cause tells whether a signal asks for a level. Serious is asked for by two,
// of which one need only stand at caution.
func (l *Ladder) cause(now time.Time, s *signal, to Level) (k cause, ok bool) {
	if s.Arms > Normal {
		_, warns := s.warns(now)
		return cause{s: s, level: s.Arms}, warns && s.Arms >= to
	}
	if !s.fresh || to == Normal {
		return k, false
	}
	if s.asks >= to || to == Serious && s.asks >= Caution {
		return cause{s: s, level: s.asks}, true
	}
	return cause{s: s, level: to, near: true}, l.armed > Normal && to < Serious && s.height >= float64(to)-early
}

func (l *Ladder) why(now time.Time, from, to Level) (en, ko string) {
	if p := l.pin; !p.Until.IsZero() {
		until := clock(p.Until)
		return fmt.Sprintf("pinned to %s until %s by %s: %s", to, until, p.By, p.Reason),
			pinnedKorean(to, until, p.By, p.Reason)
	}
	var e, k []string
	for _, x := range l.current {
		a, b := x.words()
		e, k = append(e, a), append(k, b)
	}
	en, ko = strings.Join(e, "; "), strings.Join(k, "; ")
	switch {
	case l.because.Pinned && to == Normal:
		en, ko = "the pin ended, and nothing asks for more", "고정이 끝났고 더 높은 단계의 조건이 없음"
	case l.because.Pinned && en == "":
		en, ko = "the pin ended, and "+to.String()+" still holds", "고정이 끝났고 "+to.Korean()+" 단계가 유지됨"
	case l.because.Pinned:
		en, ko = "the pin ended; "+en, "고정이 끝남; "+ko
	case to < from && l.because.Armed >= from:
		en, ko = "the warning is over, and nothing else asks for "+from.String(), "예고가 끝났고 "+from.Korean()+" 조건도 없음"
	case to < from:
		en, ko = "nothing asks for "+from.String()+" any more", from.Korean()+" 조건이 모두 풀림"
	}
	if names := strings.Join(l.unheard(now), ", "); names != "" {
		en, ko = en+" (nothing heard of "+names+")", ko+" ("+names+" 신호 없음)"
	}
	return en, ko
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }

// words says what one signal says, in English and in Korean.
func (k cause) words() (en, ko string) {
	s := k.s
	if s.Arms > Normal {
		until, note := clock(s.last.Until), s.last.Note
		if note == "" {
			return fmt.Sprintf("%s warns until %s", s.Name, until), fmt.Sprintf("%s 예고, %s까지", s.Name, until)
		}
		return fmt.Sprintf("%s warns: %s (until %s)", s.Name, note, until),
			fmt.Sprintf("%s 예고: %s (%s까지)", s.Name, note, until)
	}
	v, at := s.last.Value, s.At[k.level-1]
	if k.near {
		return fmt.Sprintf("%s %s near %s (%s)", s.Name, s.Show(v), s.Show(at), k.level),
			fmt.Sprintf("%s %s, %s 기준 %s에 근접", s.Name, s.showKorean(v), k.level.Korean(), s.showKorean(at))
	}
	return fmt.Sprintf("%s %s ≥ %s (%s)", s.Name, s.Show(v), s.Show(at), k.level),
		fmt.Sprintf("%s %s, %s 기준 %s 이상", s.Name, s.showKorean(v), k.level.Korean(), s.showKorean(at))
}

// down says what brings the level down.
func (l *Ladder) down(to Level) (en, ko string) {
	switch {
	case to == Normal:
		return "", ""
	case !l.pin.Until.IsZero():
		return "the end of the pin at " + clock(l.pin.Until), clock(l.pin.Until) + "에 고정이 끝나면"
	case to > l.measured:
		return "the end of the warning at " + clock(l.armedUntil), clock(l.armedUntil) + "에 예고가 끝나면"
	}
	var e, k []string
	for i := range l.signals {
		s := &l.signals[i]
		if s.Arms == Normal && s.most() >= to {
			v := s.value(float64(to) - 1 + l.below())
			e, k = append(e, s.Name+" < "+s.Show(v)), append(k, s.Name+" "+s.showKorean(v)+" 미만")
		}
	}
	d := l.dwell(to)
	if len(e) == 0 { // a reload left no signal that could hold it
		return shortDuration(d) + ": no signal is left that asks for it", "조건이 되는 신호가 없으므로 " + durationKorean(d) + " 뒤"
	}
	return fmt.Sprintf("%s for %s", and(e), shortDuration(d)),
		fmt.Sprintf("%s인 상태가 %s 이어지면", strings.Join(k, ", "), durationKorean(d))
}

// and joins a list as one says it.
func and(list []string) string {
	if n := len(list); n > 1 {
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
	return strings.Join(list, "")
}

// unheard names the signals that nothing is heard of.
func (l *Ladder) unheard(now time.Time) (names []string) {
	for i := range l.signals {
		s := &l.signals[i]
		if s.Arms == Normal && !s.fresh && !s.gone.IsZero() && now.Sub(s.gone) >= time.Second {
			names = append(names, s.Name)
		}
	}
	return names
}

// koreanTowards are the levels with the particle of where something goes.
var koreanTowards = [Count]string{"정상으로", "관심으로", "주의로", "경계로", "심각으로"}

// particle is the form of a Korean particle after a word: the first after a
// syllable that ends in a consonant, the second after one that does not, both
// where the word is not in Hangul, whose sound cannot be told.
func particle(word, consonant, vowel string) string {
	r, _ := utf8.DecodeLastRuneInString(word)
	if r < '가' || r > '힣' {
		return consonant + "(" + vowel + ")"
	}
	if (r-'가')%28 != 0 {
		return consonant
	}
	return vowel
}
