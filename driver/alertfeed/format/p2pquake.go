package format

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/daero/daero/driver/alertfeed/alert"
)

// The codes of P2PQuake's messages that are read. The others (where its peers
// are, who felt something) are no warnings.
const (
	p2pQuake     = 551 // an earthquake, as the JMA tells it afterwards
	p2pTsunami   = 552 // a tsunami forecast
	p2pDetection = 554 // an early warning was heard on the air
	p2pWarning   = 556 // an early warning
)

// jst is the zone of every time in P2PQuake's messages.
var jst = time.FixedZone("JST", 9*60*60)

type p2pMessage struct {
	ID        string `json:"id"`
	OldID     string `json:"_id"` // on the WebSocket
	Code      int    `json:"code"`
	Time      string `json:"time"`
	Test      bool   `json:"test"`
	Cancelled bool   `json:"cancelled"`
	Issue     struct {
		Time    string `json:"time"`
		EventID string `json:"eventId"`
		Serial  string `json:"serial"`
	} `json:"issue"`
	Earthquake struct {
		Time       string        `json:"time"`       // 551
		OriginTime string        `json:"originTime"` // 556
		Hypocenter p2pHypocenter `json:"hypocenter"`
	} `json:"earthquake"`
	Points []p2pArea `json:"points"` // 551
	Areas  []p2pArea `json:"areas"`  // 552, 556
}

// p2pHypocenter has -200 and -1 for what is not known.
type p2pHypocenter struct {
	Name      string   `json:"name"`
	Latitude  *float64 `json:"latitude"`
	Longitude *float64 `json:"longitude"`
	Magnitude float64  `json:"magnitude"`
}

type p2pArea struct {
	Pref string `json:"pref"`
	Name string `json:"name"`
}

// P2PQuake reads one message of P2PQuake's JSON API, version 2; ok is false
// for messages that are no warnings.
//
// Messages are told apart by event where there is one: the reports of an early
// warning replace each other, and so do tsunami forecasts.
func P2PQuake(data []byte) (a alert.Alert, ok bool, err error) {
	if err := fits(data); err != nil {
		return alert.Alert{}, false, err
	}
	// Of the messages of no interest, which are most, only the code is read.
	var head struct {
		Code int `json:"code"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return alert.Alert{}, false, fmt.Errorf("not JSON of P2PQuake: %w", plain(err))
	}
	switch head.Code {
	case p2pQuake, p2pTsunami, p2pDetection, p2pWarning:
	default:
		return alert.Alert{}, false, nil
	}
	var m p2pMessage
	if err := json.Unmarshal(data, &m); err != nil {
		return alert.Alert{}, false, fmt.Errorf("not JSON of P2PQuake: %w", plain(err))
	}
	if m.ID == "" {
		m.ID = m.OldID
	}
	if a, err = m.alert(); err == nil {
		err = a.Valid()
	}
	return a, err == nil, err
}

func (m *p2pMessage) alert() (alert.Alert, error) {
	said, err := p2pTime(m.Time)
	if err != nil {
		return alert.Alert{}, err
	}
	a := alert.Alert{ID: m.ID, Version: said.UnixMilli(), Status: alert.Actual, Origin: said, Infos: []alert.Info{m.info()}}
	if m.Test {
		a.Status = alert.Test
	}
	if m.Cancelled {
		a.Action = alert.Cancel
	}
	switch m.Code {
	case p2pQuake:
		if a.Origin, err = p2pTime(m.Earthquake.Time); err != nil {
			return alert.Alert{}, err
		}
		// Two earthquakes may share the minute, not also the name.
		a.ID = "551 " + m.Earthquake.Time + " " + m.Earthquake.Hypocenter.Name
	case p2pTsunami:
		a.ID, a.Infos[0].Title = "552", "tsunami forecast, JP" // there is one at a time
	case p2pDetection:
		a.Infos[0].Title = "early warning on the air, JP"
	case p2pWarning:
		return m.warning(a)
	}
	return a, nil
}

// warning is an early warning: its reports are numbered.
func (m *p2pMessage) warning(a alert.Alert) (alert.Alert, error) {
	if m.Issue.EventID != "" {
		a.ID = "556 " + m.Issue.EventID
		n, err := strconv.ParseInt(m.Issue.Serial, 10, 32)
		if err != nil || n < 0 {
			return alert.Alert{}, errors.New("P2PQuake: an early warning without a number")
		}
		a.Version = n
	}
	if t, err := p2pTime(m.Earthquake.OriginTime); err == nil {
		a.Origin = t // a cancel has none
	}
	return a, nil
}

func (m *p2pMessage) info() alert.Info {
	h := &m.Earthquake.Hypocenter
	info := alert.Info{Title: h.Name, Magnitude: magnitude(h.Magnitude)}
	if h.Name != "" {
		info.Title += ", JP"
	}
	if h.Latitude != nil && h.Longitude != nil {
		info.Areas = place(*h.Latitude, *h.Longitude)
	}
	seen := map[string]bool{"": true}
	for _, list := range [][]p2pArea{m.Points, m.Areas} {
		for _, p := range list {
			for _, r := range []string{p.Pref, p.Name} {
				if !seen[r] && len(info.Regions) < 500 {
					seen[r] = true
					info.Regions = append(info.Regions, r)
				}
			}
		}
	}
	return info
}

// p2pTime reads "2023/05/05 14:42:00" or with thousandths, in Japan's time.
func p2pTime(s string) (time.Time, error) {
	t, err := time.ParseInLocation("2006/01/02 15:04:05", s, jst)
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return time.Time{}, fmt.Errorf("P2PQuake: %q is not a date and time", alert.Clean(s, 30))
	}
	return t.UTC(), nil
}
