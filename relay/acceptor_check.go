package relay

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// InvalidError is a message that cannot be accepted as it is. One that is too
// large is [ErrTooLarge] as well.
type InvalidError struct {
	// Kind is one of key, headers, id, conflict, size, reserved. A conflict is an
	// idempotency key that was used before, for something else.
	Kind string
	What string // a sentence that names the cure
	// Limit is the bound that was passed, 0 if it is not about one.
	Limit int
}

// Error implements error.
func (e *InvalidError) Error() string { return e.What }

// Is reports whether e is one of the errors of a Log.
func (e *InvalidError) Is(target error) bool { return target == ErrTooLarge && e.Kind == "size" }

func invalid(kind string, limit int, format string, args ...any) *InvalidError {
	return &InvalidError{Kind: kind, What: fmt.Sprintf(format, args...), Limit: limit}
}

// check returns m as it will be kept, which shares its bytes and nothing else,
// and whether its idempotency key was made here.
func (t *Topic) check(m *Message, now time.Time) (kept *Message, made bool, err error) {
	switch {
	case t.Order == ByKey && len(m.Key) == 0:
		return nil, false, invalid("key", 0, "the message has no key, and topic %s is ordered by key: set one", t.Name)
	case len(m.Key) > MaxKey:
		return nil, false, invalid("key", MaxKey, "the key is longer than %d bytes: use a shorter one, or its hash", MaxKey)
	case len(m.Headers) > t.MaxHeaders:
		return nil, false, invalid("headers", t.MaxHeaders, "there are more than %d headers: send fewer", t.MaxHeaders)
	}
	k := &Message{
		Topic: t.Name, Key: m.Key, Value: m.Value, Time: now, Partition: -1,
		Headers: make([]Header, 0, len(m.Headers)+1),
	}
	bytes, ids := 0, 0
	for _, h := range m.Headers {
		h, err := checkHeader(h)
		if err != nil {
			return nil, false, err
		}
		if h.Name == HeaderID && len(h.Value) == 0 {
			continue
		}
		if h.Name == HeaderID {
			ids++
		}
		bytes += len(h.Name) + len(h.Value)
		k.Headers = append(k.Headers, h)
	}
	switch {
	case bytes > t.MaxHeaderBytes:
		return nil, false, invalid("headers", t.MaxHeaderBytes, "the headers hold more than %d bytes: put less there", t.MaxHeaderBytes)
	case ids > 1:
		return nil, false, invalid("id", 0, "there are %d idempotency keys: send one", ids)
	case ids == 0:
		made = true
		k.Headers = append(k.Headers, Header{HeaderID, newID(now)})
	}
	if k.Size() > t.MaxBytes {
		return nil, false, invalid("size", t.MaxBytes, "the message is larger than the %d bytes that topic %s takes", t.MaxBytes, t.Name)
	}
	return k, made, nil
}

// machinery are the headers that say what became of a message. A program that
// calls Accept may set the others of [ReservedPrefix]; whoever brings messages
// in from strangers refuses all of them.
func machinery(name string) bool {
	switch name {
	case HeaderOrigin, HeaderAttempts, HeaderFirst, HeaderRedriven, HeaderLastError, HeaderLastStatus:
		return true
	}
	return false
}

// checkHeader returns h with its name in lower case.
func checkHeader(h Header) (Header, error) {
	h.Name = strings.ToLower(h.Name)
	switch {
	case !token(h.Name):
		return h, invalid("headers", 0, "a header's name must be 1 to %d letters, digits and !#$%%&'*+-.^_`|~", maxHeaderName)
	case machinery(h.Name):
		return h, invalid("reserved", 0, "header %s says what became of a message: leave it out", h.Name)
	case h.Name == HeaderID:
		if len(h.Value) > MaxID {
			return h, invalid("id", MaxID, "the idempotency key is longer than %d bytes: use a shorter one", MaxID)
		}
		if !printable(h.Value) {
			return h, invalid("id", 0, "the idempotency key must be printable ASCII")
		}
	}
	// Targets are told the headers over HTTP, where these would begin another.
	for _, c := range h.Value {
		if c == '\r' || c == '\n' || c == 0 {
			return h, invalid("headers", 0, "header %s has a line break or a NUL in it: take it out", h.Name)
		}
	}
	return h, nil
}

// token reports whether s is a token as RFC 9110 has it.
func token(s string) bool {
	for i := range len(s) {
		if c := s[i]; !alnum(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return len(s) > 0 && len(s) <= maxHeaderName
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}

// newID returns a UUID of version 7: ids made one after the other sort so.
func newID(now time.Time) []byte {
	var u [16]byte
	_, _ = rand.Read(u[6:]) // never fails: the program ends where there is no randomness
	ms := now.UnixMilli()
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	b := make([]byte, 36)
	hex.Encode(b, u[:4])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	hex.Encode(b[9:], u[4:6])
	hex.Encode(b[14:], u[6:8])
	hex.Encode(b[19:], u[8:10])
	hex.Encode(b[24:], u[10:])
	return b
}
