package level

import (
	"fmt"
	"strings"
	"time"
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
	s *signal
}

// change describes a change from one level to another.
func (l *Ladder) change(now time.Time, from, to Level) Change {
	c := Change{At: now, From: from, To: to, Armed: l.armed, Pinned: !l.pin.Until.IsZero()}
	l.current = l.current[:0]
	for i := range l.signals {
		s := &l.signals[i]
		switch {
		case s.Arms > Normal:
			if s.fresh && now.Before(s.last.Until) && s.Arms >= to {
				l.current = append(l.current, cause{s})
			}
		case s.fresh && (s.asks >= to || s.asks > Normal && to == Serious || l.armed > Normal && s.height >= float64(to)-early) && to > Normal:
			l.current = append(l.current, cause{s})
		}
	}
	for _, k := range l.current {
		c.Signals = append(c.Signals, k.s.Name)
	}
	c.Why, c.Korean = l.why(now, from, to)
	c.Down, c.DownKorean = l.down(to)
	return c
}

func (l *Ladder) why(now time.Time, from, to Level) (en, ko string) {
	switch {
	case !l.pin.Until.IsZero():
		until := l.pin.Until.UTC().Format("15:04:05 UTC")
		return fmt.Sprintf("pinned to %s until %s by %s: %s", to, until, l.pin.By, l.pin.Reason),
			fmt.Sprintf("%s까지 %s(으)로 고정함 (%s): %s", until, to.Korean(), l.pin.By, l.pin.Reason)
	case to < from:
		return "nothing asks for " + from.String() + " any more" + l.unheardEn(now), from.Korean() + " 조건이 모두 풀림" + l.unheardKo(now)
	case len(l.current) == 0:
		return "a pin ended: this is what is measured", "고정이 끝나 측정한 단계로 돌아감"
	}
	var e, k []string
	for _, x := range l.current {
		a, b := x.words()
		e, k = append(e, a), append(k, b)
	}
	return strings.Join(e, "; ") + l.unheardEn(now), strings.Join(k, "; ") + l.unheardKo(now)
}

// words says what one signal says, in English and in Korean.
func (k cause) words() (en, ko string) {
	s := k.s
	if s.Arms > Normal {
		until := s.last.Until.UTC().Format("15:04:05 UTC")
		return fmt.Sprintf("%s warns: %s (until %s)", s.Name, s.last.Note, until),
			fmt.Sprintf("%s 예고: %s (%s까지)", s.Name, s.last.Note, until)
	}
	asks := max(s.asks, Attention)
	at := s.At[asks-1]
	sign, than := "≥", "이상"
	if s.last.Value < at {
		sign, than = "near", "근접"
	}
	return fmt.Sprintf("%s %s %s %s (%s)", s.Name, s.Show(s.last.Value), sign, s.Show(at), asks),
		fmt.Sprintf("%s %s, 기준 %s %s (%s)", s.Name, s.Show(s.last.Value), s.Show(at), than, asks.Korean())
}

// down says what brings the level down.
func (l *Ladder) down(to Level) (en, ko string) {
	if to == Normal {
		return "", ""
	}
	if !l.pin.Until.IsZero() {
		return "the end of the pin", "고정이 끝나면"
	}
	if to > l.measured {
		until := l.armedUntil.UTC().Format("15:04:05 UTC")
		return "the end of the warning at " + until, "예고가 끝나는 " + until
	}
	var e []string
	for i := range l.signals {
		s := &l.signals[i]
		if s.Arms == Normal && s.most() >= to {
			e = append(e, s.Name+" < "+s.Show(s.value(float64(to)-1+l.cfg.Below)))
		}
	}
	list, d := strings.Join(e, ", "), l.dwell(to)
	return fmt.Sprintf("%s for %s", list, d), fmt.Sprintf("%s 상태로 %s", list, d)
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

func (l *Ladder) unheardEn(now time.Time) string {
	if names := l.unheard(now); len(names) > 0 {
		return " (nothing heard of " + strings.Join(names, ", ") + ")"
	}
	return ""
}

func (l *Ladder) unheardKo(now time.Time) string {
	if names := l.unheard(now); len(names) > 0 {
		return " (" + strings.Join(names, ", ") + " 신호 없음)"
	}
	return ""
}
