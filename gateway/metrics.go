package gateway

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/daero/daero/lane"
)

// collector shows the process's lanes to Prometheus. There is one: Caddy makes
// a registry for each configuration, and counters must not start anew with it.
// Labels come from fixed sets: names in the configuration, tiers, intents,
// reasons; never from users.
type collector struct{}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("daero_"+name, help, labels, nil)
}

var (
	perLane = []string{"backend", "lane", "tier"}

	backendLimit    = desc("backend_limit", "Permits the backend is believed to bear.", "backend")
	backendInFlight = desc("backend_in_flight", "Permits out, streams not counted.", "backend")
	backendPressure = desc("backend_pressure", "1 while the limit stands in somebody's way.", "backend")
	laneLimit       = desc("lane_limit", "Permits the lane may have now.", perLane...)
	laneInFlight    = desc("lane_in_flight", "Permits the lane has out.", perLane...)
	laneWaiting     = desc("lane_waiting", "Requests waiting for a permit.", perLane...)
	laneBase        = desc("lane_base_seconds", "Mean response time when nothing queues.", perLane...)
	lanePassed      = desc("lane_passed_total", "Requests let in.", append(perLane, "intent")...)
	laneRefused     = desc("lane_refused_total", "Requests refused.", append(perLane, "intent", "reason")...)
	laneWould       = desc("lane_would_refuse_total", "Requests let in by shadow that would have been refused.", perLane...)
	laneEnded       = desc("lane_ended_total", "Requests let in, by how they ended.", append(perLane, "outcome")...)
	appointments    = desc("appointments_total", "Appointments, by what became of them.", "result")
	bodyBytes       = desc("body_ahead_bytes", "Bytes of request bodies read ahead of a permit.")
)

// Describe implements prometheus.Collector.
func (collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		backendLimit, backendInFlight, backendPressure, laneLimit, laneInFlight, laneWaiting, laneBase,
		lanePassed, laneRefused, laneWould, laneEnded, appointments, bodyBytes,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (collector) Collect(ch chan<- prometheus.Metric) {
	rt := current.Load()
	if rt == nil {
		return
	}
	s := rt.d.Snapshot()
	for name, b := range s.Backends {
		collectBackend(ch, name, b)
	}
	for result, n := range s.Appointments {
		ch <- prometheus.MustNewConstMetric(appointments, prometheus.CounterValue, float64(n), result)
	}
	gauge(ch, bodyBytes, float64(s.BodyBytes))
}

func collectBackend(ch chan<- prometheus.Metric, name string, b lane.Snapshot) {
	gauge(ch, backendLimit, float64(b.Limit), name)
	gauge(ch, backendInFlight, float64(b.InFlight), name)
	pressure := 0.0
	if b.Pressure {
		pressure = 1
	}
	gauge(ch, backendPressure, pressure, name)
	for _, l := range b.Lanes {
		collectLane(ch, []string{name, l.Name, l.Tier.String()}, l)
	}
}

func collectLane(ch chan<- prometheus.Metric, labels []string, l lane.LaneSnapshot) {
	labels = labels[:len(labels):len(labels)]
	gauge(ch, laneLimit, float64(l.Limit), labels...)
	gauge(ch, laneInFlight, float64(l.InFlight), labels...)
	gauge(ch, laneWaiting, float64(l.Waiting), labels...)
	gauge(ch, laneBase, l.Base.Seconds(), labels...)
	count(ch, laneWould, l.WouldRefuse, labels...)
	for _, intent := range []lane.Intent{lane.Foreground, lane.Background} {
		count(ch, lanePassed, l.Passed[intent], append(labels, intent.String())...)
		for reason, n := range l.Refused[intent] {
			count(ch, laneRefused, n, append(labels, intent.String(), reason.String())...)
		}
	}
	count(ch, laneEnded, l.Served, append(labels, "served")...)
	count(ch, laneEnded, l.Failed, append(labels, "failed")...)
	count(ch, laneEnded, l.Overloaded, append(labels, "overloaded")...)
	count(ch, laneEnded, l.Dropped, append(labels, "dropped")...)
}

func gauge(ch chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func count(ch chan<- prometheus.Metric, d *prometheus.Desc, n uint64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

// register adds the collector to the registry of one configuration.
func register(r *prometheus.Registry) error {
	err := r.Register(collector{})
	if already := (prometheus.AlreadyRegisteredError{}); errors.As(err, &already) {
		return nil
	}
	return err
}
