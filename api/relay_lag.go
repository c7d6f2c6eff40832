package api

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/daero/daero/relay"
)

// LagDoc is how far deliveries are behind, over all gateways.
type LagDoc struct {
	At         time.Time        `json:"at"`
	Deliveries []DeliveryLagDoc `json:"deliveries"`
}

// DeliveryLagDoc is how far one is behind.
type DeliveryLagDoc struct {
	Name  string `json:"name"`
	Group string `json:"group"`
	Lag   int64  `json:"lag"`
	// Dead is how many dead letters there are.
	Dead       int64             `json:"dead_letters"`
	Partitions []PartitionLagDoc `json:"partitions"`
}

// PartitionLagDoc is how far it is behind in one partition.
type PartitionLagDoc struct {
	Topic     string  `json:"topic"`
	Partition int32   `json:"partition"`
	First     int64   `json:"first"` // the oldest message that there is
	Place     int64   `json:"place"` // the next that is not finished; -1: none was ever finished
	Next      int64   `json:"next"`  // after the newest
	Lag       int64   `json:"lag"`
	Lost      int64   `json:"lost,omitempty"` // are gone, and were not delivered
	Retention float64 `json:"retention_seconds,omitempty"`
}

func showRelayLag(c *call) error {
	r, err := c.relayOf()
	if err != nil {
		return err
	}
	reader, err := r.Reader()
	if err != nil {
		return relayFailed(err)
	}
	doc := LagDoc{At: c.Now(), Deliveries: []DeliveryLagDoc{}}
	for _, t := range r.Targets {
		d, err := lagOf(c, reader, t)
		if err != nil {
			return relayFailed(err)
		}
		doc.Deliveries = append(doc.Deliveries, d)
	}
	return c.send(http.StatusOK, doc)
}

func lagOf(c *call, reader relay.Reader, t RelayTarget) (DeliveryLagDoc, error) {
	doc := DeliveryLagDoc{Name: t.Name, Group: t.Group, Partitions: []PartitionLagDoc{}}
	places, err := reader.Places(c.r.Context(), t.Group)
	if err != nil {
		return doc, err
	}
	spans, err := reader.Spans(c.r.Context(), t.Topics...)
	if err != nil {
		return doc, err
	}
	for _, s := range spans {
		p := PartitionLagDoc{Topic: s.Topic, Partition: s.ID, First: s.First, Place: -1, Next: s.Next, Retention: s.Retention.Seconds()}
		from := s.First
		if i := slices.IndexFunc(places, func(m relay.Mark) bool { return m.Partition == s.Partition }); i >= 0 {
			p.Place = places[i].Offset
			p.Lost = max(s.First-p.Place, 0)
			from = max(p.Place, s.First)
		}
		p.Lag = max(s.Next-from, 0)
		doc.Lag += p.Lag
		doc.Partitions = append(doc.Partitions, p)
	}
	slices.SortFunc(doc.Partitions, func(a, b PartitionLagDoc) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	// Its topic need not be there: it is made with the first dead letter.
	dead, err := reader.Spans(c.r.Context(), t.DeadLetters)
	if err == nil {
		for _, s := range dead {
			doc.Dead += s.Next - s.First
		}
	}
	return doc, nil
}
