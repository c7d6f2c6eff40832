package daero

import (
	"maps"

	"github.com/daero/daero/lane"
)

// Snapshot is what a Daero is doing, at one moment.
type Snapshot struct {
	Backends     map[string]lane.Snapshot // by name
	Appointments map[string]uint64        // by what became of them, see [AppointmentResults]; only grow
	BodyBytes    int64                    // held by request bodies that were read ahead
}

// Snapshot returns what d is doing. It is cheap but not free: for metrics and
// screens, not for every request.
func (d *Daero) Snapshot() Snapshot {
	s := Snapshot{
		Backends:     map[string]lane.Snapshot{},
		Appointments: make(map[string]uint64, numTokens),
		BodyBytes:    d.bodies.used.Load(),
	}
	for name, set := range d.inForceSets() {
		s.Backends[name] = set.Snapshot()
	}
	for i, name := range tokenNames {
		s.Appointments[name] = d.tokens[i].Load()
	}
	return s
}

// Learned returns what each backend's lanes have learned, to be kept across
// restarts and given back in [Plan.Learned].
func (d *Daero) Learned() map[string]lane.State {
	learned := map[string]lane.State{}
	for name, set := range d.inForceSets() {
		learned[name] = set.State()
	}
	return learned
}

func (d *Daero) inForceSets() map[string]*lane.Set {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.sets)
}
