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
	Entries []RecordEntry `json:"entries"`
	// First is the ID to go on before, Last the one to go on after.
	First int64 `json:"first"`
	Last  int64 `json:"last"`
	// More says that there is more in the direction that was asked for.
	More bool `json:"more"`
}

// RecordEntry is an entry of the record, and what it says, part by part.
type RecordEntry struct {
	audit.Entry
	// WhyKorean is why in Korean, where it was daero that said why.
	WhyKorean string      `json:"why_ko,omitempty"`
	Said      *audit.Said `json:"said,omitempty"`
}

var filterKeys = []string{"since", "until", "who", "what", "target", "text", "after", "before", "limit", "format"}

// filter reads what is wanted from a query.
func filter(q url.Values, now time.Time) (f store.Filter, err error) {
	for key, values := range q {
		if !slices.Contains(filterKeys, key) || len(values) != 1 {
			return f, bad(fmt.Sprintf("%s: use each of %s at most once", clip(key), strings.Join(filterKeys, ", ")))
		}
	}
	f.Who, f.What, f.Target, f.Text = q.Get("who"), q.Get("what"), q.Get("target"), q.Get("text")
	if f.Since, err = when("since", q.Get("since"), now); err != nil {
		return f, err
	}
	if f.Until, err = when("until", q.Get("until"), now); err != nil {
		return f, err
	}
	for key, id := range map[string]*int64{"after": &f.After, "before": &f.Before} {
		if s := q.Get(key); s != "" {
			if *id, err = strconv.ParseInt(s, 10, 64); err != nil {
				return f, bad(fmt.Sprintf("%s %q: give the ID of an entry", key, clip(s)))
			}
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
	q := c.r.URL.Query()
	f, err := filter(q, c.Now())
	if err != nil {
		return err
	}
	c.w.Header().Add("Vary", "Accept")
	accept := c.r.Header.Get("Accept")
	switch format := q.Get("format"); {
	case format == "csv", format == "" && strings.Contains(accept, "text/csv"):
		return c.export(f, csvExport)
	case format == "ndjson":
		return c.export(f, ndjsonExport)
	case format != "" && format != "json":
		return bad(fmt.Sprintf("format %q: use json, ndjson or csv", clip(format)))
	}
	limit := f.Limit
	if limit == 0 {
		limit = store.DefaultLimit
	}
	// One more says whether there is more, if one more may be asked for.
	f.Limit = min(limit+1, store.MaxLimit)
	entries, err := c.Record.Entries(c.r.Context(), f)
	if err != nil {
		return err
	}
	more := len(entries) > limit || limit == store.MaxLimit && len(entries) == limit
	if n := len(entries); n > limit && f.After > 0 {
		entries = entries[:limit]
	} else if n > limit {
		entries = entries[n-limit:]
	}
	if strings.Contains(accept, "application/x-ndjson") {
		c.w.Header().Set("Content-Type", "application/x-ndjson")
		enc := json.NewEncoder(c.w)
		for _, e := range entries {
			if enc.Encode(e) != nil {
				return nil // who asked went away
			}
		}
		return nil
	}
	doc := RecordDoc{Entries: make([]RecordEntry, len(entries)), First: f.Before, Last: f.After, More: more}
	for i, e := range entries {
		doc.Entries[i] = RecordEntry{e, koreanWhy(e), audit.Say(e)}
	}
	if n := len(entries); n > 0 {
		doc.First, doc.Last = entries[0].ID, entries[n-1].ID
	}
	return c.send(http.StatusOK, doc)
}
