package captcha

import (
	"math/bits"
	"time"
)

// maxLevel of the map's hardening.
const maxLevel = 4

// Bounds of the proof of work, in time of a usual device.
const (
	leastWork = 50 * time.Millisecond
	mostWork  = 10 * time.Second // also after misses and resets
	firstWork = 3 * time.Second  // for those who just came, unless a site or Press says more
)

// Reasons are why a score is what it is, as bits; see [Reasons.Names].
type Reasons uint32

// The reasons. They go into tokens by their place: add at the end.
const (
	ReasonAutomation    Reasons = 1 << iota // "automation": the browser says that it is driven (webdriver, headless)
	ReasonNoWorker                          // "no-worker": it has no workers, which every usual browser has
	ReasonInstant                           // "instant": the form was done faster than people are
	ReasonNoFocus                           // "no-focus": the page never had the focus, nor a pointer or key
	ReasonFastWork                          // "fast-work": the work came faster than a browser computes
	ReasonBusyNetwork                       // "busy-network": the prefix used over half of its challenges of the minute
	ReasonNetworkMisses                     // "network-misses": over half of its misses
	ReasonNetworkTokens                     // "network-tokens": it had its tokens of the hour that need no question
	ReasonMisses                            // "misses": this visitor missed
	ReasonResets                            // "resets": this visitor put questions aside
	ReasonAsked                             // "asked": a question was answered
	ReasonNobodyAsked                       // "nobody-asked": the site asks nobody, whatever speaks for it
	ReasonApp                               // "app": a native app, whose name nobody vouches for
	ReasonTest                              // "test": a published test key
	ReasonSlow                              // "slow": the device had not done its work after three seconds
)

var reasonNames = [...]string{
	"automation", "no-worker", "instant", "no-focus", "fast-work", "busy-network", "network-misses", "network-tokens",
	"misses", "resets", "asked", "nobody-asked", "app", "test", "slow",
}

