package fleetlog_test

import (
	"context"
	"sync"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/level/fleet"
	"github.com/daero/daero/relay/events"
	"github.com/daero/daero/relay/fleetlog"
	"github.com/daero/daero/relay/late"
)

// A gateway whose log is opened late: its record goes to daero.audit, and its
// level is shared with the others in front of the same service.
func Example() {
	var log late.Log
	sink := events.NewSink(&log, events.Topic, "gw-1")
	d, err := daero.New(daero.Config{Listener: daero.Listener{Recorded: sink.Record}})
	if err != nil {
		panic(err)
	}

	var rate fleet.Rate
	member, err := fleetlog.New(fleetlog.Config{
		Log:     &log,
		Fleet:   fleet.Config{Node: "gw-1", Members: []string{"gw-1", "gw-2", "gw-3"}},
		Secrets: [][]byte{[]byte("32 bytes that all gateways share")},
		Measure: func(now time.Time) (float64, []fleet.Height) {
			var passed uint64
			for _, b := range d.Snapshot().Backends {
				for _, l := range b.Lanes {
					for _, n := range l.Passed {
						passed += n
					}
				}
			}
			return rate.Take(now, passed), fleet.Heights(d.Control().State(now).Level.Signals)
		},
		Record: sink.Record,
	})
	if err != nil {
		panic(err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = sink.Run(ctx) })
	wg.Go(func() { _ = member.Run(ctx) })
	undo, err := d.Control().Apply(daero.Response{Agree: member.Agree})
	if err != nil {
		panic(err)
	}

	cluster, err := kafka.Open(kafka.Config{Brokers: []string{"kafka-1:9092", "kafka-2:9092"}})
	if err != nil {
		panic(err)
	}
	log.Set(cluster)

	// … until the end:
	undo()
	cancel()
	wg.Wait()
	log.Set(nil)
	cluster.Close()
	log.Wait()
}
