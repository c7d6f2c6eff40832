package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/daero/daero/level"
)

// Bounds of what is sent.
const (
	maxBody   = 64 << 10
	maxAlerts = 1 << 20
	maxReason = 500 // letters
)

// read takes a JSON document from the body. A browser cannot be made to send
// one to another site without being asked first, which keeps the API safe
// where no token is asked for.
func (c *call) read(into any) error {
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return problem{Status: http.StatusUnsupportedMediaType, Kind: "media-type", Title: "JSON is needed", Detail: `send "Content-Type: application/json"`}
	}
	return decode(http.MaxBytesReader(c.w, c.r.Body, maxBody), into)
}

// decode reads one JSON document and nothing after it.
func decode(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one document")
			if _, large := errors.AsType[*http.MaxBytesError](more); large {
				err = more
			}
		}
	}
	switch _, large := errors.AsType[*http.MaxBytesError](err); {
	case err == nil:
		return nil
	case large:
		return problem{Status: http.StatusRequestEntityTooLarge, Kind: "too-large", Title: "The body is too large", Detail: fmt.Sprintf("at most %d bytes", maxBody)}
	case errors.Is(err, io.EOF):
		return bad("the body is empty: send a JSON object")
	}
	if p, ok := errors.AsType[problem](err); ok {
		return p
	}
	return bad("the body: " + strings.TrimPrefix(err.Error(), "json: "))
}

// word is a level, by word or by number.
type word struct{ level.Level }

// UnmarshalJSON implements json.Unmarshaler.
func (l *word) UnmarshalJSON(data []byte) error {
	text := string(data)
	if len(data) > 0 && data[0] == '"' {
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
	}
	var err error
	if l.Level, err = level.Parse(text); err != nil {
		return bad("level: " + err.Error())
	}
	return nil
}

// order is what a person asks for: a reason, and when it ends by itself.
type order struct {
	For    string    `json:"for,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	Reason string    `json:"reason"`
}

// end returns when it ends. Whether that is too far off is for others to say.
func (o order) end(now time.Time) (time.Time, error) {
	switch {
	case o.For != "" && !o.Until.IsZero():
		return time.Time{}, bad("for and until: give one of them")
	case !o.Until.IsZero():
		return o.Until, nil
	case o.For == "":
		return time.Time{}, bad(`how long? Give "for", like "30m", or "until", like "2026-01-01T00:30:00Z"`)
	}
	d, err := time.ParseDuration(o.For)
	if err != nil || d <= 0 {
		return time.Time{}, bad(fmt.Sprintf("for %q: write it like 30m or 1h30m", clip(o.For)))
	}
	return now.Add(d), nil
}

// why returns the reason, on one line and without what a terminal obeys.
func (o order) why() (string, error) {
	reason := strings.TrimSpace(o.Reason)
	switch {
	case reason == "":
		return "", bad(`a "reason" is needed, for whoever is on call next`)
	case utf8.RuneCountInString(reason) > maxReason:
		return "", bad(fmt.Sprintf("the reason is longer than %d letters", maxReason))
	case strings.ContainsFunc(reason, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", bad("the reason must be one line of letters that can be shown")
	}
	return reason, nil
}

// whyIfGiven is why for what programs may do without a reason.
func (o order) whyIfGiven() (string, error) {
	if o.Reason == "" {
		return "", nil
	}
	return o.why()
}

// clip makes what was sent short enough to be said back.
func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}
