package gateway

import (
	"strings"

	"github.com/daero/daero"
	"github.com/daero/daero/level"
)

// lanesOptions are what signals of the lanes themselves need.
type lanesOptions struct {
	// Lane narrows the signal to a lane, LANE or BACKEND/LANE.
	Lane string `json:"lane,omitempty"`
}

const lanesPrefix = "lanes."

var _ = addLaneSources()

// addLaneSources adds a source for each figure that lanes tell.
func addLaneSources() (added []source) {
	for _, name := range daero.LaneSignalNames() {
		_, unit, err := new(daero.Control).LaneSignal(name, "")
		if err != nil {
			panic(err) // it has just been listed
		}
		added = append(added, addSource(lanesPrefix+name, source{
			example: "signal " + name + " " + lanesPrefix + name + " " + exampleOf(unit),
			unit:    unitOf(unit),
			args:    laneArg,
			make: func(m *making, s *SignalConfig) (daero.Source, error) {
				o, err := options[lanesOptions](s)
				if err != nil {
					return nil, err
				}
				src, _, err := m.control.LaneSignal(name, o.Lane)
				return src, err
			},
		}))
	}
	return added
}

// laneArg takes a lane in front of the thresholds.
func laneArg(l *signalLine, args []string) []string {
	if len(args) == 0 {
		return args
	}
	if _, _, err := amount(args[0]); err == nil {
		return args
	}
	optionsOf[lanesOptions](l).Lane = args[0]
	return args[1:]
}

// laneOf returns the lane that a signal of the lanes is about, "" for all.
func (s *SignalConfig) laneOf() (string, error) {
	if !strings.HasPrefix(s.Source, lanesPrefix) {
		return "", nil
	}
	o, err := options[lanesOptions](s)
	return o.Lane, err
}

func exampleOf(u level.Unit) string {
	switch u {
	case level.Percent:
		return "70% 80% 90% 97%"
	case level.Seconds:
		return "20ms 50ms 150ms 500ms"
	case level.Times:
		return "2x 4x 8x 16x"
	}
	return "10 100 1000 10000"
}
