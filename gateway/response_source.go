package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/daero/daero"
	"github.com/daero/daero/level"
)

// source is a kind of signal: how it is written, and how it is made. Each
// stands in a file of its own, response_NAME.go.
type source struct {
	// example is a whole line, for messages.
	example string
	// unit is how its thresholds are written; nil: as the user likes, but all
	// alike.
	unit *level.Unit
	// arms says that it warns instead of measuring: it takes no thresholds.
	arms bool
	// args takes the arguments behind the source's name and returns the rest,
	// which are thresholds. nil: all are.
	args func(l *signalLine, args []string) []string
	// words are what may stand in its block, beside what every signal has.
	words func(l *signalLine) []word
	// make makes it. It contacts nobody and reads no clock.
	make func(m *making, s *SignalConfig) (daero.Source, error)
}

// making is what sources are made with.
type making struct {
	control   *daero.Control
	repl      *caddy.Replacer
	receivers map[string]http.Handler // of alerts, by the signal's name
	release   []func() error          // gives back what was taken
}

// text replaces the placeholders in a value. Its errors do not have the value,
// which may be a secret.
func (m *making) text(s string) (string, error) {
	out, err := m.repl.ReplaceOrErr(s, true, true)
	if err != nil {
		return "", fmt.Errorf("a placeholder is empty or unknown: %w", err)
	}
	return out, nil
}

// sources are the kinds of signals by name.
var sources = map[string]source{}

// addSource adds a kind of signal. A file calls it as
//
//	var _ = addSource("name", source{…})
//
// which runs before init, like addCommand.
func addSource(name string, s source) source {
	sources[name] = s
	return s
}

func sourceNames() []string { return slices.Sorted(maps.Keys(sources)) }

func unitOf(u level.Unit) *level.Unit { return &u }

// signalLine is a signal while it is read from a Caddyfile.
type signalLine struct {
	*parser
	d    *caddyfile.Dispenser // at the signal's own line
	out  *SignalConfig
	with any // of the source; becomes out.With
}

// options reads what a source needs beside thresholds. Words that are not
// known are refused.
func options[T any](s *SignalConfig) (v T, err error) {
	if len(s.With) == 0 {
		return v, nil
	}
	dec := json.NewDecoder(bytes.NewReader(s.With))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		return v, fmt.Errorf("with: %w", err)
	}
	return v, nil
}

// optionsOf returns the options that a line fills in.
func optionsOf[T any](l *signalLine) *T {
	if l.with == nil {
		l.with = new(T)
	}
	return l.with.(*T)
}

// amount reads a value as people write it: 70%, 20ms, 2x, 1000.
func amount(s string) (v float64, unit level.Unit, err error) {
	number := func(text string) bool {
		v, err = strconv.ParseFloat(text, 64)
		return err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	if digits, ok := strings.CutSuffix(s, "%"); ok && number(digits) {
		return v / 100, level.Percent, nil
	}
	if digits, ok := strings.CutSuffix(s, "x"); ok && number(digits) {
		return v, level.Times, nil
	}
	if number(s) {
		return v, level.Plain, nil
	}
	if d, err := caddy.ParseDuration(s); err == nil {
		return d.Seconds(), level.Seconds, nil
	}
	return 0, 0, fmt.Errorf("%q is not a threshold: write it like 70%%, 20ms, 2x or 1000", s)
}

// written says how values of a unit are written.
func written(u level.Unit) string {
	switch u {
	case level.Percent:
		return "in percent, like 70%"
	case level.Seconds:
		return "as times, like 20ms"
	case level.Times:
		return "as multiples, like 2x"
	}
	return "as plain numbers, like 1000"
}

// thresholds reads where the levels begin. Levels that no threshold is given
// for are never asked for.
func (s *SignalConfig) thresholds(src source) (at [4]float64, unit level.Unit, err error) {
	if src.unit != nil {
		unit = *src.unit
	}
	if len(s.At) == 0 || len(s.At) > len(at) {
		return at, unit, fmt.Errorf("%d thresholds: give one to four, where attention, caution, alert and serious begin, like %q", len(s.At), src.example)
	}
	for i := range at {
		at[i] = math.Inf(1)
	}
	var errs []error
	for i, text := range s.At {
		v, u, err := amount(text)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if i == 0 && src.unit == nil {
			unit = u
		}
		switch {
		case u == unit:
		case src.unit == nil:
			errs = append(errs, fmt.Errorf("threshold %s: the first is written %s: write all alike", text, written(unit)))
		default:
			errs = append(errs, fmt.Errorf("threshold %s: %s is written %s", text, s.Source, written(unit)))
		}
		at[i] = v
	}
	return at, unit, errors.Join(errs...)
}
