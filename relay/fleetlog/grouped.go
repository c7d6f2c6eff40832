package fleetlog

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/daero/daero/relay"
)

// GroupPrefix begins the names of the groups of [Grouped].
const GroupPrefix = "daero.fleet."

const (
	drain      = time.Second
	fetchBytes = 1 << 20
)

// Grouped gives a log that has none a Tail: each joins a group of its own, whose
// name nobody has had. name must be another on each gateway and at each start.
//
// It is for logs that cannot do better. In Kafka such a group is left behind
// with its first place until that expires, and a log that keeps what a group has
// not finished would keep all of it: use driver/kafka's own Tail there.
func Grouped(log relay.Log, name string) Log { return &grouped{Log: log, name: name} }

type grouped struct {
	relay.Log
	name string
	n    atomic.Int64
}

// Tail implements [Log].
func (g *grouped) Tail(ctx context.Context, topic string, fn func(*relay.Message)) error {
	name := fmt.Sprintf("%s%s.%s.%d", GroupPrefix, topic, g.name, g.n.Add(1))
	return g.Consume(ctx, relay.Group{
		Name: name, Topics: []string{topic}, Latest: true, Drain: drain, FetchBytes: fetchBytes,
	}, &ear{hear: fn, from: map[int32]int64{}})
}

// ear is a relay.Consumer that hears what is new. Nothing is committed: where
// it was before is nothing to go back to.
type ear struct {
	hear func(*relay.Message)
	from map[int32]int64 // by partition: what was there before is no news
}

// Claimed implements relay.Consumer.
func (e *ear) Claimed(_ relay.Session, claims []relay.Claim) {
	for _, c := range claims {
		e.from[c.ID] = c.End
	}
}

// Received implements relay.Consumer.
func (e *ear) Received(ms []*relay.Message) {
	for _, m := range ms {
		if m.Offset >= e.from[m.Partition] {
			e.hear(m)
		}
	}
}

// Revoked implements relay.Consumer.
func (*ear) Revoked(context.Context, []relay.Partition, bool) {}
