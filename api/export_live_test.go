package api

import (
	"net/http"
	"net/url"
	"strconv"
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

// Beat is one second of a pulse: it measures, keeps, and tells who watches.
func (p *Pulse) Beat(now time.Time) { p.tell(p.look(now, true)) }

// Watchers adds n who read what they are sent, until stop.
func (p *Pulse) Watchers(n int) (stop func()) {
	var subs []*subscriber
	for i := range n {
		s, _, _, err := p.subscribe(strconv.Itoa(i), topicAll, 0)
		if err != nil {
			panic(err)
		}
		subs = append(subs, s)
		go func() {
			for {
				select {
				case <-s.frames:
				case <-s.ended:
					return
				}
			}
		}()
	}
	return func() {
		for _, s := range subs {
			p.leave(s)
		}
	}
}
