package answer

import (
	"slices"
	"strings"
	"unicode"
)

// particles may follow a name that somebody types as part of a sentence.
var particles = func() [][]rune {
	var all [][]rune
	for _, p := range strings.Fields(`
		은 는 이 가 을 를 에 에서 의 로 으로 도 요 이요 예요 에요 이에요 이예요
		이다 임 입니다 이야 야 인데요`) {
		all = append(all, plain(p))
	}
	return all
}()

// spelt are words that people write in several ways, each with the one that they
// are compared as.
var spelt = func() *strings.Replacer {
	var all []string
	for _, w := range [...][2]string{
		{"슈퍼", "수퍼"},
		{"까페", "카페"},
		{"센타", "센터"},
		{"베이커리", "빵집"},
		{"제과점", "빵집"},
		{"apartments", "apts"},
		{"apartment", "apts"},
		{"supermarket", "market"},
	} {
		all = append(all, string(plain(w[0])), string(plain(w[1])))
	}
	return strings.NewReplacer(all...)
}()

// respell writes the words that have several spellings in one.
func respell(all []rune) []rune { return []rune(spelt.Replace(string(all))) }

// spoken returns what somebody may have meant who typed so: all of it, and what
// is left without a particle behind it or an article before it.
func spoken(typed []rune) [][]rune {
	all := [][]rune{typed}
	for _, p := range particles {
		if len(typed) > len(p) && slices.Equal(typed[len(typed)-len(p):], p) {
			all = append(all, typed[:len(typed)-len(p)])
		}
	}
	if the := []rune("the"); len(typed) > 3 && slices.Equal(typed[:3], the) {
		all = append(all, typed[3:])
	}
	return all
}

// isName reports whether typed is one of the names, with or without its suffix,
// give or take one slip. Without it, two syllables have to be left.
func isName(names []string, suffix string, typed []rune) bool {
	var wanted [][]rune
	var latin []string
	for _, n := range names {
		if len(plain(n)) == 0 {
			continue
		}
		latin = append(latin, n)
		wanted = append(wanted, alike(respell(plain(n))))
		if stem, cut := strings.CutSuffix(n, suffix); cut && suffix != "" {
			if bare := plain(stem); syllables(bare) >= 2 {
				wanted = append(wanted, alike(bare))
				latin = append(latin, stem)
			}
		}
	}
	right := isOnKeys(latin, typed)
	for _, said := range spoken(typed) {
		said = alike(respell(said))
		for _, w := range wanted {
			if slip(w, said) {
				right = true
			}
		}
	}
	return right
}

// slip reports whether said is what was wanted, give or take one slip where that
// leaves enough: a word of one syllable, or a digit, would become another one.
func slip(wanted, said []rune) bool {
	if len(wanted) < 4 {
		return slices.Equal(wanted, said)
	}
	return near(wanted, said)
}

// isExactly reports whether typed is one of the texts.
func isExactly(texts []string, typed []rune) bool {
	right := isOnKeys(texts, typed)
	for _, t := range texts {
		if slices.Equal(plain(t), typed) { // typed is not empty
			right = true
		}
	}
	return right
}

// isOnKeys reports whether typed is one of the texts, on a keyboard that is set
// to Latin letters.
func isOnKeys(texts []string, typed []rune) bool {
	right := false
	for _, t := range texts {
		if slices.Equal(onKeys(plain(t)), typed) {
			right = true
		}
	}
	return right
}

// areWords reports whether text is all the words in their order, give or take
// one slip in each. Where it stands in as many pieces as there are words, each
// is one. Where not, where a word ends is found: people leave spaces away, and
// dictation puts some in.
func areWords(words []string, text string) bool {
	var pieces [][]rune
	for piece := range strings.FieldsFuncSeq(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) }) {
		if p := plain(piece); len(p) > 0 {
			pieces = append(pieces, p)
		}
	}
	if len(words) == 0 || len(pieces) == 0 {
		return false
	}
	if len(pieces) != len(words) {
		return areJoined(words, slices.Concat(pieces...))
	}
	right := true
	for i, w := range words {
		said := [][]rune{pieces[i]}
		if i == len(words)-1 {
			said = spoken(pieces[i])
		}
		if !isWord(w, said) {
			right = false
		}
	}
	return right
}

// isWord reports whether one of what may have been said is one of a word's
// alternatives.
func isWord(word string, said [][]rune) bool {
	right := false
	for alternative := range strings.SplitSeq(word, "|") {
		w := alike(plain(alternative))
		for _, s := range said {
			if len(w) > 0 && slip(w, alike(s)) {
				right = true
			}
		}
	}
	return right
}

// areJoined reports whether typed is the words one after another.
func areJoined(words []string, typed []rune) bool {
	right := false
	for _, said := range spoken(typed) {
		said = alike(said)
		// ends[i]: the words so far may end before the i-th sound.
		ends := make([]bool, len(said)+1)
		ends[0] = true
		for _, w := range words {
			ends = after(w, said, ends)
		}
		if ends[len(said)] {
			right = true
		}
	}
	return right
}

// after returns where a word may end that begins at one of the given places.
func after(word string, said []rune, begins []bool) []bool {
	ends := make([]bool, len(said)+1)
	for alternative := range strings.SplitSeq(word, "|") {
		w := alike(plain(alternative))
		if len(w) == 0 {
			continue
		}
		for from, begin := range begins {
			if !begin {
				continue
			}
			for until := from + len(w) - 1; until <= min(from+len(w)+1, len(said)); until++ {
				if slip(w, said[from:until]) {
					ends[until] = true
				}
			}
		}
	}
	return ends
}
