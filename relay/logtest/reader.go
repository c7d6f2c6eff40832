package logtest

import (
	"context"
	"errors"
	"time"

	"github.com/daero/daero/relay"
)

func (s *suite) within() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), s.Within)
	s.Cleanup(cancel)
	return ctx
}

func spans(s *suite) {
	topic := s.topic("jobs", 3)
	other := s.topic("other", 1)
	s.fill(topic, 30, 6)
	got, err := s.reader().Spans(s.within(), topic, other)
	if err != nil || len(got) != 4 {
		s.Fatalf("spans: %v, %v", got, err)
	}
	var n int64
	for i, span := range got[:3] {
		if span.Topic != topic || span.ID != int32(i) || span.First != 0 || span.Retention < 0 || span.Bytes < -1 {
			s.Errorf("span %d: %+v", i, span)
		}
		n += span.Next
	}
	if n != 30 || got[3].Topic != other || got[3].Next != 0 {
		s.Errorf("30 messages in one topic and none in the other: %+v", got)
	}
	if _, err := s.reader().Spans(s.within(), topic+"-not"); !errors.Is(err, relay.ErrNoTopic) {
		s.Errorf("spans of no topic: %v, want %v", err, relay.ErrNoTopic)
	}
}

func places(s *suite) {
	topic := s.topic("jobs", 2)
	s.fill(topic, 30, 6)
	g := s.group(topic)
	if got, err := s.reader().Places(s.within(), g.Name); err != nil || len(got) != 0 {
		s.Errorf("places of an unknown group: %v, %v", got, err)
	}
	m := s.join(g)
	m.untilGot(30)
	want := relay.Mark{Partition: relay.Partition{Topic: topic, ID: 1}, Offset: 2, Metadata: "two"}
	m.commit(want)
	m.leave()
	got, err := s.reader().Places(s.within(), g.Name)
	if err != nil {
		s.Fatal(err)
	}
	found := false
	for _, k := range got {
		found = found || k == want
	}
	if !found {
		s.Errorf("places are %+v, committed was %+v", got, want)
	}
}

// Places of a group without members can be written; one with members keeps its
// own.
func setPlaces(s *suite) {
	placer, ok := s.log.(relay.Placer)
	if !ok {
		return // it need not be one
	}
	topic := s.topic("jobs", 2)
	s.fill(topic, 30, 6)
	g := s.group(topic)
	want := relay.Mark{Partition: relay.Partition{Topic: topic, ID: 1}, Offset: 3, Metadata: "three"}
	if err := placer.SetPlaces(s.within(), g.Name, []relay.Mark{want}); err != nil {
		s.Fatal(err)
	}
	if got, err := s.reader().Places(s.within(), g.Name); err != nil || len(got) != 1 || got[0] != want {
		s.Errorf("places are %+v, %v, want %+v", got, err, want)
	}
	m := s.join(g)
	m.untilHolds(2)
	if c := m.claim(want.Partition); c.Offset != 3 || c.Metadata != "three" {
		s.Errorf("claimed %+v, want it from the place that was set", c)
	}
	if err := placer.SetPlaces(s.within(), g.Name, []relay.Mark{want}); !errors.Is(err, relay.ErrFenced) {
		s.Errorf("places of a group with members: %v, want %v", err, relay.ErrFenced)
	}
	m.leave()
}

// Read goes from an offset to the end as it was, and stops when it is told.
func read(s *suite) {
	topic := s.topic("jobs", 1)
	s.fill(topic, 20, 2)
	p := relay.Partition{Topic: topic}
	collect := func(from int64, most int) (offsets []int64) {
		err := s.reader().Read(s.within(), p, from, func(m *relay.Message) bool {
			if m.Of() != p {
				s.Errorf("%s while reading %s", m.Position(), p)
			}
			offsets = append(offsets, m.Offset)
			return len(offsets) < most
		})
		if err != nil {
			s.Fatalf("read from %d: %v", from, err)
		}
		return offsets
	}
	for _, c := range []struct {
		from  int64
		max   int
		first int64
		n     int
	}{{0, 100, 0, 20}, {15, 100, 15, 5}, {0, 3, 0, 3}, {20, 100, 0, 0}, {-5, 2, 0, 2}} {
		got := collect(c.from, c.max)
		if len(got) != c.n || c.n > 0 && got[0] != c.first {
			s.Errorf("read from %d, at most %d: %v", c.from, c.max, got)
		}
	}
	if err := s.reader().Read(s.within(), relay.Partition{Topic: topic, ID: 7}, 0, func(*relay.Message) bool { return true }); !errors.Is(err, relay.ErrNoTopic) {
		s.Errorf("read of no partition: %v, want %v", err, relay.ErrNoTopic)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	cancel(why)
	start := time.Now()
	if err := s.reader().Read(ctx, p, 0, func(*relay.Message) bool { return true }); err == nil || time.Since(start) > s.Within {
		s.Errorf("read after its context ended: %v after %v", err, time.Since(start))
	}
}
