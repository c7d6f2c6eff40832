package mapquiz

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/mapquiz/names"
)

var (
	langs    = []string{"ko", "en"}
	allKinds = []captcha.Kind{captcha.KindOrder, captcha.KindRelation, captcha.KindName, captcha.KindMissing, captcha.KindIcon}
)

// sketch is a plan by hand, in microseconds: places on a loose grid, one
// category twice or three times, a road between two others.
func sketch(seed uint64, lang string) *city.Plan {
	r := rand.New(rand.NewPCG(seed, 99))
	p := &city.Plan{Spec: city.Spec{Seed: seed, Level: 2, Lang: lang}, Width: 480, Height: 300, RouteColour: "blue", Route: [2]int{1, 2}}
	cats := names.Categories()
	shops := cats[:len(cats)-1]
	r.Shuffle(len(shops), func(i, j int) { shops[i], shops[j] = shops[j], shops[i] })
	all := []names.Category{names.Station, shops[0], shops[1], shops[2], shops[2], shops[3], shops[4], shops[5], shops[6], shops[7], shops[8]}
	all = all[:9+r.IntN(3)]
	cells := r.Perm(15)
	for i, c := range all {
		x, y := float64(cells[i]%5), float64(cells[i]/5)
		p.Places = append(p.Places, city.Place{
			Category: c, Name: names.Of(r, c, lang),
			X: 50 + 92*x + 40*r.Float64(), Y: 50 + 92*y + 40*r.Float64(), R: city.IconRadius,
		})
	}
	for i := range all[1:] {
		p.FromStation = append(p.FromStation, i+1)
	}
	far := func(i int) float64 {
		return math.Hypot(p.Places[i].X-p.Places[0].X, p.Places[i].Y-p.Places[0].Y)
	}
	slices.SortFunc(p.FromStation, func(a, b int) int { return cmp.Compare(far(a), far(b)) })
	return p
}

// quick draws no picture: eight bytes that say which map it is.
func quick(s city.Spec) (*city.Plan, []byte) {
	p := sketch(s.Seed, s.Lang)
	p.Spec = s
	return p, []byte{byte(s.Level), s.Lang[0], byte(s.Seed >> 56), byte(s.Seed >> 48), byte(s.Seed >> 40), byte(s.Seed >> 32), byte(s.Seed >> 24), byte(s.Seed >> 16)}
}

func newSource(t testing.TB, cfg Config) *Source {
	t.Helper()
	cfg.Seed[0] = 1
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.draw = quick
	return s
}

// fill draws n maps of each sort, as Run does.
func fill(s *Source, n int) {
	for _, k := range s.sorts() {
		for range n {
			s.drawOne(k)
		}
	}
}

func next(t testing.TB, s *Source, w captcha.Want) captcha.Puzzle {
	t.Helper()
	z, err := s.Next(context.Background(), w)
	if err != nil {
		t.Fatalf("%+v: %v", w, err)
	}
	return z
}
