package cloudevent

import (
	"mime"
	"net/http"
	"strings"
)

// Mode is how an event travels in a request.
type Mode uint8

// The modes.
const (
	None       Mode = iota // it is no event
	Binary                 // attributes are headers, the body is the data
	Structured             // the body is the whole event, in JSON
	Batch                  // the body is several events
	Foreign                // the body is an event in a format that is not understood
)

const (
	prefix         = "Ce-" // as net/http has it
	structuredType = "application/cloudevents+json"
)

// ModeOf returns how an event travels in a request with these headers.
func ModeOf(h http.Header) Mode {
	media := h.Get("Content-Type")
	if len(media) >= 23 && strings.EqualFold(media[:23], "application/cloudevents") {
		kind, params, err := mime.ParseMediaType(media)
		switch charset := params["charset"]; {
		case err != nil, charset != "" && !strings.EqualFold(charset, "utf-8"):
			return Foreign
		case kind == structuredType:
			return Structured
		case strings.HasPrefix(kind, "application/cloudevents-batch"):
			return Batch
		}
		return Foreign
	}
	for _, name := range []string{"Ce-Specversion", "Ce-Id", "Ce-Type", "Ce-Source"} {
		if len(h[name]) > 0 {
			return Binary
		}
	}
	return None
}

// FromHTTP reads the event in a request of mode [Binary] or [Structured]. Its
// Data shares body's bytes. Errors are *[Error].
func FromHTTP(mode Mode, h http.Header, body []byte) (*Event, error) {
	switch mode {
	case Binary:
		return fromBinary(h, body)
	case Structured:
		return FromJSON(body)
	case Batch:
		return nil, bad("batches of events are not taken: send one event per request")
	case Foreign:
		return nil, bad("events are taken in JSON: send %s", structuredType)
	}
	return nil, bad("it is no event: it has no Ce- headers and its content type is not %s", structuredType)
}

func fromBinary(h http.Header, body []byte) (*Event, error) {
	e := &Event{}
	versioned := false
	for name, values := range h {
		attribute, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		attribute = strings.ToLower(attribute)
		switch {
		case len(values) != 1:
			return nil, bad("attribute %.64q is there %d times: send it once", attribute, len(values))
		case attribute == "datacontenttype":
			return nil, bad("the data's type is the Content-Type header: leave Ce-Datacontenttype out")
		case attribute == "specversion":
			versioned = true
		}
		value, err := Decode(values[0])
		if err != nil {
			return nil, bad("attribute %.64q: %s", attribute, err.Error())
		}
		if err := e.set(attribute, value); err != nil {
			return nil, err
		}
	}
	switch types := h["Content-Type"]; len(types) {
	case 0:
	case 1:
		if types[0] == "" {
			break
		}
		if err := e.set("datacontenttype", types[0]); err != nil {
			return nil, err
		}
	default:
		return nil, bad("there are %d content types: send one", len(types))
	}
	if len(body) > 0 {
		e.Data = body
	}
	if err := e.finish(versioned); err != nil {
		return nil, err
	}
	return e, nil
}

// SetHTTP sets the headers of a request that carries e in binary mode. The body
// is e.Data.
func (e *Event) SetHTTP(h http.Header) {
	e.attributes(func(name, value string) {
		h[prefix+strings.ToUpper(name[:1])+name[1:]] = []string{Encode(value)}
	})
	if e.DataContentType != "" {
		h["Content-Type"] = []string{e.DataContentType}
	}
}

// Encode returns a value as a header carries it: with what is not printable
// ASCII, space, double quote and percent sign percent-encoded.
func Encode(value string) string {
	const hex = "0123456789ABCDEF"
	plain := func(c byte) bool { return c > ' ' && c < 0x7f && c != '"' && c != '%' }
	n := 0
	for i := range len(value) {
		if !plain(value[i]) {
			n++
		}
	}
	if n == 0 {
		return value
	}
	b := make([]byte, 0, len(value)+2*n)
	for i := range len(value) {
		if c := value[i]; plain(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// Decode is the inverse of [Encode]. It also takes values in double quotes, as
// older senders write them. Errors are *[Error].
func Decode(value string) (string, error) {
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		value = unquote(value[1 : len(value)-1])
	}
	if strings.IndexByte(value, '%') < 0 {
		return value, nil
	}
	b := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		if value[i] != '%' {
			b = append(b, value[i])
			continue
		}
		if i+2 >= len(value) {
			return "", bad("a percent sign has no two hexadecimal digits after it: write %%25")
		}
		hi, ok1 := unhex(value[i+1])
		lo, ok2 := unhex(value[i+2])
		if !ok1 || !ok2 {
			return "", bad("a percent sign has no two hexadecimal digits after it: write %%25")
		}
		b = append(b, hi<<4|lo)
		i += 2
	}
	return string(b), nil
}

func unquote(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}

func unhex(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
