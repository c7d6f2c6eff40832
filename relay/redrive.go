package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/daero/daero/relay/track"
)

// RedriveRequest says which dead letters are taken back.
type RedriveRequest struct {
	// Delivery is whose dead letters they are. Required.
	Delivery string
	Filter
	// DryRun only counts.
	DryRun bool
	// Max bounds how many are taken back. Default: all.
	Max int
	// Rate is how many per second. Default 100.
	Rate float64
}

// RedriveResult is what a redrive did, or would do.
type RedriveResult struct {
	Matched int // dead letters that were selected and not taken back before
	Done    int // taken back: safe in their topic
	Before  int // selected, but taken back by an earlier redrive
	Refused int // taken back too often already, see DeadLetters.Redrives
	Foreign int // what does not say which of the delivery's topics it came from
	// Forgotten counts those of Done that are not remembered, because the log
	// cannot keep places for it, or more than 16,384 dead letters before them
	// were left: another redrive takes them back again.
	Forgotten int
}

// RedriveGroup is the group whose places say which dead letters of a group were
// taken back.
func RedriveGroup(group string) string { return group + ".redrive" }

// Redrive takes dead letters back to the topics that they came from, where they
// wait behind what is there of their key, like any message. They keep their
// idempotency key, count how often they were taken back, and are for the group
// that could not deliver them alone. One after the other is appended, so that
// those of a key keep their order, and each is safe before it is counted and
// remembered, in the places of [RedriveGroup]: running it again takes back what
// is left. What was appended right before a crash may be taken back twice, with
// the same idempotency key.
//
// progress, if not nil, is told after each how many are done of how many there
// are. On an error the result says how far it came. Two redrives of one delivery
// must not run at the same time.
func (r *Relay) Redrive(ctx context.Context, req RedriveRequest, progress func(done, matched int)) (RedriveResult, error) {
	d, ok := r.deliveries[req.Delivery]
	if !ok {
		return RedriveResult{}, fmt.Errorf("no delivery %q", req.Delivery)
	}
	reader, ok := r.cfg.Log.(Reader)
	if !ok {
		return RedriveResult{}, ErrNoReader
	}
	if req.Rate <= 0 {
		req.Rate = 100
	}
	v := &redrive{d: d, req: req, reader: reader, places: map[int32]*track.Tracker{}}
	v.placer, _ = r.cfg.Log.(Placer)
	if err := v.prepare(ctx); err != nil {
		return RedriveResult{}, err
	}
	count := RedriveResult{}
	err := v.each(ctx, func(m *Message) (bool, error) {
		return v.classify(m, &count) == nil || req.Max <= 0 || count.Matched < req.Max, nil
	})
	if err != nil || req.DryRun {
		return count, err
	}
	return v.run(ctx, count.Matched, progress)
}

// redrive is one run of Redrive.
type redrive struct {
	d      *delivery
	req    RedriveRequest
	reader Reader
	placer Placer
	places map[int32]*track.Tracker // of the topic of dead letters
	sizes  map[string]int32         // partitions of the delivery's topics
	count  RedriveResult
	unkept int // done since places were kept
}

// prepare reads what was taken back before.
func (v *redrive) prepare(ctx context.Context) error {
	dead := v.d.DeadLetters.Topic
	marks, err := v.reader.Places(ctx, RedriveGroup(v.d.Group))
	if err != nil {
		return fmt.Errorf("group %s: %w", RedriveGroup(v.d.Group), err)
	}
	for _, m := range marks {
		if m.Topic == dead {
			v.places[m.ID], _, _ = track.Restore(m.Offset, m.Metadata)
		}
	}
	spans, err := v.reader.Spans(ctx, append([]string{dead}, v.d.Topics...)...)
	if err != nil {
		return err
	}
	v.sizes = map[string]int32{}
	for _, s := range spans {
		v.sizes[s.Topic] = max(v.sizes[s.Topic], s.ID+1)
		if t := v.places[s.ID]; s.Topic == dead && (t == nil || t.Base() < s.First || t.Base() > s.Next) {
			v.places[s.ID] = track.New(s.First) // what was before is gone
		}
	}
	return nil
}

// each calls fn with all dead letters, those that are not selected too: to the
// tracker an offset that it does not see is a gap, and done.
func (v *redrive) each(ctx context.Context, fn func(*Message) (bool, error)) error {
	return scan(ctx, v.reader, v.d.DeadLetters.Topic, Filter{Partitions: v.req.Partitions}, fn)
}

