package playtest

import (
	"time"

	"github.com/daero/daero/level"
)

// Bounds of a file.
const (
	MaxFile    = 1 << 20 // bytes
	MaxTests   = 256
	MaxEntries = 4096 // points, acts and expectations of one test
	// MaxTime is how much virtual time a test may take.
	MaxTime = 24 * time.Hour
)

// File is a file of tests.
type File struct {
	Name string
	// Playbook is the configuration the tests are of, as the file says it:
	// relative to the file. Empty: the file does not say.
	Playbook string
	Tests    []*Test
}

// Test is one history and what is expected of it.
type Test struct {
	Name  string
	Where string // FILE:LINE
	// Lasts is how much virtual time it takes: by default until the last moment
	// that it mentions.
	Lasts time.Duration

	signals []signal // in the order of the file
	acts    []act
	expects []expectation
}

// signal is what a signal reads over time.
type signal struct {
	name   string
	where  string
	points []point // in the order of time
}

// pointKind is what happens to a signal at a moment.
type pointKind uint8

const (
	values  pointKind = iota // it reads a value from here on
	ramps                    // it moves to a value
	vanish                   // nothing is heard of it from here on
	warns                    // an outside warning begins
	cancels                  // it is taken back
)

// point is a moment at which a signal changes.
type point struct {
	where    string
	at       time.Duration
	kind     pointKind
	unit     level.Unit
	from, to float64       // a value is to
	rises    bool          // a ramp begins at from, not at what the signal reads then
	over     time.Duration // of a ramp; of a warning how long it holds
	hold     time.Duration // of a value: then it is what it was before; 0 for good
	note     string
}

// actKind is what an operator does.
type actKind uint8

const (
	pins actKind = iota
	unpins
	pauses
	resumes
	stops
	starts
)

var actWords = [...]string{pins: "pin", unpins: "unpin", pauses: "pause", resumes: "resume", stops: "stop", starts: "start"}

// act is something that an operator does.
type act struct {
	where      string
	at         time.Duration
	kind       actKind
	level      level.Level   // to pin
	last       time.Duration // of a pin, pause or stop
	action     string        // to stop or start
	by, reason string
}
