package widget

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/daero/daero/captcha"
)

// MaxBody is how long a body may be. The longest that a widget sends is an
// opening: 255 bytes of cdata, each escaped, and a few short words.
const MaxBody = 8 << 10

func bad(text string) error {
	return &captcha.Refusal{Status: http.StatusBadRequest, Code: captcha.CodeBadRequest, Text: text}
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, &captcha.Refusal{Status: http.StatusUnsupportedMediaType, Code: "media-type", Text: `JSON is needed: send "Content-Type: application/json"`}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, &captcha.Refusal{Status: http.StatusRequestEntityTooLarge, Code: captcha.CodeTooLarge, Text: fmt.Sprintf("the body is longer than %d bytes: send less", MaxBody)}
	}
	if err != nil {
		return nil, bad("the body did not arrive whole: send it again")
	}
	return body, nil
}

// fields reads a JSON object of known fields, each at most once and by its exact
// name. encoding/json alone takes the last of two, and either case: then whoever
// looks at a body before us could see another one than we do.
func fields(body []byte, into map[string]any) error {
	if !utf8.Valid(body) {
		return bad("the body is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return bad("the body is not a JSON object")
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return bad("the body is not a JSON object")
		}
		target, known := into[name]
		if !known {
			return bad("the body has a field that is not known here: see the documentation of the protocol")
		}
		if seen[name] {
			return bad("the body has a field twice: " + name)
		}
		seen[name] = true
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return bad("the body is not JSON at the field " + name)
		}
		if string(raw) == "null" || json.Unmarshal(raw, target) != nil {
			return bad("the field " + name + " is of another type")
		}
	}
	if _, err := d.Token(); err != nil {
		return bad("the body ends before its object does")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return bad("something follows the body's object")
	}
	return nil
}
