package api_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/relay"
)

// moving is a relay whose numbers the test moves.
type moving struct {
	deliveries
	snapshot relay.Snapshot
}

func (m *moving) Snapshot(now time.Time) relay.Snapshot {
	s := m.snapshot
	s.At = now
	return s
}

func part(id int32, finished, end int64) relay.PartitionSnapshot {
	return relay.PartitionSnapshot{Partition: relay.Partition{Topic: "orders", ID: id}, Finished: finished, End: end}
}

func (m *moving) set(delivered uint64, parts ...relay.PartitionSnapshot) {
	m.snapshot.Deliveries = []relay.DeliverySnapshot{{Name: "billing", Delivered: delivered, Retries: delivered / 2, DeadLettered: 1, Partitions: parts}}
}

func TestQueueRates(t *testing.T) {
	m := &moving{}
	w := relayWorld(t, func(r *api.Relay) { r.Deliveries = m })
	ask := func(after time.Duration) map[string]any {
		t.Helper()
		w.jump(after)
		return w.get("/daero/api/relay")["deliveries"].([]any)[0].(map[string]any)
	}
	rates := func(d map[string]any) [5]any {
		return [5]any{d["rate_accepted"], d["rate_delivered"], d["rate_retried"], d["rate_dead"], d["empty_seconds"]}
	}
	none := [5]any{nil, nil, nil, nil, nil}

	m.set(100, part(0, 0, 500), part(1, 0, 500))
	if got := rates(ask(0)); got != none {
		t.Errorf("at first sight: %v", got)
	}
	m.set(110, part(0, 10, 510), part(1, 0, 500))
	if got := rates(ask(time.Second)); got != none {
		t.Errorf("after a second, which says too little: %v", got)
	}
	// In 10 s 500 were finished and 100 came: 900 less at 40/s are gone in 15 s.
	m.set(600, part(0, 300, 550), part(1, 200, 550))
	if got := rates(ask(9 * time.Second)); got != [5]any{10.0, 50.0, 25.0, 0.0, 15.0} {
		t.Errorf("while it shrinks: %v", got)
	}
	m.set(700, part(0, 350, 700), part(1, 250, 700))
	if got := rates(ask(10 * time.Second)); got[4] != nil || got[0] != 30.0 {
		t.Errorf("while it grows: %v", got)
	}
	// One partition is another gateway's now, one is new here.
	m.set(710, part(0, 700, 700), part(7, 1000, 1000))
	if got := rates(ask(2 * time.Second)); got[4] != 0.0 {
		t.Errorf("empty: %v", got)
	}
	// The delivery was made anew by a reload.
	m.set(0, part(0, 700, 700))
	if got := rates(ask(3 * time.Second)); got[1] != nil {
		t.Errorf("after a reload: %v", got)
	}
	if got := rates(ask(time.Minute)); got != none {
		t.Errorf("when nobody looked for a minute: %v", got)
	}
	m.snapshot.Deliveries = nil
	if got := rates(ask(3 * time.Second)); got != none {
		t.Errorf("of a delivery that is gone: %v", got)
	}
}

func TestQueueDetails(t *testing.T) {
	m := &moving{}
	w := relayWorld(t, func(r *api.Relay) { r.Deliveries = m })
	now := w.clock()
	m.set(0, part(0, 3, 10), part(1, 0, 5))
	d := &m.snapshot.Deliveries[0]
	d.Partitions[0].Oldest = now.Add(-time.Minute)
	d.Held = []relay.HeldKey{{Partition: relay.Partition{Topic: "orders", ID: 1}, Offset: 4, Key: []byte("customer-1"), Behind: 9, Attempts: 3, Since: now.Add(-30 * time.Second), Due: now.Add(5 * time.Second)}}
	doc := w.get("/daero/api/relay")["deliveries"].([]any)[0].(map[string]any)
	topic := doc["by_topic"].([]any)[0].(map[string]any)
	if topic["topic"] != "orders" || topic["lag"] != 12.0 || topic["oldest_seconds"] != 60.0 || topic["partitions"] != 2.0 {
		t.Errorf("by topic %v", topic)
	}
	held := doc["held_keys"].([]any)[0].(map[string]any)
	if held["behind"] != 9.0 || held["attempts"] != 3.0 || held["since_seconds"] != 30.0 || held["due_seconds"] != 5.0 || held["key"] == "customer-1" {
		t.Errorf("held %v", held)
	}
	// The same fingerprint as in a masked peek, so that one can look there.
	for _, m := range w.get("/daero/api/relay/peek?topic=orders")["messages"].([]any) {
		if m.(map[string]any)["key"] == held["key"] {
			return
		}
	}
	t.Errorf("no message has the key %v", held["key"])
}

// TestQueueRatesArePossible: whatever a relay says, and whenever somebody looks.
func TestQueueRatesArePossible(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	m, now, before := &moving{}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), relay.Snapshot{}
	for range 20_000 {
		m.set(rng.Uint64N(1000), part(rng.Int32N(2), rng.Int64N(100), rng.Int64N(100)), part(2, rng.Int64N(100), rng.Int64N(100)))
		now = now.Add(time.Duration(rng.Int64N(int64(25*time.Second))) - time.Second)
		s := m.Snapshot(now)
		r := api.RatesBetween(before, s, "billing")
		for _, v := range []*float64{r.Accepted, r.Delivered, r.Retried, r.Dead, r.Empty} {
			if v != nil && (*v < 0 || math.IsInf(*v, 0) || math.IsNaN(*v)) {
				t.Fatalf("from %+v to %+v: %g", before, s, *v)
			}
		}
		before = s
	}
}
