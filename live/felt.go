package live

import (
	"math"

	"github.com/daero/daero/lane"
)

// Feeling is what kind of thing users of a lane notice.
type Feeling string

// The feelings.
const (
	FeltNone      Feeling = "none"
	FeltWait      Feeling = "wait"      // they wait in a queue
	FeltShed      Feeling = "shed"      // they are told to come back
	FeltDefer     Feeling = "defer"     // theirs is done later
	FeltChallenge Feeling = "challenge" // they are asked whether they are there
	FeltSlow      Feeling = "slow"      // the service takes longer
	FeltFail      Feeling = "fail"      // the service fails
)

// Felt is what those who use a lane feel, as data: N of every Of of them, who
// they are, and how long it takes. Words are the screen's.
type Felt struct {
	Kind Feeling `json:"kind"`
	// N of Of: three of four. Of is 4 as long as that tells the truth, else 10,
	// 100 or 1000.
	N  int `json:"n"`
	Of int `json:"of"`
	// Who they are: foreground, background, new-device, or "" for everyone.
	Who string `json:"who"`
	// Seconds that they wait (wait) or that it takes (slow).
	Seconds float64 `json:"seconds,omitempty"`
}

// From where on something is felt.
const (
	feltShare  = 0.005 // of those who came
	feltWait   = 0.1   // seconds in the queue, on average
	feltSlower = 2.0   // times what it takes when calm
	feltLonger = 0.05  // seconds more than that
)

// feltOf finds what matters most to those who use a lane: to be turned away
// more than to wait, to wait in line more than to be served slowly.
func feltOf(l *lane.LaneSnapshot, p *passage, o Outcome) Felt {
	came := p.came(0) + p.came(1)
	if came == 0 {
		return Felt{Kind: FeltNone, Of: 4}
	}
	best, most := Felt{Kind: FeltNone, Of: 4}, feltShare
	for _, part := range []struct {
		kind Feeling
		by   [2]float64
	}{{FeltShed, p.shed}, {FeltChallenge, p.challenged}, {FeltDefer, p.deferred}} {
		if part.by[0]+part.by[1] < most*came {
			continue
		}
		most = (part.by[0] + part.by[1]) / came
		best = group(p, part.by)
		best.Kind = part.kind
	}
	if best.Kind == FeltChallenge && fresh(&l.Orders) {
		best.Who = "new-device"
	}
	if share := o.Failed / o.Came(); share > most {
		best = of(share)
		best.Kind = FeltFail
	}
	if best.Kind != FeltNone {
		return best
	}
	return feltTime(l, p, o)
}

// feltTime is what those feel who all get in.
func feltTime(l *lane.LaneSnapshot, p *passage, o Outcome) Felt {
	wait := p.wait()
	if share := o.Waited / o.Came(); wait >= feltWait && share >= feltShare {
		f := of(share)
		f.Kind, f.Seconds = FeltWait, milli(wait)
		return f
	}
	recent, base := l.Recent.Seconds(), l.Base.Seconds()
	if !l.Streams && base > 0 && recent >= feltSlower*base && recent-base >= feltLonger {
		return Felt{Kind: FeltSlow, N: 4, Of: 4, Seconds: milli(recent)}
	}
	return Felt{Kind: FeltNone, Of: 4}
}

// fresh reports whether devices that are not known are asked more than others.
func fresh(o *lane.Orders) bool {
	return o.ChallengeNew[0] > o.Challenge[0] || o.ChallengeNew[1] > o.Challenge[1]
}

// group finds who is hit. If one intent is not, the share is that of the other
// alone: "all that woke by themselves" says more than "half of all".
func group(p *passage, by [2]float64) Felt {
	fore, back := p.came(int(lane.Foreground)), p.came(int(lane.Background))
	switch {
	case back > 0 && fore > 0 && by[lane.Foreground] < feltShare*fore:
		return named(lane.Background, by[lane.Background]/back)
	case back > 0 && fore > 0 && by[lane.Background] < feltShare*back:
		return named(lane.Foreground, by[lane.Foreground]/fore)
	case fore == 0:
		return named(lane.Background, by[lane.Background]/back)
	}
	return of((by[0] + by[1]) / (fore + back))
}

func named(who lane.Intent, share float64) Felt {
	f := of(share)
	f.Who = who.String()
	return f
}

// of writes a share as people say it. A quarter is off by an eighth at most:
// below that tenths are said, and so on.
func of(share float64) Felt {
	for _, d := range []int{4, 10, 100} {
		if share*float64(d) >= 0.5 {
			return Felt{N: min(int(math.Round(share*float64(d))), d), Of: d}
		}
	}
	return Felt{N: max(int(math.Round(share*1000)), 1), Of: 1000}
}

func milli(seconds float64) float64 { return math.Round(seconds*1000) / 1000 }
