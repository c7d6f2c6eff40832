package cloudevent

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"strconv"
	"strings"
	"unicode/utf8"
)

// FromJSON reads an event in structured mode. Errors are *[Error].
func FromJSON(body []byte) (*Event, error) {
	if !utf8.Valid(body) {
		return nil, bad("the event is no UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, bad("the event is no JSON object")
	}
	r := jsonReader{e: &Event{}, seen: map[string]bool{}}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, broken(err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, broken(err)
		}
		if err := r.member(name.(string), value); err != nil {
			return nil, err
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, broken(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, bad("something follows the event: send one event per request")
	}
	if err := r.data(); err != nil {
		return nil, err
	}
	if err := r.e.finish(r.versioned); err != nil {
		return nil, err
	}
	return r.e, nil
}

func broken(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return bad("the event is no JSON, from byte %d on", syntax.Offset)
	}
	return bad("the event is no JSON: it breaks off")
}

type jsonReader struct {
	e          *Event
	seen       map[string]bool
	versioned  bool
	raw, coded json.RawMessage
}

func (r *jsonReader) member(name string, value json.RawMessage) error {
	if r.seen[name] {
		return bad("attribute %.64q is there twice: send it once", name)
	}
	if len(r.seen) >= MaxAttributes+16 {
		return bad("there are more than %d attributes: send fewer", MaxAttributes)
	}
	r.seen[name] = true
	switch name {
	case "data":
		r.raw = value
		return nil
	case "data_base64":
		r.coded = value
		return nil
	}
	if err := checkName(name); err != nil {
		return err
	}
	text, err := attribute(name, value)
	if err != nil || text == nil {
		return err
	}
	r.versioned = r.versioned || name == "specversion"
	return r.e.set(name, *text)
}

// attribute returns the text form of a JSON value, nil for null.
func attribute(name string, value json.RawMessage) (*string, error) {
	text := string(value)
	switch c := value[0]; {
	case text == "null":
		return nil, nil
	case text == "true", text == "false":
		return &text, nil
	case c == '"':
		if err := json.Unmarshal(value, &text); err != nil {
			return nil, broken(err)
		}
		return &text, nil
	case c == '-' || c >= '0' && c <= '9':
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return nil, bad("attribute %s is no 32-bit integer: send it as a string", name)
		}
		text = strconv.FormatInt(n, 10)
		return &text, nil
	}
	return nil, bad("attribute %s must be a string, a boolean or an integer: put the rest into the data", name)
}

// data sets the data, once its type is known.
func (r *jsonReader) data() error {
	isNull := func(v json.RawMessage) bool { return v == nil || string(v) == "null" }
	switch {
	case !isNull(r.coded) && !isNull(r.raw):
		return bad("there is data, and data_base64 as well: send one of the two")
	case !isNull(r.coded):
		var text string
		if json.Unmarshal(r.coded, &text) != nil {
			return bad("data_base64 is no string")
		}
		b, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return bad("data_base64 is no base64")
		}
		r.e.Data = b
	case r.raw == nil:
	case r.raw[0] == '"' && !isJSON(r.e.DataContentType):
		var text string
		if err := json.Unmarshal(r.raw, &text); err != nil {
			return broken(err)
		}
		r.e.Data = []byte(text)
	case isNull(r.raw) && !isJSON(r.e.DataContentType):
	default:
		r.e.Data = r.raw
		if r.e.DataContentType == "" {
			r.e.DataContentType = "application/json" // what the format says it then is
		}
	}
	return nil
}

// isJSON reports whether data of a type stands in an event as it is. Without a
// type it is JSON.
func isJSON(media string) bool {
	if media == "" {
		return true
	}
	kind, _, err := mime.ParseMediaType(media)
	return err == nil && (strings.HasSuffix(kind, "/json") || strings.HasSuffix(kind, "+json"))
}

// JSON returns e in structured mode.
func (e *Event) JSON() []byte {
	b := []byte{'{'}
	member := func(name, value string) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = appendString(append(appendString(b, name), ':'), value)
	}
	e.attributes(member)
	if e.DataContentType != "" {
		member("datacontenttype", e.DataContentType)
	}
	switch {
	case e.Data == nil:
	case e.DataContentType != "" && isJSON(e.DataContentType) && utf8.Valid(e.Data) &&
		json.Valid(e.Data) && len(bytes.TrimSpace(e.Data)) == len(e.Data):
		b = append(append(b, `,"data":`...), e.Data...)
	default:
		b = append(b, `,"data_base64":"`...)
		b = base64.StdEncoding.AppendEncode(b, e.Data)
		b = append(b, '"')
	}
	return append(b, '}')
}

func appendString(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic("a string that is no JSON: " + err.Error()) // there is none
	}
	return append(b, text...)
}
