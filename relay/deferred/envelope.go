package deferred

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/relay"
)

// envelope is a request as it stands in the log: its body is the message's
// value, all else is JSON in a header of the message, which a person can read.
type envelope struct {
	V      int         `json:"v"`
	Ticket string      `json:"ticket"`
	Lane   string      `json:"lane"`
	User   string      `json:"user,omitempty"` // the user's hash, in hexadecimal
	Method string      `json:"method"`
	URI    string      `json:"uri"`
	Host   string      `json:"host"`
	Header http.Header `json:"header,omitempty"`
	// Key is the client's own idempotency key.
	Key   string    `json:"key,omitempty"`
	Taken time.Time `json:"taken"`
	Until time.Time `json:"until"`

	Body []byte `json:"-"`
	id   string // of the ticket
}

const (
	envelopeVersion = 1
	headHeader      = relay.ReservedPrefix + "deferred-request"
	maxHead         = 32 << 10
	// TopicHeaderBytes is what a topic of deferred requests must take of headers,
	// see [relay.Topic.MaxHeaderBytes].
	TopicHeaderBytes = maxHead + 8<<10
)

func (e *envelope) user() uint64 {
	u, _ := strconv.ParseUint(e.User, 16, 64) // "" is nobody, and decode has looked at it
	return u
}

func hexUser(u uint64) string {
	if u == 0 {
		return ""
	}
	return strconv.FormatUint(u, 16)
}

// encode writes what stands in the head. What a client sends is bytes and JSON's
// strings are not: each byte becomes the character of that number (ISO 8859-1,
// which HTTP once said they are).
func (e *envelope) encode() ([]byte, error) {
	out := *e
	out.V, out.Header = envelopeVersion, eachValue(e.Header, widen)
	out.URI, out.Host, out.Key = widen(e.URI), widen(e.Host), widen(e.Key)
	head, err := json.Marshal(&out)
	if err != nil {
		return nil, err
	}
	if len(head) > maxHead {
		return nil, errHead
	}
	return head, nil
}

var errHead = fmt.Errorf("what is asked for and its headers hold more than %d bytes: keep fewer headers", maxHead)

// message is the request as the relay keeps it. Requests of one user in one
// lane have one key, and those of nobody known one each. Key and value are the
// same however often the same request is sent; what differs is in a header, so
// that the relay takes it for the same message.
func (e *envelope) message(topic string) (*relay.Message, error) {
	head, err := e.encode()
	if err != nil {
		return nil, err
	}
	key := e.Lane + "/" + e.User
	if e.User == "" {
		key = e.id
	}
	m := &relay.Message{
		Topic: topic, Key: []byte(key), Value: e.Body, Time: e.Taken, Partition: -1,
		Headers: []relay.Header{{Name: relay.HeaderID, Value: []byte(e.id)}, {Name: headHeader, Value: head}},
	}
	if ct := e.Header.Get("Content-Type"); ct != "" {
		m.Headers = append(m.Headers, relay.Header{Name: relay.HeaderContentType, Value: []byte(ct)})
	}
	return m, nil
}

// decode reads what encode wrote, and trusts nothing that it finds.
func decode(m *relay.Message) (*envelope, error) {
	head := m.Header(headHeader)
	if len(head) == 0 || len(head) > maxHead {
		return nil, errors.New("it is no deferred request: its header " + headHeader + " is missing or too long")
	}
	e := &envelope{}
	if json.Unmarshal(head, e) != nil {
		// What it is instead may be somebody's, and stands in no reason.
		return nil, errors.New("its header " + headHeader + " is not understood")
	}
	if e.V != envelopeVersion {
		return nil, fmt.Errorf("it is of version %d, known here is %d: update daero", e.V, envelopeVersion)
	}
	e.Header, e.Body = eachValue(e.Header, narrow), m.Value
	e.URI, e.Host, e.Key = narrow(e.URI), narrow(e.Host), narrow(e.Key)
	return e, e.check()
}

func (e *envelope) check() error {
	t, _, _, ok := parse(e.Ticket)
	if !ok {
		return errors.New("it has no ticket")
	}
	e.id = t.id()
	if _, err := strconv.ParseUint(e.User, 16, 64); err != nil && e.User != "" {
		return errors.New("its user is no hash")
	}
	switch {
	case e.Lane == "" || len(e.Lane) > 256:
		return errors.New("it names no lane")
	case !token(e.Method):
		return errors.New("its method is none")
	case strings.ContainsAny(e.Host, "/\\@?# \r\n\t\x00"):
		return errors.New("its host is none")
	case e.Taken.IsZero() || !e.Until.After(e.Taken):
		return errors.New("its times are none")
	case !plain(e.Key):
		return errors.New("its idempotency key is none")
	}
	if _, err := e.path(); err != nil {
		return err
	}
	for name, values := range e.Header {
		if !token(name) || http.CanonicalHeaderKey(name) != name {
			return errors.New("one of its headers has no name")
		}
		for _, v := range values {
			if !plain(v) {
				return errors.New("one of its headers has a line break in it")
			}
		}
	}
	return nil
}

// path returns what is asked for: a path and a query, and never a host.
func (e *envelope) path() (*url.URL, error) {
	if !strings.HasPrefix(e.URI, "/") || !plain(e.URI) {
		return nil, errors.New("its URI is no path")
	}
	u, err := url.ParseRequestURI(e.URI)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return nil, errors.New("its URI is no path")
	}
	return u, nil
}

// token reports whether s is a token as RFC 9110 has it.
func token(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return len(s) > 0 && len(s) <= 256
}

// plain reports whether s can stand in a header: nothing in it ends one.
func plain(s string) bool { return !strings.ContainsAny(s, "\r\n\x00") }

func eachValue(h http.Header, f func(string) string) http.Header {
	if len(h) == 0 {
		return nil
	}
	out := make(http.Header, len(h))
	for name, values := range h {
		all := make([]string, len(values))
		for i, v := range values {
			all[i] = f(v)
		}
		out[name] = all
	}
	return out
}

func widen(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// narrow is the inverse of widen. A character that is no byte becomes a line
// break, which check refuses.
func narrow(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			r = '\n'
		}
		b = append(b, byte(r))
	}
	return string(b)
}
