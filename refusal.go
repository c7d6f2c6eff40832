package daero

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/lane"
)

// Values shared by all responses; nothing writes into them.
var (
	problemType = []string{"application/problem+json"}
	noStore     = []string{"no-store"}
	varies      = []string{"Accept, Accept-Language, Content-Type"}
	retryAfter  = func() (t [601][]string) {
		for i := range t {
			t[i] = []string{strconv.Itoa(i)}
		}
		return t
	}()
)

// problem is a problem document (RFC 9457) without what differs per request.
type problem struct {
	status int
	head   []byte // up to and with "retry_after_seconds":
}

func newProblem(status int, kind, title, detail, lane string) problem {
	b := []byte(`{"type":"urn:problem-type:daero:` + kind + `","title":`)
	b = appendJSON(b, title)
	b = append(b, `,"status":`+strconv.Itoa(status)+`,"detail":`...)
	b = appendJSON(b, detail)
	b = append(b, `,"lane":`...)
	b = appendJSON(b, lane)
	b = append(b, `,"retry_after_seconds":`...)
	return problem{status: status, head: b}
}

// refuse answers a request that was not let in. It closes nothing: a client
// that loses its connection logs in again.
func (a *Admission) refuse(w http.ResponseWriter, r *http.Request, c Call, s *scratch, refused *lane.Refusal, came brought, now time.Time) {
	token, after := a.appoint(c, came, refused.After, now)
	seconds := int((after + time.Second - 1) / time.Second)

	h := w.Header()
	h["Retry-After"] = secondsValue(seconds)
	h[AppointmentHeader] = []string{token}
	h["Cache-Control"] = noStore

	p := &c.Road.busy
	posted := c.Road.Posted()
	switch refused.Reason {
	case lane.ReasonEarly:
		p = &c.Road.early
	case lane.ReasonPlaybook:
		p = &c.Road.shed
		if posted != nil && posted.Status != 0 && kindOf(r) != wantsGRPC {
			respond(w, r, posted)
			return
		}
	}
	s.poll = 0
	if posted != nil {
		s.poll = int(posted.Slow / time.Second)
	}
	switch kindOf(r) {
	case wantsGRPC:
		writeGRPC(w, refused, after)
	case wantsPage:
		h["Set-Cookie"] = append(h["Set-Cookie"], c.Road.setCookie(r, token, after))
		writePage(w, r, s, p.status, seconds)
	case wantsCookie:
		h["Set-Cookie"] = append(h["Set-Cookie"], c.Road.setCookie(r, token, after))
		writeProblem(w, r, s, p, refused.Reason, seconds, token)
	default:
		writeProblem(w, r, s, p, refused.Reason, seconds, token)
	}
}

func secondsValue(n int) []string {
	if n < len(retryAfter) {
		return retryAfter[n]
	}
	return []string{strconv.Itoa(n)}
}

func writeProblem(w http.ResponseWriter, r *http.Request, s *scratch, p *problem, reason lane.Reason, seconds int, token string) {
	h := w.Header()
	h["Content-Type"] = problemType
	h["Vary"] = varies
	w.WriteHeader(p.status)
	if r.Method == http.MethodHead {
		return
	}
	b := append(s.buf[:0], p.head...)
	b = strconv.AppendInt(b, int64(seconds), 10)
	b = append(b, `,"reason":"`...)
	b = append(b, reason.String()...)
	b = append(b, `","appointment":"`...)
	b = append(b, token...)
	if s.poll > 0 {
		b = append(b, `","poll_seconds":`...)
		b = strconv.AppendInt(b, int64(s.poll), 10)
		b = append(b, `,"instance":`...)
	} else {
		b = append(b, `","instance":`...)
	}
	b = appendJSON(b, instance(r))
	b = append(b, '}', '\n')
	s.buf = b
	w.Write(b)
}

// instance is the request's path as it came, cut to what helps in a log.
func instance(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	const longest = 256
	if len(path) > longest {
		path = path[:longest]
	}
	return path
}

// cookieGrace is how long a browser keeps an appointment beyond its time.
const cookieGrace = 10 * time.Minute

func (r *Road) setCookie(req *http.Request, token string, after time.Duration) string {
	age := int64((after + cookieGrace) / time.Second)
	b := make([]byte, 0, 160)
	b = append(b, r.cookie...)
	b = append(b, '=')
	b = append(b, token...)
	b = append(b, "; Path=/; Max-Age="...)
	b = strconv.AppendInt(b, age, 10)
	b = append(b, "; HttpOnly; SameSite=Lax"...)
	if req.TLS != nil {
		b = append(b, "; Secure"...)
	}
	return string(b)
}

// appendJSON appends s as a JSON string. Bytes that are not printable ASCII,
// and what HTML could stumble over, are escaped; bytes that are not UTF-8
// cannot stand in a path of ours otherwise.
func appendJSON(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
