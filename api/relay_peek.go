package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay"
)

// Bounds of an answer with messages in it.
const (
	maxShownValue = 64 << 10
	maxShown      = 16 << 20 // all of it
)

// PeekDoc is messages of a topic, the oldest first.
type PeekDoc struct {
	At    time.Time `json:"at"`
	Topic string    `json:"topic"`
	// Masked says that contents are not shown: keys are fingerprints, equal for
	// equal keys, values are sizes.
	Masked   bool         `json:"masked"`
	Messages []MessageDoc `json:"messages"`
	// Scanned is how many messages were looked at, Whole whether that was all
	// that were meant.
	Scanned int  `json:"scanned"`
	Whole   bool `json:"whole"`
}

// MessageDoc is one message.
type MessageDoc struct {
	Partition int32       `json:"partition"`
	Offset    int64       `json:"offset"`
	Time      time.Time   `json:"time"`
	Bytes     int         `json:"bytes"`
	Key       string      `json:"key,omitempty"`
	Value     string      `json:"value,omitempty"`
	ValueSize int         `json:"value_bytes"`
	Headers   []HeaderDoc `json:"headers,omitempty"`
	// Base64 says which of key and value are not text.
	Base64 []string `json:"base64,omitempty"`
	// Cut says that the value is longer than what is shown.
	Cut bool `json:"cut,omitempty"`
}

// HeaderDoc is one header of a message.
type HeaderDoc struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	Bytes int    `json:"bytes"`
}

// openHeaders are shown also when the rest is masked: they hold what daero
// wrote, and nothing of the message.
var openHeaders = []string{
	relay.HeaderContentType, relay.HeaderRedriven, relay.HeaderFirst, relay.HeaderAttempts, relay.HeaderOrigin,
	relay.HeaderNotBefore, relay.HeaderWriter, relay.HeaderTrace, relay.HeaderLastStatus,
	relay.DeadTopic, relay.DeadPartition, relay.DeadOffset, relay.DeadTimestamp, relay.DeadGroup, relay.DeadTarget,
	relay.DeadAttempts, relay.DeadStatus, relay.DeadFailedAt, relay.DeadCut,
}

func peekRelay(c *call) error {
	r, err := c.relayOf()
	if err != nil {
		return err
	}
	p, err := readPeek(c.r.URL.Query(), c.Now())
	if err != nil {
		return err
	}
	if p.show {
		if err := c.unmasks(&p); err != nil {
			return err
		}
	}
	reader, err := r.Reader()
	if err != nil {
		return relayFailed(err)
	}
	spans, err := reader.Spans(c.r.Context(), p.topic)
	if err != nil {
		return relayFailed(err)
	}
	if len(spans) == 0 {
		return notFound(fmt.Sprintf("no topic %q", clip(p.topic)))
	}
	doc := PeekDoc{At: c.Now(), Topic: p.topic, Masked: !p.show, Messages: []MessageDoc{}}
	size := 0
	newest := p.From == nil // then the newest that are meant are kept
	ctx, cancel := context.WithTimeout(c.r.Context(), maxScan)
	defer cancel()
	doc.Scanned, doc.Whole, err = p.scan(ctx, reader, spans, func(m *relay.Message) bool {
		d := messageDoc(m, p.show)
		size += len(d.Value) + len(d.Key) + 256
		doc.Messages = append(doc.Messages, d)
		if newest && len(doc.Messages) > 2*maxPeek {
			doc.Messages, size = keepNewest(doc.Messages, p.limit)
		}
		return size < maxShown && (newest || len(doc.Messages) < p.limit)
	})
	if err != nil && (ctx.Err() == nil || c.r.Context().Err() != nil) {
		return relayFailed(err) // it did not only take too long
	}
	doc.Messages, _ = keepNewest(doc.Messages, len(doc.Messages))
	if n := len(doc.Messages); n > p.limit {
		doc.Messages = doc.Messages[n-p.limit:]
	}
	return c.send(http.StatusOK, doc)
}

// unmasks says whether who asks may see contents, and records that they do.
func (c *call) unmasks(p *peekQuery) error {
	if !c.role.Allows(store.Acting) {
		return problem{
			Status: http.StatusForbidden, Kind: "role", Title: "The role does not allow this",
			Detail: fmt.Sprintf("contents are shown to %s and above; without show they are masked", store.Acting),
		}
	}
	reason, err := order{Reason: p.reason}.why()
	if err != nil {
		return err
	}
	c.record(audit.RelayPeeked, p.topic, p.describe(), reason)
	return nil
}

// describe says what was asked for, without what may be a user's.
func (p *peekQuery) describe() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	if p.Partition != nil {
		add("partition", strconv.Itoa(int(*p.Partition)))
	}
	if p.From != nil {
		add("from", strconv.FormatInt(*p.From, 10))
	}
	if p.To != nil {
		add("to", strconv.FormatInt(*p.To, 10))
	}
	if p.Key != "" {
		add("key", fingerprint([]byte(p.Key)))
	}
	add("limit", strconv.Itoa(p.limit))
	return strings.Join(parts, " ")
}

// keepNewest sorts messages by time and drops all but the newest n.
func keepNewest(all []MessageDoc, n int) (kept []MessageDoc, size int) {
	slices.SortStableFunc(all, func(a, b MessageDoc) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	kept = slices.Clone(all[max(len(all)-n, 0):])
	for _, m := range kept {
		size += len(m.Value) + len(m.Key) + 256
	}
	return kept, size
}

func messageDoc(m *relay.Message, show bool) MessageDoc {
	d := MessageDoc{Partition: m.Partition, Offset: m.Offset, Time: m.Time, Bytes: m.Size(), ValueSize: len(m.Value)}
	for _, h := range m.Headers {
		hd := HeaderDoc{Name: h.Name, Bytes: len(h.Value)}
		if show || slices.Contains(openHeaders, h.Name) {
			hd.Value = strings.ToValidUTF8(string(h.Value[:min(len(h.Value), 4096)]), "�")
		}
		d.Headers = append(d.Headers, hd)
	}
	if !show {
		if m.Key != nil {
			d.Key = fingerprint(m.Key)
		}
		return d
	}
	d.Key = d.text("key", m.Key)
	value := m.Value
	if len(value) > maxShownValue {
		value, d.Cut = value[:maxShownValue], true
		for i := 0; i < utf8.UTFMax && utf8.Valid(m.Value) && !utf8.Valid(value); i++ {
			value = value[:len(value)-1] // not in the middle of a letter
		}
	}
	d.Value = d.text("value", value)
	return d
}

// text writes bytes, as base64 if they are no text.
func (d *MessageDoc) text(name string, b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	d.Base64 = append(d.Base64, name)
	return base64.StdEncoding.EncodeToString(b)
}

// fingerprint tells keys apart without showing them to who does not know them.
// It is no secret from who can guess the key.
func fingerprint(key []byte) string {
	sum := sha256.Sum256(key)
	return "#" + hex.EncodeToString(sum[:6])
}
