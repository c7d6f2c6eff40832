package verify_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/verify"
)

// script builds evidence: what happened, one line after the other.
type script struct {
	verify.Evidence
	relay, target int
}

func newScript() *script { return &script{relay: 1, target: 1} }

func (s *script) size() int64 { return int64(len(s.Arrivals)) * 10 }

// acks acknowledges records of key 1.
func (s *script) acks(ns ...int) {
	for _, n := range ns {
		s.Written = append(s.Written, verify.Written{
			Record: verify.Record{Key: 1, N: n}, Sends: 1,
			First: time.Duration(n) * time.Second, Acked: time.Duration(n)*time.Second + time.Millisecond,
		})
	}
}

// arrives delivers records of key 1; record n stands at offset n.
func (s *script) arrives(ns ...int) {
	for _, n := range ns {
		s.arrivesAt(n, int64(n))
	}
}

func (s *script) arrivesAt(n int, offset int64) {
	r := verify.Record{Key: 1, N: n}
	s.Arrivals = append(s.Arrivals, verify.Arrival{
		Record: r, Place: s.size(), ID: verify.ID(r), At: relay.Position{Topic: "t", Offset: offset},
		Relay: s.relay, Target: s.target, Answered: true,
	})
}

func (s *script) last() *verify.Arrival { return &s.Arrivals[len(s.Arrivals)-1] }

// kills ends a life; the group has finished everything below offset, and the
// others that are named.
func (s *script) kills(role verify.Role, offset int64, others ...int64) {
	k := verify.Kill{Role: role, Ledger: s.size(), At: 1500 * time.Millisecond}
	k.Places = verify.Places{{Topic: "t"}: func(o int64) bool { return o < offset || slices.Contains(others, o) }}
	switch role {
	case verify.Relay:
		k.Life = s.relay
		s.relay++
	case verify.Target:
		k.Life = s.target
		s.target++
	}
	s.Kills = append(s.Kills, k)
}

func (s *script) settled() { s.Kills[len(s.Kills)-1].Settled = s.size() }

