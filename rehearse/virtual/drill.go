package virtual

import (
	"time"

	"github.com/daero/daero/playbook"
	"github.com/daero/daero/surge"
)

// Drill is a storm with people in it. They have sessions: a send that fails or
// is not answered in time costs the session, and its client logs in again. This
// is how a slow service becomes a dead one, and what levels and a playbook are
// rehearsed against. Times are as they were, nothing is scaled.
type Drill struct {
	Name string
	What string // one line on what it replays
	Seed uint64
	// Workers serve everything, first come, first served.
	Workers int
	// People are online from the start. Each polls once in a while.
	People int
	// Messages are sends per second of all people together.
	Messages surge.Curve
	// Opens are people, not online before, who open the app; Wakes are phones
	// that log in with nobody looking. Both per second.
	Opens, Wakes surge.Curve
	// Trouble begins and is Over; the drill goes on until End, so that one sees
	// everything taken back.
	Trouble, Over, End time.Duration
	Turns              []Turn    // what happens, in the order of time
	Warnings           []Warning // what an alert feed or a calendar says
	// Actions are the playbook's in the arm that has one. Default: those of
	// package shipped.
	Actions []playbook.Action
}

// Turn is something that happens in a drill.
type Turn struct {
	At   time.Duration
	What string
	do   func(*drilling)
}

// Warning is what comes from outside. It arms.
type Warning struct {
	Signal    string // "quake" or "newyear"
	At        time.Duration
	For       time.Duration
	Cancelled time.Duration // when it is taken back, 0 never
	Note      string
}

// What requests cost a worker, and how long clients wait for an answer.
var (
	drillCost     = [numKinds]time.Duration{Message: 2 * time.Millisecond, Login: 100 * time.Millisecond, Sync: 15 * time.Millisecond}
	drillPatience = [numKinds]time.Duration{Message: time.Second, Login: 3 * time.Second, Sync: 3 * time.Second}
)

const (
	drillSpread = 0.2
	drillQueue  = 10_000 // requests that may wait for a worker
	pollEvery   = 60 * time.Second
	// personAfter is how long it takes until somebody is at the switch. In 2016
	// it took longer.
	personAfter = 3 * time.Minute
)

// crowdOfPeople is who they are: most come back when they are told to, the rest press
// again. All of them go on for as long as it takes.
var crowdOfPeople = surge.Population{
	{Weight: 0.7, Client: surge.Honouring{Tries: 1000, Jitter: time.Second}},
	{Weight: 0.3, Client: surge.Impatient{Tries: 1000}},
}

// Arm is what stands in front of the service in a drill.
type Arm string

// The arms.
const (
	None   Arm = "none"   // nothing
	Manual Arm = "manual" // nothing, until a person switches a prepared emergency mode on
	Only   Arm = "lanes"  // daero's lanes, without levels and a playbook
	Auto   Arm = "auto"   // both
)

// DrillArms lists the arms.
func DrillArms() []Arm { return []Arm{None, Manual, Only, Auto} }

// calmRates are the usual traffic.
const (
	calmMessages = 120
	calmOpens    = 5
	calmWakes    = 5
	drillWorkers = 24
	drillPeople  = 3000
)

func usualDrill(name, what string) *Drill {
	return &Drill{
		Name: name, What: what, Seed: 1, Workers: drillWorkers, People: drillPeople,
		Messages: surge.Constant(calmMessages), Opens: surge.Constant(calmOpens), Wakes: surge.Constant(calmWakes),
		Trouble: 20 * time.Second, Over: 80 * time.Second, End: 300 * time.Second,
	}
}
