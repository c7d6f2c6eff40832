package kafka

import (
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/relay"
)

func TestF15WhereAGroupGoesOn(t *testing.T) {
	for _, c := range []struct {
		name string
		at   stand
		want place
	}{
		{"new", stand{committed: -1, cut: -1, start: 5, end: 9}, place{offset: 5, fresh: true}},
		{"new, at the newest", stand{committed: -1, cut: -1, start: 5, end: 9, latest: true}, place{offset: 9, fresh: true}},
		{"place lost", stand{committed: -1, cut: -1, start: 5, end: 9, known: true}, place{offset: 5, lost: -1}},
		{"place lost, at the newest", stand{committed: -1, cut: -1, start: 5, end: 9, known: true, latest: true}, place{offset: 5, lost: -1}},
		{"partition added", stand{committed: -1, cut: -1, start: 0, end: 9, known: true, added: true, latest: true}, place{offset: 0, fresh: true}},
		{"in the middle", stand{committed: 7, cut: -1, start: 5, end: 9}, place{offset: 7}},
		{"at the oldest", stand{committed: 5, cut: -1, start: 5, end: 9}, place{offset: 5}},
		{"at the end", stand{committed: 9, cut: -1, start: 5, end: 9}, place{offset: 9}},
		{"retention took some", stand{committed: 2, cut: -1, start: 5, end: 9}, place{offset: 5, lost: 3}},
		{"another log", stand{committed: 12, cut: -1, start: 0, end: 9}, place{offset: 0, lost: -1}},
		{"cut off by a leader that had less", stand{committed: 12, cut: 8, start: 0, end: 20}, place{offset: 8, lost: 4}},
		{"a leader that had as much", stand{committed: 12, cut: 15, start: 0, end: 20}, place{offset: 12}},
		{"cut off below what there still is", stand{committed: 12, cut: 3, start: 6, end: 20}, place{offset: 6, lost: 9}},
	} {
		if got := c.at.place(); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestNoteComesApartAsItWasJoined(t *testing.T) {
	for _, n := range []note{{}, {1, 1}, {1<<63 - 1, 1<<31 - 1}} {
		for _, metadata := range []string{"", " ", "v1|x y", "@1/2 nested", strings.Repeat("m", relay.MaxMetadata)} {
			s := n.join(metadata)
			got, rest := splitNote(s)
			if got != n || rest != metadata || len(s) > 4096 {
				t.Errorf("%+v and %.20q: %+v and %.20q, %d bytes", n, metadata, got, rest, len(s))
			}
		}
	}
	for _, s := range []string{"", "v1|x", "@", "@1", "@1/2", "@-1/2 x", "@1/-2 x", "@zz!/1 x", "@1/zzzzzzzzzz x", "daero-5f1c"} {
		if n, rest := splitNote(s); n != (note{}) || rest != s {
			t.Errorf("%q is taken for a note: %+v, %q", s, n, rest)
		}
	}
}

// Whatever was committed by whomever, reading it neither panics nor loses it.
func FuzzSplitNote(f *testing.F) {
	f.Add("@1/2 x")
	f.Add("@zzzzzzzzzzzzz/zzzzzz ")
	f.Fuzz(func(t *testing.T, s string) {
		n, rest := splitNote(s)
		if n.epoch < 0 || n.partitions < 0 {
			t.Errorf("%q: %+v", s, n)
		}
		if n == (note{}) {
			return
		}
		if n2, rest2 := splitNote(n.join(rest)); n2 != n || rest2 != rest {
			t.Errorf("%q: %+v %q, then %+v %q", s, n, rest, n2, rest2)
		}
	})
}

func TestF7FindingsSayWhatIsWrong(t *testing.T) {
	good := standing{topic: "t", replicas: 3, minInSync: 2, policy: "delete", keep: retention{age: 48 * time.Hour, bytes: -1}, maxBytes: 2_000_000}
	want := Durability{Durable: true, Keep: 24 * time.Hour, MaxBytes: 1_000_000}
	for _, c := range []struct {
		change func(*standing)
		refuse bool
		says   string
	}{
		{func(*standing) {}, false, ""},
		{func(s *standing) { s.replicas = 1; s.minInSync = 1 }, true, "1 replica:"},
		{func(s *standing) { s.minInSync = 1 }, true, "min.insync.replicas is 1"},
		{func(s *standing) { s.minInSync = 3 }, false, "nothing can be written while one broker is away"},
		{func(s *standing) { s.unclean = true }, true, "unclean"},
		{func(s *standing) { s.policy = "compact,delete" }, true, "compact,delete"},
		{func(s *standing) { s.keep.age = time.Hour }, true, "1h0m0s"},
		{func(s *standing) { s.keep.age = 0 }, false, ""},
		{func(s *standing) { s.keep.bytes = 1000 }, false, "retention.bytes"},
		{func(s *standing) { s.maxBytes = 10 }, false, "max.message.bytes is 10"},
		{func(s *standing) { s.behind = 2 }, false, "2 partitions have"},
		{func(s *standing) { s.mayBeAhead = time.Second }, false, "clock is ahead"},
		{func(s *standing) { s.missing = true }, true, "not there"},
		{func(s *standing) { s.denied = true }, true, "DescribeConfigs"},
	} {
		s := good
		c.change(&s)
		fs := s.findings(want)
		if c.says == "" {
			if len(fs) != 0 {
				t.Errorf("%+v: %v", s, fs)
			}
			continue
		}
		found := false
		for _, f := range fs {
			found = found || strings.Contains(f.String(), c.says) && f.Refuse == c.refuse
		}
		if !found {
			t.Errorf("%q, refusing %v, is not in %v", c.says, c.refuse, fs)
		}
	}
}

func TestVersionsAreRead(t *testing.T) {
	for guess, want := range map[string][2]int{
		"v3.9": {3, 9}, "at least v4.1": {4, 1}, "between v1.0 and v1.1": {1, 0}, "unknown custom version": {}, "": {},
	} {
		if major, minor := parseVersion(guess); major != want[0] || minor != want[1] {
			t.Errorf("%q is %d.%d", guess, major, minor)
		}
	}
}
