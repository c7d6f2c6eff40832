package feedserver

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const sender = "feed@example.org"

// capDoc is CAP 1.2's <alert>.
type capDoc struct {
	XMLName    xml.Name `xml:"urn:oasis:names:tc:emergency:cap:1.2 alert"`
	Identifier string   `xml:"identifier"`
	Sender     string   `xml:"sender"`
	Sent       string   `xml:"sent"`
	Status     Status   `xml:"status"`
	MsgType    string   `xml:"msgType"`
	Scope      string   `xml:"scope"`
	References string   `xml:"references,omitempty"`
	Info       capInfo  `xml:"info"`
}

type capInfo struct {
	Category  string  `xml:"category"`
	Event     string  `xml:"event"`
	Urgency   string  `xml:"urgency"`
	Severity  string  `xml:"severity"`
	Certainty string  `xml:"certainty"`
	Expires   string  `xml:"expires"`
	Parameter capPair `xml:"parameter"`
	Area      capArea `xml:"area"`
}

type capPair struct {
	Name  string `xml:"valueName"`
	Value string `xml:"value"`
}

type capArea struct {
	Desc   string `xml:"areaDesc"`
	Circle string `xml:"circle"`
}

// atomFeed is an Atom feed, newest first, as feeds are.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Entries []atomEntry `xml:"entry"`
}

type atomEntry struct {
	ID      string       `xml:"id"`
	Title   string       `xml:"title"`
	Updated string       `xml:"updated"`
	Link    *atomLink    `xml:"link"`
	Content *atomContent `xml:"content"`
}

type atomLink struct {
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomContent struct {
	Type  string `xml:"type,attr"`
	Alert capDoc
}

// name is the CAP identifier: each message has its own.
func (m *message) name() string { return fmt.Sprintf("%s-%d", m.ID, m.serial) }

// sent is when the message says it was sent: the first of an event when that
// happened, so that a replay shows its age.
func (m *message) sent() string {
	if m.serial == 1 {
		return stamp(m.origin)
	}
	return stamp(m.at)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05-00:00") }

func (m *message) cap(before []message) capDoc {
	d := capDoc{
		Identifier: m.name(), Sender: sender, Sent: m.sent(), Status: m.Status, MsgType: "Alert", Scope: "Public",
		Info: capInfo{
			Category: "Geo", Event: "Earthquake", Urgency: "Immediate", Severity: severity(m.Magnitude), Certainty: "Observed",
			Expires: stamp(m.at.Add(max(m.Expires, 0))), Parameter: capPair{"Magnitude", fmt.Sprintf("%.1f", m.Magnitude)},
			Area: capArea{m.Place, fmt.Sprintf("%.2f,%.2f 0", m.Lat, m.Lon)},
		},
	}
	if m.Expires == 0 {
		d.Info.Expires = stamp(m.at.Add(time.Hour))
	}
	if d.Status == "" {
		d.Status = Actual
	}
	var refs []string
	for _, b := range before {
		if b.ID == m.ID && b.serial < m.serial {
			refs = append(refs, sender+","+b.name()+","+b.sent())
		}
	}
	d.References = strings.Join(refs, " ")
	if m.serial > 1 {
		d.MsgType = "Update"
	}
	if m.Kind == Cancel {
		d.MsgType = "Cancel"
	}
	return d
}

func severity(magnitude float64) string {
	switch {
	case magnitude >= 6:
		return "Extreme"
	case magnitude >= 5:
		return "Severe"
	case magnitude >= 4:
		return "Moderate"
	}
	return "Minor"
}

func (s *Server) serveCAP(w http.ResponseWriter, r *http.Request) {
	all := s.until(time.Now())
	var doc any
	switch name := r.PathValue("name"); name {
	case "atom.xml", "links.xml":
		doc = feed(all, name == "links.xml")
	default:
		i := slices.IndexFunc(all, func(m message) bool { return m.name()+".xml" == name })
		if name == "latest.xml" {
			i = len(all) - 1
		}
		if i < 0 {
			http.NotFound(w, r)
			return
		}
		doc = all[i].cap(all)
	}
	body, err := xml.Marshal(doc)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	reply(w, r, "application/xml", append([]byte(xml.Header), body...))
}

func feed(all []message, links bool) atomFeed {
	f := atomFeed{ID: "urn:daero:feed", Title: "Alerts for rehearsals", Updated: stamp(time.Unix(0, 0))}
	for i := len(all) - 1; i >= 0; i-- {
		m := &all[i]
		e := atomEntry{ID: "urn:daero:" + m.name(), Title: m.Place, Updated: stamp(m.at)}
		if links {
			e.Link = &atomLink{"application/cap+xml", m.name() + ".xml"}
		} else {
			e.Content = &atomContent{"text/xml", m.cap(all)}
		}
		f.Entries = append(f.Entries, e)
	}
	if len(all) > 0 {
		f.Updated = f.Entries[0].Updated
	}
	return f
}

// reply answers with an ETag, and with 304 whom it already answered so.
func reply(w http.ResponseWriter, r *http.Request, contentType string, body []byte) {
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Write(body)
}
