package virtual

import (
	"math/rand/v2"
	"time"

	"github.com/daero/daero/surge"
)

// person is somebody with the app. Those who are not online log in.
type person struct {
	key        uint64
	client     surge.Client
	online     bool
	background bool // nobody looks at the phone
	member     bool // was online from the start
	lost, cut  bool // has lost a session: to a failed send, to the drill
	unsent     *send
}

// send is one message somebody wants to send.
type send struct {
	tries int
	began time.Duration
}

// login is somebody's wish to be online.
type login struct {
	tries  int
	began  time.Duration
	booked bool
	due    time.Duration
}

// drilling is a drill on its way.
type drilling struct {
	*World
	d     *Drill
	gate  gate
	pool  *Pool
	rec   *Record
	rng   *rand.Rand
	cost  [numKinds]time.Duration
	users uint64
	all   []*person // members
	ended bool
}

func (r *drilling) newPerson() *person {
	r.users++
	return &person{key: r.users * 0x9e3779b97f4a7c15, client: crowdOfPeople.Pick(r.rng)}
}

// slowDown makes syncs take so much longer.
func (r *drilling) slowDown(by time.Duration) { r.cost[Sync] = drillCost[Sync] + by }

// cut breaks a share of the sessions. Their clients notice within two seconds
// and reconnect by themselves.
func (r *drilling) cut(share float64) {
	for _, p := range r.all {
		if !p.online || r.rng.Float64() >= share {
			continue
		}
		p.online, p.cut, p.background = false, true, true
		r.After(time.Duration(r.rng.Float64()*float64(2*time.Second)), func() { r.login(p) })
	}
}

// arrive calls do at the times of a curve.
func (r *drilling) arrive(c surge.Curve, stream uint64, do func()) {
	a := surge.NewArrivals(c, 0, rand.New(rand.NewPCG(r.d.Seed, stream)))
	var next func()
	next = func() {
		if t, ok := a.Next(); ok {
			r.At(t, func() { do(); next() })
		}
	}
	next()
}

// press is somebody who wants to send a message.
func (r *drilling) press() {
	p := r.all[r.rng.IntN(len(r.all))]
	switch {
	case !p.online:
		r.rec.unsent(r.Now())
	case p.unsent == nil:
		p.unsent = &send{began: r.Now()}
		r.rec.action(p)
		r.send(p)
	}
}

// send tries to send what p has not sent yet. A message that is sent for the
// second time, after a refusal or a new login, is the same message.
func (r *drilling) send(p *person) {
	m := p.unsent
	m.tries++
	began, first := r.Now(), m.tries == 1
	r.try(p, Message, false, 0, func(o surge.Outcome, after time.Duration) {
		r.rec.sent(began, r.Now(), first, o == surge.OK)
		if o == surge.OK {
			p.unsent = nil
			return
		}
		if o != surge.Refused {
			r.lose(p)
			return
		}
		wait, again := p.client.Next(m.tries, o, after, r.rng)
		if !again {
			p.unsent = nil
			return
		}
		r.After(wait, func() {
			if p.online && p.unsent == m {
				r.send(p)
			}
		})
	})
}

// lose is what a client does with a connection that does not answer.
func (r *drilling) lose(p *person) {
	if !p.online {
		return // the drill was quicker
	}
	p.online, p.lost, p.background = false, true, false
	r.login(p)
}

func (r *drilling) login(p *person) {
	r.rec.action(p)
	r.knock(p, &login{began: r.Now()})
}

// knock is one try to log in.
func (r *drilling) knock(p *person, l *login) {
	l.tries++
	due := time.Duration(0)
	if l.booked {
		due = l.due - r.Now()
	}
	r.try(p, Login, l.booked, due, func(o surge.Outcome, after time.Duration) {
		if o == surge.OK {
			p.online = true
			r.rec.loggedIn(r.Now(), l.began, p)
			if p.unsent != nil {
				r.send(p)
			}
			return
		}
		wait, again := p.client.Next(l.tries, o, after, r.rng)
		if !again {
			return
		}
		if l.booked = after > 0; l.booked {
			l.due = r.Now() + after
		}
		r.After(wait, func() { r.knock(p, l) })
	})
}

// poll asks for what is new, again and again; less often if told to.
func (r *drilling) poll(p *person) {
	again := func(after time.Duration) {
		r.After(max(pollEvery, after, r.gate.slow(Sync)), func() { r.poll(p) })
	}
	if !p.online {
		again(0)
		return
	}
	r.rec.action(p)
	r.try(p, Sync, false, 0, func(o surge.Outcome, after time.Duration) {
		r.rec.synced(o == surge.OK)
		again(after)
	})
}

// try sends one request of p's.
func (r *drilling) try(p *person, k Kind, booked bool, due time.Duration, done func(surge.Outcome, time.Duration)) {
	work := time.Duration(float64(r.cost[k]) * logNormal(r.rng, drillSpread))
	r.rec.attempt(r.Now(), p, work)
	r.ask(r.gate, r.pool, ask{
		Attempt:  Attempt{Kind: k, User: p.key, Background: k == Login && p.background, Booked: booked, DueIn: due},
		patience: drillPatience[k],
		work:     func() time.Duration { return work },
		done: func(o surge.Outcome, after time.Duration, err error) {
			if r.ended {
				return
			}
			if byOrder(err) {
				r.rec.ordered(p.background, r.pool)
			}
			done(o, after)
		},
	})
}
