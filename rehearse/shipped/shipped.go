// Package shipped is the response that comes with daero: signals, levels and a
// playbook for a service with messages, syncs and logins. The rehearsals prove
// it; take it as it is, or start from it.
//
// It is here twice, as a Go value and as text for a Caddyfile. Both say the
// same.
package shipped

import (
	_ "embed"
	"errors"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// Caddyfile is the response as the blocks level and playbook of the global
// option daero.
//
//go:embed response.caddyfile
var Caddyfile string

// The lanes that the playbook is about.
const (
	Message = "message"
	Sync    = "sync"
	Login   = "login"
)

// Lanes returns the lanes.
func Lanes() []lane.LaneConfig {
	return []lane.LaneConfig{
		{Name: Message, Tier: lane.Critical},
		{Name: Sync, Tier: lane.Normal},
		{Name: Login, Tier: lane.Sheddable},
	}
}

// measured are the signals that the lanes give.
var measured = []struct {
	name, reads string
	at          [4]float64
}{
	{"busy", "busy", [4]float64{0.70, 0.80, 0.90, 0.97}},
	{"wait", "queue_wait", [4]float64{0.020, 0.050, 0.150, 0.500}},
	{"refused", "refused", [4]float64{0.02, 0.10, 0.30, 0.60}},
	{"reconn", "reconnects", [4]float64{2, 4, 8, 16}},
}

// Actions returns the playbook's actions.
//
// Lanes protect the service by themselves, so an action is here only for what
// they cannot know: that clients need not ask as often (slow), that a slow sync
// must not keep people from logging in (ceiling), and that of the phones nobody
// looks at many will be refused in any case (shed), by a share that stays below
// what the lanes refuse where two signals stand at serious.
func Actions() []playbook.Action {
	return []playbook.Action{
		{At: level.Caution, Kind: playbook.Slow, Lane: Sync, From: 1, To: 1, For: 2 * time.Minute},
		{At: level.Serious, Kind: playbook.Ceiling, Lane: Sync, From: 0.5, To: 0.75},
		{At: level.Serious, Kind: playbook.Shed, Lane: Login, Who: playbook.Background, From: 0, To: 0.3},
	}
}

// Playbook returns the playbook.
func Playbook() playbook.Config { return playbook.Config{Actions: Actions()} }

// Response returns the whole of it for a Daero whose lanes are [Lanes], with
// the outside warnings that are given.
func Response(c *daero.Control, warnings ...daero.Signal) (daero.Response, error) {
	r := daero.Response{Playbook: Playbook(), Dwell: level.DefaultDwell, Below: level.DefaultBelow}
	var errs []error
	for _, m := range measured {
		src, unit, err := c.LaneSignal(m.reads, "")
		errs = append(errs, err)
		r.Signals = append(r.Signals, daero.Signal{Signal: level.Signal{Name: m.name, Unit: unit, At: m.at}, Source: src})
	}
	r.Signals = append(r.Signals, warnings...)
	return r, errors.Join(errs...)
}
