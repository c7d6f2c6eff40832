package virtual

import (
	"fmt"
	"time"

	"github.com/daero/daero/surge"
)

// The figures all storms share. A backend of 128 workers, 500 messages a
// second of 2 ms: one worker's work. A login takes 100 ms, so what is left
// serves 1,270 a second; on a calm day 60 a second come.
const (
	workers     = 128
	messageRate = 500
	messageCost = 2 * time.Millisecond
	loginCost   = 100 * time.Millisecond
	calmLogins  = 60
)

const (
	stormAt  = 3 * time.Second
	changeAt = 13 * time.Second
	overAt   = 25 * time.Second
	endAt    = 29 * time.Second
)

// left is what logins can get from n workers, per second, while messages take
// what they need.
func left(n int, messages float64) float64 {
	return (float64(n) - messages*messageCost.Seconds()) / loginCost.Seconds()
}

// plain is a storm of the given height on a pool of workers: calm, storm, a
// change in the middle of it if there is one, and after.
func plain(name string, height float64) *Scenario {
	full := left(workers, messageRate)
	s := &Scenario{
		Name: name, Seed: 1, Workers: workers,
		Backend:  func() Backend { return &Pool{Workers: workers} },
		Cost:     [numKinds]time.Duration{messageCost, loginCost},
		Spread:   0.2,
		Patience: [numKinds]time.Duration{time.Second, 3 * time.Second},
		Crowd:    surge.Population{{Weight: 1, Client: surge.Naive{Tries: 3}}},
		Traffic: [numKinds]surge.Curve{
			Message: surge.Constant(messageRate),
			Login:   surge.Steps{{At: 0, Rate: calmLogins}, {At: stormAt, Rate: height * full}, {At: overAt, Rate: calmLogins}},
		},
		Phases: []Phase{
			{Name: "calm", To: stormAt},
			{Name: "storm", From: stormAt, To: changeAt, Capacity: full, Changes: 1},
			{Name: "storm", From: changeAt, To: overAt, Capacity: full},
			{Name: "after", From: overAt, To: endAt, Changes: 1},
		},
	}
	if height < 1 {
		s.Phases[1].Capacity, s.Phases[2].Capacity = 0, 0
	}
	return s
}

// resized changes the number of workers in the middle of the storm.
func resized(s *Scenario, to int) *Scenario {
	s.Phases[2].Name = "resized"
	s.Phases[2].Capacity = left(to, messageRate)
	s.Phases[2].Changes = 1
	s.Changes = append(s.Changes, Change{changeAt, func(r *Run) { r.Backend.Resize(r.World, to) }})
	return s
}

// Storms are the scenarios of the table.
func Storms() []*Scenario {
	calm := calmLogins / left(workers, messageRate)
	storms := []*Scenario{
		plain("calm", calm),
		plain("storm 2x", 2),
		plain("storm 10x", 10),
		resized(plain("storm 2x, half the workers", 2), workers/2),
		resized(plain("storm 10x, half the workers", 10), workers/2),
		resized(plain("storm 2x, half more workers", 2), workers*3/2),
		resized(plain("storm 10x, half more workers", 10), workers*3/2),
		midnight(plain("messages x20", calm), 20),
		midnight(plain("messages x20 and storm 10x", 10), 20),
		midnight(plain("messages beyond the backend", calm), 160),
		dearLogins(plain("logins ten times slower", calm)),
		gap(plain("storm 10x, a gap in the messages", 10)),
		fastErrors(plain("storm 10x, logins fail fast", 10)),
		saturating(plain("storm 10x, a dependency refuses", 10)),
		cores(plain("storm 10x, bound by cores", 10)),
		locked(plain("storm 2x, bound by a lock", 2)),
		crowd(resized(plain("half the workers, honouring", 10), workers/2), surge.Honouring{}),
		crowd(resized(plain("half the workers, impatient", 10), workers/2), surge.Impatient{}),
	}
	for _, n := range []int{1, 5, 200} {
		s := resized(plain(fmt.Sprintf("half the workers, from limit %d", n), 10), workers/2)
		s.Initial = n
		storms = append(storms, s)
	}
	return append(storms, small(), stutters(small()))
}

func crowd(s *Scenario, c surge.Client) *Scenario {
	s.Crowd = surge.Population{{Weight: 1, Client: c}}
	return s
}

// midnight multiplies the messages in the third phase.
func midnight(s *Scenario, by float64) *Scenario {
	s.Traffic[Message] = surge.Steps{{At: 0, Rate: messageRate}, {At: changeAt, Rate: by * messageRate}, {At: overAt, Rate: messageRate}}
	p := &s.Phases[2]
	p.Name, p.Changes = "midnight", 1
	if p.Capacity > 0 {
		p.Capacity = left(workers, by*messageRate)
	}
	if fits := workers / (by * messageRate * messageCost.Seconds()); fits < 1 {
		p.Fits = fits
	}
	if p.Fits > 0 { // for three seconds: it is a lot of messages
		p.To = changeAt + 3*time.Second
		s.Traffic[Message] = surge.Steps{{At: 0, Rate: messageRate}, {At: changeAt, Rate: by * messageRate}, {At: p.To, Rate: messageRate}}
		s.Phases[3].From = p.To
	}
	return s
}

