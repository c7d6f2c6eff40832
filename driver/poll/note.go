package poll

import (
	"strings"
	"unicode"
)

// maxNote is the length of a note, in characters.
const maxNote = 120

// Note makes a text from outside fit to be shown: one line of at most 120
// printable characters without the secrets.
func Note(text string, secrets ...string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "[secret]")
		}
	}
	var b strings.Builder
	n, space := 0, false
	for _, r := range text {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			space = b.Len() > 0
			continue
		}
		if space {
			space = false
			b.WriteByte(' ')
			n++
		}
		if n >= maxNote-1 {
			return strings.TrimRight(b.String(), " ") + "…"
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
