package reader

import (
	"math"
	"slices"
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/attack/sight"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// typed answers what is to be typed: it finds the icon, looks for the name
// around it, and reads it.
func (a *Attacker) typed(p *captcha.Puzzle, m map[captcha.Part]captcha.Media, pic *sight.Picture, found []Icon) (answer.Given, error) {
	c, ok := sight.Asked(p.Text, p.Lang)
	if icon, is := m[captcha.PartIcon]; is {
		c, ok = a.m.shown(icon)
	}
	if !ok {
		return answer.Given{}, attack.ErrNoAnswer
	}
	before, after, missing := sight.Shown(p.Text)
	best, most := "", math.Inf(-1)
	for _, i := range candidates(found, c, p.Text, missing) {
		name, sure := a.m.nameOf(pic, found[i], names.Suffixes(c, "ko"), before, after)
		if sure > most {
			best, most = name, sure
		}
	}
	if best == "" {
		return answer.Given{}, attack.ErrNoAnswer
	}
	return answer.Given{Text: best}, nil
}

// candidates are the icons that a question may mean: the nearest to the station
// where it says so, all of the category where the name tells, or the one.
func candidates(found []Icon, c names.Category, text string, missing bool) (all []int) {
	if strings.Contains(text, "가까운") {
		if s, ok := one(found, names.Station); ok {
			if i, ok := closest(found, s, func(i Icon) bool { return i.Category == c }); ok {
				return []int{i}
			}
		}
	}
	if !missing {
		if i, ok := one(found, c); ok {
			all = append(all, i)
		}
		return all
	}
	for i, f := range found {
		if f.Category == c {
			all = append(all, i)
		}
	}
	return all
}

// shown says what the icon of a question is: it lies in the middle of 64 CSS
// pixels, about twice as large as on a map.
func (m *Model) shown(icon captcha.Media) (names.Category, bool) {
	pic, err := sight.Open(nil, icon)
	if err != nil {
		return "", false
	}
	pic.Scale = float64(pic.W) / 33 // 64 pixels at the scale at which an icon is as on a map
	best := Icon{}
	for _, x := range []float64{15.5, 16.5, 17.5} {
		for _, y := range []float64{15.5, 16.5, 17.5} {
			for _, i := range m.name(pic, []Icon{{X: x, Y: y}}) {
				if i.Sure > best.Sure {
					best = i
				}
			}
		}
	}
	return best.Category, best.Category != ""
}

// capOf is the cap height that is looked for; they differ by a twentieth.
const capOf = city.MinCap + 0.7

// advance is how wide a syllable is, in cap heights.
const advance = 1.21

// nameOf looks for the name of an icon on its four sides, at all angles and
// lengths, and returns what it is surest to have read: a name that ends as its
// category does and begins and ends as the question shows.
func (m *Model) nameOf(pic *sight.Picture, at Icon, ends []string, before, after string) (string, float64) {
	best, most := "", math.Inf(-1)
	for _, end := range ends {
		if after != "" && !strings.HasSuffix(after, end) {
			continue
		}
		tail := []rune(end)
		n := 4 + len(tail) // a stem has four syllables
		wide := advance * capOf * float64(n)
		for k := -8; k <= 8; k++ {
			angle := float64(k) / 8 * city.MaxTurn
			for side := range 4 {
				x, y := middle(at, side, wide, angle)
				for _, d := range [...]float64{-3.5, 0, 3.5} {
					dx, dy := d*math.Cos(angle), d*math.Sin(angle)
					if side > 1 && d != 0 { // beside an icon it is the shear that moves a name
						dx, dy = dx/2, dy/2
					}
					name, sure := m.line(pic, x+dx, y+dy, angle, n, tail, most)
					if sure > most && strings.HasPrefix(name, before) && (after == "" || strings.HasSuffix(name, after)) {
						best, most = name, sure
					}
				}
			}
		}
	}
	return best, most
}

// middle is where the middle of a name lies that stands at a side of an icon: 0
// below, 1 above, 2 right, 3 left.
func middle(at Icon, side int, wide, angle float64) (x, y float64) {
	const gap = city.IconRadius + 2.5
	high := capOf * 0.69 // half of a name's height
	switch side {
	case 0:
		return at.X, at.Y + (gap+high+0.7)/math.Cos(angle)
	case 1:
		return at.X, at.Y - (gap+high+0.7)/math.Cos(angle)
	}
	d := gap + wide/2 + 1.5
	if side == 3 {
		d = -d
	}
	return at.X + d*math.Cos(angle), at.Y + d*math.Sin(angle)
}

// line reads n syllables in a row whose middle is given. Its last ones are known:
// they are looked at first, and where they are not there the rest is not read.
// How sure it is is the mean logarithm of the chances.
func (m *Model) line(pic *sight.Picture, x, y, angle float64, n int, tail []rune, most float64) (string, float64) {
	const least = 1e-4
	name := make([]rune, n)
	sum := 0.0
	for i := n - 1; i >= 0; i-- {
		d := (float64(i) - float64(n-1)/2) * advance * capOf
		p := m.read(pic, x+d*math.Cos(angle), y+d*math.Sin(angle), angle, capOf, true)
		if k := i - (n - len(tail)); k >= 0 {
			name[i] = tail[k]
			j, _ := slices.BinarySearch(alphabet[hangul:], tail[k])
			sum += math.Log(math.Max(float64(p[j]), least))
		} else {
			r, sure := likeliest(p, true)
			name[i] = r
			sum += math.Log(math.Max(float64(sure), least))
		}
		// What is still to be read cannot make it surer.
		if sum/float64(n) < most || i == n-len(tail) && sum/float64(len(tail)) < -3.5 {
			return "", math.Inf(-1)
		}
	}
	return string(name), sum / float64(n)
}
