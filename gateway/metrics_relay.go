package gateway

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/deferred"
)

// What the relay does. Labels are names in the configuration, partitions, which
// the log bounds, and words of fixed sets.
var (
	perTopic     = []string{"delivery", "topic"}
	perPartition = append(perTopic, "partition")

	relayAccepted      = desc("relay_accepted_total", "Messages that writers sent, by what became of them: kept, spooled, repeated, unknown, refused, invalid.", "topic", "result")
	relayAcceptedBytes = desc("relay_accepted_bytes_total", "Bytes of messages that are safe.", "topic")

	relayOldest    = desc("relay_oldest_seconds", "Age of the oldest message that is not delivered.", perTopic...)
	relayRetention = desc("relay_retention_ratio", "That age as a share of how long the log keeps messages: at 1 they are lost.", perTopic...)
	relayLag       = desc("relay_lag", "Messages that are not delivered.", perPartition...)
	relayWindow    = desc("relay_window_ratio", "How much room for messages out of order is used, 0 to 1; the fullest partition.", perTopic...)

	relayInFlight   = desc("relay_in_flight", "Messages that are with the target.", "delivery")
	relayLimit      = desc("relay_limit", "Messages that the target is believed to bear at once.", "delivery")
	relayRate       = desc("relay_rate", "Deliveries per second at most, 0 none; missing without a bound.", "delivery")
	relayWaiting    = desc("relay_waiting", "Messages that are held in memory.", "delivery")
	relayWaitBytes  = desc("relay_waiting_bytes", "Bytes of messages that are held in memory.", "delivery")
	relayBlocked    = desc("relay_blocked_keys", "Keys that wait for a retry.", "delivery")
	relayParked     = desc("relay_parked_keys", "Keys that were moved out of the way.", "delivery")
	relayHotKey     = desc("relay_hot_key_waiting", "Messages that wait for the key with the most.", "delivery")
	relayCircuit    = desc("relay_circuit_state", "Whether the target is asked at all: 0 closed, it is; 1 half-open, a probe is under way; 2 open, it is down.", "delivery")
	relayPaused     = desc("relay_paused", "1 while a person, the playbook or the flood limiter has paused a delivery.", "delivery")
	relayReadPaused = desc("relay_read_paused_partitions", "Partitions that are not read on for lack of room.", "delivery")

	relayDelivered  = desc("relay_delivered_total", "Messages that the target took.", "delivery")
	relayAttempts   = desc("relay_attempts_total", "Requests to the target.", "delivery")
	relayRetries    = desc("relay_retries_total", "Requests that were not a message's first.", "delivery")
	relayRejected   = desc("relay_rejected_total", "Messages that the target will never take.", "delivery")
	relayDead       = desc("relay_dead_letters_total", "Messages that became dead letters.", "delivery")
	relayRepeated   = desc("relay_repeated_total", "Messages that were not sent, because the target had taken their idempotency key.", "delivery")
	relayDeferrals  = desc("relay_deferrals_total", "Times that a message was put off without being anybody's failure.", "delivery")
	relayParkings   = desc("relay_parkings_total", "Times that a key was parked.", "delivery")
	relayPartitions = desc("relay_partitions", "Partitions that this gateway delivers.", "delivery")

	spoolDepth    = desc("relay_spool_depth", "Messages in the spool, which wait for the log.")
	spoolBytes    = desc("relay_spool_bytes", "Bytes in the spool.")
	spoolMaxBytes = desc("relay_spool_max_bytes", "Bytes from which the spool refuses.")
	spoolOldest   = desc("relay_spool_oldest_seconds", "Age of the oldest message in the spool.")
	spoolPoisoned = desc("relay_spool_poisoned", "1 after the spool's disk failed: nothing more is kept there.")

	deferWaiting    = desc("deferred_waiting", "Deferred requests that this gateway took and has not seen delivered.", "lane")
	deferDelivering = desc("deferred_delivering", "Those of them that are with the service.", "lane")
	deferOldest     = desc("deferred_oldest_seconds", "Age of the oldest of them.", "lane")
	deferTaken      = desc("deferred_taken_total", "Requests that were to be deferred, by what became of them: kept, repeated, unknown, full, large, away, other.", "result")
	deferEnded      = desc("deferred_ended_total", "Deferred requests that ended, by how: delivered, failed, expired.", "result")
	deferPolls      = desc("deferred_polls", "Requests for an answer that wait for it.")
	deferStore      = desc("deferred_store_errors_total", "Times that the store of answers failed.")

	relayUp       = desc("relay_up", "1 while the relay accepts and delivers; 0 while its log cannot be opened or reached.")
	relayLogBytes = desc("relay_log_bytes", "Bytes of the log in the program.")
	relayLogMax   = desc("relay_log_max_bytes", "Bytes from which the log in the program refuses.")
)

var relayDescs = []*prometheus.Desc{
	relayAccepted, relayAcceptedBytes, relayOldest, relayRetention, relayLag, relayWindow,
	relayInFlight, relayLimit, relayRate, relayWaiting, relayWaitBytes, relayBlocked, relayParked, relayHotKey,
	relayCircuit, relayPaused, relayReadPaused, relayDelivered, relayAttempts, relayRetries, relayRejected,
	relayDead, relayRepeated, relayDeferrals, relayParkings, relayPartitions,
	spoolDepth, spoolBytes, spoolMaxBytes, spoolOldest, spoolPoisoned, relayUp, relayLogBytes, relayLogMax,
	deferWaiting, deferDelivering, deferOldest, deferTaken, deferEnded, deferPolls, deferStore,
}

