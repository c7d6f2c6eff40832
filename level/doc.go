// Package level turns signals into one of five load levels.
//
// A [Ladder] goes up within two steps of 100 ms and comes down slowly: only
// after every signal has stayed under a margin for as long as the level's
// dwell, one level at a time. It has no clock and no goroutine; Step is a
// function of (now, state, readings).
//
// # Height
//
// Each signal has four thresholds, the values at which levels 1 to 4 begin.
// Its height is where its value stands among them: 2.5 is halfway from the
// second threshold to the third, 0.5 halfway from 0 to the first, and above
// the fourth it ends at 5. The highest of the heights is the load.
//
//	value    0 ... T1 ... T2 ... T3 ... T4 ... T4+(T4-T3)
//	height   0     1      2      3      4      5
//
// A level is raised to the whole part of the load and held until the load is
// under "below" of the way to it: with 70 %, level 3 is held down to 2.7.
//
// Serious needs two signals: one that stands there and another at caution or
// above, unless the configuration trusts one alone.
//
// A signal that is missing or stale neither raises nor lowers: what it said
// last holds a level up for a while (see [Config.Forget]), then the others
// decide; without any fresh signal the level stays as it is. Where no signal
// measures at all, the level comes down.
//
// Outside warnings (an alert feed, a calendar) are signals that arm: they show
// their level, make the ladder react one step sooner and at 80 % of the way,
// and let a playbook prepare. They never refuse anything, and they expire. A
// source that falls silent does not take its warning back.
//
// # No flapping
//
// A level that is entered is not entered again within a dwell of that, unless a
// person's pin moves it: up is as fast as the signals, down is one level after
// a dwell in it. What is shown for a warning is held for a dwell as well.
package level
