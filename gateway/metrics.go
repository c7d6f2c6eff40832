package gateway

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/daero/daero"
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
	laneWouldShed   = desc("lane_would_shed_total", "Requests let in that an action in shadow would have refused.", append(perLane, "intent")...)
	laneDeferred    = desc("lane_deferred_total", "Requests kept to be delivered later; they are not among those refused.", append(perLane, "intent")...)
	laneWouldDefer  = desc("lane_would_defer_total", "Requests let in that an action in shadow would have kept for later.", append(perLane, "intent")...)
	laneChallenged  = desc("lane_challenged_total", "Requests whose callers were asked whether a person is there; they are not among those refused.", append(perLane, "intent")...)
	laneWouldAsk    = desc("lane_would_challenge_total", "Requests let in whose callers an action in shadow would have asked.", append(perLane, "intent")...)
	laneRecent      = desc("lane_recent_seconds", "Mean response time now, smoothed.", perLane...)
	laneEnded       = desc("lane_ended_total", "Requests let in, by how they ended.", append(perLane, "outcome")...)
	appointments    = desc("appointments_total", "Appointments, by what became of them.", "result")
	bodyBytes       = desc("body_ahead_bytes", "Bytes of request bodies read ahead of a permit.")

	levelNow       = desc("level", "The load level shown and acted on, 0 to 4.")
	fleetLevel     = desc("fleet_level", "The level that the fleet asks of this gateway, 0 to 4; it acts on the higher of this and its own.")
	fleetHeard     = desc("fleet_heard", "Other gateways that count: at 0 this one is alone.")
	fleetSilent    = desc("fleet_silent", "Other gateways that counted lately and are not heard any more.")
	fleetDiffer    = desc("fleet_differ", "Other gateways that run another build or configuration.")
	levelPressure  = desc("level_pressure", "How far the load is inside the level, 0 to 1.")
	signalValue    = desc("signal_value", "What a signal read last.", "signal")
	signalHeight   = desc("signal_height", "Where a signal stands among its thresholds, 0 to 5: from 1 it asks for a level.", "signal")
	signalFresh    = desc("signal_fresh", "1 while a signal's last reading counts.", "signal")
	actionStrength = desc("action_strength", "How much of an action is in force, 0 to 1.", "action", "lane", "shadow")
	playbookPaused = desc("playbook_paused", "1 while a person has paused the playbook.")
	tellerTold     = desc("teller_told_total", "Notices that arrived at a channel or webhook.", "target")
	tellerFailed   = desc("teller_failed_total", "Notices given up on or dropped.", "target")
	staleServed    = desc("stale_served_total", "Requests answered from memory by the action stale.")
	staleBytes     = desc("stale_bytes", "Bytes of answers kept for the action stale.")
)

// Describe implements prometheus.Collector.
func (collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		backendLimit, backendInFlight, backendPressure, laneLimit, laneInFlight, laneWaiting, laneBase,
		lanePassed, laneRefused, laneWould, laneWouldShed, laneDeferred, laneWouldDefer, laneChallenged, laneWouldAsk, laneRecent, laneEnded, appointments, bodyBytes,
		levelNow, fleetLevel, fleetHeard, fleetSilent, fleetDiffer, levelPressure, signalValue, signalHeight, signalFresh, actionStrength, playbookPaused,
		tellerTold, tellerFailed, staleServed, staleBytes,
	} {
		ch <- d
	}
	for _, d := range relayDescs {
		ch <- d
	}
	for _, d := range captchaDescs {
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
	collectResponse(ch, rt.d.Control().State(time.Now()))
	if f, ok := rt.fleet(time.Now()); ok {
		gauge(ch, fleetLevel, float64(f.Raised))
		gauge(ch, fleetHeard, float64(f.Heard))
		gauge(ch, fleetSilent, float64(f.Silent))
		gauge(ch, fleetDiffer, float64(f.Differ))
	}
	if st := rt.relay.state(); st.configured {
		gauge(ch, relayUp, truth(st.up))
		if st.opened != nil && st.opened.size != nil {
			bytes, most := st.opened.size()
			gauge(ch, relayLogBytes, float64(bytes))
			gauge(ch, relayLogMax, float64(most))
		}
		collectRelay(ch, rt.relay.Snapshot(time.Now()))
		collectDeferred(ch, rt.desk.Snapshot(), time.Now())
	}
	rt.collectCaptcha(ch)
	if kept := keptAnswers(); kept != nil {
		count(ch, staleServed, kept.served.Load())
		gauge(ch, staleBytes, float64(kept.cache.WeightedSize()))
	}
}

// collectResponse shows levels and playbook. Signals that have said nothing
// have no value.
func collectResponse(ch chan<- prometheus.Metric, st daero.ControlState) {
	gauge(ch, levelNow, float64(st.Level.Level))
	gauge(ch, levelPressure, st.Level.Pressure)
	for _, s := range st.Level.Signals {
		if s.Fresh || s.Value != 0 {
			gauge(ch, signalValue, s.Value, s.Name)
		}
		gauge(ch, signalHeight, s.Height, s.Name)
		gauge(ch, signalFresh, truth(s.Fresh), s.Name)
	}
	for _, a := range st.Actions {
		gauge(ch, actionStrength, a.Strength, a.ID, a.Action.Lane, strconv.FormatBool(a.Shadow))
	}
	gauge(ch, playbookPaused, truth(st.Paused != nil))
	for _, t := range st.Tellers {
		count(ch, tellerTold, t.Told, t.Name)
		count(ch, tellerFailed, t.Failed+t.Dropped, t.Name)
	}
}

func truth(v bool) float64 {
	if v {
		return 1
	}
	return 0
}

func collectBackend(ch chan<- prometheus.Metric, name string, b lane.Snapshot) {
	gauge(ch, backendLimit, float64(b.Limit), name)
	gauge(ch, backendInFlight, float64(b.InFlight), name)
	gauge(ch, backendPressure, truth(b.Pressure), name)
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
	gauge(ch, laneRecent, l.Recent.Seconds(), labels...)
	count(ch, laneWould, l.WouldRefuse, labels...)
	for _, intent := range []lane.Intent{lane.Foreground, lane.Background} {
		count(ch, lanePassed, l.Passed[intent], append(labels, intent.String())...)
		count(ch, laneWouldShed, l.WouldShed[intent], append(labels, intent.String())...)
		count(ch, laneDeferred, l.Deferred[intent], append(labels, intent.String())...)
		count(ch, laneWouldDefer, l.WouldDefer[intent], append(labels, intent.String())...)
		count(ch, laneChallenged, l.Challenged[intent], append(labels, intent.String())...)
		count(ch, laneWouldAsk, l.WouldChallenge[intent], append(labels, intent.String())...)
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
