package kafka

import (
	"strconv"
	"strings"
)

// stand is what is known of a group and one partition when it is claimed.
type stand struct {
	committed int64 // -1: nothing
	cut       int64 // where the log ends for the leader that committed was read from; -1: as far as it goes
	start     int64 // the oldest message that there is
	end       int64 // after the newest
	known     bool  // the group has a place in this topic, here or elsewhere
	added     bool  // the partition is younger than the group's place in the topic
	latest    bool  // a new group begins at the end
}

// place is where a group goes on.
type place struct {
	offset int64
	lost   int64 // messages that the group will never see, -1: not known
	fresh  bool
}

// place decides where a group goes on. Only a group that is new to the topic
// may begin at the end; whoever had a place and lost it goes to the oldest, so
// that messages may come twice but none is jumped over.
func (s stand) place() place {
	switch {
	case s.committed < 0 && !s.known && s.latest:
		return place{offset: s.end, fresh: true}
	case s.committed < 0 && (!s.known || s.added):
		return place{offset: s.start, fresh: true}
	case s.committed < 0:
		return place{offset: s.start, lost: -1}
	case s.committed < s.start:
		return place{offset: s.start, lost: s.start - s.committed}
	case s.cut >= 0 && s.cut < s.committed: // a leader without the newest messages took over
		return place{offset: max(s.cut, s.start), lost: s.committed - s.cut}
	case s.committed > s.end: // another log than the one the place is of
		return place{offset: s.start, lost: -1}
	}
	return place{offset: s.committed}
}

// note is what this package keeps in front of a member's own metadata.
type note struct {
	epoch      int64 // of the claim that it was committed under
	partitions int   // how many the topic had then, 0: not known
}

// noteBytes is the room a note takes at most: "@", two numbers in base 36, "/"
// and a space.
const noteBytes = 1 + 13 + 1 + 7 + 1

func (n note) join(metadata string) string {
	b := make([]byte, 0, noteBytes+len(metadata))
	b = append(b, '@')
	b = strconv.AppendInt(b, n.epoch, 36)
	b = append(b, '/')
	b = strconv.AppendInt(b, int64(n.partitions), 36)
	b = append(b, ' ')
	return string(append(b, metadata...))
}

// splitNote takes metadata apart. What does not begin with a note was
// committed by somebody else, or damaged: it has none.
func splitNote(s string) (n note, metadata string) {
	head, metadata, ok := strings.Cut(s, " ")
	epoch, partitions, ok2 := strings.Cut(head, "/")
	if !ok || !ok2 || len(head) >= noteBytes || !strings.HasPrefix(epoch, "@") {
		return note{}, s
	}
	e, err := strconv.ParseInt(epoch[1:], 36, 64)
	p, err2 := strconv.ParseInt(partitions, 36, 32)
	if err != nil || err2 != nil || e < 0 || p < 0 {
		return note{}, s
	}
	return note{epoch: e, partitions: int(p)}, metadata
}
