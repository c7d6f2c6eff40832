package reason_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/daero/daero/relay/reason"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"no such customer":        "no such customer",
		" \t a\r\n\r\nb \x00":     "a b",
		"\x1b[31mred\x1b[0m":      "[31mred [0m",
		"대로\u202eevil\xff\xfeend": "대로 evil end",
	} {
		if got := reason.Clean(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := reason.Clean(strings.Repeat("길 ", 1<<20)); len(got) > reason.Max || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
}

func FuzzClean(f *testing.F) {
	f.Add([]byte("a\x1b\nb\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		got := reason.Clean(in)
		if !utf8.ValidString(got) || len(got) > reason.Max || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%q: %q", in, got)
		}
		if again := reason.Clean(got); again != got {
			t.Errorf("%q, cleaned again %q", got, again)
		}
	})
}
