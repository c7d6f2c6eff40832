package events

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay"
)

// Topic is where events go by default.
const Topic = "daero.audit"

// Names of CloudEvents' attributes in the Kafka binding.
const (
	specVersion = "ce_specversion"
	ceID        = "ce_id"
	ceSource    = "ce_source"
	ceType      = "ce_type"
	ceSubject   = "ce_subject"
	ceTime      = "ce_time"
)

// TypePrefix begins the type of each event; what happened follows.
const TypePrefix = "dev.daero."

// Bounds of an entry's texts, in bytes: 4 KiB in all, 24 if each is escaped.
const (
	maxWord = 128
	maxText = 512
	maxWhy  = 2048
)

// Entry is a relay's event as an entry of the record.
func Entry(e relay.Event) audit.Entry {
	target := e.Target
	if e.Partition != "" {
		target = strings.TrimPrefix(target+" "+e.Partition, " ")
	}
	return audit.Entry{At: e.At, Who: audit.By, What: e.What, Target: target, Why: e.Why}
}

// Message is an entry as a message of a topic. It is a function of the entry.
func Message(topic string, e audit.Entry) *relay.Message {
	e = bounded(e)
	e.ID = 0              // that of a store: others count differently
	e.Undo = audit.Undo{} // names a change of this process, which nobody elsewhere can undo
	data, err := json.Marshal(e)
	if err != nil {
		// A year after 9999, or a share that is no number.
		e.At, e.Until, e.Share = time.Time{}, time.Time{}, 0
		data, _ = json.Marshal(e)
	}
	sum := sha256.Sum256(data)
	id := []byte(hex.EncodeToString(sum[:16]))
	m := &relay.Message{Topic: topic, Value: data, Time: e.At, Partition: -1, Headers: []relay.Header{
		{Name: specVersion, Value: []byte("1.0")},
		{Name: ceID, Value: id},
		{Name: ceSource, Value: []byte(source(e.Node))},
		{Name: ceType, Value: []byte(TypePrefix + e.What)},
		{Name: ceTime, Value: []byte(e.At.UTC().Format(time.RFC3339Nano))},
		{Name: relay.HeaderContentType, Value: []byte("application/json")},
		{Name: relay.HeaderID, Value: id},
	}}
	if e.Target != "" {
		m.Headers = append(m.Headers, relay.Header{Name: ceSubject, Value: []byte(e.Target)})
	}
	if e.Node != "" {
		m.Key = []byte(e.Node)
	}
	return m
}

// source is a URI reference.
func source(node string) string {
	if node == "" {
		return "daero"
	}
	return "daero/" + url.PathEscape(node)
}

func bounded(e audit.Entry) audit.Entry {
	for _, s := range []*string{&e.Who, &e.What, &e.Node} {
		*s = clean(*s, maxWord)
	}
	for _, s := range []*string{&e.Target, &e.Before, &e.After} {
		*s = clean(*s, maxText)
	}
	e.Why = clean(e.Why, maxWhy)
	return e
}

// secret matches what looks like one: credentials in an address, and what
// stands after the usual names.
var secret = regexp.MustCompile(`(?i)(://)[^/\s@]+@|(\bbearer\s+|\bbasic\s+|\b[a-z_-]*(?:token|secret|password|passwd|api_?key|authorization)\s*[=:]\s*(?:bearer\s+|basic\s+)?)[^\s&,;"']+`)

// clean masks what looks like a secret, bounds the text and makes it UTF-8.
func clean(s string, most int) string {
	// What is cut off is not looked at; what is masked grows by little.
	if len(s) > 4*most {
		s = s[:4*most]
	}
	s = secret.ReplaceAllStringFunc(s, func(found string) string {
		parts := secret.FindStringSubmatch(found)
		if parts[1] != "" {
			return parts[1] + "***@"
		}
		return parts[2] + "***"
	})
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= most {
		return s
	}
	s = s[:most-len("…")]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}
