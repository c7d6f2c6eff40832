package city

import "math"

// Letter is where one letter of a name is drawn, for those who measure how well
// names can be read.
type Letter struct {
	Rune rune
	X, Y float64 // its middle, in CSS pixels
	Wide float64 // its advance
}

// Letters says where the letters of place i are drawn with the fonts of this
// machine, without spaces.
func (p *Plan) Letters(i int) (all []Letter) {
	t := &p.texts[i]
	f := p.face(t)
	c, s := math.Cos(t.angle), math.Sin(t.angle)
	nth := 0
	for k, line := range t.lines {
		l := t.set(f, k)
		for _, r := range line {
			g := f.glyph(r)
			if g == nil {
				continue
			}
			wide := g.advance * l.kx
			if r != ' ' {
				a := t.bend(t.jogged(nth, pt{l.pen + wide/2, l.base - t.cap/2}).to, c, s)
				all = append(all, Letter{r, a.x, a.y, wide})
			}
			l.pen += wide
			nth++
		}
	}
	return all
}
