package format

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/daero/daero/driver/alertfeed/alert"
)

// USGS reads the summary feeds of the USGS (GeoJSON), one body after another:
// an event that was taken out of a feed is one that was withdrawn, and only
// who knows the body before can tell. The zero USGS is ready.
type USGS struct {
	generated float64           // when the last body was made
	seen      map[string]listed // the events of the feed
}

// listed is an event that was in the feed.
type listed struct {
	last    alert.Alert
	missing bool // it was not in the last body
}

type usgsFeed struct {
	Type     string `json:"type"`
	Metadata struct {
		Generated float64 `json:"generated"`
	} `json:"metadata"`
	Features []usgsFeature `json:"features"`
}

type usgsFeature struct {
	ID         string `json:"id"`
	Properties struct {
		Mag     *float64 `json:"mag"`
		Place   string   `json:"place"`
		Time    float64  `json:"time"`
		Updated float64  `json:"updated"`
		Status  string   `json:"status"`
		Type    string   `json:"type"`
	} `json:"properties"`
	Geometry struct {
		Coordinates []float64 `json:"coordinates"` // longitude, latitude, depth
	} `json:"geometry"`
}

// Take reads a body: its events, and a cancel for each that was withdrawn. One
// that is missing once may be a cache that lags; missing twice, in bodies made
// later and later, it is withdrawn (or it is over: that changes nothing).
func (u *USGS) Take(data []byte) ([]alert.Alert, error) {
	if err := fits(data); err != nil {
		return nil, err
	}
	var f usgsFeed
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("not GeoJSON: %w", plain(err))
	}
	if f.Type != "FeatureCollection" {
		return nil, errors.New("not a GeoJSON FeatureCollection")
	}
	if f.Metadata.Generated < u.generated {
		return nil, nil // a cache that lags: it says nothing that is not known
	}
	newer := f.Metadata.Generated > u.generated
	u.generated = f.Metadata.Generated
	alerts := make([]alert.Alert, 0, len(f.Features))
	now := make(map[string]listed, len(f.Features))
	for i := range f.Features {
		if a, ok := f.Features[i].alert(); ok {
			alerts = append(alerts, a)
			now[a.ID] = listed{last: a}
		}
	}
	for id, l := range u.seen {
		switch _, there := now[id]; {
		case there || l.last.Action == alert.Cancel:
		case l.missing && newer:
			l.last.Action = alert.Cancel
			alerts = append(alerts, l.last)
		default:
			l.missing = true
			now[id] = l
		}
	}
	u.seen = now
	return alerts, nil
}

// alert returns what a feature says. Quarry blasts and the like wake nobody.
func (f *usgsFeature) alert() (alert.Alert, bool) {
	p := &f.Properties
	if p.Type != "" && p.Type != "earthquake" {
		return alert.Alert{}, false
	}
	a := alert.Alert{ID: f.ID, Version: int64(max(0, min(p.Updated, 1<<52))), Status: alert.Actual, Origin: millis(p.Time)}
	if p.Status == "deleted" {
		a.Action = alert.Cancel
	}
	info := alert.Info{Title: p.Place}
	if p.Mag != nil {
		info.Magnitude = magnitude(*p.Mag)
	}
	if c := f.Geometry.Coordinates; len(c) >= 2 {
		info.Areas = place(c[1], c[0])
	}
	a.Infos = []alert.Info{info}
	return a, !math.IsNaN(p.Time) && a.Valid() == nil
}

// plain takes what was received out of a JSON error: it goes to screens.
func plain(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s is of the wrong type", alert.Clean(strings.TrimSpace(e.Field), 60))
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("broken at byte %d", e.Offset)
	}
	return errors.New("it cannot be read")
}
