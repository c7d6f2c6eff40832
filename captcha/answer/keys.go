package answer

// Who types Hangul with a keyboard that is still set to Latin letters gets the
// letters that stand on the same keys: eksql for 단비. Every second visitor of a
// Korean page has done it; nobody guesses so. These are the keys of the two-set
// layout, in the order of Unicode's sounds.
var (
	firstKeys  = [...]string{"r", "r", "s", "e", "e", "f", "a", "q", "q", "t", "t", "d", "w", "w", "c", "z", "x", "v", "g"}
	middleKeys = [...]string{"k", "o", "i", "o", "j", "p", "u", "p", "h", "hk", "ho", "hl", "y", "n", "nj", "np", "nl", "b", "m", "ml", "l"}
	lastKeys   = [...]string{
		"r", "r", "rt", "s", "sw", "sg", "e", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "qt", "t", "t",
		"d", "w", "c", "z", "x", "v", "g",
	}
)

// onKeys returns the letters on the keys that make a text, as plain has it, nil
// if not all of it is Hangul. Shift is left out, as case is everywhere.
func onKeys(all []rune) []rune {
	var keys []rune
	for _, r := range all {
		switch {
		case r >= 0x1100 && int(r-0x1100) < len(firstKeys):
			keys = append(keys, []rune(firstKeys[r-0x1100])...)
		case r >= 0x1161 && int(r-0x1161) < len(middleKeys):
			keys = append(keys, []rune(middleKeys[r-0x1161])...)
		case r >= 0x11A8 && int(r-0x11A8) < len(lastKeys):
			keys = append(keys, []rune(lastKeys[r-0x11A8])...)
		default:
			return nil
		}
	}
	return keys
}