// collectDeferred shows requests that were deferred.
func collectDeferred(ch chan<- prometheus.Metric, s deferred.Snapshot, now time.Time) {
	for lane, n := range s.Waiting {
		gauge(ch, deferWaiting, float64(n), lane)
		gauge(ch, deferDelivering, float64(s.Delivering[lane]), lane)
		gauge(ch, deferOldest, age(now, s.Oldest[lane]).Seconds(), lane)
	}
	count(ch, deferTaken, s.Taken, "kept")
	count(ch, deferTaken, s.Repeated, "repeated")
	count(ch, deferTaken, s.Unknown, "unknown")
	for why, n := range s.NotKept {
		count(ch, deferTaken, n, why)
	}
	count(ch, deferEnded, s.Delivered, "delivered")
	count(ch, deferEnded, s.Failed, "failed")
	count(ch, deferEnded, s.Expired, "expired")
	gauge(ch, deferPolls, float64(s.Polls))
	count(ch, deferStore, s.StoreErrors)
}

// collectRelay shows what a relay does.
func collectRelay(ch chan<- prometheus.Metric, s relay.Snapshot) {
	for _, t := range s.Topics {
		for _, by := range []struct {
			result string
			n      uint64
		}{
			{"kept", t.Accepted},
			{"spooled", t.Spooled},
			{"repeated", t.Repeated},
			{"unknown", t.Unknown},
			{"refused", t.Refused},
			{"invalid", t.Invalid},
		} {
			count(ch, relayAccepted, by.n, t.Topic, by.result)
		}
		count(ch, relayAcceptedBytes, t.Bytes, t.Topic)
	}
	for _, d := range s.Deliveries {
		collectDelivery(ch, s.At, d)
	}
	if sp := s.Spool; sp != nil {
		gauge(ch, spoolDepth, float64(sp.Depth))
		gauge(ch, spoolBytes, float64(sp.Bytes))
		gauge(ch, spoolMaxBytes, float64(sp.MaxBytes))
		gauge(ch, spoolOldest, age(s.At, sp.Oldest).Seconds())
		gauge(ch, spoolPoisoned, truth(sp.Poisoned != ""))
	}
}

func collectDelivery(ch chan<- prometheus.Metric, now time.Time, d relay.DeliverySnapshot) {
	for _, g := range []struct {
		desc *prometheus.Desc
		v    float64
	}{
		{relayInFlight, float64(d.InFlight)},
		{relayLimit, float64(d.Limit)},
		{relayWaiting, float64(d.Waiting)},
		{relayWaitBytes, float64(d.Bytes)},
		{relayBlocked, float64(d.Blocked)},
		{relayParked, float64(d.Parked)},
		{relayHotKey, float64(d.HotKeyWaiting)},
		{relayCircuit, circuitState(d.Circuit)},
		{relayPaused, truth(d.Paused != nil)},
		{relayPartitions, float64(len(d.Partitions))},
	} {
		gauge(ch, g.desc, g.v, d.Name)
	}
	if d.Rate >= 0 {
		gauge(ch, relayRate, d.Rate, d.Name)
	}
	for _, c := range []struct {
		desc *prometheus.Desc
		n    uint64
	}{
		{relayDelivered, d.Delivered},
		{relayAttempts, d.Attempts},
		{relayRetries, d.Retries},
		{relayRejected, d.Rejected},
		{relayDead, d.DeadLettered},
		{relayRepeated, d.Repeated},
		{relayDeferrals, d.Deferrals},
		{relayParkings, d.Parkings},
	} {
		count(ch, c.desc, c.n, d.Name)
	}
	collectPartitions(ch, now, d)
}

// collectPartitions shows the worst partition of each topic, and the lag of all.
func collectPartitions(ch chan<- prometheus.Metric, now time.Time, d relay.DeliverySnapshot) {
	type worst struct{ oldest, retention, window float64 }
	topics := map[string]worst{}
	paused := 0
	for _, p := range d.Partitions {
		w := topics[p.Topic]
		old := age(now, p.Oldest)
		w.oldest = max(w.oldest, old.Seconds())
		w.window = max(w.window, p.Window)
		if p.Retention > 0 {
			w.retention = max(w.retention, old.Seconds()/p.Retention.Seconds())
		}
		topics[p.Topic] = w
		if p.Paused {
			paused++
		}
		gauge(ch, relayLag, float64(max(p.End-p.Finished, 0)), d.Name, p.Topic, strconv.Itoa(int(p.ID)))
	}
	gauge(ch, relayReadPaused, float64(paused), d.Name)
	for topic, w := range topics {
		gauge(ch, relayOldest, w.oldest, d.Name, topic)
		gauge(ch, relayRetention, w.retention, d.Name, topic)
		gauge(ch, relayWindow, w.window, d.Name, topic)
	}
}

// circuitState writes the circuit as a number that can be drawn.
func circuitState(s string) float64 {
	switch s {
	case "open":
		return 2
	case "half-open":
		return 1
	}
	return 0
}

// age is how long ago t was, 0 if it was not.
func age(now, t time.Time) time.Duration {
	if t.IsZero() || t.After(now) {
		return 0
	}
	return now.Sub(t)
}
