package alertmanager

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// payload is a webhook's body, as far as it is looked at: version 4 of
// Alertmanager's, or Grafana's, which has the same fields and more.
type payload struct {
	Version   string          `json:"version"`
	GroupKey  string          `json:"groupKey"`
	Status    string          `json:"status"`
	Truncated int             `json:"truncatedAlerts"`
	OrgID     json.RawMessage `json:"orgId"` // Grafana's
	Alerts    []alert         `json:"alerts"`
}

type alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	EndsAt      time.Time         `json:"endsAt"` // the year 1: not known
	Fingerprint string            `json:"fingerprint"`
}

// The statuses of an alert.
const (
	firing   = "firing"
	resolved = "resolved"
)

// Bounds of one webhook and of what is kept.
const (
	// MaxBody is the longest webhook, in bytes.
	MaxBody   = 1 << 20
	maxKey    = 4096   // bytes of a group's or an alert's name
	maxAlerts = 10_000 // kept at a time
)

// parse reads a webhook's body. Whatever is wrong is the sender's mistake, and
// the error may be shown to it.
func parse(body []byte) (payload, error) {
	var p payload
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(&p); err != nil {
		return p, errors.New("the body is not a webhook of Alertmanager: it is not JSON of that shape")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return p, errors.New("the body goes on after the JSON document")
	}
	switch {
	case p.Version != "4" && (p.Version != "1" || p.OrgID == nil): // Grafana counts its own versions
		return p, fmt.Errorf("version %.10q: send Alertmanager's webhook, version 4, or Grafana's", p.Version)
	case p.GroupKey == "" || len(p.GroupKey) > maxKey:
		return p, errors.New("no groupKey, or one that is too long: Alertmanager and Grafana send one")
	case p.Status != firing && p.Status != resolved:
		return p, fmt.Errorf("status %.20q: must be firing or resolved", p.Status)
	}
	for i := range p.Alerts {
		a := &p.Alerts[i]
		switch {
		case a.Status != firing && a.Status != resolved:
			return p, fmt.Errorf("alert %d: status %.20q: must be firing or resolved", i, a.Status)
		case len(a.Fingerprint) > maxKey:
			return p, fmt.Errorf("alert %d: its fingerprint is too long", i)
		case a.Fingerprint == "":
			a.Fingerprint = fingerprint(a.Labels)
		}
	}
	return p, nil
}

// fingerprint names an alert whose sender did not: by its labels.
func fingerprint(labels map[string]string) string {
	h := sha256.New()
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(h, "%d:%s=%d:%s;", len(k), k, len(labels[k]), labels[k])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
