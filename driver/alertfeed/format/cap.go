package format

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/driver/alertfeed/alert"
)

// The namespaces of CAP that are read: 1.1 differs in nothing that is used.
const (
	capNS  = "urn:oasis:names:tc:emergency:cap:1.2"
	capNS1 = "urn:oasis:names:tc:emergency:cap:1.1"
)

// capAlert is what is used of CAP 1.2's <alert>.
type capAlert struct {
	Identifier string    `xml:"identifier"`
	Sender     string    `xml:"sender"`
	Sent       string    `xml:"sent"`
	Status     string    `xml:"status"`
	MsgType    string    `xml:"msgType"`
	Scope      string    `xml:"scope"`
	References string    `xml:"references"`
	Infos      []capInfo `xml:"info"`
}

type capInfo struct {
	Event      string      `xml:"event"`
	Urgency    string      `xml:"urgency"`
	Severity   string      `xml:"severity"`
	Certainty  string      `xml:"certainty"`
	Expires    string      `xml:"expires"`
	Headline   string      `xml:"headline"`
	Parameters []capNamed  `xml:"parameter"`
	Areas      []capAreaEl `xml:"area"`
}

type capNamed struct {
	Name  string `xml:"valueName"`
	Value string `xml:"value"`
}

type capAreaEl struct {
	Desc     string     `xml:"areaDesc"`
	Polygons []string   `xml:"polygon"`
	Circles  []string   `xml:"circle"`
	Geocodes []capNamed `xml:"geocode"`
}

// CAP reads a document whose root is <alert>.
func CAP(data []byte) (alert.Alert, error) {
	dec, root, err := readXML(data)
	if err != nil {
		return alert.Alert{}, err
	}
	if !isCAP(root.Name) {
		return alert.Alert{}, fmt.Errorf("the document is <%s>, not a CAP 1.2 <alert>", alert.Clean(root.Name.Local, 30))
	}
	a, err := decodeCAP(dec, root)
	if err != nil {
		return alert.Alert{}, err
	}
	return a, rest(dec)
}

func isCAP(n xml.Name) bool {
	return n.Local == "alert" && (n.Space == capNS || n.Space == capNS1)
}

func decodeCAP(dec *xml.Decoder, start xml.StartElement) (alert.Alert, error) {
	var c capAlert
	if err := dec.DecodeElement(&c, &start); err != nil {
		return alert.Alert{}, fmt.Errorf("not CAP: %w", err)
	}
	return c.alert()
}

// alert judges what CAP requires and drops what nothing here asks for.
func (c *capAlert) alert() (alert.Alert, error) {
	id, sender := strings.TrimSpace(c.Identifier), strings.TrimSpace(c.Sender)
	if id == "" || sender == "" || strings.TrimSpace(c.Scope) == "" {
		return alert.Alert{}, errors.New("CAP: identifier, sender or scope is missing")
	}
	sent, err := capTime(c.Sent)
	if err != nil {
		return alert.Alert{}, fmt.Errorf("CAP: sent: %w", err)
	}
	status, err := alert.ParseStatus(strings.TrimSpace(c.Status))
	if err != nil {
		return alert.Alert{}, fmt.Errorf("CAP: %w", err)
	}
	a := alert.Alert{ID: capID(sender, id), Version: sent.UnixNano(), Status: status, Origin: sent}
	switch t := strings.TrimSpace(c.MsgType); strings.ToLower(t) {
	case "alert", "update":
	case "cancel":
		a.Action = alert.Cancel
	case "ack", "error":
		a.Action = alert.Note
	default:
		return alert.Alert{}, fmt.Errorf("CAP: unknown msgType %q", alert.Clean(t, 20))
	}
	for ref := range strings.FieldsSeq(c.References) {
		// sender,identifier,sent
		if p := strings.Split(ref, ","); len(p) == 3 && p[1] != "" {
			a.Replaces = append(a.Replaces, capID(p[0], p[1]))
		}
	}
	for i := range c.Infos {
		info, err := c.Infos[i].info()
		if err != nil {
			return alert.Alert{}, err
		}
		a.Infos = append(a.Infos, info)
	}
	return a, a.Valid()
}

// capID names a message: identifiers are unique to their sender.
func capID(sender, id string) string { return sender + " " + id }

