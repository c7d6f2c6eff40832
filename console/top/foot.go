package top

import (
	"fmt"
	"strings"

	"github.com/daero/daero/api"
)

// foot has what is in force beside the signals, then what happened, then keys.
func (s Screen) foot(doc *api.NowDoc) []string {
	few := s.Height < 20
	most := 6
	if few {
		most = 3
	}
	left, right := s.inForce(doc, most), s.signals(doc, most)
	half := s.Width / 2
	lines := []string{""}
	for i := range max(len(left), len(right)) {
		a, b := "", ""
		if i < len(left) {
			a = left[i]
		}
		if i < len(right) {
			b = right[i]
		}
		lines = append(lines, cell(a, half-2, false)+"  "+cell(b, s.Width-half, false))
	}
	if !few {
		lines = append(lines, "")
		lines = append(lines, s.feed(doc, min(6, s.Height/6))...)
	}
	keys := wordKeys.in(s.Lang)
	if s.Width >= 110 {
		keys += "    " + wordLegend.in(s.Lang)
	}
	return append(lines, paint(quiet, keys))
}

func (s Screen) inForce(doc *api.NowDoc, most int) []string {
	lines := []string{paint(quiet, wordInForce.in(s.Lang))}
	if len(doc.InForce) == 0 {
		return append(lines, wordNothing.in(s.Lang))
	}
	for _, f := range doc.InForce {
		if len(lines) == most {
			break
		}
		line := fmt.Sprintf("%s %.0f%%", plain(f.ID), f.Strength*100)
		if f.Strength == 0 {
			line = plain(f.ID)
		}
		switch {
		case f.Stopped != nil:
			line += " (" + wordStopped.in(s.Lang) + ")"
		case f.Shadow:
			line += " (" + wordShadow.in(s.Lang) + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

// signals says for each what it reads, and what the next level takes.
func (s Screen) signals(doc *api.NowDoc, most int) []string {
	lines := []string{paint(quiet, wordSignals.in(s.Lang))}
	for _, sig := range doc.Level.Signals {
		if len(lines) == most {
			break
		}
		value, tone := plain(sig.Shown), usual
		switch {
		case !sig.Fresh:
			value, tone = wordMissing.in(s.Lang), bad
		case sig.Asks > 0:
			tone = levelTone(int(sig.Asks))
		}
		line := cell(plain(sig.Name), 14, false) + " " + paint(tone, cell(value, 8, true))
		if asks := int(sig.Asks); asks < len(sig.At) && sig.At[asks] != "" {
			line += fmt.Sprintf("  %s %d ≥ %s", api.Shapes[min(asks+1, len(api.Shapes)-1)], asks+1, plain(sig.At[asks]))
		}
		lines = append(lines, line)
	}
	return lines
}

func (s Screen) feed(doc *api.NowDoc, most int) []string {
	lines := []string{paint(quiet, wordFeed.in(s.Lang))}
	if len(doc.Feed) == 0 {
		return append(lines, wordNothing.in(s.Lang))
	}
	for _, ev := range doc.Feed {
		if len(lines) > most {
			break
		}
		e := ev.Entry
		what := []string{e.What, e.Target}
		if e.Before != "" || e.After != "" {
			what = append(what, strings.TrimSpace(e.Before+" → "+e.After))
		}
		why := e.Why
		if s.Lang == Korean && ev.WhyKorean != "" {
			why = ev.WhyKorean
		}
		if why != "" {
			what = append(what, "· "+why)
		}
		kind := kinds[string(ev.Kind)]
		lines = append(lines, fmt.Sprintf("%s %s %s", clock(ev.At, doc.At, s.Zone), cell(kind.in(s.Lang), 8, false), plain(strings.Join(what, " "))))
	}
	return lines
}
