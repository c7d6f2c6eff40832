package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// PlaybookDraft is a playbook that somebody thinks of, read.
type PlaybookDraft struct {
	// Mistakes are all there are. With any, Book and Text are empty.
	Mistakes []PlaybookMistake
	Book     playbook.Config
	// Text is the playbook as the configuration has it, written in one way;
	// InForce is likewise the one in force, "" if there is none.
	Text, InForce string
}

// PlaybookMistake is one thing that is wrong with a playbook.
type PlaybookMistake struct {
	Line int    `json:"line"`
	What string `json:"what"`
	// Cure is what to do about it, where that is a part of its own.
	Cure string `json:"cure,omitempty"`
}

// errNoPreview is the error where no configuration can be read.
var errNoPreview = errors.New("this program reads no playbooks")

// previewAsk is what is asked for: a text, or rows.
type previewAsk struct {
	// Playbook is the text of the block, as in the Caddyfile.
	Playbook string `json:"playbook"`
	// Rows are instead the lines of each level.
	Rows []previewRow `json:"rows"`
	// Shadow is of Rows.
	Shadow bool `json:"shadow"`
}

type previewRow struct {
	Level   word     `json:"level"`
	Actions []string `json:"actions"` // "shed login background 0..60%"
}

// text is the playbook as text. Rows are lines, so that one parser reads both.
func (a previewAsk) text() (string, error) {
	switch {
	case a.Playbook != "" && (len(a.Rows) > 0 || a.Shadow):
		return "", bad("playbook and rows: give one of them")
	case a.Playbook != "":
		return a.Playbook, nil
	case len(a.Rows) == 0:
		return "", bad(`give a "playbook", as the Caddyfile has it, or its "rows"`)
	}
	var b strings.Builder
	b.WriteString("playbook {\n")
	if a.Shadow {
		b.WriteString("\tshadow\n")
	}
	for _, row := range a.Rows {
		fmt.Fprintf(&b, "\tat %s {\n", row.Level)
		for _, line := range row.Actions {
			if strings.ContainsAny(line, "\r\n") || strings.TrimSpace(line) == "" {
				return "", bad("rows: each action is one line")
			}
			b.WriteString("\t\t" + strings.TrimSpace(line) + "\n")
		}
		b.WriteString("\t}\n")
	}
	b.WriteString("}\n")
	return b.String(), nil
}

// PlaybookPreviewDoc is what a playbook would do. Nothing was changed.
type PlaybookPreviewDoc struct {
	OK       bool              `json:"ok"`
	Mistakes []PlaybookMistake `json:"mistakes"`
	// Diff is unified, against what is in force; "" if nothing differs.
	Diff string `json:"diff"`
	// Predicted is what it refuses when each level is full, from the last minute.
	Predicted []LevelEffect `json:"predicted"`
	// Export is the playbook to put into the Caddyfile.
	Export string `json:"export"`
	// InForce is what would happen at once, where the level stands now; missing
	// with mistakes.
	InForce *PreviewNowDoc `json:"in_force,omitempty"`
}

// LevelEffect is what a playbook does at one level.
type LevelEffect struct {
	Level level.Level `json:"level"`
	Effect
	// Now is the share that the playbook in force refuses there.
	Now float64 `json:"share_in_force"`
}

func previewPlaybook(c *call) error {
	var ask previewAsk
	if err := c.read(&ask); err != nil {
		return err
	}
	text, err := ask.text()
	if err != nil {
		return err
	}
	if c.Preview == nil {
		return problem{Status: http.StatusNotImplemented, Kind: "no-preview", Title: "Nothing here reads playbooks", Detail: errNoPreview.Error()}
	}
	draft, err := c.Preview(c.r.Context(), text)
	if err != nil {
		return err
	}
	doc := PlaybookPreviewDoc{OK: len(draft.Mistakes) == 0, Mistakes: []PlaybookMistake{}, Predicted: []LevelEffect{}}
	for _, m := range draft.Mistakes {
		doc.Mistakes = append(doc.Mistakes, cured(m))
	}
	slices.SortStableFunc(doc.Mistakes, func(a, b PlaybookMistake) int { return a.Line - b.Line })
	if doc.OK {
		doc.Export, doc.Diff = draft.Text, unified("in force", "proposed", draft.InForce, draft.Text)
		book := c.Daero.Control().State(c.Now()).Book
		for lv := level.Attention; lv < level.Count; lv++ {
			doc.Predicted = append(doc.Predicted, LevelEffect{Level: lv, Effect: c.effect(draft.Book, lv), Now: c.effect(book, lv).Share})
		}
		doc.InForce = c.previewNow(draft.Book)
	}
	return c.send(http.StatusOK, doc)
}

// cured takes the cure, which ends a mistake's sentence, out of it.
func cured(m PlaybookMistake) PlaybookMistake {
	if i := strings.LastIndex(m.What, ": "); m.Cure == "" && i > 0 {
		for _, verb := range []string{"write ", "use ", "add ", "keep ", "swap ", "end ", "give ", "say ", "declare ", "leave ", "must ", "did you ", "lower ", "put ", "close "} {
			if strings.HasPrefix(m.What[i+2:], verb) {
				m.What, m.Cure = m.What[:i], m.What[i+2:]
				break
			}
		}
	}
	return m
}
