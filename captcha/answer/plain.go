package answer

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// plain takes a text apart into what people mean by it: lower-case letters,
// digits and jamo, without spaces, marks, width, and whatever cannot be seen.
// Hangul comes as first, middle and last sounds, so that one that is off counts
// as one. Text that is too long or not UTF-8 is nothing.
//
// The length is looked at first: one character may be taken apart into eighteen,
// so that MaxText bytes become a few thousand at most.
func plain(s string) []rune {
	if len(s) > MaxText || !utf8.ValidString(s) {
		return nil
	}
	var all []rune
	for _, r := range norm.NFKD.String(s) {
		// A letter or a digit stays. Marks, spaces, punctuation, controls of
		// direction and joiners go; so do the two fillers, which Unicode has as
		// letters.
		if r == 0x115F || r == 0x1160 || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		all = append(all, unicode.ToLower(r))
	}
	return all
}

// alike puts vowels that sound alike under one: ㅔ under ㅐ, ㅖ under ㅒ, ㅙ and
// ㅞ under ㅚ.
func alike(all []rune) []rune {
	out := make([]rune, len(all))
	for i, r := range all {
		switch r {
		case 0x1166:
			r = 0x1162
		case 0x1168:
			r = 0x1164
		case 0x116B, 0x1170:
			r = 0x116C
		}
		out[i] = r
	}
	return out
}

// syllables counts the syllables of Hangul, by their vowels, and the letters of
// everything else by three.
func syllables(all []rune) int {
	vowels, others := 0, 0
	for _, r := range all {
		switch {
		case r >= 0x1161 && r <= 0x1175:
			vowels++
		case r < 0x1100 || r > 0x11FF:
			others++
		}
	}
	return vowels + others/3
}

// near reports whether a and b are the same but for one slip: one more, one
// less, one other, or two neighbours swapped.
func near(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	from := 0
	for from < len(a) && a[from] == b[from] {
		from++
	}
	until := 0 // from the end
	for until < len(a)-from && a[len(a)-1-until] == b[len(b)-1-until] {
		until++
	}
	a, b = a[from:len(a)-until], b[from:len(b)-until]
	switch {
	case len(a) <= 1 && len(b) <= 1:
		return true
	case len(a) == 2 && len(b) == 2:
		return a[0] == b[1] && a[1] == b[0]
	}
	return false
}
