package api

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/relay"
)

// Bounds of looking at messages.
const (
	defaultPeek = 10
	maxPeek     = 1000
	maxScanned  = 1_000_000 // messages looked at for one answer
	maxFilter   = 1024      // letters of a filter
	maxScan     = 10 * time.Second
)

// relayFilter says which messages are meant. Its zero fields are no filter.
type relayFilter struct {
	Partition *int32    `json:"partition,omitempty"`
	From      *int64    `json:"from,omitempty"` // offset
	To        *int64    `json:"to,omitempty"`   // offset, not itself
	Since     time.Time `json:"since,omitzero"`
	Until     time.Time `json:"until,omitzero"`
	// Error is a part of why it was not delivered; Key is the whole key.
	Error string `json:"error,omitempty"`
	Key   string `json:"key,omitempty"`
}

// narrow reports whether f must look at messages to know which are meant.
func (f *relayFilter) narrow() bool {
	return !f.Since.IsZero() || !f.Until.IsZero() || f.Error != "" || f.Key != ""
}

// core is the filter as the relay has it.
func (f *relayFilter) core() relay.Filter {
	out := relay.Filter{Since: f.Since, Until: f.Until, Error: f.Error}
	if f.Partition != nil {
		out.Partitions = []int32{*f.Partition}
	}
	if f.From != nil {
		out.First = *f.From
	}
	if f.To != nil {
		out.End = *f.To
	}
	if f.Key != "" {
		out.Key = []byte(f.Key)
	}
	return out
}

// check says what is wrong with a filter.
func (f *relayFilter) check() error {
	switch {
	case f.Partition != nil && *f.Partition < 0:
		return bad("partition: give a number from 0")
	case f.From != nil && *f.From < 0 || f.To != nil && *f.To < 1:
		return bad("from and to: give offsets: from is a number from 0, to one from 1")
	case (f.From != nil || f.To != nil) && f.Partition == nil:
		return bad("from and to: offsets count within a partition: say which one")
	case f.From != nil && f.To != nil && *f.From >= *f.To:
		return bad("from and to: from must be before to")
	case !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until):
		return bad("since and until: since must be before until")
	case len(f.Error) > maxFilter || len(f.Key) > maxFilter:
		return bad(fmt.Sprintf("error and key: at most %d letters", maxFilter))
	}
	return nil
}

var peekKeys = []string{"topic", "partition", "from", "to", "since", "until", "error", "key", "limit", "show", "reason"}

// peekQuery is what a peek is asked with.
type peekQuery struct {
	relayFilter
	topic, reason string
	limit         int
	show          bool
}

func readPeek(q url.Values, now time.Time) (p peekQuery, err error) {
	for key, values := range q {
		if !slices.Contains(peekKeys, key) || len(values) != 1 {
			return p, bad(fmt.Sprintf("%s: use each of %s at most once", clip(key), strings.Join(peekKeys, ", ")))
		}
	}
	p.topic, p.reason, p.Error, p.Key, p.limit = q.Get("topic"), q.Get("reason"), q.Get("error"), q.Get("key"), defaultPeek
	if p.topic == "" {
		return p, bad("topic: which?")
	}
	if s := q.Get("partition"); s != "" {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil {
			return p, bad(fmt.Sprintf("partition %q: give a number", clip(s)))
		}
		id := int32(n)
		p.Partition = &id
	}
	for _, o := range []struct {
		key  string
		into **int64
	}{{"from", &p.From}, {"to", &p.To}} {
		if s := q.Get(o.key); s != "" {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				return p, bad(fmt.Sprintf("%s %q: give an offset", o.key, clip(s)))
			}
			*o.into = &n
		}
	}
	if p.Since, err = when("since", q.Get("since"), now); err != nil {
		return p, err
	}
	if p.Until, err = when("until", q.Get("until"), now); err != nil {
		return p, err
	}
	if s := q.Get("limit"); s != "" {
		if p.limit, err = strconv.Atoi(s); err != nil || p.limit < 1 || p.limit > maxPeek {
			return p, bad(fmt.Sprintf("limit %q: give a number, 1 to %d", clip(s), maxPeek))
		}
	}
	if s := q.Get("show"); s != "" {
		if p.show, err = strconv.ParseBool(s); err != nil {
			return p, bad(fmt.Sprintf("show %q: true or false", clip(s)))
		}
	}
	return p, p.check()
}

// scan calls fn with the messages that are meant, until it returns false or too
// many were looked at. It returns how many were.
func (p *peekQuery) scan(ctx context.Context, reader relay.Reader, spans []relay.Span, fn func(*relay.Message) bool) (scanned int, whole bool, err error) {
	going, filter := true, p.core()
	for _, s := range spans {
		if p.Partition != nil && s.ID != *p.Partition {
			continue
		}
		err := reader.Read(ctx, s.Partition, p.begin(s), func(m *relay.Message) bool {
			scanned++
			if p.To != nil && m.Offset >= *p.To {
				return false
			}
			if filter.Matches(m) {
				going = fn(m)
			}
			going = going && scanned < maxScanned
			return going
		})
		if err != nil || !going {
			return scanned, false, err
		}
	}
	return scanned, true, nil
}

// begin is where to read a partition from: where it was said, or, with nothing
// to search for, where the newest that are wanted begin.
func (p *peekQuery) begin(s relay.Span) int64 {
	switch {
	case p.From != nil:
		return max(*p.From, s.First)
	case p.narrow():
		return s.First
	}
	end := s.Next
	if p.To != nil {
		end = min(end, *p.To)
	}
	return max(end-int64(p.limit), s.First)
}
