package daero

import (
	"net/http"
	"strings"
	"time"

	"github.com/daero/daero/lane/appointment"
)

// Where appointments travel. A cookie carries the lane's name behind the
// prefix, so that two lanes do not overwrite each other's.
const (
	AppointmentHeader = "Daero-Appointment"
	CookiePrefix      = "daero-appointment-"
)

// What can become of an appointment: the results of verifying, and two more.
const (
	tokenEarly  = int(appointment.NumResults) + iota // brought before its time: kept
	tokenIssued                                      // given out with a refusal
	numTokens
)

var tokenNames = func() (names [numTokens]string) {
	for r := range appointment.NumResults {
		names[r] = r.String()
	}
	names[tokenEarly], names[tokenIssued] = "early", "issued"
	return names
}()

// AppointmentResults lists what can become of an appointment, in words fit for
// a metric label.
func AppointmentResults() []string { return tokenNames[:] }

// brought is the appointment that a request came with.
type brought struct {
	token string
	valid bool
	dueIn time.Duration
}

// tokenOf finds the appointment in a request; the header wins over the cookie.
func tokenOf(r *http.Request, road *Road) (token string, cookie bool) {
	if h := r.Header[AppointmentHeader]; len(h) > 0 {
		return h[0], false
	}
	if c := r.Header["Cookie"]; len(c) > 0 {
		return findCookie(c, road.cookie)
	}
	return "", false
}

// look verifies an appointment. An invalid one is counted and ignored.
func (a *Admission) look(token string, road *Road, user uint64, now time.Time) brought {
	if token == "" {
		return brought{}
	}
	at, res := a.d.signer.Load().Verify(token, road.name, user, now)
	if res != appointment.OK {
		a.d.tokens[res].Add(1)
		return brought{}
	}
	b := brought{token: token, valid: true, dueIn: at.Sub(now)}
	if b.dueIn > 0 {
		a.d.tokens[tokenEarly].Add(1)
	} else {
		a.d.tokens[appointment.OK].Add(1)
	}
	return b
}

// appoint returns the appointment of somebody who was refused: the one they
// brought if its time is still to come, so that who returns early keeps the
// same time; else a new one.
func (a *Admission) appoint(c Call, came brought, after time.Duration, now time.Time) (string, time.Duration) {
	if came.valid && came.dueIn > 0 {
		return came.token, came.dueIn
	}
	after = max(after, time.Millisecond)
	a.d.tokens[tokenIssued].Add(1)
	return a.d.signer.Load().Sign(c.Road.name, c.User, now, now.Add(after)), after
}

// findCookie looks for "name=" in Cookie header lines without taking them
// apart into objects.
func findCookie(lines []string, name string) (value string, ok bool) {
	for _, line := range lines {
		for line != "" {
			var part string
			part, line, _ = strings.Cut(line, ";")
			part = strings.TrimLeft(part, " ")
			if len(part) > len(name) && part[len(name)] == '=' && part[:len(name)] == name {
				return strings.Trim(part[len(name)+1:], `"`), true
			}
		}
	}
	return "", false
}
