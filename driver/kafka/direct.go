package kafka

import (
	"context"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/relay"
)

// direct reads companions, outside of the group's own assignment: who holds a
// partition of a topic also reads the same one of its companion.
//
// Its client lets partitions go at any time, so that something read before could
// come after they have been claimed anew. Therefore they come and go only while
// nobody polls, and after everything that was polled has been handed out.
type direct struct {
	m      *member
	client *kgo.Client

	stop   context.CancelFunc
	poller sync.WaitGroup
	left   []kgo.Fetches // polled, not handed out when the poller stopped
}

func newDirect(m *member) (*direct, error) {
	opts := append(m.log.opts[:len(m.log.opts):len(m.log.opts)], m.fetching()...)
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, err
	}
	return &direct{m: m, client: client}, nil
}

func (d *direct) start() {
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	d.poller.Go(func() {
		for ctx.Err() == nil {
			fs := d.client.PollRecords(ctx, perPoll)
			if !d.m.on(ctx, func() { d.m.received(fs) }) {
				d.left = append(d.left, fs)
			}
		}
	})
}

// quiet ends polling and hands out what was polled. It runs on the member's
// goroutine, as does everything below.
func (d *direct) quiet() {
	if d.stop == nil {
		return
	}
	d.stop()
	d.poller.Wait()
	for _, fs := range d.left {
		d.m.received(fs)
	}
	d.left = nil
}

// add begins to read companions from where they were claimed.
func (d *direct) add(claims []relay.Claim) {
	from := map[string]map[int32]kgo.Offset{}
	for _, c := range claims {
		if !d.m.isCompanion(c.Topic) {
			continue
		}
		if from[c.Topic] == nil {
			from[c.Topic] = map[int32]kgo.Offset{}
		}
		from[c.Topic][c.ID] = kgo.NewOffset().At(c.Offset)
	}
	if len(from) == 0 {
		return
	}
	d.quiet()
	d.client.AddConsumePartitions(from)
	d.start()
}

func (d *direct) remove(parts []relay.Partition) {
	gone := map[string][]int32{}
	for _, p := range parts {
		if d.m.isCompanion(p.Topic) {
			gone[p.Topic] = append(gone[p.Topic], p.ID)
		}
	}
	if len(gone) == 0 {
		return
	}
	d.quiet()
	d.client.RemoveConsumePartitions(gone)
	d.start()
}

func (d *direct) close() {
	d.stop()
	d.poller.Wait()
	d.client.Close()
}
