package format

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/daero/daero/driver/alertfeed/alert"
)

// Entry is one entry of an Atom feed: an alert that it carries, or the address
// of one.
type Entry struct {
	// ID and Updated name the version of the entry.
	ID      string
	Updated time.Time
	// Alert is what the entry carries; nil if it only links.
	Alert *alert.Alert
	// Link is where the alert is, as written, perhaps relative to the feed.
	Link string
}

// Feed is what a CAP hub serves.
type Feed struct {
	Entries []Entry
	// Bad says what is wrong with entries that were left out, nil if none was.
	Bad error
}

const atomNS = "http://www.w3.org/2005/Atom"

// maxEntries bounds an Atom feed.
const maxEntries = 2000

type atomEntry struct {
	ID      string      `xml:"http://www.w3.org/2005/Atom id"`
	Updated string      `xml:"http://www.w3.org/2005/Atom updated"`
	Links   []atomLink  `xml:"http://www.w3.org/2005/Atom link"`
	Content atomContent `xml:"http://www.w3.org/2005/Atom content"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

// atomContent carries a CAP alert as XML, or the address of one.
type atomContent struct {
	Src    string     `xml:"src,attr"`
	Alerts []capAlert `xml:"urn:oasis:names:tc:emergency:cap:1.2 alert"`
	Older  []capAlert `xml:"urn:oasis:names:tc:emergency:cap:1.1 alert"`
}

// Atom reads what a CAP hub serves: an Atom feed, or a single CAP alert. An
// entry that cannot be read does not keep the others out.
func Atom(data []byte) (Feed, error) {
	dec, root, err := readXML(data)
	if err != nil {
		return Feed{}, err
	}
	switch {
	case isCAP(root.Name):
		a, err := decodeCAP(dec, root)
		if err != nil {
			return Feed{}, err
		}
		return Feed{Entries: []Entry{{ID: a.ID, Updated: a.Origin, Alert: &a}}}, rest(dec)
	case root.Name.Local != "feed" || root.Name.Space != atomNS:
		return Feed{}, fmt.Errorf("the document is <%s>: want an Atom <feed> or a CAP 1.2 <alert>", alert.Clean(root.Name.Local, 30))
	}
	return readFeed(dec)
}

func readFeed(dec *xml.Decoder) (Feed, error) {
	var f Feed
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return Feed{}, errors.New("not XML: the feed ends in the middle")
		}
		if err != nil {
			return Feed{}, fmt.Errorf("not XML: %w", err)
		}
		switch t := t.(type) {
		case xml.EndElement: // of the feed: what is below was skipped or decoded whole
			return f, rest(dec)
		case xml.StartElement:
			if err := f.child(dec, t); err != nil {
				return Feed{}, err
			}
		}
	}
}

// child reads one element below <feed>.
func (f *Feed) child(dec *xml.Decoder, t xml.StartElement) error {
	if t.Name.Local != "entry" || t.Name.Space != atomNS {
		if err := dec.Skip(); err != nil {
			return fmt.Errorf("not XML: %w", err)
		}
		return nil
	}
	if len(f.Entries) == maxEntries {
		return fmt.Errorf("more than %d entries", maxEntries)
	}
	var e atomEntry
	if err := dec.DecodeElement(&e, &t); err != nil {
		return fmt.Errorf("not Atom: %w", err)
	}
	entry, err := e.entry()
	if err != nil {
		f.Bad = cmp.Or(f.Bad, err) // the first says enough
		return nil
	}
	f.Entries = append(f.Entries, entry)
	return nil
}

func (e *atomEntry) entry() (Entry, error) {
	out := Entry{ID: strings.TrimSpace(e.ID)}
	if s := strings.TrimSpace(e.Updated); s != "" {
		t, err := capTime(s)
		if err != nil {
			return Entry{}, fmt.Errorf("entry %q: updated: %w", alert.Clean(out.ID, 40), err)
		}
		out.Updated = t
	}
	if all := append(e.Content.Alerts, e.Content.Older...); len(all) > 0 {
		a, err := all[0].alert()
		if err != nil {
			return Entry{}, fmt.Errorf("entry %q: %w", alert.Clean(out.ID, 40), err)
		}
		out.Alert = &a
		return out, nil
	}
	if out.Link = e.link(); out.Link == "" {
		return Entry{}, fmt.Errorf("entry %q has neither a CAP alert nor a link to one", alert.Clean(out.ID, 40))
	}
	if out.ID == "" {
		out.ID = out.Link
	}
	return out, nil
}

// link is the entry's address of a CAP document: one that says so, or else the
// entry's own.
func (e *atomEntry) link() string {
	for _, l := range e.Links {
		if strings.HasPrefix(l.Type, "application/cap+xml") {
			return strings.TrimSpace(l.Href)
		}
	}
	if e.Content.Src != "" {
		return strings.TrimSpace(e.Content.Src)
	}
	for _, l := range e.Links {
		if l.Rel == "" || l.Rel == "alternate" {
			return strings.TrimSpace(l.Href)
		}
	}
	return ""
}