// dearLogins makes each login ten times the work, which is no overload.
func dearLogins(s *Scenario) *Scenario {
	s.Phases[2].Name, s.Phases[2].Changes = "dear", 1
	s.Phases[2].Capacity = calmLogins * 11.0 / 12 // those of the last second are not done when the phase ends
	s.Traffic[Login] = surge.Constant(calmLogins)
	s.Changes = append(s.Changes,
		Change{changeAt, func(r *Run) { r.SetCost(Login, 10*loginCost) }},
		Change{overAt, func(r *Run) { r.SetCost(Login, loginCost) }})
	return s
}

// gap takes the messages away for a while: nothing cheap is left to feel the
// limit with.
func gap(s *Scenario) *Scenario {
	const from, to = stormAt + 3*time.Second, stormAt + 6*time.Second
	s.Traffic[Message] = surge.Steps{{At: 0, Rate: messageRate}, {At: from, Rate: 0}, {At: to, Rate: messageRate}}
	s.Phases[1].Changes = 2
	return s
}

// fastErrors breaks what logins depend on: they fail within a millisecond.
func fastErrors(s *Scenario) *Scenario {
	s.Phases[2].Name, s.Phases[2].Changes, s.Phases[2].Capacity = "broken", 1, 0
	broken := false
	s.Backend = func() Backend {
		broken = false
		return &Pool{Workers: workers, FailFast: func(k Kind) bool { return broken && k == Login }}
	}
	s.Changes = append(s.Changes,
		Change{changeAt, func(*Run) { broken = true }},
		Change{overAt, func(*Run) { broken = false }})
	return s
}

// saturating gives logins a dependency that takes 40 at a time and refuses
// the rest at once: messages never feel it.
func saturating(s *Scenario) *Scenario {
	s.Backend = func() Backend { return &Pool{Workers: workers, Refuses: Login, Most: 40} }
	for i := range s.Phases {
		if s.Phases[i].Capacity > 0 {
			s.Phases[i].Capacity = 40 / loginCost.Seconds()
		}
	}
	return s
}

// cores replaces the pool by 32 cores shared by all requests at once.
func cores(s *Scenario) *Scenario {
	const n = 32
	s.Backend = func() Backend { return &Cores{N: n} }
	s.Workers = n
	full := left(n, messageRate)
	s.Traffic[Login] = surge.Steps{{At: 0, Rate: calmLogins / 4}, {At: stormAt, Rate: 10 * full}, {At: overAt, Rate: calmLogins / 4}}
	s.Phases[1].Capacity, s.Phases[2].Capacity = full, full
	return s
}

// locked makes every request pass one lock: 20 µs for a message, 200 µs for a
// login, so that the lock is full at 4,950 logins a second. A full lock makes
// messages wait however it is shared: what a fixed partition reaches with
// messages at 1.3 times calm, is lockBest of that: see TestLockBest.
func locked(s *Scenario) *Scenario {
	s.Backend = func() Backend {
		return &Lock{Hold: [numKinds]time.Duration{20 * time.Microsecond, 200 * time.Microsecond}}
	}
	full := (1 - messageRate*20e-6) / 200e-6
	s.Traffic[Login] = surge.Steps{{At: 0, Rate: calmLogins}, {At: stormAt, Rate: 2 * full}, {At: overAt, Rate: calmLogins}}
	s.Phases[1].Capacity, s.Phases[2].Capacity = lockBest*full, lockBest*full
	return s
}

const lockBest = 0.75

// small is the live rehearsal's storm: a pool of 24, half of it gone for a
// while, four seconds for each phase. Workers are whole: of 24 a fixed
// partition can give logins 22 and of 12 it can give 10, if messages are to find
// one free nine times in ten; that is the capacity here.
func small() *Scenario {
	s := plain("small pool, half gone and back", 10)
	const n, rate = 24, 250
	s.Workers = n
	s.Backend = func() Backend { return &Pool{Workers: n} }
	full, half := 22/loginCost.Seconds(), 10/loginCost.Seconds()
	at := func(i int) time.Duration { return stormAt + time.Duration(i)*4*time.Second }
	s.Traffic = [numKinds]surge.Curve{
		Message: surge.Constant(rate),
		Login:   surge.Steps{{At: 0, Rate: 10}, {At: at(0), Rate: 10 * full}, {At: at(3), Rate: 10}},
	}
	s.Phases = []Phase{
		{Name: "calm", To: at(0)},
		{Name: "storm", From: at(0), To: at(1), Capacity: full, Changes: 1},
		{Name: "half", From: at(1), To: at(2), Capacity: half, Changes: 1},
		{Name: "back", From: at(2), To: at(3), Capacity: full, Changes: 1},
		{Name: "after", From: at(3), To: at(4), Changes: 1},
	}
	s.Changes = []Change{
		{at(1), func(r *Run) { r.Backend.Resize(r.World, n/2) }},
		{at(2), func(r *Run) { r.Backend.Resize(r.World, n) }},
	}
	return s
}

// stutters lets the machine stand still for 10 ms about twice a second.
func stutters(s *Scenario) *Scenario {
	s.Name = "small pool, stuttering machine"
	s.Stutter, s.StutterFor = 500*time.Millisecond, 10*time.Millisecond
	return s
}
