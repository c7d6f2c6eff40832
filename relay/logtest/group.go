package logtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/relay"
)

func newGroupBeginsAtTheOldest(s *suite) {
	topic := s.topic("jobs", 1)
	s.fill(topic, 10, 2)
	m := s.join(s.group(topic))
	m.untilGot(10)
	m.leave()
	c := m.claim(relay.Partition{Topic: topic})
	if c.Offset != 0 || !c.Fresh || c.Lost != 0 || c.Metadata != "" || c.End != 10 {
		s.Errorf("claim of a new group: %+v", c)
	}
}

func newGroupBeginsAtTheNewest(s *suite) {
	topic := s.topic("jobs", 1)
	s.fill(topic, 10, 2)
	g := s.group(topic)
	g.Latest = true
	m := s.join(g)
	m.untilHolds(1)
	s.fillFrom(topic, 5, 4, 2)
	m.untilGot(4)
	m.leave()
	c := m.claim(relay.Partition{Topic: topic})
	if c.Offset != 10 || !c.Fresh || c.Lost != 0 || c.End != 10 {
		s.Errorf("claim of a new group that begins at the newest: %+v", c)
	}
	if first := m.messages()[0]; first.Offset != 10 {
		s.Errorf("the first message is %v", first.Position())
	}
}

// What was committed is where the next member goes on.
func placeAndMetadataComeBack(s *suite) {
	topic := s.topic("jobs", 2)
	s.fill(topic, 40, 8)
	first := s.join(s.group(topic))
	first.untilGot(40)
	marks := []relay.Mark{
		{Partition: relay.Partition{Topic: topic, ID: 0}, Offset: 3, Metadata: "v1|abc= +/"},
		{Partition: relay.Partition{Topic: topic, ID: 1}, Offset: 0, Metadata: ""},
	}
	first.commit(marks...)
	first.leave()

	second := s.join(s.group(topic))
	second.untilHolds(2)
	for _, k := range marks {
		c := second.claim(k.Partition)
		if c.Offset != k.Offset || c.Metadata != k.Metadata || c.Lost != 0 {
			s.Errorf("%s: claimed at %d with %q, lost %d; committed were %d and %q", k.Partition, c.Offset, c.Metadata, c.Lost, k.Offset, k.Metadata)
		}
		if k.Offset > 0 && c.Fresh {
			s.Errorf("%s is fresh after a commit", k.Partition)
		}
		if before := first.claim(k.Partition); c.Epoch <= before.Epoch {
			s.Errorf("%s: epoch %d after %d", k.Partition, c.Epoch, before.Epoch)
		}
	}
	second.untilGot(37)
	second.leave()
}

func largestMetadata(s *suite) {
	topic := s.topic("jobs", 1)
	s.fill(topic, 3, 1)
	first := s.join(s.group(topic))
	first.untilGot(3)
	p := relay.Partition{Topic: topic}
	largest := strings.Repeat("m", relay.MaxMetadata)
	first.commit(relay.Mark{Partition: p, Offset: 2, Metadata: largest})
	first.leave()
	second := s.join(s.group(topic))
	second.untilHolds(1)
	if c := second.claim(p); c.Offset != 2 || c.Metadata != largest {
		s.Errorf("claimed at %d with %d bytes of metadata, want 2 and %d", c.Offset, len(c.Metadata), len(largest))
	}
	second.leave()
}

// commit fails the test if it does.
func (m *member) commit(marks ...relay.Mark) {
	m.s.Helper()
	m.mu.Lock()
	session := m.session
	m.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), m.s.Within)
	defer cancel()
	if err := session.Commit(ctx, marks); err != nil {
		m.s.Fatalf("commit of %v: %v", marks, err)
	}
}

// A member that has ended commits nothing more, whatever it still holds in its
// hands.
func commitAfterTheEndIsFenced(s *suite) {
	topic := s.topic("jobs", 1)
	s.fill(topic, 5, 1)
	m := s.join(s.group(topic))
	m.untilGot(5)
	m.leave()
	err := m.session.Commit(context.Background(), []relay.Mark{{Partition: relay.Partition{Topic: topic}, Offset: 5}})
	if !errors.Is(err, relay.ErrFenced) {
		s.Errorf("a commit after the end: %v, want %v", err, relay.ErrFenced)
	}
	next := s.join(s.group(topic))
	next.untilGot(5)
	next.leave()
}

