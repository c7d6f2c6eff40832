package speak_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/daero/daero/internal/speak"
)

func TestKorean(t *testing.T) {
	for header, want := range map[string]bool{
		"":                                 false,
		"ko":                               true,
		"ko-KR,ko;q=0.9,en-US;q=0.8":       true,
		"en-US,en;q=0.9,ko;q=0.8":          false,
		"ja,ko;q=0.3":                      true,
		"ko;q=0, en;q=0":                   false,
		"ko;q=nonsense,en":                 false,
		"*":                                false,
		"KO":                               true,
		strings.Repeat("de,", 5000) + "ko": true,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", header)
		if got := speak.Korean(r); got != want {
			t.Errorf("%.40q: %v", header, got)
		}
	}
}

func TestToPerson(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "*/*": false, "application/json": false, "text/html": true, "text/html,application/xhtml+xml,*/*;q=0.8": true,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept", header)
		if got := speak.ToPerson(r); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

// FuzzKorean: whatever a client sends, choosing a language does not panic.
func FuzzKorean(f *testing.F) {
	f.Add("ko-KR,ko;q=0.9")
	f.Add(";;q=,,")
	f.Fuzz(func(_ *testing.T, language string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Accept-Language"] = []string{language}
		speak.Korean(r)
	})
}
