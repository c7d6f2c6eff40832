package feedserver

import (
	"encoding/json"
	"net/http"
	"time"
)

type geoFeed struct {
	Type     string       `json:"type"`
	Metadata geoMetadata  `json:"metadata"`
	Features []geoFeature `json:"features"`
}

type geoMetadata struct {
	Generated int64  `json:"generated"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Count     int    `json:"count"`
}

type geoFeature struct {
	Type       string        `json:"type"`
	ID         string        `json:"id"`
	Properties geoProperties `json:"properties"`
	Geometry   geoPoint      `json:"geometry"`
}

type geoProperties struct {
	Mag     float64 `json:"mag"`
	Place   string  `json:"place"`
	Time    int64   `json:"time"`
	Updated int64   `json:"updated"`
	Status  string  `json:"status"`
	Type    string  `json:"type"`
}

type geoPoint struct {
	Type        string     `json:"type"`
	Coordinates [3]float64 `json:"coordinates"`
}

// serveUSGS serves the events of the last hour. What was cancelled is gone
// from it, as from the real one.
func (s *Server) serveUSGS(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	f := geoFeed{Type: "FeatureCollection", Features: []geoFeature{}}
	f.Metadata = geoMetadata{Generated: now.UnixMilli(), Title: "Earthquakes for rehearsals", Status: http.StatusOK}
	for _, m := range latest(s.until(now)) {
		if m.Kind == Cancel || now.Sub(m.origin) > time.Hour {
			continue
		}
		f.Features = append(f.Features, geoFeature{
			Type: "Feature", ID: "dr" + m.ID, Geometry: geoPoint{"Point", [3]float64{m.Lon, m.Lat, m.DepthKM}},
			Properties: geoProperties{m.Magnitude, m.Place, m.origin.UnixMilli(), m.at.UnixMilli(), "automatic", "earthquake"},
		})
	}
	f.Metadata.Count = len(f.Features)
	body, err := json.Marshal(f)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	reply(w, r, "application/json", body)
}

// latest is the last message of each ID that is no test, in their order.
func latest(all []message) (out []message) {
	for i, m := range all {
		if m.Status != "" && m.Status != Actual {
			continue
		}
		last := true
		for _, n := range all[i+1:] {
			last = last && n.ID != m.ID
		}
		if last {
			out = append(out, m)
		}
	}
	return out
}
