package api

import (
	"io"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// PinOf and PauseOf read bodies, for fuzzing.
func PinOf(r io.Reader, now time.Time, who string) (level.Pin, error) {
	var d pinDoc
	if err := decode(r, &d); err != nil {
		return level.Pin{}, err
	}
	return d.pin(now, who)
}

func PauseOf(r io.Reader, now time.Time, who string) (playbook.Pause, error) {
	var d lasting
	if err := decode(r, &d); err != nil {
		return playbook.Pause{}, err
	}
	return d.pause(now, who)
}

func LaneOrderOf(r io.Reader, now time.Time, who string) (daero.LaneOrder, error) {
	var d laneOrder
	if err := decode(r, &d); err != nil {
		return daero.LaneOrder{}, err
	}
	return d.order(now, who, "default", "login", 1)
}

// Unified compares texts.
var Unified = unified

// SchemaTypes are the structs that the document of the API has.
func SchemaTypes() []reflect.Type {
	s := newSchemas()
	s.document()
	seen := map[reflect.Type]bool{}
	for key := range s.names {
		seen[key.t] = true
	}
	return slices.Collect(maps.Keys(seen))
}
