package feedserver

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/coder/websocket"
)

// Life is how long a WebSocket lives: the real one hangs up every ten minutes.
const Life = 10 * time.Minute

var jst = time.FixedZone("JST", 9*60*60)

type p2pMessage struct {
	ID         string         `json:"_id"`
	Code       int            `json:"code"`
	Time       string         `json:"time"`
	Test       bool           `json:"test,omitempty"`
	Cancelled  bool           `json:"cancelled"`
	Issue      p2pIssue       `json:"issue"`
	Earthquake *p2pEarthquake `json:"earthquake,omitempty"`
	Areas      []p2pArea      `json:"areas"`
}

type p2pIssue struct {
	Time    string `json:"time"`
	EventID string `json:"eventId"`
	Serial  string `json:"serial"`
}

type p2pEarthquake struct {
	OriginTime  string        `json:"originTime"`
	ArrivalTime string        `json:"arrivalTime"`
	Hypocenter  p2pHypocenter `json:"hypocenter"`
}

type p2pHypocenter struct {
	Name      string  `json:"name"`
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Depth     float64 `json:"depth"`
	Magnitude float64 `json:"magnitude"`
}

type p2pArea struct {
	Pref string `json:"pref"`
	Name string `json:"name"`
}

// p2pquake writes an early warning, code 556.
func p2pquake(m message) []byte {
	stamp := func(t time.Time) string { return t.In(jst).Format("2006/01/02 15:04:05") }
	out := p2pMessage{
		ID: m.name(), Code: 556, Time: m.at.In(jst).Format("2006/01/02 15:04:05.000"),
		Test: m.Status == Test || m.Status == Exercise, Cancelled: m.Kind == Cancel,
		Issue: p2pIssue{stamp(m.at), m.ID, strconv.Itoa(m.serial)}, Areas: []p2pArea{},
	}
	if m.Kind != Cancel {
		out.Earthquake = &p2pEarthquake{stamp(m.origin), stamp(m.origin.Add(5 * time.Second)), p2pHypocenter{m.Place, m.Lat, m.Lon, m.DepthKM, m.Magnitude}}
		out.Areas = append(out.Areas, p2pArea{m.Place, m.Place})
	}
	body, err := json.Marshal(out)
	if err != nil {
		panic(err) // plain strings and numbers
	}
	return body
}

// serveP2PQuake streams what is published from now on. The first message is
// one that is no warning, as most are.
func (s *Server) serveP2PQuake(w http.ResponseWriter, r *http.Request) {
	l, leave, ok := s.listen()
	if !ok {
		http.Error(w, "the feed is closed", http.StatusServiceUnavailable)
		return
	}
	defer leave()
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept answered
	}
	defer func() { _ = c.CloseNow() }()
	ctx, cancel := context.WithTimeout(c.CloseRead(r.Context()), Life)
	defer cancel()
	if c.Write(ctx, websocket.MessageText, []byte(`{"_id":"peers","code":555,"areas":[]}`)) != nil {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.done:
			return
		case body := <-l:
			if c.Write(ctx, websocket.MessageText, body) != nil {
				return
			}
		}
	}
}
