// Package reason makes what a stranger says fit to be shown and kept.
package reason

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Max is how many bytes of what a target says are kept.
const Max = 4 << 10

// Clean returns text as one line of valid UTF-8, at most [Max] bytes, with
// nothing in it that a terminal or a header acts on.
func Clean[S ~string | ~[]byte](text S) string {
	var b strings.Builder
	gap := false
	for s := string(text[:min(len(text), 2*Max)]); len(s) > 0; {
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		if r == utf8.RuneError && n == 1 || unicode.IsSpace(r) || !unicode.IsPrint(r) {
			gap = b.Len() > 0
			continue
		}
		if b.Len()+n+1 > Max {
			break
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
