package sight

import (
	"sort"
	"strings"

	"github.com/daero/daero/captcha/mapquiz/names"
)

// Mentioned are the categories that a text names, in their order.
func Mentioned(text, lang string) []names.Category {
	type at struct {
		pos, end int
		c        names.Category
	}
	var found []at
	lower := strings.ToLower(text)
	for _, c := range names.Categories() {
		w := strings.ToLower(names.Word(c, lang))
		for from := 0; w != ""; {
			i := strings.Index(lower[from:], w)
			if i < 0 {
				break
			}
			found = append(found, at{from + i, from + i + len(w), c})
			from += i + len(w)
		}
	}
	// "빵집" is no "집": where two overlap, the longer is meant.
	sort.Slice(found, func(i, j int) bool {
		if found[i].pos != found[j].pos {
			return found[i].pos < found[j].pos
		}
		return found[i].end > found[j].end
	})
	var all []names.Category
	end := 0
	for _, f := range found {
		if f.pos >= end {
			all = append(all, f.c)
			end = f.end
		}
	}
	return all
}

// Shown takes apart what a question about a missing piece shows: what stands
// before it and after it. ok is false where nothing is missing.
func Shown(text string) (before, after string, ok bool) {
	i := strings.LastIndex(text, ": ")
	if i < 0 {
		return "", "", false
	}
	s := strings.TrimSpace(text[i+2:])
	for _, hole := range []string{"□", "…"} {
		if first, rest, found := strings.Cut(s, hole); found {
			return first, rest[strings.LastIndex(hole+rest, hole):], true
		}
	}
	return "", "", false
}

// Asked is the category whose name is to be typed, as far as the text says.
func Asked(text, lang string) (names.Category, bool) {
	if _, after, ok := Shown(text); ok {
		for _, c := range names.Categories() {
			for _, s := range names.Suffixes(c, lang) {
				if s != "" && strings.HasSuffix(after, s) {
					return c, true
				}
			}
		}
		return "", false
	}
	all := Mentioned(text, lang)
	if len(all) == 0 {
		return "", false
	}
	// "역에서 가장 가까운 약국": what is asked comes last in Korean, first in English.
	if lang == "ko" {
		return all[len(all)-1], true
	}
	return all[0], true
}

// Parts takes apart a question about places to be clicked one after another.
func Parts(text string) []string {
	text = strings.TrimPrefix(text, "Click in this order: ")
	text = strings.TrimSuffix(strings.TrimSuffix(text, " 순서로 누르세요."), ".")
	return strings.Split(text, " → ")
}
