package api

import (
	"net/http"
	"net/url"
	"time"

	"github.com/daero/daero/history"
)

// HistoryQueryOf and StreamQueryOf read queries, for fuzzing.
func HistoryQueryOf(q url.Values, now time.Time) (history.Query, error) { return historyQuery(q, now) }

func StreamQueryOf(query, header string) (about uint8, after int64, err error) {
	r := &http.Request{URL: &url.URL{RawQuery: query}, Header: http.Header{"Last-Event-Id": {header}}}
	t, after, err := streamQuery(r)
	return uint8(t), after, err
}
