package gateway

import (
	"github.com/daero/daero"
	"github.com/daero/daero/driver/host"
)

const hostPrefix = "host."

var _ = addHostSources()

// addHostSources adds a source for each figure of the machine.
func addHostSources() (added []source) {
	for _, name := range host.Names() {
		added = append(added, addSource(hostPrefix+name, source{
			example: "signal " + name + " " + hostPrefix + name + " 80% 90% 95% 99%",
			unit:    unitOf(host.Unit),
			make: func(_ *making, s *SignalConfig) (daero.Source, error) {
				if _, err := options[struct{}](s); err != nil {
					return nil, err
				}
				return host.New(name)
			},
		}))
	}
	return added
}
