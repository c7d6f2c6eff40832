package live

import (
	"math/rand/v2"
	"time"
)

// sessions are who of the users of sources with [Source.Login] is logged out.
// A user who was never logged out has a session. It is guarded like the
// schedule that it is part of.
type sessions struct {
	seen map[sessionKey]bool // have used theirs, or were cut off
	out  map[sessionKey]bool
	lost map[sessionKey]bool // to a failed attempt
	late int64               // wanted something and were logged out
	rng  *rand.Rand
}

// sessionKey is a user of a source.
type sessionKey struct {
	source int
	user   uint64
}

// SessionLog is what became of the sessions.
type SessionLog struct {
	Users     int64 // who have used theirs or were cut off
	Lost      int64 // of them, whose client gave it up because an answer failed or never came
	Out       int64 // of the others, who were not logged in at the end
	LoggedOut int64 // wishes of users who were logged out just then
}

// Kept is the share of the sessions that were kept; 1 if there were none.
func (l SessionLog) Kept() float64 {
	if l.Users == 0 {
		return 1
	}
	return 1 - float64(l.Lost+l.Out)/float64(l.Users)
}

func newSessions(seed uint64) *sessions {
	return &sessions{
		seen: map[sessionKey]bool{}, out: map[sessionKey]bool{}, lost: map[sessionKey]bool{},
		rng: rand.New(rand.NewPCG(seed, 1<<32)),
	}
}

// uses notes that a user wants something, and reports whether it can.
func (s *sessions) uses(k sessionKey) bool {
	s.seen[k] = true
	if s.out[k] {
		s.late++
		return false
	}
	return true
}

// lose logs a user out, and reports whether it was logged in.
func (s *sessions) lose(k sessionKey, failed bool) bool {
	s.seen[k] = true
	if s.out[k] {
		return false
	}
	s.out[k] = true
	if failed {
		s.lost[k] = true
	}
	return true
}

func (s *sessions) back(k sessionKey) { delete(s.out, k) }

func (s *sessions) log() SessionLog {
	l := SessionLog{Users: int64(len(s.seen)), Lost: int64(len(s.lost)), LoggedOut: s.late}
	for k := range s.out {
		if !s.lost[k] {
			l.Out++
		}
	}
	return l
}

// cut breaks a share of a source's sessions; their clients log in again within
// the time given.
func (s *schedule) cut(now time.Duration, source int, share float64, within time.Duration) {
	for user := uint64(1); user <= s.plan.Sources[source].Users; user++ {
		if s.sessions.rng.Float64() >= share {
			continue
		}
		k := sessionKey{source, user}
		if s.sessions.lose(k, false) {
			s.relogin(now+time.Duration(s.sessions.rng.Float64()*float64(within)), k)
		}
	}
}

// relogin puts the login of a user in who has lost a session.
func (s *schedule) relogin(at time.Duration, k sessionKey) {
	login := s.plan.source(s.plan.Sources[k.source].Login)
	s.push(event{at: at, source: login, user: k.user, number: 1, client: s.plan.Sources[login].Clients.Pick(s.rngs[login]), of: &k})
}