// classify counts a dead letter, and returns what goes back, nil if nothing.
func (v *redrive) classify(m *Message, c *RedriveResult) *Message {
	if !v.req.Matches(m) {
		return nil
	}
	if t := v.places[m.Partition]; t != nil && t.Finished(m.Offset) {
		c.Before++
		return nil
	}
	topic := string(m.Header(DeadTopic))
	if !slices.Contains(v.d.Topics, topic) || string(m.Header(DeadGroup)) != v.d.Group {
		c.Foreign++
		return nil
	}
	times, _ := strconv.Atoi(string(m.Header(HeaderRedriven)))
	if times >= v.d.DeadLetters.Redrives {
		c.Refused++
		return nil
	}
	c.Matched++
	return v.back(m, topic, max(times, 0)+1)
}

// back makes of a dead letter the message that it was.
func (v *redrive) back(m *Message, topic string, times int) *Message {
	b := &Message{Topic: topic, Key: m.Key, Value: m.Value, Time: m.Time, Partition: -1}
	for _, h := range m.Headers {
		switch {
		case isDeadHeader(h.Name) && h.Name != DeadFirstError:
		case h.Name == HeaderRedriven, h.Name == HeaderOrigin, h.Name == HeaderFor, h.Name == HeaderNotBefore:
		default:
			b.Headers = append(b.Headers, h)
		}
	}
	if len(m.Header(HeaderID)) == 0 {
		b.Headers = append(b.Headers, Header{HeaderID, []byte(m.ID())})
	}
	b.Headers = append(b.Headers,
		Header{HeaderRedriven, strconv.AppendInt(nil, int64(times), 10)},
		Header{HeaderFor, []byte(v.d.Group)})
	// Where others wrote with another partitioner, the key is where it was.
	if id, err := strconv.ParseInt(string(m.Header(DeadPartition)), 10, 32); err == nil && id >= 0 && int32(id) < v.sizes[topic] && m.Key != nil {
		b.Partition, b.Pin = int32(id), true
	}
	return b
}

// run takes back what was found.
func (v *redrive) run(ctx context.Context, matched int, progress func(done, matched int)) (RedriveResult, error) {
	pace := newPace(v.req.Rate)
	err := v.each(ctx, func(m *Message) (bool, error) {
		b := v.classify(m, &v.count)
		remembered := v.take(m)
		if b == nil {
			return true, nil
		}
		if err := pace.wait(ctx); err != nil {
			return false, err
		}
		if err := v.append(ctx, b); err != nil {
			return false, err
		}
		v.count.Done++
		if remembered && v.placer != nil {
			v.places[m.Partition].Done(m.Offset)
		} else {
			v.count.Forgotten++
		}
		if v.unkept++; v.unkept >= 100 {
			if err := v.keep(ctx); err != nil {
				return false, err
			}
		}
		if progress != nil {
			progress(v.count.Done, max(matched, v.count.Done))
		}
		return v.req.Max <= 0 || v.count.Done < v.req.Max, nil
	})
	// What is done is kept even when ctx has ended.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitWithin)
	defer cancel()
	return v.count, errors.Join(err, v.keep(last))
}

// take notes that a dead letter was seen, and reports whether it can be
// remembered.
func (v *redrive) take(m *Message) bool {
	t := v.places[m.Partition]
	if t == nil {
		t = track.New(m.Offset)
		v.places[m.Partition] = t
	}
	return t.Take(m.Offset) == track.Taken
}

func (v *redrive) append(ctx context.Context, m *Message) error {
	done := make(chan error, 1)
	v.d.log.Append(m, func(_ Position, err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// keep writes down what was taken back.
func (v *redrive) keep(ctx context.Context) error {
	if v.unkept == 0 || v.placer == nil {
		return nil
	}
	var marks []Mark
	for id, t := range v.places {
		marks = append(marks, Mark{Partition{v.d.DeadLetters.Topic, id}, t.Base(), t.Encode(nil)})
	}
	if err := v.placer.SetPlaces(ctx, RedriveGroup(v.d.Group), marks); err != nil {
		return fmt.Errorf("what was taken back could not be written down: %w", err)
	}
	v.unkept = 0
	return nil
}

// pace spreads steps evenly.
type pace struct {
	every time.Duration
	next  time.Time
}

func newPace(perSecond float64) *pace {
	return &pace{every: time.Duration(float64(time.Second) / perSecond)}
}

// wait returns when it is time for the next step. Time that was lost is not
// made up for.
func (p *pace) wait(ctx context.Context) error {
	now := time.Now()
	if d := p.next.Sub(now); d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		now = p.next
	}
	p.next = now.Add(p.every)
	return context.Cause(ctx)
}
