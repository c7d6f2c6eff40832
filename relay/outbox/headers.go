package outbox

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/daero/daero/relay"
)

// header is one header as it stands in the table: text as text, so that people
// can read it, other bytes as base64. jsonb holds no NUL.
type header struct {
	Name  string `json:"name"`
	Text  string `json:"text,omitempty"`
	Bytes []byte `json:"bytes,omitempty"`
}

// EncodeHeaders returns headers as the column of that name holds them: a JSON
// array of {"name", "text"} or {"name", "bytes"}.
func EncodeHeaders(hs []relay.Header) (string, error) {
	all := make([]header, 0, len(hs))
	for _, h := range hs {
		if !text([]byte(h.Name)) {
			return "", errors.New("a header's name is not text")
		}
		row := header{Name: h.Name}
		if text(h.Value) {
			row.Text = string(h.Value)
		} else {
			row.Bytes = h.Value
		}
		all = append(all, row)
	}
	b, err := json.Marshal(all)
	return string(b), err
}

func text(b []byte) bool { return utf8.Valid(b) && strings.IndexByte(string(b), 0) < 0 }

// DecodeHeaders is its reverse. Rows may come from other programs.
func DecodeHeaders(column []byte) ([]relay.Header, error) {
	if len(column) == 0 || string(column) == "null" {
		return nil, nil
	}
	var all []header
	if err := json.Unmarshal(column, &all); err != nil {
		return nil, errors.New(`the headers are not a list of {"name", "text"} or {"name", "bytes"}`)
	}
	if len(all) > maxHeaders {
		return nil, errors.New("there are too many headers")
	}
	hs := make([]relay.Header, 0, len(all))
	for _, h := range all {
		name := strings.ToLower(h.Name)
		if name == "" || strings.HasPrefix(name, relay.ReservedPrefix) {
			return nil, errors.New("a header has no name, or one of the relay's own")
		}
		value := h.Bytes
		if value == nil {
			value = []byte(h.Text)
		}
		hs = append(hs, relay.Header{Name: name, Value: value})
	}
	return hs, nil
}
