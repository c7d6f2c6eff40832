package cloudevent

import (
	"strings"

	"github.com/daero/daero/relay"
)

const kafkaPrefix = "ce_"

// Headers appends e's attributes as headers of a message, in the Kafka binding.
// The message's value is e.Data.
func (e *Event) Headers(to []relay.Header) []relay.Header {
	e.attributes(func(name, value string) {
		to = append(to, relay.Header{Name: kafkaPrefix + name, Value: []byte(value)})
	})
	if e.DataContentType != "" {
		to = append(to, relay.Header{Name: relay.HeaderContentType, Value: []byte(e.DataContentType)})
	}
	return to
}

// FromMessage reads the event in a message, nil if it is none. Its Data shares
// the message's bytes. Errors are *[Error].
func FromMessage(m *relay.Message) (*Event, error) {
	e := &Event{Data: m.Value}
	versioned := false
	for _, h := range m.Headers {
		name, ok := strings.CutPrefix(h.Name, kafkaPrefix)
		switch {
		case ok && name == "specversion" && versioned:
			return nil, bad("attribute specversion is there twice: send it once")
		case ok && name == "specversion":
			versioned = true
		case h.Name == relay.HeaderContentType:
			name, ok = "datacontenttype", len(h.Value) > 0
		}
		if !ok {
			continue
		}
		if err := e.set(name, string(h.Value)); err != nil {
			return nil, err
		}
	}
	if !versioned {
		return nil, nil
	}
	if err := e.finish(true); err != nil {
		return nil, err
	}
	return e, nil
}
