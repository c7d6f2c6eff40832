// Package speak tells how to speak to whoever asks: in Korean or in English,
// and in what looks to a person. It knows request headers and nothing of what
// is said.
package speak

import (
	"net/http"
	"strconv"
	"strings"
)

// ToPerson reports whether a person with a browser reads the answer.
func ToPerson(r *http.Request) bool {
	for _, a := range r.Header["Accept"] {
		if strings.Contains(a, "text/html") {
			return true
		}
	}
	return false
}

// Korean compares the weights of Korean and English in Accept-Language.
func Korean(r *http.Request) bool {
	ko, en := -1.0, -1.0
	for _, line := range r.Header["Accept-Language"] {
		for line != "" {
			var part string
			part, line, _ = strings.Cut(line, ",")
			tag, q := weight(part)
			switch tag, _, _ = strings.Cut(tag, "-"); {
			case strings.EqualFold(tag, "ko"):
				ko = max(ko, q)
			case strings.EqualFold(tag, "en"):
				en = max(en, q)
			}
		}
	}
	return ko > 0 && ko >= en
}

// weight takes "ko-KR;q=0.8" apart. A weight that is no number counts as 0.
func weight(part string) (tag string, q float64) {
	tag, params, _ := strings.Cut(part, ";")
	tag = strings.TrimSpace(tag)
	value, ok := strings.CutPrefix(strings.TrimSpace(params), "q=")
	if !ok {
		return tag, 1
	}
	q, err := strconv.ParseFloat(value, 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return tag, 0
	}
	return tag, q
}

// PageStyle is what all pages for people look like, in light and in dark.
const PageStyle = `:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b1f24;--soft:#4a5460;--mark:#b25c00}
@media(prefers-color-scheme:dark){:root{--bg:#14171b;--card:#1e2329;--ink:#eceff3;--soft:#b3bdc9;--mark:#ffb454}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--bg);color:var(--ink);font:1.125rem/1.7 system-ui,"Apple SD Gothic Neo","Malgun Gothic","Noto Sans KR",sans-serif}
main{max-width:32rem;margin:1rem;padding:2rem;background:var(--card);border-radius:1rem;border-left:.5rem solid var(--mark);word-break:keep-all}
h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.3}p{margin:0 0 .75rem}.soft{color:var(--soft);font-size:1rem;margin:0}strong{font-variant-numeric:tabular-nums}`

// PagePolicy is the Content-Security-Policy of such pages: nothing but that
// style.
const PagePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
