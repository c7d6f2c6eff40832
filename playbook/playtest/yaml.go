package playtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// reader reads nodes of YAML and notes every mistake with its line.
type reader struct {
	file    string
	errs    []error
	entries int // of the test that is being read
}

// Mistakes after which no more are noted.
const maxMistakes = 50

func (r *reader) bad(n *yaml.Node, format string, args ...any) {
	if len(r.errs) < maxMistakes {
		r.errs = append(r.errs, fmt.Errorf("%s: %s", r.where(n), fmt.Sprintf(format, args...)))
	}
}

func (r *reader) where(n *yaml.Node) string { return fmt.Sprintf("%s:%d", r.file, n.Line) }

// document returns the root of the only document in data, nil after a mistake.
func (r *reader) document(data []byte) *yaml.Node {
	top := &yaml.Node{Line: 1}
	if len(data) > MaxFile {
		r.bad(top, "%d bytes: at most %d", len(data), MaxFile)
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		r.bad(top, "nothing in it: begin with \"tests:\"")
		return nil
	case err != nil:
		r.errs = append(r.errs, fmt.Errorf("%s: %s", r.file, strings.TrimPrefix(err.Error(), "yaml: ")))
		return nil
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		r.bad(top, "more than one document: one file has one")
		return nil
	}
	return doc.Content[0]
}

// field reads the value of a key.
type field func(n *yaml.Node)

// mapping reads a mapping with these keys; others are mistakes.
func (r *reader) mapping(n *yaml.Node, what string, fields map[string]field) (has map[string]bool) {
	has = map[string]bool{}
	if n.Kind != yaml.MappingNode {
		r.bad(n, "%s: expected keys and values (%s), got %s", what, strings.Join(slices.Sorted(maps.Keys(fields)), ", "), kindOf(n))
		return has
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, known := fields[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || !known:
			r.bad(key, "%s: unknown key %q%s", what, key.Value, didYouMean(key.Value, slices.Sorted(maps.Keys(fields))))
		case has[key.Value]:
			r.bad(key, "%s: %s stands twice: keep one", what, key.Value)
		default:
			has[key.Value] = true
			read(value)
		}
	}
	return has
}

// list calls read for each entry of a list.
func (r *reader) list(n *yaml.Node, what string, read func(n *yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.bad(n, "%s: expected a list, got %s", what, kindOf(n))
		return
	}
	for _, child := range n.Content {
		if r.entries++; r.entries > MaxEntries {
			r.bad(child, "%s: more than %d entries in one test", what, MaxEntries)
			return
		}
		read(child)
	}
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias, which is not understood: write it out"
	}
	if n.Value == "" {
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}

// text reads a scalar that is not empty.
func (r *reader) text(into *string) field {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Value == "" {
			r.bad(n, "expected a word, got %s", kindOf(n))
			return
		}
		*into = n.Value
	}
}

// texts reads one scalar or a list of them.
func (r *reader) texts(into *[]string) field {
	return func(n *yaml.Node) {
		one := func(n *yaml.Node) {
			var s string
			if r.text(&s)(n); s != "" {
				*into = append(*into, s)
			}
		}
		if n.Kind == yaml.SequenceNode {
			r.list(n, "list", one)
			return
		}
		one(n)
	}
}

// yes reads true; nothing else says anything.
func (r *reader) yes(into *bool) field {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Value != "true" {
			r.bad(n, "expected true, got %s: leave the line out if it is not so", kindOf(n))
			return
		}
		*into = true
	}
}

// duration reads a moment or a span of at most MaxTime.
func (r *reader) duration(into *time.Duration) field {
	return func(n *yaml.Node) {
		d, err := time.ParseDuration(n.Value)
		switch {
		case n.Kind != yaml.ScalarNode || err != nil:
			r.bad(n, "expected a time like 10s, 1m30s or 100ms, got %s", kindOf(n))
		case d < 0 || d > MaxTime:
			r.bad(n, "%s: must be 0s to %s", n.Value, MaxTime)
		default:
			*into = d
		}
	}
}
