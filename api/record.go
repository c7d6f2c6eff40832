package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

// RecordDoc is a part of the audit record.
type RecordDoc struct {
	Entries []audit.Entry `json:"entries"`
	// Last is the ID to go on after.
	Last int64 `json:"last"`
}

var filterKeys = []string{"since", "until", "who", "what", "target", "after", "limit"}

// filter reads what is wanted from a query.
func filter(q url.Values, now time.Time) (f store.Filter, err error) {
	for key, values := range q {
		if !slices.Contains(filterKeys, key) || len(values) != 1 {
			return f, bad(fmt.Sprintf("%s: use each of %s at most once", clip(key), strings.Join(filterKeys, ", ")))
		}
	}
	f.Who, f.What, f.Target = q.Get("who"), q.Get("what"), q.Get("target")
	if f.Since, err = when("since", q.Get("since"), now); err != nil {
		return f, err
	}
	if f.Until, err = when("until", q.Get("until"), now); err != nil {
		return f, err
	}
	if s := q.Get("after"); s != "" {
		if f.After, err = strconv.ParseInt(s, 10, 64); err != nil {
			return f, bad(fmt.Sprintf("after %q: give the ID of an entry", clip(s)))
		}
	}
	if s := q.Get("limit"); s != "" {
		if f.Limit, err = strconv.Atoi(s); err != nil || f.Limit < 1 {
			return f, bad(fmt.Sprintf("limit %q: give a number, 1 to %d", clip(s), store.MaxLimit))
		}
	}
	if err := f.Validate(); err != nil {
		return f, bad(err.Error())
	}
	return f, nil
}

// when reads a time, or how long ago it was.
func when(key, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return t, bad(fmt.Sprintf("%s %q: write 1h (ago), or 2026-01-01T00:00:00Z", key, clip(s)))
	}
	return t, nil
}

func showRecord(c *call) error {
	f, err := filter(c.r.URL.Query(), c.Now())
	if err != nil {
		return err
	}
	entries, err := c.Record.Entries(c.r.Context(), f)
	if err != nil {
		return err
	}
	c.w.Header().Add("Vary", "Accept")
	if strings.Contains(c.r.Header.Get("Accept"), "application/x-ndjson") {
		c.w.Header().Set("Content-Type", "application/x-ndjson")
		enc := json.NewEncoder(c.w)
		for _, e := range entries {
			if enc.Encode(e) != nil {
				return nil // who asked went away
			}
		}
		return nil
	}
	doc := RecordDoc{Entries: entries, Last: f.After}
	if n := len(entries); n > 0 {
		doc.Last = entries[n-1].ID
	} else {
		doc.Entries = []audit.Entry{}
	}
	return c.send(http.StatusOK, doc)
}
