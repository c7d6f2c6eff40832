package logtest

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/daero/daero/relay"
)

// Every message is answered once, with a place of its own; a partition's
// offsets have no gap.
func appendAnswersOnce(s *suite) {
	topic := s.topic("jobs", 3)
	seen := map[relay.Position]bool{}
	count := map[int32]int64{}
	for i, a := range s.fill(topic, 300, 30) {
		if a.at.Topic != topic || a.at.Partition < 0 || a.at.Partition > 2 {
			s.Fatalf("message %d is kept at %v", i, a.at)
		}
		if seen[a.at] {
			s.Fatalf("two messages are kept at %v", a.at)
		}
		seen[a.at] = true
		count[a.at.Partition]++
	}
	for at := range seen {
		if at.Offset >= count[at.Partition] {
			s.Errorf("offset %v among %d messages", at, count[at.Partition])
		}
	}
	if len(count) < 2 {
		s.Errorf("30 keys went to %d of 3 partitions", len(count))
	}
}

// Pinned messages are where they are pinned to, whatever their keys say, in the
// order in which they were appended.
func pinnedMessages(s *suite) {
	topic := s.topic("jobs", 4)
	var ms []*relay.Message
	for i := range 200 {
		m := &relay.Message{Topic: topic, Value: []byte{byte(i)}, Partition: int32(i % 4), Pin: true}
		if i%3 > 0 {
			m.Key = []byte{'k', byte(i % 7)}
		}
		ms = append(ms, m)
	}
	last := map[int32]int64{0: -1, 1: -1, 2: -1, 3: -1}
	for i, a := range s.append(ms...) {
		switch {
		case a.err != nil:
			s.Fatalf("message %d: %v", i, a.err)
		case a.at.Partition != int32(i%4):
			s.Fatalf("message %d, pinned to %d, is kept at %v", i, i%4, a.at)
		case a.at.Offset <= last[a.at.Partition]:
			s.Fatalf("message %d is kept at %v, after one at %d", i, a.at, last[a.at.Partition])
		}
		last[a.at.Partition] = a.at.Offset
	}
	if a := s.append(&relay.Message{Topic: topic, Value: []byte("x"), Partition: 4, Pin: true})[0]; !errors.Is(a.err, relay.ErrNoTopic) {
		s.Errorf("pinned to a partition that is not there: %v, want %v", a.err, relay.ErrNoTopic)
	}
}

// Messages of one key are in one partition, in the order in which they were
// appended, although nobody waited in between.
func keysKeepTheirOrder(s *suite) {
	topic := s.topic("jobs", 4)
	s.fill(topic, 1000, 20)
	m := s.join(s.group(topic))
	m.untilGot(1000)
	m.leave()
	s.inOrder(m.messages(), 1000/20)
}

// inOrder fails unless each key counts from 0 to n-1 in one partition.
func (s *suite) inOrder(ms []relay.Message, n int) {
	s.Helper()
	next := map[string]int{}
	at := map[string]int32{}
	for _, m := range ms {
		key := string(m.Key)
		if v, err := strconv.Atoi(string(m.Value)); err != nil || v != next[key] {
			s.Fatalf("%s, %s: value %s, want %d", m.Position(), key, m.Value, next[key])
		}
		next[key]++
		if p, ok := at[key]; ok && p != m.Partition {
			s.Fatalf("%s is in partitions %d and %d", key, p, m.Partition)
		}
		at[key] = m.Partition
	}
	for key, got := range next {
		if got != n {
			s.Errorf("%s: %d messages, want %d", key, got, n)
		}
	}
}

func messagesComeBackAsTheyWere(s *suite) {
	topic := s.topic("jobs", 1)
	start := time.Now().Add(-time.Minute)
	all := []relay.Message{
		{Key: nil, Value: []byte("no key")},
		{Key: []byte("k"), Value: nil},
		{Key: []byte("k"), Value: []byte{}},
		{Key: []byte{0, 255}, Value: []byte{0, 1, 254, 255}},
		{Key: []byte("k"), Value: []byte("headers"), Headers: []relay.Header{
			{Name: "content-type", Value: []byte("text/plain")}, {Name: "x", Value: []byte("1")}, {Name: "x", Value: []byte("2")}, {Name: "empty", Value: []byte{}},
		}},
		{Key: []byte("k"), Value: bytes.Repeat([]byte("large "), 20_000)},
	}
	for i := range all {
		m := all[i]
		m.Topic, m.Partition = topic, -1
		if a := s.append(&m)[0]; a.err != nil || a.at.Offset != int64(i) {
			s.Fatalf("message %d: kept at %v, %v", i, a.at, a.err)
		}
	}
	m := s.join(s.group(topic))
	m.untilGot(len(all))
	m.leave()
	for i, got := range m.messages() {
		want := all[i]
		if (got.Key == nil) != (want.Key == nil) || !bytes.Equal(got.Key, want.Key) || !bytes.Equal(got.Value, want.Value) {
			s.Errorf("message %d: %q=%.20q, want %q=%.20q", i, got.Key, got.Value, want.Key, want.Value)
		}
		if fmt.Sprint(got.Headers) != fmt.Sprint(want.Headers) {
			s.Errorf("message %d: headers %v, want %v", i, got.Headers, want.Headers)
		}
		if got.Topic != topic || got.Partition != 0 || got.Offset != int64(i) {
			s.Errorf("message %d stands at %v", i, got.Position())
		}
		if got.Time.Before(start) || got.Time.After(time.Now().Add(time.Minute)) {
			s.Errorf("message %d was taken at %v, now is %v", i, got.Time, time.Now())
		}
	}
}

func noTopic(s *suite) {
	topic := s.topic("jobs", 1)
	a := s.append(&relay.Message{Topic: topic + "-not", Partition: -1, Value: []byte("x")})[0]
	if !errors.Is(a.err, relay.ErrNoTopic) {
		s.Errorf("a topic that is not there: %v, want %v", a.err, relay.ErrNoTopic)
	}
	s.fill(topic, 1, 1)
}

// One that is too large is refused for itself: others go on.
func tooLarge(s *suite) {
	topic := s.topic("jobs", 1)
	large := &relay.Message{Topic: topic, Partition: -1, Key: []byte("k"), Value: bytes.Repeat([]byte{'x'}, s.Options.TooLarge)}
	small := func() *relay.Message {
		return &relay.Message{Topic: topic, Partition: -1, Key: []byte("k"), Value: []byte("small")}
	}
	answers := s.append(small(), large, small())
	if err := answers[1].err; !errors.Is(err, relay.ErrTooLarge) {
		s.Errorf("%d bytes: %v, want %v", s.Options.TooLarge, err, relay.ErrTooLarge)
	}
	for _, i := range []int{0, 2} {
		if answers[i].err != nil {
			s.Errorf("message %d, beside one that is too large: %v", i, answers[i].err)
		}
	}
}
