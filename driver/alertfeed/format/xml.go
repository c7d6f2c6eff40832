package format

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// Limits of an XML document. A national feed has some hundred alerts of some
// dozen elements.
const (
	maxDepth    = 24
	maxElements = 50_000
	maxAttrs    = 32
)

// errDTD refuses what entity bombs are made of.
var errDTD = errors.New("the document has a DTD: feeds have none, and it is refused")

// guarded hands the tokens of a document on and refuses what no feed has.
// Entities that a document declares itself cannot occur: encoding/xml knows
// the five of XML and refuses others.
type guarded struct {
	dec      *xml.Decoder
	depth    int
	elements int
}

// Token implements xml.TokenReader.
func (g *guarded) Token() (xml.Token, error) {
	t, err := g.dec.RawToken()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case xml.Directive:
		return nil, errDTD
	case xml.StartElement:
		g.depth++
		g.elements++
		switch {
		case g.depth > maxDepth:
			return nil, fmt.Errorf("elements %d deep: at most %d", g.depth, maxDepth)
		case g.elements > maxElements:
			return nil, fmt.Errorf("more than %d elements", maxElements)
		case len(t.Attr) > maxAttrs:
			return nil, fmt.Errorf("an element with %d attributes: at most %d", len(t.Attr), maxAttrs)
		}
	case xml.EndElement:
		g.depth--
	}
	return t, nil
}

// readXML opens a document and returns its root and a decoder that is behind
// the root's start tag.
func readXML(data []byte) (*xml.Decoder, xml.StartElement, error) {
	if err := fits(data); err != nil {
		return nil, xml.StartElement{}, err
	}
	dec := xml.NewTokenDecoder(&guarded{dec: xml.NewDecoder(bytes.NewReader(data))})
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil, xml.StartElement{}, errors.New("no XML element in it")
		}
		if err != nil {
			return nil, xml.StartElement{}, fmt.Errorf("not XML: %w", err)
		}
		if start, ok := t.(xml.StartElement); ok {
			return dec, start, nil
		}
	}
}

// rest reads to the end: after the root there may be nothing more.
func rest(dec *xml.Decoder) error {
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("not XML: %w", err)
		}
		if _, ok := t.(xml.StartElement); ok {
			return errors.New("a second XML element after the first")
		}
	}
}
