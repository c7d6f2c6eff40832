package virtual

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/daero/daero/surge"
)

// Scenario is one storm.
type Scenario struct {
	Name     string
	Seed     uint64
	Initial  int // where the search for the limit starts, 0 the default
	Workers  int
	Backend  func() Backend
	Cost     [numKinds]time.Duration
	Spread   float64 // of the work, sigma of a log-normal
	Traffic  [numKinds]surge.Curve
	Crowd    surge.Population // who logs in
	Patience [numKinds]time.Duration
	Phases   []Phase
	Changes  []Change
	// Stutter, if above 0, is the mean time between moments in which the
	// machine stands still for StutterFor: a collection of garbage, a noisy
	// neighbour.
	Stutter, StutterFor time.Duration
	// Foreground is the share of logins with a person waiting.
	Foreground float64
}

// Phase is a stretch of the scenario that is judged by itself.
type Phase struct {
	Name     string
	From, To time.Duration
	// Capacity is what logins could get at most, per second; 0 if there is
	// nothing to compare with.
	Capacity float64
	// Fits is the share of the messages that fits where they alone exceed the
	// backend, else 0.
	Fits float64
	// Changes is how many changes the phase holds: each may degrade messages
	// for 0.5 s.
	Changes int
}

// Change happens to the backend or to the work at a time.
type Change struct {
	At time.Duration
	Do func(*Run)
}

// Run is a scenario on its way.
type Run struct {
	*World
	S         *Scenario
	Backend   Backend
	Contender Contender
	Result    *Result
	rng       *rand.Rand
	cost      [numKinds]time.Duration
	users     uint64
	pauses    []time.Duration // when the machine stands still
}

// SetCost changes what a kind of request costs from now on.
func (r *Run) SetCost(k Kind, c time.Duration) { r.cost[k] = c }

// Play runs the scenario against a contender. settle is synctest.Wait: Play is
// meant for a testing/synctest bubble.
func Play(s *Scenario, c Contender, settle func()) *Result {
	r := &Run{
		World: NewWorld(settle), S: s, Backend: s.Backend(), Contender: c,
		Result: newResult(s), rng: rand.New(rand.NewPCG(s.Seed, 1)), cost: s.Cost,
	}
	for _, ch := range s.Changes {
		r.At(ch.At, func() { ch.Do(r) })
	}
	for k := range s.Traffic {
		if s.Traffic[k] != nil {
			a := surge.NewArrivals(s.Traffic[k], 0, rand.New(rand.NewPCG(s.Seed, uint64(10+k))))
			r.arrive(Kind(k), a)
		}
	}
	end := s.Phases[len(s.Phases)-1].To
	if s.Stutter > 0 {
		rng := rand.New(rand.NewPCG(s.Seed, 2))
		for t := time.Duration(0); t < end; t += time.Duration(rng.ExpFloat64() * float64(s.Stutter)) {
			r.pauses = append(r.pauses, t)
		}
	}
	r.Run(end)
	r.Result.closed = true
	r.drain()
	return r.Result
}

func (r *Run) arrive(k Kind, a *surge.Arrivals) {
	t, ok := a.Next()
	if !ok {
		return
	}
	r.At(t, func() {
		r.users++
		act := &action{kind: k, user: r.users * 0x9e3779b97f4a7c15, client: r.S.Crowd.Pick(r.rng)}
		act.background = k == Login && r.rng.Float64() >= r.S.Foreground
		r.Result.action(r.Now(), k)
		r.try(act)
		r.arrive(k, a)
	})
}

// action is one user's wish, and the attempts to get it.
type action struct {
	kind       Kind
	user       uint64
	client     surge.Client
	background bool
	tries      int
	booked     bool
	due        time.Duration
}

func (r *Run) try(act *action) {
	act.tries++
	began := r.Now()
	r.Result.attempt(began, act.kind)
	a := Attempt{Kind: act.kind, User: act.user, Background: act.background, Booked: act.booked, DueIn: act.due - began}
	r.ask(r.Contender, r.Backend, ask{
		Attempt: a, patience: r.S.Patience[act.kind],
		work: func() time.Duration {
			work := time.Duration(float64(r.cost[act.kind]) * logNormal(r.rng, r.S.Spread))
			return r.stuttered(r.Now(), work)
		},
		done: func(o surge.Outcome, after time.Duration, _ error) { r.ended(act, began, o, after) },
	})
}

// stuttered is how long work begun now takes, with the machine standing still
// now and then.
func (r *Run) stuttered(now, work time.Duration) time.Duration {
	for _, p := range r.pauses {
		switch {
		case p >= now+work:
			return work
		case p >= now:
			work += r.S.StutterFor
		case p+r.S.StutterFor > now:
			work += p + r.S.StutterFor - now
		}
	}
	return work
}

// logNormal has mean 1.
func logNormal(rng *rand.Rand, sigma float64) float64 {
	return math.Exp(sigma*rng.NormFloat64() - sigma*sigma/2)
}

func (r *Run) ended(act *action, began time.Duration, o surge.Outcome, after time.Duration) {
	now := r.Now()
	r.Result.ended(began, now, act.kind, o == surge.OK)
	if o == surge.OK || act.kind == Message || r.Result.closed {
		return
	}
	wait, again := act.client.Next(act.tries, o, after, r.rng)
	if !again {
		return
	}
	if _, honours := act.client.(surge.Honouring); honours && after > 0 {
		act.booked, act.due = true, now+after
	}
	r.At(now+wait, func() { r.try(act) })
}
