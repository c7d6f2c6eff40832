package mapquiz

import (
	"context"
	"slices"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/mapquiz/city"
)

// stock is the maps of one sort that are ready.
type stock struct {
	maps []*ready
	// goal is how many there should be: one more, up to most, for every map that
	// was used up, so that a language nobody speaks takes little memory.
	goal, most int
}

// ready is a map that is drawn.
type ready struct {
	plan *city.Plan // without what only drawing needs
	used int        // questions asked about it
}

// slim drops from a plan what was only needed to draw it.
func slim(p *city.Plan) *city.Plan {
	return &city.Plan{
		Spec: p.Spec, Width: p.Width, Height: p.Height, Theme: p.Theme,
		Places: p.Places, Route: p.Route, RouteColour: p.RouteColour, FromStation: p.FromStation,
	}
}

// fromStock asks about one of the maps that are ready, any of them: who asks
// again and again rarely sees the same one twice.
func (s *Source) fromStock(st *stock, m captcha.Mode) (captcha.Puzzle, error) {
	// A map may have no question of this mode left. Four others are tried, so
	// that the time it takes is bounded.
	for range 5 {
		plan, seed, wanted := s.take(st, m)
		if plan == nil {
			break
		}
		for _, k := range wanted {
			if z, ok := Ask(plan, k, seed); ok {
				return z, nil
			}
		}
	}
	return captcha.Puzzle{}, captcha.ErrBusy
}

// take chooses a map, the number of the question about it, and in which order
// the kinds are tried; no map where there is none.
func (s *Source) take(st *stock, m captcha.Mode) (*city.Plan, uint64, []captcha.Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(st.maps) == 0 {
		return nil, 0, nil
	}
	i := s.r.IntN(len(st.maps))
	c := st.maps[i]
	seed := MapSeed(c.plan.Spec.Seed) + uint64(c.used)
	if c.used++; c.used >= s.reuse(st) {
		s.useUp(st, i)
	}
	return c.plan, seed, kinds(m, s.r)
}

// useUp takes a map out. Its picture is kept for those who were asked about it.
func (s *Source) useUp(st *stock, i int) {
	p := pictureOf(st.maps[i].plan.Spec)
	s.kept.put(p, s.stored[p])
	delete(s.stored, p)
	last := len(st.maps) - 1
	st.maps[i], st.maps[last] = st.maps[last], nil
	st.maps = st.maps[:last]
	st.goal = min(st.goal+1, st.most)
	select {
	case s.wake <- struct{}{}:
	default: // Run has been told
	}
}

// Ready returns how many maps are ready, by language: for metrics.
func (s *Source) Ready() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]int)
	for k, st := range s.stocks {
		all[k.lang] += len(st.maps)
	}
	return all
}

// Run draws maps ahead until ctx ends. Its caller owns it; one is enough.
func (s *Source) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
		began := time.Now()
		k, left := s.lowest()
		if left < 1 {
			s.drawOne(k)
			timer.Reset(s.pause(time.Since(began), left))
			continue
		}
		select { // all is there
		case <-ctx.Done():
			return ctx.Err()
		case <-s.wake:
			timer.Reset(0)
		}
	}
}

// lowest returns which stock has least left of its goal, and how much: 1 and
// more where it has all of it.
func (s *Source) lowest() (low sort, left float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left = 1
	for _, k := range s.sorts() {
		st := s.stocks[k]
		goal := float64(st.goal)
		if goal *= 1 - s.pressed()/2; goal < smallest {
			goal = smallest
		}
		if part := float64(len(st.maps)) / goal; part < left {
			low, left = k, part
		}
	}
	return low, left
}

// sorts are the stocks in the same order every time.
func (s *Source) sorts() []sort {
	all := make([]sort, 0, len(s.stocks))
	for _, lang := range []string{"ko", "en"} {
		for level := range 5 {
			if k := (sort{lang, level}); s.stocks[k] != nil {
				all = append(all, k)
			}
		}
	}
	return slices.Clip(all)
}

// pause is how long to rest after a map that took so long to draw. While little
// is left, maps are drawn one after another; else a third of a core is used, and
// less as the pressure rises: at its top, one part of 32.
func (s *Source) pause(took time.Duration, left float64) time.Duration {
	rest := 2.0
	if left < 0.1 {
		rest = 0
	}
	rest += 29 * s.pressed()
	return time.Duration(rest * float64(took))
}

func (s *Source) drawOne(k sort) {
	s.mu.Lock()
	seed := MapSeed(s.r.Uint64())
	s.mu.Unlock()
	p, jpeg := s.draw(city.Spec{Seed: seed, Level: k.level, Lang: k.lang, Streets: s.cfg.Streets})
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stocks[k]
	st.maps = append(st.maps, &ready{plan: slim(p)})
	s.stored[pictureOf(p.Spec)] = jpeg
}
