package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/relay"
)

// perPoll bounds what is handed out at once, so that a member is never long
// away from what else it must do.
const perPoll = 1000

// poll reads for the group. The client lets no partition go between a poll and
// AllowRebalance, so that nothing is handed out that is somebody else's.
func (m *member) poll(ctx context.Context) {
	for ctx.Err() == nil {
		fs := m.client.PollRecords(ctx, perPoll)
		m.on(ctx, func() { m.received(fs) })
		m.client.AllowRebalance()
	}
}

// received hands out what was read.
func (m *member) received(fs kgo.Fetches) {
	if m.quit.Load() {
		return
	}
	n := fs.NumRecords()
	slab := make([]relay.Message, 0, n)
	ms := make([]*relay.Message, 0, n)
	fs.EachPartition(func(f kgo.FetchTopicPartition) {
		p := relay.Partition{Topic: f.Topic, ID: f.Partition}
		h := m.held[p]
		if h == nil || !m.unbroken(p, h, f.FetchPartition) {
			m.trouble(p, h, f.Err)
			return
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, r := range f.Records {
			if r.Offset < h.next {
				continue
			}
			h.note(r)
			slab = append(slab, message(r, h.claim.Epoch))
			ms = append(ms, &slab[len(slab)-1])
		}
	})
	if len(ms) > 0 {
		m.cons.Received(ms)
	}
}

// note moves on to after r.
func (h *hold) note(r *kgo.Record) {
	h.next = r.Offset + 1
	if n := len(h.leaders); n == 0 || h.leaders[n-1].epoch != r.LeaderEpoch {
		h.leaders = append(h.leaders, reign{r.Offset, r.LeaderEpoch})
		if len(h.leaders) > 64 { // places are never that far behind; older ones go without
			h.leaders = slices.Delete(h.leaders, 0, 32)
		}
	}
}

// leader returns the epoch of the leader that wrote the record before offset,
// -1 if it is not known.
func (h *hold) leader(offset int64) int32 {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.leaders) - 1; i >= 0; i-- {
		if h.leaders[i].from < offset {
			return h.leaders[i].epoch
		}
	}
	return -1
}

func message(r *kgo.Record, epoch int64) relay.Message {
	m := relay.Message{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Epoch: epoch,
		Key: r.Key, Value: r.Value, Time: r.Timestamp,
	}
	if len(r.Headers) > 0 {
		m.Headers = make([]relay.Header, len(r.Headers))
		for i, h := range r.Headers {
			m.Headers[i] = relay.Header{Name: strings.ToLower(h.Key), Value: h.Value}
		}
	}
	return m
}

// unbroken sees to it that no message went by unseen: with an error, or because
// retention has passed what is being read, there is nothing to hand out.
func (m *member) unbroken(p relay.Partition, h *hold, f kgo.FetchPartition) bool {
	if f.Err != nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(f.Records) > 0 && f.Records[0].Offset > h.next && f.LogStartOffset > h.next {
		m.losses[p] = f.LogStartOffset - h.next
		m.begin(fmt.Errorf("retention has passed what was being read: %w", errAnew))
		return false
	}
	return true
}

// begin ends the membership, for a reason that a new one cures.
func (m *member) begin(why error) {
	if m.over == nil {
		m.over = why
	}
}

// trouble looks at what the client could not do.
func (m *member) trouble(p relay.Partition, h *hold, err error) {
	if err == nil {
		return
	}
	if g, ok := errors.AsType[*kgo.ErrGroupSession](err); ok {
		m.session(g.Err)
		return
	}
	if b, ok := errors.AsType[*kgo.ErrDecompressTooLarge](err); ok {
		m.skip(p, h, b)
		return
	}
	if d, ok := errors.AsType[*kgo.ErrDataLoss](err); ok {
		m.losses[p] = max(d.ConsumedTo-d.ResetTo, 0)
		m.begin(fmt.Errorf("the log was cut off: %w", errAnew))
		return
	}
	if ctxOver(err) || errors.Is(err, kgo.ErrClientClosed) || kerr.IsRetriable(err) && !errors.Is(err, kerr.UnknownTopicID) {
		return
	}
	m.begin(fmt.Errorf("topic %s: %w", p.Topic, askError(err)))
}

func ctxOver(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// session looks at why a group session ended. The client joins again by itself.
func (m *member) session(err error) {
	if errors.Is(err, kerr.FencedInstanceID) {
		m.over = relay.ErrFenced
		return
	}
	if ctxOver(err) || meaning(err) == relay.ErrFenced { //nolint:errorlint // meaning returns the error itself
		return
	}
	m.log.cfg.tell(relay.Event{What: relay.ConsumeFailed, Target: m.group.Name, Why: askError(err).Error()})
}

// skip goes on after a batch that would decompress to too much.
func (m *member) skip(p relay.Partition, h *hold, b *kgo.ErrDecompressTooLarge) {
	m.log.cfg.tell(relay.Event{
		What: relay.MessagesLost, Target: m.group.Name, Partition: p.String(),
		Why: fmt.Sprintf("offsets %d to %d would decompress to more than %d bytes and were skipped: "+
			"raise the bound if they are genuine, and find out who wrote them if not", b.Offset, b.NextOffset-1, m.log.cfg.Unpacked),
	})
	if h == nil {
		return
	}
	h.mu.Lock()
	h.next = b.NextOffset
	h.mu.Unlock()
	client := m.client
	if m.isCompanion(p.Topic) {
		client = m.direct.client
	}
	client.SetOffsets(map[string]map[int32]kgo.EpochOffset{p.Topic: {p.ID: {Epoch: b.Epoch, Offset: b.NextOffset}}})
}

func (m *member) isCompanion(topic string) bool {
	return m.direct != nil && !slices.Contains(m.group.Topics, topic)
}

func sorted(ps []relay.Partition) []relay.Partition {
	slices.SortFunc(ps, func(a, b relay.Partition) int {
		return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.ID, b.ID))
	})
	return ps
}
