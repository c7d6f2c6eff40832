package cloudevent

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// SpecVersion is the only version that is understood.
const SpecVersion = "1.0"

// PartitionKey is the extension that says what an event is ordered by.
const PartitionKey = "partitionkey"

// Bounds of an event's attributes.
const (
	MaxAttributes = 64
	MaxName       = 64
	MaxValue      = 8 << 10 // bytes
)

// Event is a CloudEvent. Attributes are in their text form: true and false,
// decimal integers, RFC 3339 times.
type Event struct {
	// ID, Source and Type are required.
	ID, Source, Type string
	// The others are "" if they are not there.
	Subject, Time, DataSchema, DataContentType string
	// Extensions are in the order of their names.
	Extensions []Attribute
	// Data is nil if there is none.
	Data []byte
}

// Attribute is one extension.
type Attribute struct{ Name, Value string }

// Extension returns an extension's value, "" if it is not there.
func (e *Event) Extension(name string) string {
	for _, a := range e.Extensions {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// Error is why something is no event.
type Error struct{ What string }

// Error implements error.
func (e *Error) Error() string { return e.What }

func bad(format string, args ...any) error { return &Error{What: fmt.Sprintf(format, args...)} }

// set sets an attribute that came as text.
func (e *Event) set(name, value string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := checkValue(name, value); err != nil {
		return err
	}
	if name == "specversion" {
		if value != SpecVersion {
			return bad("the event is of CloudEvents %.16q: only %s is understood", value, SpecVersion)
		}
		return nil
	}
	if p := e.core(name); p != nil {
		if *p != "" {
			return bad("attribute %s is there twice: send it once", name)
		}
		*p = value
		return nil
	}
	if e.Extension(name) != "" {
		return bad("attribute %s is there twice: send it once", name)
	}
	if len(e.Extensions) >= MaxAttributes {
		return bad("there are more than %d extensions: send fewer", MaxAttributes)
	}
	e.Extensions = append(e.Extensions, Attribute{name, value})
	return nil
}

// core returns where an attribute of the specification is, nil for extensions.
func (e *Event) core(name string) *string {
	switch name {
	case "id":
		return &e.ID
	case "source":
		return &e.Source
	case "type":
		return &e.Type
	case "subject":
		return &e.Subject
	case "time":
		return &e.Time
	case "dataschema":
		return &e.DataSchema
	case "datacontenttype":
		return &e.DataContentType
	}
	return nil
}

// finish checks the whole.
func (e *Event) finish(versioned bool) error {
	switch {
	case !versioned:
		return bad("the event has no specversion: send %s", SpecVersion)
	case e.ID == "":
		return bad("the event has no id: send one that is unique for its source")
	case e.Source == "":
		return bad("the event has no source: send a URI reference that says where it is from")
	case e.Type == "":
		return bad("the event has no type: send one")
	}
	if e.Time != "" {
		if _, err := time.Parse(time.RFC3339, e.Time); err != nil {
			return bad("the event's time is none as RFC 3339 has it: send it like 2026-11-25T09:30:00Z")
		}
	}
	slices.SortFunc(e.Extensions, func(a, b Attribute) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// Attributes calls f with the attributes that are there, specversion first, and
// without datacontenttype, which travels as the content type.
func (e *Event) attributes(f func(name, value string)) {
	f("specversion", SpecVersion)
	f("id", e.ID)
	f("source", e.Source)
	f("type", e.Type)
	for _, a := range []Attribute{{"subject", e.Subject}, {"time", e.Time}, {"dataschema", e.DataSchema}} {
		if a.Value != "" {
			f(a.Name, a.Value)
		}
	}
	for _, a := range e.Extensions {
		f(a.Name, a.Value)
	}
}

func checkName(name string) error {
	if name == "" || len(name) > MaxName || strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}) {
		return bad("attribute %.64q: a name is made of 1 to %d letters a-z and digits", name, MaxName)
	}
	if name == "data" || name == "database64" {
		return bad("attribute %s: the name is taken: use another", name)
	}
	return nil
}

func checkValue(name, value string) error {
	switch {
	case value == "":
		return bad("attribute %s is empty: leave it out", name)
	case len(value) > MaxValue:
		return bad("attribute %s is longer than %d bytes: put it into the data", name, MaxValue)
	case !utf8.ValidString(value):
		return bad("attribute %s is no UTF-8", name)
	}
	for _, r := range value {
		if r < 0x20 || r >= 0x7f && r <= 0x9f || r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef {
			return bad("attribute %s has a control character in it: take it out", name)
		}
	}
	return nil
}
