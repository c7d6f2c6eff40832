package ocr

import (
	"image"
	"math"
	"strings"
	"unicode"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/attack/sight"
)

// choose takes, of what was read, the name that fits the question: that ends as
// it must, and begins as it must where a piece is missing. Of several the one
// that was read most often, of those the longest.
func choose(p *captcha.Puzzle, pages []string) string {
	before, _, _ := sight.Shown(p.Text)
	count := map[string]int{}
	var order []string
	for _, page := range pages {
		for _, c := range candidates(page, suffixes(p), p.Lang) {
			if !strings.HasPrefix(c, before) {
				continue
			}
			if count[c] == 0 {
				order = append(order, c)
			}
			count[c]++
		}
	}
	best := ""
	for _, c := range order {
		if count[c] > count[best] || count[c] == count[best] && len(c) > len(best) {
			best = c
		}
	}
	return best
}

// candidates are the names in a page of text that have an ending.
func candidates(page string, ends []string, lang string) (all []string) {
	var lines []string
	for _, l := range strings.Split(page, "\n") {
		if l = bare(l, lang); l != "" {
			lines = append(lines, l)
		}
	}
	for i, l := range lines {
		for _, end := range ends {
			if end == "" {
				continue
			}
			at := strings.Index(l, end)
			switch {
			case at > 0:
				all = append(all, l[:at+len(end)])
			case at == 0 && lang != "ko" && i > 0: // the ending stands below
				all = append(all, lines[i-1]+" "+end)
			}
		}
	}
	return all
}

// bare leaves what a name is made of: Hangul without spaces, or letters.
func bare(line, lang string) string {
	if lang == "ko" {
		return strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Hangul, r) {
				return r
			}
			return -1
		}, line)
	}
	line = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || r == ' ' {
			return r
		}
		return ' '
	}, line)
	return strings.Join(strings.Fields(line), " ")
}

// without takes thin dark lines away: what is narrower than 2r+1 pixels becomes
// as light as what is beside it, and what is wider stays.
func without(g *image.Gray, r int) *image.Gray {
	return spread(spread(g, r, true), r, false)
}

// spread sets every pixel to the lightest, or the darkest, within r.
func spread(g *image.Gray, r int, light bool) *image.Gray {
	better := func(a, b uint8) bool { return a < b }
	if light {
		better = func(a, b uint8) bool { return a > b }
	}
	w, h := g.Rect.Dx(), g.Rect.Dy()
	pass := func(from []uint8, dx, dy int) []uint8 {
		to := make([]uint8, len(from))
		for y := range h {
			for x := range w {
				v := from[y*w+x]
				for k := -r; k <= r; k++ {
					px, py := min(max(x+k*dx, 0), w-1), min(max(y+k*dy, 0), h-1)
					if q := from[py*w+px]; better(q, v) {
						v = q
					}
				}
				to[y*w+x] = v
			}
		}
		return to
	}
	return &image.Gray{Pix: pass(pass(g.Pix, 1, 0), 0, 1), Stride: w, Rect: g.Rect}
}

func dist(a, b [2]float64) float64 { return math.Hypot(a[0]-b[0], a[1]-b[1]) }
