package gateway

import (
	"errors"
	"fmt"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

type laneConfig = lane.Config

// mergeLanes joins what two handlers say about one backend. Lanes of one name
// are one lane, so they must agree; the lanes that exist without being
// declared give way to a declaration.
func mergeLanes(a, b laneConfig) (laneConfig, error) {
	if len(a.Lanes) == 0 {
		return b, nil
	}
	var errs []error
	at := make(map[string]int, len(a.Lanes))
	out := a
	out.Lanes = append([]lane.LaneConfig(nil), a.Lanes...)
	for i, l := range a.Lanes {
		at[l.Name] = i
	}
	for _, l := range b.Lanes {
		i, ok := at[l.Name]
		switch {
		case !ok:
			out.Lanes = append(out.Lanes, l)
		case out.Lanes[i] != l:
			errs = append(errs, fmt.Errorf("lane %s: two handlers describe it differently: describe it alike, or give one handler a backend of its own", l.Name))
		}
	}
	if a.Shadow != b.Shadow {
		errs = append(errs, errors.New("shadow in one handler and not in another: they share one limit, so say it in both or give one a backend of its own"))
	}
	errs = append(errs, agree("initial_limit", &out.InitialLimit, b.InitialLimit), agree("fixed_limit", &out.FixedLimit, b.FixedLimit))
	return out, errors.Join(errs...)
}

func agree(word string, have *int, got int) error {
	if *have == 0 {
		*have = got
	}
	if got != 0 && got != *have {
		return fmt.Errorf("%s: %d in one handler and %d in another: they share one limit, so say the same", word, *have, got)
	}
	return nil
}

// standardConfig is cfg as it stands when nothing else is declared.
func standardConfig(cfg laneConfig) laneConfig { return daero.WithStandardLanes(cfg) }