func (c *capInfo) info() (alert.Info, error) {
	info := alert.Info{Title: strings.TrimSpace(c.Event)}
	var err error
	if info.Severity, err = alert.ParseSeverity(strings.TrimSpace(c.Severity)); err != nil {
		return info, fmt.Errorf("CAP: %w", err)
	}
	if info.Urgency, err = capUrgency(strings.TrimSpace(c.Urgency)); err != nil {
		return info, err
	}
	if info.Certainty, err = capCertainty(strings.TrimSpace(c.Certainty)); err != nil {
		return info, err
	}
	if s := strings.TrimSpace(c.Expires); s != "" {
		if info.Expires, err = capTime(s); err != nil {
			return info, fmt.Errorf("CAP: expires: %w", err)
		}
	}
	for _, p := range c.Parameters {
		switch strings.ToLower(strings.TrimSpace(p.Name)) {
		case "magnitude", "eventmagnitude":
			m, _ := strconv.ParseFloat(strings.TrimSpace(p.Value), 64)
			info.Magnitude = magnitude(m)
		}
	}
	for i := range c.Areas {
		c.Areas[i].add(&info)
	}
	if info.Title == "" {
		info.Title = strings.TrimSpace(c.Headline)
	}
	if len(c.Areas) > 0 && c.Areas[0].Desc != "" {
		info.Title += ", " + alert.Clean(c.Areas[0].Desc, 50)
	}
	return info, nil
}

func capUrgency(s string) (alert.Urgency, error) {
	u, err := alert.ParseUrgency(s)
	if err != nil {
		return 0, fmt.Errorf("CAP: %w", err)
	}
	return u, nil
}

func capCertainty(s string) (alert.Certainty, error) {
	if strings.EqualFold(s, "Very Likely") { // CAP 1.0's word, still met
		return alert.Likely, nil
	}
	c, err := alert.ParseCertainty(s)
	if err != nil {
		return 0, fmt.Errorf("CAP: %w", err)
	}
	return c, nil
}

// add adds an <area>: its names, codes and shapes.
func (c *capAreaEl) add(info *alert.Info) {
	for part := range strings.SplitSeq(c.Desc, ";") {
		if part = strings.TrimSpace(part); part != "" {
			info.Regions = append(info.Regions, part)
		}
	}
	for _, g := range c.Geocodes {
		if v := strings.TrimSpace(g.Value); v != "" {
			info.Regions = append(info.Regions, v)
		}
	}
	for _, s := range c.Polygons {
		if pts := capPoints(strings.Fields(s)); len(pts) >= 3 {
			info.Areas = append(info.Areas, alert.Area{Points: pts})
		}
	}
	for _, s := range c.Circles { // "lat,lon radius"
		f := strings.Fields(s)
		if len(f) != 2 {
			continue
		}
		r, err := strconv.ParseFloat(f[1], 64)
		if pts := capPoints(f[:1]); len(pts) == 1 && err == nil && r >= 0 && r <= 20000 {
			info.Areas = append(info.Areas, alert.Area{Points: pts, RadiusKM: r})
		}
	}
}

// maxPoints bounds a polygon: a coast drawn finer than that helps nobody here.
const maxPoints = 5000

// capPoints reads "lat,lon" each; nil if one of them is no place.
func capPoints(fields []string) []alert.Point {
	if len(fields) > maxPoints {
		return nil
	}
	pts := make([]alert.Point, 0, len(fields))
	for _, f := range fields {
		a, b, _ := strings.Cut(f, ",")
		lat, err1 := strconv.ParseFloat(a, 64)
		lon, err2 := strconv.ParseFloat(b, 64)
		p := alert.Point{Lat: lat, Lon: lon}
		if err1 != nil || err2 != nil || !p.OnEarth() {
			return nil
		}
		pts = append(pts, p)
	}
	return pts
}

// capTime reads a date and time with a zone, which CAP requires.
func capTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(s))
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a date and time with a zone", alert.Clean(s, 30))
	}
	if y := t.UTC().Year(); y < 1970 || y > 2200 {
		return time.Time{}, fmt.Errorf("%q is of another age", alert.Clean(s, 30))
	}
	return t.UTC(), nil
}