func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		play func(*script)
		want verify.Verdict // without findings
		ok   bool
		says string
	}{
		"all is well": {
			play: func(s *script) { s.acks(1, 2, 3); s.arrives(1, 2, 3) },
			want: verify.Verdict{Acked: 3, Delivered: 3}, ok: true,
		},
		"nothing was done": {
			play: func(*script) {},
		},
		"lost": {
			play: func(s *script) { s.acks(1, 2, 3); s.arrives(1, 3) },
			want: verify.Verdict{Acked: 3, Delivered: 2, Lost: 1}, says: "lost: record 2 of key 1",
		},
		"not acknowledged, and delivered": {
			play: func(s *script) { s.acks(1); s.arrives(1, 2) },
			want: verify.Verdict{Acked: 1, Delivered: 2}, ok: true,
		},
		"out of order": {
			play: func(s *script) { s.acks(1, 2, 3); s.arrivesAt(1, 1); s.arrivesAt(3, 2); s.arrivesAt(2, 3) },
			want: verify.Verdict{Acked: 3, Delivered: 3, OrderViolations: 1}, says: "record 2 came after record 3",
		},
		"back within a claim": {
			play: func(s *script) {
				s.acks(1, 2, 3)
				s.arrives(1, 2)
				s.kills(verify.Relay, 1)
				s.arrives(2, 3, 1) // all uncommitted, but 1 was due before 2
			},
			want: verify.Verdict{Acked: 3, Delivered: 3, Duplicated: 2, InFlight: 2, OrderViolations: 1}, says: "went back from offset 3",
		},
		"back with a new claim": {
			play: func(s *script) {
				s.acks(1, 2, 3)
				s.arrives(1, 2)
				s.kills(verify.Broker, 1)
				s.arrives(1)
				s.last().Epoch = 1
				s.arrives(2)
				s.last().Epoch = 1
				s.settled()
				s.arrives(3)
				s.last().Epoch = 1
			},
			want: verify.Verdict{Acked: 3, Delivered: 3, Duplicated: 2, InFlight: 2}, ok: true,
		},
		"not committed at the kill": {
			play: func(s *script) {
				s.acks(1, 2, 3)
				s.arrives(1, 2)
				s.kills(verify.Relay, 2)
				s.arrives(2, 3)
			},
			want: verify.Verdict{Acked: 3, Delivered: 3, Duplicated: 1, InFlight: 1}, ok: true,
		},
		"committed at the kill": {
			play: func(s *script) {
				s.acks(1, 2, 3)
				s.arrives(1, 2)
				s.kills(verify.Relay, 2)
				s.arrives(1, 2, 3)
			},
			want: verify.Verdict{Acked: 3, Delivered: 3, Duplicated: 2, Unexplained: 1, InFlight: 1}, says: "again without a cause: record 1",
		},
		"committed past the place": {
			play: func(s *script) {
				s.acks(1, 2, 3)
				s.arrives(1, 2)
				s.kills(verify.Relay, 1, 2)
				s.arrives(1, 2, 3)
			},
			want: verify.Verdict{Acked: 3, Delivered: 3, Duplicated: 2, Unexplained: 1, InFlight: 1}, says: "again without a cause: record 2",
		},
		"again, but nobody was killed": {
			play: func(s *script) { s.acks(1); s.arrives(1, 1) },
			want: verify.Verdict{Acked: 1, Delivered: 1, Duplicated: 1, Unexplained: 1},
		},
		"twice for one kill": {
			play: func(s *script) {
				s.acks(1)
				s.arrives(1)
				s.kills(verify.Relay, 1)
				s.arrives(1, 1)
			},
			want: verify.Verdict{Acked: 1, Delivered: 1, Duplicated: 2, Unexplained: 1, InFlight: 1},
		},
		"a request of the dead relay comes last": {
			play: func(s *script) {
				s.acks(1)
				s.kills(verify.Relay, 1)
				s.arrives(1)
				s.arrives(1)
				s.last().Relay = 1
			},
			want: verify.Verdict{Acked: 1, Delivered: 1, Duplicated: 1, InFlight: 1}, ok: true,
		},
		"the answer was not sent when the target was killed": {
			play: func(s *script) {
				s.acks(1, 2)
				s.arrives(1)
				s.last().Answered = false
				s.kills(verify.Target, 0)
				s.arrives(1, 2)
			},
			want: verify.Verdict{Acked: 2, Delivered: 2, Duplicated: 1, InFlight: 1}, ok: true,
		},
		"the answer was sent when the target was killed": {
			play: func(s *script) {
				s.acks(1, 2)
				s.arrives(1)
				s.kills(verify.Target, 0)
				s.arrives(1, 2)
			},
			want: verify.Verdict{Acked: 2, Delivered: 2, Duplicated: 1, Unexplained: 1},
		},
		"another idempotency key": {
			play: func(s *script) { s.acks(1); s.arrives(1); s.last().ID = "other" },
			want: verify.Verdict{Acked: 1, Delivered: 1, WrongIDs: 1}, says: `"other"`,
		},
		"sent twice, kept twice": {
			play: func(s *script) { s.acks(1); s.Written[0].Sends = 2; s.arrivesAt(1, 1); s.arrivesAt(1, 2) },
			want: verify.Verdict{Acked: 1, Delivered: 1, Duplicated: 1, InFlight: 1}, ok: true,
		},
		"sent once, kept twice": {
			play: func(s *script) { s.acks(1); s.arrivesAt(1, 1); s.arrivesAt(1, 2) },
			want: verify.Verdict{Acked: 1, Delivered: 1, Duplicated: 1, Unexplained: 1},
		},
		"sent once, kept twice, as the acceptor was killed meanwhile": {
			play: func(s *script) {
				s.acks(1)
				s.Written[0].Acked = 2 * time.Second
				s.kills(verify.Acceptor, 0)
				s.arrivesAt(1, 1)
				s.arrivesAt(1, 2)
			},
			want: verify.Verdict{Acked: 1, Delivered: 1, Duplicated: 1, InFlight: 1}, ok: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript()
			c.play(s)
			got := verify.Judge(s.Evidence)
			findings := strings.Join(got.Findings, "\n")
			if got.OK() != c.ok || !strings.Contains(findings, c.says) {
				t.Errorf("ok %t with findings %q, want %t and %q", got.OK(), findings, c.ok, c.says)
			}
			if c.ok == (findings != "") && name != "nothing was done" {
				t.Errorf("ok %t, but findings %q", c.ok, findings)
			}
			got.Findings = nil
			if g, w := got, c.want; !equal(g, w) {
				t.Errorf("got  %+v\nwant %+v", g, w)
			}
		})
	}
}

func equal(a, b verify.Verdict) bool {
	return a.Acked == b.Acked && a.Delivered == b.Delivered && a.Lost == b.Lost && a.Duplicated == b.Duplicated &&
		a.Unexplained == b.Unexplained && a.InFlight == b.InFlight && a.OrderViolations == b.OrderViolations && a.WrongIDs == b.WrongIDs
}