// Names returns the reasons as words of a fixed set.
func (r Reasons) Names() []string {
	names := make([]string, 0, bits.OnesCount32(uint32(r)))
	for i, name := range reasonNames {
		if r&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// probes are what a widget may say about its browser. What is not among them is
// not looked at: nobody is worse off for a word that we do not know. They are
// hints, for a bot says what it likes; none alone but those of automation and "slow" brings a
// question.
var probes = map[string]Reasons{
	"webdriver": ReasonAutomation, // navigator.webdriver
	"headless":  ReasonAutomation, // "HeadlessChrome" and its like in the user agent, or no screen
	"no-worker": ReasonNoWorker,   // no Worker, or it may not start
	"instant":   ReasonInstant,    // less than a second from the page to the widget's start by a visitor's doing
	"no-focus":  ReasonNoFocus,    // neither focus nor pointer nor key before the widget started
	"slow":      ReasonSlow,       // the first work was not done after three seconds: a question instead, see [Known.slow]
}

// maxProbes are looked at.
const maxProbes = 16

func probed(names []string) (r Reasons) {
	for i, name := range names {
		if i == maxProbes {
			break
		}
		r |= probes[name]
	}
	return r
}

// Known is what is known of a visitor when it is decided what comes next.
type Known struct {
	Probes Reasons
	App    bool
	// Used are shares of the prefix's budgets: 1 is all.
	Challenges, Missed, Tokens float64
	Misses, Resets             int
	// Took is how long the work took that came last, 0 for none, and Work how
	// long it takes a usual device.
	Took, Work time.Duration
	// Fast says that an earlier one came too fast.
	Fast bool
	// Solved says that a question was answered.
	Solved bool
	// Press is the least work now, at all sites.
	Press time.Duration
}

// Judgement is what comes next.
type Judgement struct {
	Ask     bool          // a question is due
	Level   int           // of that question
	Work    time.Duration // of the next proof of work
	Score   float64       // 1 surely a person, 0 surely not
	Reasons Reasons
}

// weights are how much each reason says, in hundredths: from 30 a question is
// due. A driven browser is asked, and so is one whose work comes at a native
// program's speed; the others need company.
var weights = [...]struct {
	reason Reasons
	weight int
}{
	{ReasonAutomation, 50},
	{ReasonNoWorker, 15},
	{ReasonInstant, 20},
	{ReasonNoFocus, 15},
	{ReasonFastWork, 30},
	{ReasonBusyNetwork, 10},
	{ReasonNetworkMisses, 20},
	{ReasonNetworkTokens, 10}, // it asks in any case
	{ReasonMisses, 10},
	{ReasonResets, 5},
}

const due = 30

// stepMisses is how many misses go one step up; twice as many end in a wait.
const stepMisses = 3

// Judge decides as a function of what is known.
//
// The score of who was asked nothing is 0.9 less what speaks against it; that of
// who answered a question begins at 1 and loses half as much: the answer speaks
// for it, and never falls below 0.5 but for a browser that says it is driven.
// Hearing a question instead of seeing it changes nothing.
func Judge(policy Policy, k Known) Judgement {
	policy = policy.WithDefaults()
	j := Judgement{Reasons: k.reasons(policy.Ask)}
	against := 0
	for _, w := range weights {
		if j.Reasons&w.reason != 0 {
			against += w.weight
		}
	}
	against += 5 * min(max(k.Misses-1, 0), 3) // more misses say more, alone not enough
	against = min(against, 90)

	j.Ask = policy.Ask == AskAlways || policy.Ask == AskRisk && (against >= due || k.Tokens >= 1 || k.slow(policy))
	j.Level = *policy.Level + k.Misses/stepMisses
	if against >= due {
		j.Level++
	}
	j.Level = min(max(j.Level, 0), maxLevel)
	j.Work = k.work(policy, against)
	j.Score = float64(90-against) / 100
	if k.Solved {
		j.Score = float64(200-against) / 200
		if j.Reasons&ReasonAutomation != 0 {
			j.Score -= 0.3
		}
	}
	return j
}

func (k *Known) reasons(ask Ask) Reasons {
	r := k.Probes
	for _, f := range []struct {
		is  bool
		say Reasons
	}{
		{k.App, ReasonApp},
		{k.tooFast() || k.Fast, ReasonFastWork},
		{k.Challenges > 0.5, ReasonBusyNetwork},
		{k.Missed > 0.5, ReasonNetworkMisses},
		{k.Tokens >= 1, ReasonNetworkTokens},
		{k.Misses > 0, ReasonMisses},
		{k.Resets > 0, ReasonResets},
		{k.Solved, ReasonAsked},
		{!k.Solved && ask == AskNever, ReasonNobodyAsked},
	} {
		if f.is {
			r |= f.say
		}
	}
	return r
}

// tooFast: a native program is about seven times as fast as a usual browser, a
// fast desktop twice. An app computes natively, which is no fault of it.
func (k *Known) tooFast() bool { return !k.App && k.Took > 0 && k.Took*4 < k.Work }

// slow: a device that is too slow to compute answers a question instead, for a
// quarter of the work. It says so itself, which gains a program nothing: the
// question is dearer. Where nobody is asked there is nothing to have instead, and
// in a surge, when the work is long on purpose, it is so for every device.
func (k *Known) slow(policy Policy) bool {
	return k.Probes&ReasonSlow != 0 && policy.Ask != AskNever && k.Press <= policy.Work
}

// work doubles with each miss and each reset, for those who do not seem like
// people, and where the prefix has had half of its challenges, or its tokens: who
// would rather begin anew than put a question aside pays for that as well. Where
// it has had its misses it is four times as long: a wait for everybody would let
// one who guesses lock out the others behind the same address.
func (k *Known) work(policy Policy, against int) time.Duration {
	least := max(policy.Work, k.Press)
	doubled := min(k.Misses+k.Resets, 10)
	if against >= due {
		doubled++
	}
	if k.Challenges > 0.5 {
		doubled++
	}
	if k.Tokens >= 1 {
		doubled++
	}
	if k.Missed >= 1 {
		doubled += 2
	}
	most := firstWork
	if k.Misses+k.Resets > 0 {
		most = mostWork
	}
	work := max(least, min(least<<doubled, most))
	if k.slow(policy) {
		work = max(work/4, leastWork)
	}
	return work
}
