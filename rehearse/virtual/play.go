package virtual

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/level"
	"github.com/daero/daero/rehearse/shipped"
)

// Play holds the drill in one arm. settle is synctest.Wait: Play is meant for
// a testing/synctest bubble.
func (d *Drill) Play(arm Arm, settle func()) (*Record, error) {
	r := &drilling{
		World: NewWorld(settle), d: d, rec: newRecord(d, arm), cost: drillCost,
		pool: &Pool{Workers: d.Workers, Queue: drillQueue}, rng: rand.New(rand.NewPCG(d.Seed, 1)),
	}
	withdraw, err := r.build(arm)
	if err != nil {
		return nil, err
	}
	for range d.People {
		p := r.newPerson()
		p.online, p.member = true, true
		r.all = append(r.all, p)
		r.At(time.Duration(r.rng.Float64()*float64(pollEvery)), func() { r.poll(p) })
	}
	r.arrive(d.Messages, 10, r.press)
	r.arrive(d.Opens, 11, func() { r.login(r.newPerson()) })
	r.arrive(d.Wakes, 12, func() {
		p := r.newPerson()
		p.background = true
		r.login(p)
	})
	for _, t := range d.Turns {
		if t.do != nil {
			r.At(t.At, func() { t.do(r) })
		}
	}
	if arm == Manual {
		r.At(d.Trouble+personAfter, r.gate.switchOn)
	}
	r.Run(d.End)
	r.rec.close(r)
	r.ended = true
	withdraw()
	r.drain()
	return r.rec, nil
}

// build puts the arm's gate in place. The function it returns takes the
// response back.
func (r *drilling) build(arm Arm) (withdraw func(), err error) {
	switch arm {
	case None, Manual:
		r.gate = &open{}
		return func() {}, nil
	case Only, Auto:
	default:
		return nil, fmt.Errorf("arm %q: use none, manual, lanes or auto", arm)
	}
	g, err := newDaeroGate(r.rec.listener(r))
	if err != nil {
		return nil, err
	}
	r.gate = g
	if arm == Only {
		return func() {}, nil
	}
	response, err := shipped.Response(g.d.Control(), r.d.feeds(r.World)...)
	if err != nil {
		return nil, err
	}
	if r.d.Actions != nil {
		response.Playbook.Actions = r.d.Actions
	}
	undo, _, err := g.d.Control().Load(response)
	if err != nil {
		return nil, err
	}
	r.step(g)
	return undo, nil
}

// step steps the response, ten times a second.
func (r *drilling) step(g *daeroGate) {
	now := time.Now()
	g.d.Control().Step(now)
	st := g.d.Control().State(now)
	g.read(st)
	r.rec.stepped(r.Now(), st, g)
	r.After(level.Interval, func() { r.step(g) })
}

// feeds are the sources of the drill's warnings.
func (d *Drill) feeds(w *World) (signals []daero.Signal) {
	for _, one := range d.Warnings {
		signals = append(signals, daero.Signal{
			Signal: level.Signal{Name: one.Signal, Arms: level.Attention},
			Source: &feed{warning: one, w: w},
		})
	}
	return signals
}

// feed is an outside source that says what the drill wants.
type feed struct {
	warning Warning
	w       *World
}

// Read implements daero.Source.
func (f *feed) Read(now time.Time) level.Reading {
	t := f.w.Now()
	if t < f.warning.At || f.warning.Cancelled > 0 && t >= f.warning.Cancelled {
		return level.Reading{At: now}
	}
	return level.Reading{At: now, Until: now.Add(f.warning.At + f.warning.For - t), Note: f.warning.Note}
}
