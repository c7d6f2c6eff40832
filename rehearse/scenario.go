package rehearse

import (
	"time"

	"github.com/daero/daero/rehearse/live"
	"github.com/daero/daero/surge"
)

// The scenarios of a rehearsal.
const (
	Earthquake = "earthquake"  // a broadcast wakes every phone, then half of the service is gone
	NewYear    = "newyear"     // people press send, a dependency is slow, half of the sessions break
	Goal       = "goal"        // ten times of everything for seconds
	FalseAlert = "false-alert" // a warning, a few curious people, and it is cancelled
	Recovery   = "recovery"    // sessions break and return at once
)

// Scenarios lists every scenario.
func Scenarios() []string { return []string{Earthquake, NewYear, Goal, FalseAlert, Recovery} }

// stretch is one phase of a scenario: of 17 parts, how many, and what happens
// at its start.
type stretch struct {
	name     string
	parts    float64
	messages float64 // times the usual
	syncs    float64
	logins   float64
	wave     float64 // phones that wake, in multiples of the logins that are left
	slow     time.Duration
	cut      float64 // of the sessions
	trouble  bool
}

// delay is how much longer the dependency of the new year takes.
const delay = 590 * time.Millisecond

// stretches are the phases of the scenarios but the earthquake, which has a
// shape of its own.
var stretches = map[string][]stretch{
	NewYear: {
		{name: phaseCalm, parts: 3},
		{name: "midnight", parts: 2, messages: 8, logins: 2, trouble: true},
		{name: "slow", parts: 2, messages: 8, logins: 2, slow: delay, trouble: true},
		{name: "broken", parts: 5, messages: 8, logins: 2, slow: delay, cut: 0.5, trouble: true},
		{name: phaseRecovery, parts: 5},
	},
	Goal: {
		{name: phaseCalm, parts: 4},
		{name: "goal", parts: 4, messages: 10, syncs: 10, logins: 10, wave: 2, trouble: true},
		{name: phaseRecovery, parts: 9},
	},
	FalseAlert: {
		{name: phaseCalm, parts: 4},
		{name: "warned", parts: 5, messages: 1.5, logins: 3, wave: 0.1, trouble: true},
		{name: phaseRecovery, parts: 8},
	},
	Recovery: {
		{name: phaseCalm, parts: 3},
		{name: "first", parts: 4, cut: 0.17, trouble: true},
		{name: "second", parts: 6, cut: 0.5, trouble: true},
		{name: phaseRecovery, parts: 4},
	},
}

// sessionUsers is how many people have sessions.
const sessionUsers = 2000

// Plan returns what is sent in one arm.
func (s Settings) Plan(arm string) *live.Plan {
	if s.Scenario == "" || s.Scenario == Earthquake {
		return s.Earthquake(arm)
	}
	p := &live.Plan{Lanes: []string{laneMessage, laneSync, laneLogin}, Seed: s.Seed}
	var messages, syncs, logins surge.Steps
	var waves surge.Sum
	at, changes := time.Duration(0), func(steps *surge.Steps, at time.Duration, usual, times float64) {
		if times == 0 {
			times = 1
		}
		*steps = append(*steps, surge.Step{At: at, Rate: usual * times})
	}
	for i, st := range stretches[s.Scenario] {
		length := time.Duration(float64(s.Duration) * st.parts / 17).Round(binWidth)
		p.Phases = append(p.Phases, live.Phase{Name: st.name, Length: length, Changed: i > 0})
		changes(&messages, at, s.Messages, st.messages)
		changes(&syncs, at, s.Syncs, st.syncs)
		changes(&logins, at, s.Logins, st.logins)
		if st.wave > 0 {
			waves = append(waves, surge.Between{From: at, To: at + length, Curve: surge.Constant(st.wave * s.LoginsLeft(s.Workers))})
		}
		at += length
	}
	p.Settle = min(2*time.Second, p.Phases[1].Length/2)
	p.Sources = append([]live.Source{
		{Name: "message", Lane: laneMessage, Curve: messages, Clients: onePress, Timeout: time.Second, Users: sessionUsers, Login: reconnect},
		{Name: "sync", Lane: laneSync, Curve: syncs, Clients: onePress, Timeout: 3 * time.Second, Users: sessionUsers},
		{Name: "people", Lane: laneLogin, Curve: logins, Clients: surge.Population{{Weight: 1, Client: surge.Impatient{}}}, Timeout: 2 * time.Second},
		{Name: "phones", Lane: laneLogin, Curve: waves, Clients: honouring, Timeout: 2 * time.Second},
	}, reconnecting())
	return p
}

// reconnect is the source of those who have lost a session.
const reconnect = "reconnect"

var (
	onePress = surge.Population{{Weight: 1, Client: surge.Naive{Tries: 1}}}
	// Retry-After is in whole seconds: up to one more, so as not to come all at once.
	honouring = surge.Population{{Weight: 1, Client: surge.Honouring{Tries: 20, Jitter: time.Second}}}
)

func reconnecting() live.Source {
	return live.Source{Name: reconnect, Lane: laneLogin, Curve: surge.Constant(0), Clients: honouring, Timeout: 2 * time.Second}
}

// stretch returns the i-th phase; of the earthquake only its name is known.
func (s Settings) stretch(i int) stretch {
	if st, ok := stretches[s.Scenario]; ok {
		return st[i]
	}
	name := shares[i].name
	return stretch{name: name, trouble: name != phaseCalm && name != phaseRecovery}
}

// trouble is from when until when there is trouble.
func (s Settings) trouble(p *live.Plan) (from, until time.Duration) {
	from = -1
	for i, start := range p.Starts() {
		if s.stretch(i).trouble {
			if from < 0 {
				from = start
			}
			until = start + p.Phases[i].Length
		}
	}
	return from, until
}

// personAt is when somebody is at the switch: the trouble stands for six
// minutes, and it takes three.
func (s Settings) personAt(p *live.Plan) time.Duration {
	from, until := s.trouble(p)
	return from + (until-from)/2
}

// warns reports whether the scenario has an alert feed.
func (s Settings) warns() bool { return s.Scenario == Earthquake || s.Scenario == FalseAlert }
