// Package logtest says as tests what a [relay.Log] must do beyond its words.
// Every log passes it: the one in memory, the one in the program, and Kafka.
//
// It does not know how topics are made or how messages are lost: whoever runs
// it brings that as [Options].
package logtest

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
)

// Options are what a log needs for its tests.
type Options struct {
	// Topic makes a topic. Required.
	Topic func(t *testing.T, l relay.Log, name string, partitions int32)
	// Trim deletes the messages of a partition before an offset, as retention
	// does. nil leaves the tests of it out.
	Trim func(t *testing.T, l relay.Log, p relay.Partition, before int64)
	// Forget deletes a group's place in a partition. The group has no member
	// then. nil leaves the tests of it out.
	Forget func(t *testing.T, l relay.Log, group string, p relay.Partition)
	// TooLarge is a size of value that is refused. 0 leaves the test out.
	TooLarge int
	// Bubble runs each test in a bubble of testing/synctest, where time is free.
	Bubble bool
	// Within bounds each wait for something to happen. Default 30 s.
	Within time.Duration
	// Prefix begins the names of topics and groups, for a log that outlives the
	// tests. Each test adds its own name.
	Prefix string
}

// suite is one test's log and what it needs.
type suite struct {
	*testing.T
	Options
	log relay.Log
}

// Run runs every test with a log of its own. open cleans up through t.
func Run(t *testing.T, open func(t *testing.T) relay.Log, o Options) {
	if o.Within == 0 {
		o.Within = 30 * time.Second
	}
	for _, c := range []struct {
		name string
		run  func(*suite)
		skip bool
	}{
		{name: "AppendAnswersOnce", run: appendAnswersOnce},
		{name: "KeysKeepTheirOrder", run: keysKeepTheirOrder},
		{name: "MessagesComeBackAsTheyWere", run: messagesComeBackAsTheyWere},
		{name: "NoTopic", run: noTopic},
		{name: "TooLarge", run: tooLarge, skip: o.TooLarge == 0},
		{name: "PinnedMessages", run: pinnedMessages},
		{name: "NewGroupBeginsAtTheOldest", run: newGroupBeginsAtTheOldest},
		{name: "NewGroupBeginsAtTheNewest", run: newGroupBeginsAtTheNewest},
		{name: "PlaceAndMetadataComeBack", run: placeAndMetadataComeBack},
		{name: "LargestMetadata", run: largestMetadata},
		{name: "CommitAfterTheEndIsFenced", run: commitAfterTheEndIsFenced},
		{name: "EndGivesBackFirst", run: endGivesBackFirst},
		{name: "GroupsAreIndependent", run: groupsAreIndependent},
		{name: "MembersShare", run: membersShare},
		{name: "HandOverLosesNothing", run: handOverLosesNothing},
		{name: "CompanionsGoTogether", run: companionsGoTogether},
		{name: "PauseAndResume", run: pauseAndResume},
		{name: "TrimmedMessagesAreTold", run: trimmedMessagesAreTold, skip: o.Trim == nil},
		{name: "LostPlaceIsTold", run: lostPlaceIsTold, skip: o.Forget == nil},
		{name: "Spans", run: spans},
		{name: "Places", run: places},
		{name: "SetPlaces", run: setPlaces},
		{name: "Read", run: read},
	} {
		if c.skip {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			o := o
			o.Prefix += c.name
			body := func(t *testing.T) { c.run(&suite{t, o, open(t)}) }
			if o.Bubble {
				synctest.Test(t, body)
				return
			}
			body(t)
		})
	}
}

// topic makes a topic for this test.
func (s *suite) topic(name string, partitions int32) string {
	s.Helper()
	name = s.Prefix + "." + name
	s.Topic(s.T, s.log, name, partitions)
	return name
}

func (s *suite) group(topics ...string) relay.Group {
	return relay.Group{Name: s.Prefix + ".group", Topics: topics, Drain: 5 * time.Second}
}

// reader is the log as a Reader; a log that is none fails the test.
func (s *suite) reader() relay.Reader {
	s.Helper()
	r, ok := s.log.(relay.Reader)
	if !ok {
		s.Fatalf("%T is no relay.Reader", s.log)
	}
	return r
}

// answer is what Append said of a message.
type answer struct {
	at  relay.Position
	err error
}

// append appends messages one after the other without waiting, then waits for
// all answers.
func (s *suite) append(ms ...*relay.Message) []answer {
	s.Helper()
	answers := make([]answer, len(ms))
	done := make(chan int, 2*len(ms))
	for i, m := range ms {
		s.log.Append(m, func(at relay.Position, err error) {
			answers[i] = answer{at, err}
			done <- i
		})
	}
	deadline := time.After(s.Within)
	for seen := map[int]bool{}; len(seen) < len(ms); {
		select {
		case i := <-done:
			if seen[i] {
				s.Fatalf("message %d was answered twice", i)
			}
			seen[i] = true
		case <-deadline:
			s.Fatalf("%d of %d messages were answered within %v", len(seen), len(ms), s.Within)
		}
	}
	return answers
}

// fill appends n messages of as many keys, and fails the test if one is not
// kept. Values count up, for each key on its own.
func (s *suite) fill(topic string, n, keys int) []answer {
	s.Helper()
	return s.fillFrom(topic, 0, n, keys)
}

func (s *suite) fillFrom(topic string, first, n, keys int) []answer {
	s.Helper()
	ms := make([]*relay.Message, n)
	for i := range ms {
		ms[i] = &relay.Message{
			Topic: topic, Partition: -1,
			Key:   fmt.Appendf(nil, "key-%d", i%keys),
			Value: fmt.Appendf(nil, "%d", first+i/keys),
		}
	}
	answers := s.append(ms...)
	for i, a := range answers {
		if a.err != nil {
			s.Fatalf("message %d: %v", i, a.err)
		}
	}
	return answers
}