// When a member's time is over it can still commit what it has finished.
func endGivesBackFirst(s *suite) {
	topic := s.topic("jobs", 3)
	s.fill(topic, 60, 12)
	m := s.join(s.group(topic), finishing)
	m.untilGot(60)
	m.leave()
	m.mu.Lock()
	revoked, lost := len(m.revoked), m.lost
	m.mu.Unlock()
	if revoked != 3 || lost {
		s.Errorf("at the end %d of 3 partitions were given back, lost: %v", revoked, lost)
	}
	s.fillFrom(topic, 5, 12, 12)
	next := s.join(s.group(topic))
	next.untilGot(12)
	next.leave()
	if got := len(next.messages()); got != 12 {
		s.Errorf("%d messages after all but 12 were finished", got)
	}
}

func groupsAreIndependent(s *suite) {
	topic := s.topic("jobs", 2)
	s.fill(topic, 30, 6)
	g := s.group(topic)
	one := s.join(g, finishing)
	g.Name += "-other"
	other := s.join(g)
	one.untilGot(30)
	other.untilGot(30)
	one.leave()
	other.leave()
}

// A second member takes half of the partitions, and when it leaves the first
// has all again. Nobody holds what another holds, and the epoch rises with
// every hand-over.
func membersShare(s *suite) {
	topic := s.topic("jobs", 4)
	all := newOwnership()
	first := s.join(s.group(topic), finishing, among(all, "first"))
	first.untilHolds(4)
	second := s.join(s.group(topic), finishing, among(all, "second"))
	second.untilHolds(2)
	first.untilHolds(2)
	s.fill(topic, 200, 40)
	deadline := time.After(s.Within)
	for len(first.messages())+len(second.messages()) < 200 {
		select {
		case <-first.changed:
		case <-second.changed:
		case <-deadline:
			s.Fatalf("%d and %d of 200 messages", len(first.messages()), len(second.messages()))
		}
	}
	second.leave()
	first.untilHolds(4)
	first.leave()
	if n := len(first.messages()) + len(second.messages()); n != 200 {
		s.Errorf("%d messages of 200, although all was committed before it went", n)
	}
	if all.moves < 4 {
		s.Errorf("%d hand-overs, want at least 4", all.moves)
	}
}

// Members come and go while messages are appended: each is received, those of a
// key in order. Commits happen when partitions go, so that a message that comes
// twice was received by somebody who did not finish it.
func handOverLosesNothing(s *suite) {
	topic := s.topic("jobs", 4)
	all := newOwnership()
	first := s.join(s.group(topic), finishing, among(all, "0"))
	members := []*member{first}
	first.untilHolds(4)
	const rounds, each, keys = 4, 200, 20
	for r := range rounds {
		m := s.join(s.group(topic), finishing, among(all, fmt.Sprint(r+1)))
		members = append(members, m)
		s.fillFrom(topic, r*each/keys, each, keys)
		m.until("something is held", func() bool { return len(m.held) > 0 })
		if r%2 == 1 {
			members[r].leave()
		}
	}
	deadline := time.After(s.Within)
	seen := map[relay.Position]bool{}
	for {
		for _, m := range members {
			for _, x := range m.messages() {
				seen[x.Position()] = true
			}
		}
		if len(seen) == rounds*each {
			break
		}
		select {
		case <-deadline:
			s.Fatalf("%d of %d messages", len(seen), rounds*each)
		case <-time.After(10 * time.Millisecond):
		}
	}
	for _, m := range members {
		m.leave()
		got := m.messages()
		if !slices.IsSortedFunc(got, samePartition) {
			s.Error("a partition's messages came out of order")
		}
	}
}

// samePartition compares offsets within a partition only.
func samePartition(a, b relay.Message) int {
	if a.Of() != b.Of() {
		return 0
	}
	return int(a.Offset - b.Offset)
}
