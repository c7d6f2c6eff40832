package logtest

import (
	"fmt"
	"time"

	"github.com/daero/daero/relay"
)

// companions goes with each topic.
func companions(topic string) string { return topic + ".retry" }

// Who holds a partition holds its companion's, and their places are kept in the
// same way. The companion is made by the log.
func companionsGoTogether(s *suite) {
	topic := s.topic("jobs", 4)
	retry := companions(topic)
	g := s.group(topic)
	g.Companion = companions
	first := s.join(g, finishing)
	first.untilHolds(8)
	s.fill(topic, 40, 8)
	s.fill(retry, 40, 8)
	first.untilGot(80)

	second := s.join(g, finishing)
	second.untilHolds(4)
	first.untilHolds(4)
	for _, m := range []*member{first, second} {
		m.mu.Lock()
		for p := range m.held {
			other := relay.Partition{Topic: companions(p.Topic), ID: p.ID}
			if p.Topic == retry {
				other.Topic = topic
			}
			if _, ok := m.held[other]; !ok {
				s.Errorf("%s is held without %s", p, other)
			}
		}
		m.mu.Unlock()
	}
	s.fillFrom(retry, 5, 16, 8)
	deadline := time.After(s.Within)
	for len(first.messages())+len(second.messages()) < 96 {
		select {
		case <-first.changed:
		case <-second.changed:
		case <-deadline:
			s.Fatalf("%d and %d of 96 messages", len(first.messages()), len(second.messages()))
		}
	}
	second.leave()
	first.untilHolds(8)
	first.leave()
	if n := len(first.messages()) + len(second.messages()); n != 96 {
		s.Errorf("%d messages of 96, although all was committed before it went", n)
	}
}

// A partition that is paused gives nothing, others go on, and nothing is
// missing afterwards.
func pauseAndResume(s *suite) {
	topic := s.topic("jobs", 2)
	m := s.join(s.group(topic))
	m.untilHolds(2)
	m.mu.Lock()
	session := m.session
	m.mu.Unlock()
	paused := relay.Partition{Topic: topic, ID: 0}
	session.Pause(paused)
	s.fill(topic, 100, 20)
	s.settle(m, paused)
	before := m.count(paused)
	s.fillFrom(topic, 5, 100, 20)
	s.settle(m, paused)
	if after := m.count(paused); after != before {
		s.Errorf("%d messages came after the pause", after-before)
	}
	session.Resume(paused)
	m.untilGot(200)
	m.leave()
	s.inOrder(m.messages(), 10)
}

// settle waits until everything but the paused partition is there.
func (s *suite) settle(m *member, paused relay.Partition) {
	s.Helper()
	spans, err := s.reader().Spans(s.Context(), paused.Topic)
	if err != nil {
		s.Fatal(err)
	}
	for _, span := range spans {
		if span.Partition != paused {
			m.until(fmt.Sprintf("%s is read to its end", span.Partition), func() bool { return m.next[span.Partition] >= span.Next })
		}
	}
}

func (m *member) count(p relay.Partition) (n int) {
	for _, x := range m.messages() {
		if x.Of() == p {
			n++
		}
	}
	return n
}

// What retention has taken before the group came to it is told, with how many.
func trimmedMessagesAreTold(s *suite) {
	topic := s.topic("jobs", 1)
	p := relay.Partition{Topic: topic}
	s.fill(topic, 10, 1)
	first := s.join(s.group(topic))
	first.untilGot(10)
	first.commit(relay.Mark{Partition: p, Offset: 4, Metadata: "of 4"})
	first.leave()
	s.Trim(s.T, s.log, p, 7)
	second := s.join(s.group(topic))
	second.untilGot(3)
	second.leave()
	c := second.claim(p)
	if c.Offset != 7 || c.Lost != 3 || c.Fresh || c.Metadata != "" {
		s.Errorf("the place was 4, retention took all before 7: %+v", c)
	}
	if got := second.messages()[0].Offset; got != 7 {
		s.Errorf("the first message is %d, want 7", got)
	}
}

// A group that is known and has no place any more in one partition begins at
// the oldest, also if it would begin at the newest when it is new.
func lostPlaceIsTold(s *suite) {
	topic := s.topic("jobs", 2)
	s.fill(topic, 40, 8)
	g := s.group(topic)
	first := s.join(g, finishing)
	first.untilGot(40)
	first.leave()
	p := relay.Partition{Topic: topic, ID: 1}
	s.Forget(s.T, s.log, g.Name, p)
	g.Latest = true
	second := s.join(g)
	second.untilHolds(2)
	c := second.claim(p)
	if c.Offset != 0 || c.Lost != -1 || c.Fresh {
		s.Errorf("the place was lost: %+v", c)
	}
	second.untilGot(int(c.End))
	second.leave()
	if kept := second.claim(relay.Partition{Topic: topic, ID: 0}); kept.Lost != 0 || kept.Fresh || kept.Offset != kept.End {
		s.Errorf("the place in the other partition was not lost: %+v", kept)
	}
}
