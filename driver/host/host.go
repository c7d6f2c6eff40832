// Package host reads how hard the machine under a gateway works: its CPU, the
// wait for it, and memory.
//
// The figures are the machine's, or the container's where it has a memory
// limit; they say nothing about the services behind the gateway, unless those
// run beside it.
package host

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/driver/poll"
	"github.com/daero/daero/level"
)

// every is how often a figure is read. Reading one costs tens of microseconds.
const every = 250 * time.Millisecond

// metric is one figure of the machine.
type metric struct {
	name string
	doc  string
	ask  func(sys *system) func(ctx context.Context) (poll.Answer, error)
}

var metrics = []metric{
	{"cpu", "share of the processors' time that was not idle, over the last second", askCPU},
	{"runqueue", "share of time in which something waited for a processor (Linux' pressure, averaged over 10 s; elsewhere the load average of a minute for each processor, which may be above 100%)", askRunQueue},
	{"memory", "share of memory in use; of the control group's limit where there is one", askMemory},
}

// Names lists what [New] can read.
func Names() []string {
	var names []string
	for _, m := range metrics {
		names = append(names, m.name)
	}
	return names
}

// Doc says in a sentence what a metric is, "" if there is none of that name.
func Doc(name string) string {
	for _, m := range metrics {
		if m.name == name {
			return m.doc
		}
	}
	return ""
}

// Unit is how values of all metrics are written: 1 is 100%.
const Unit = level.Percent

// Metric reads one figure. Read may be called at any time; Run once.
type Metric struct{ poll *poll.Poller }

// New returns the metric of a name: cpu, runqueue or memory. It reads nothing
// yet.
func New(name string) (*Metric, error) { return newMetric(name, realSystem()) }

func newMetric(name string, sys *system) (*Metric, error) {
	i := slices.IndexFunc(metrics, func(m metric) bool { return m.name == name })
	if i < 0 {
		return nil, fmt.Errorf("unknown signal host.%s: use one of %s", name, strings.Join(Names(), ", "))
	}
	return &Metric{poll.New(poll.Config{Every: every, Timeout: time.Second, Ask: metrics[i].ask(sys)})}, nil
}

// Run reads the figure four times a second until ctx ends, and returns why it
// did.
func (m *Metric) Run(ctx context.Context) error { return m.poll.Run(ctx) }

// Read returns the figure, 0.5 for 50%. Where the system does not tell it,
// there is only a Note that says so.
func (m *Metric) Read(now time.Time) level.Reading { return m.poll.Read(now) }

// Stale is the age from which readings should count as stale.
func (m *Metric) Stale() time.Duration { return m.poll.Stale() }
