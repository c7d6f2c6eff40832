package reader

import (
	"context"
	"math/rand/v2"
	"sync"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/attack/sight"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// Course says how a model is trained.
type Course struct {
	Seed uint64
	Maps int // how many maps are looked at; each is drawn once, and its names are read twice
	// From, unless nil, is trained further; it is changed. Fresh nets otherwise.
	From *Model
	// Rate is how fast it learns at the start. Default 0.002.
	Rate float64
	// Tell, unless nil, is told how far it is and how much goes wrong.
	Tell func(maps int, letters, spots, icons float64)
}

// drawn is a map with its picture.
type drawn struct {
	plan *city.Plan
	pic  *sight.Picture
}

// Train trains a model on maps of a seed that no question is about. The same
// course makes the same model, on machines with the same fonts and the same
// arithmetic.
func Train(ctx context.Context, c Course) (*Model, error) {
	ctx, stop := context.WithCancel(ctx)
	maps := make(chan drawn, 4)
	var wg sync.WaitGroup
	wg.Go(func() { draw(ctx, c, maps) })
	defer wg.Wait()
	defer stop()
	m := c.From
	if m == nil {
		m = newModel(c.Seed)
	}
	if c.Rate <= 0 {
		c.Rate = 0.002
	}
	t := &trainer{m: m, r: random(c.Seed ^ 0x747261696e)}
	for i := range c.Maps {
		d, ok := <-maps
		if !ok {
			return nil, ctx.Err()
		}
		// From full speed to a fiftieth, evenly.
		t.rate = c.Rate * (1 - 0.98*float64(i)/float64(c.Maps))
		for range 2 { // never the same: it looks from elsewhere
			t.learnLetters(d.plan, d.pic)
			t.learnIcons(d.plan, d.pic)
		}
		if c.Tell != nil && (i+1)%50 == 0 {
			c.Tell(i+1, t.lettersWrong.rate(), t.spotsWrong.rate(), t.iconsWrong.rate())
		}
	}
	return m, nil
}

// draw draws maps ahead of who learns from them: four of five with Korean names,
// most of the harder levels.
func draw(ctx context.Context, c Course, to chan<- drawn) {
	defer close(to)
	r := random(c.Seed ^ 0x6d617073)
	for range c.Maps {
		lang := "ko"
		if r.IntN(5) == 0 || !city.Hangul() {
			lang = "en"
		}
		level := [...]int{1, 2, 3, 3, 3, 4, 4}[r.IntN(7)]
		plan := city.New(city.Spec{Seed: r.Uint64(), Level: level, Lang: lang})
		pic, err := sight.Open(&captcha.Puzzle{Width: plan.Width}, captcha.Media{Type: "image/jpeg", Bytes: plan.JPEG()})
		if err != nil {
			return // what we drew can be opened
		}
		select {
		case to <- drawn{plan, pic}:
		case <-ctx.Done():
			return
		}
	}
}

type trainer struct {
	m    *Model
	r    *rand.Rand
	rate float64

	lettersN, spotsN, iconsN             int
	lettersT, spotsT, iconsT             int
	lettersWrong, spotsWrong, iconsWrong tally
}

// tally is a share that forgets: what was a thousand samples ago counts little.
type tally struct{ wrong, all float64 }

func (t *tally) add(wrong bool) {
	t.wrong, t.all = t.wrong*0.999, t.all*0.999+1
	if wrong {
		t.wrong++
	}
}

func (t *tally) rate() float64 { return t.wrong / max(t.all, 1) }

// known is the error under which a letter teaches nothing more: going on to the
// next one is a third of the time.
const known = 0.005

// batch is after how many samples the weights move.
const batch = 16

func (t *trainer) near(k float64) float64 { return (2*t.r.Float64() - 1) * k }

func (t *trainer) learnLetters(plan *city.Plan, pic *sight.Picture) {
	m := t.m
	m.patch = grow(m.patch, side*side)
	index := make(map[rune]int, len(alphabet))
	for i, r := range alphabet {
		index[r] = i
	}
	for i, q := range plan.Places {
		for _, l := range plan.Letters(i) {
			want, ok := index[l.Rune]
			if !ok {
				continue
			}
			// Whoever looks by himself does not hit the middle exactly.
			size := window * q.Cap * (1 + t.near(0.05))
			piece(pic, l.X+t.near(1.1), l.Y+t.near(1.1), q.Angle+t.near(0.05), size, m.patch)
			out := m.letters.run(plane{side, side, 1, m.patch}, m.lettersPass).v
			from, to := 0, hangul
			if want >= hangul {
				from, to = hangul, len(alphabet)
			}
			t.lettersWrong.add(judge(out, want, from, to))
			if out[want] > -known {
				continue
			}
			m.letters.learn(out, m.lettersPass)
			if t.lettersN++; t.lettersN%batch == 0 {
				t.lettersT++
				m.letters.step(m.lettersPass, t.rate, batch, t.lettersT)
			}
		}
	}
}

// judge turns scores into the error of each, among those from one to another, and
// reports whether the best was wrong.
func judge(out []float32, want, from, to int) (wrong bool) {
	for i := range out {
		if i < from || i >= to {
			out[i] = 0
		}
	}
	among := out[from:to]
	softmax(among)
	best := 0
	for i, v := range among {
		if v > among[best] {
			best = i
		}
	}
	out[want]--
	return best != want-from
}

func (t *trainer) learnIcons(plan *city.Plan, pic *sight.Picture) {
	cats := names.Categories()
	index := make(map[names.Category]int, len(cats))
	for i, c := range cats {
		index[c] = i
	}
	w, h := float64(plan.Width), float64(plan.Height)
	for _, q := range plan.Places {
		t.icon(pic, q.X+t.near(4), q.Y+t.near(4), index[q.Category])
		t.spot(pic, q.X+t.near(1.5), q.Y+t.near(1.5), true)
	}
	for range 24 { // and what is none: anywhere, and beside icons
		x, y := w*t.r.Float64(), h*t.r.Float64()
		if t.r.IntN(3) == 0 {
			q := plan.Places[t.r.IntN(len(plan.Places))]
			x, y = q.X+t.near(26), q.Y+t.near(26)
		}
		d := nearest(plan, x, y)
		if d > 7 {
			t.spot(pic, x, y, false)
		}
		if d > 12 && t.r.IntN(3) == 0 {
			t.icon(pic, x, y, len(cats))
		}
	}
}

func (t *trainer) icon(pic *sight.Picture, x, y float64, want int) {
	m := t.m
	m.square = grow(m.square, 3*iconSide*iconSide)
	colours(pic, x, y, iconStep, iconSide, iconSide, m.square)
	out := m.icons.run(plane{iconSide, iconSide, 3, m.square}, m.iconsPass).v
	t.iconsWrong.add(judge(out, want, 0, len(out)))
	m.icons.learn(out, m.iconsPass)
	if t.iconsN++; t.iconsN%batch == 0 {
		t.iconsT++
		m.icons.step(m.iconsPass, t.rate, batch, t.iconsT)
	}
}

// spot learns whether an icon's middle is at a place: one output, whose chance
// is 1/(1+e^-v), and whose error is that chance less what is true.
func (t *trainer) spot(pic *sight.Picture, x, y float64, is bool) {
	m := t.m
	var in [3 * glance * glance]float32
	colours(pic, x, y, coarse, glance, glance, in[:])
	out := m.spotter.run(plane{glance, glance, 3, in[:]}, m.spotterPass).v
	t.spotsWrong.add(out[0] > 0 != is)
	two := []float32{0, out[0]}
	softmax(two)
	out[0] = two[1]
	if is {
		out[0]--
	}
	m.spotter.learn(out, m.spotterPass)
	if t.spotsN++; t.spotsN%batch == 0 {
		t.spotsT++
		m.spotter.step(m.spotterPass, t.rate, batch, t.spotsT)
	}
}
