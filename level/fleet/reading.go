package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/daero/daero/level"
)

// Version is that of the document. A reader refuses others; within a version it
// ignores fields that it does not know.
const Version = 1

// Bounds of a reading.
const (
	// MaxBytes is how long the document may be: 64 signals with names of 64
	// bytes take about 6 KiB.
	MaxBytes = 16 << 10
	// MaxName is how long a name may be, in bytes.
	MaxName = 64
	// MaxWeight is more than any gateway serves.
	MaxWeight = 1e9
)

// Reading is what one gateway measures by itself, never what it acts on: if
// gateways told each other what they had agreed on, they would hold each other
// up.
type Reading struct {
	// Node names the gateway, among all of the fleet.
	Node string `json:"node"`
	// Run rises each time the gateway starts: the time of the start will do.
	// Seq rises with each reading of a run.
	Run uint64 `json:"run"`
	Seq uint64 `json:"seq"`
	// At is the sender's time. It is shown, and nothing depends on it.
	At time.Time `json:"at"`
	// Acting, Pressure and Pinned are those of the [level.Standing] that its own
	// ladder found.
	Acting   level.Level `json:"acting"`
	Pressure float64     `json:"pressure"`
	Pinned   bool        `json:"pinned,omitempty"`
	// Weight is how much it carries, in requests per second.
	Weight  float64  `json:"weight"`
	Signals []Height `json:"signals,omitempty"`
	// Build and Config are fingerprints: who differs is shown.
	Build  string `json:"build,omitempty"`
	Config string `json:"config,omitempty"`
}

// Height is where a signal stands among its thresholds, 0 to 5.
type Height struct {
	Name   string  `json:"name"`
	Height float64 `json:"height"`
}

// document is a Reading as it is written.
type document struct {
	V int `json:"v"`
	Reading
}

// Validate reports every mistake at once, joined.
func (r *Reading) Validate() error {
	var errs []error
	for _, n := range []struct{ what, name string }{{"node", r.Node}, {"build", r.Build}, {"config", r.Config}} {
		if n.name == "" && n.what != "node" {
			continue
		}
		if err := checkName(n.name); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", n.what, err))
		}
	}
	if r.Acting >= level.Count {
		errs = append(errs, fmt.Errorf("acting %d: must be 0 to %d", r.Acting, level.Serious))
	}
	if !within(r.Pressure, 1) {
		errs = append(errs, fmt.Errorf("pressure %v: must be 0 to 1", r.Pressure))
	}
	if !within(r.Weight, MaxWeight) {
		errs = append(errs, fmt.Errorf("weight %v: must be 0 to %v", r.Weight, float64(MaxWeight)))
	}
	if len(r.Signals) > level.MaxSignals {
		errs = append(errs, fmt.Errorf("%d signals: at most %d", len(r.Signals), level.MaxSignals))
		return errors.Join(errs...)
	}
	for _, s := range r.Signals {
		if err := checkName(s.Name); err != nil {
			errs = append(errs, fmt.Errorf("signal: %w", err))
		} else if !within(s.Height, level.Count) {
			errs = append(errs, fmt.Errorf("signal %s: height %v: must be 0 to %d", s.Name, s.Height, level.Count))
		}
	}
	return errors.Join(errs...)
}

// within is false for what is not a number.
func within(v, most float64) bool { return v >= 0 && v <= most }

func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("no name: give each gateway one of its own")
	case len(name) > MaxName:
		return fmt.Errorf("a name of %d bytes: at most %d", len(name), MaxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) }):
		return fmt.Errorf("name %q: use characters that can be printed", name)
	}
	return nil
}

// Encode writes the document. What is out of bounds is an error, as others
// would refuse it.
func (r *Reading) Encode() ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	b, err := json.Marshal(document{V: Version, Reading: *r})
	if err == nil && len(b) > MaxBytes {
		err = fmt.Errorf("a reading of %d bytes: at most %d: use shorter names of signals", len(b), MaxBytes)
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Parse reads a document. It comes from outside: whatever is not exactly a
// reading is an error.
func Parse(b []byte) (Reading, error) {
	if len(b) > MaxBytes {
		return Reading{}, fmt.Errorf("a reading of %d bytes: at most %d", len(b), MaxBytes)
	}
	if !utf8.Valid(b) {
		return Reading{}, errors.New("a reading is not UTF-8")
	}
	var d document
	dec := json.NewDecoder(bytes.NewReader(b))
	if err := dec.Decode(&d); err != nil {
		return Reading{}, fmt.Errorf("a reading is not understood: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Reading{}, errors.New("a reading is followed by something else")
	}
	if d.V != Version {
		return Reading{}, fmt.Errorf("a reading of version %d: this gateway reads %d: update the older of both", d.V, Version)
	}
	if err := d.Validate(); err != nil {
		return Reading{}, err
	}
	return d.Reading, nil
}

// load is acting and pressure in one number, whose whole part is acting.
func load(acting level.Level, pressure float64) float64 {
	if !(pressure > 0) {
		return float64(acting)
	}
	return math.Min(float64(acting)+pressure, math.Nextafter(float64(acting)+1, 0))
}
