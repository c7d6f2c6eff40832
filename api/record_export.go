package api

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

// exporting is a way to write entries into a file.
type exporting struct {
	kind   string // media type
	ending string
	// begin writes what comes first and returns what writes an entry.
	begin func(w io.Writer) (each func(audit.Entry) error, err error)
}

var ndjsonExport = exporting{"application/x-ndjson", ".ndjson", func(w io.Writer) (func(audit.Entry) error, error) {
	enc := json.NewEncoder(w)
	return func(e audit.Entry) error { return enc.Encode(e) }, nil
}}

var csvExport = exporting{"text/csv; charset=utf-8", ".csv", func(w io.Writer) (func(audit.Entry) error, error) {
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180
	each := func(row []string) error {
		_ = out.Write(row) // Flush says what went wrong
		out.Flush()
		return out.Error()
	}
	return func(e audit.Entry) error { return each(csvRow(e)) }, each(csvHead)
}}

var csvHead = []string{"id", "at", "who", "what", "target", "before", "after", "why", "until", "shadow", "share", "node", "undo"}

// csvRow is an entry as a row. Reasons and names are what people wrote:
// spreadsheets would calculate with some of it.
func csvRow(e audit.Entry) []string {
	until, shadow, share := "", "", ""
	if !e.Until.IsZero() {
		until = e.Until.UTC().Format(time.RFC3339Nano)
	}
	if e.Shadow {
		shadow = "true"
	}
	if e.Share > 0 {
		share = strconv.FormatFloat(e.Share, 'g', -1, 64)
	}
	row := []string{
		strconv.FormatInt(e.ID, 10), e.At.UTC().Format(time.RFC3339Nano), e.Who, e.What, e.Target, e.Before, e.After, e.Why,
		until, shadow, share, e.Node, e.Undo.Does,
	}
	for i := range row {
		row[i] = inert(row[i])
	}
	return row
}

// inert makes a cell that no spreadsheet takes for a formula: one that begins
// like one gets an apostrophe in front, also where spaces or what cannot be
// seen stand before it.
func inert(cell string) string {
	bare := strings.TrimLeftFunc(cell, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\u00a0' || r == '\ufeff' || r == '\u3000' })
	first, _ := utf8.DecodeRuneInString(bare)
	switch {
	case cell != "" && strings.ContainsRune("\t\r\n", rune(cell[0])), bare != "" && strings.ContainsRune("=+-@|%＝＋－＠−", first):
		return "'" + cell
	}
	return cell
}

// export answers with all that a filter wants, as a file, the oldest first. It
// holds a page of entries at a time, and ends with what was there when it
// began.
func (c *call) export(f store.Filter, x exporting) error {
	ctx := c.r.Context()
	newest, err := c.Record.Entries(ctx, store.Filter{Limit: 1})
	if err != nil {
		return err
	}
	if len(newest) > 0 && (f.Before == 0 || f.Before > newest[0].ID+1) {
		f.Before = newest[0].ID + 1
	}
	left := f.Limit // 0 is all
	f.Oldest, f.Limit = true, store.MaxLimit
	if left > 0 {
		f.Limit = left
	}
	page, err := c.Record.Entries(ctx, f)
	if err != nil {
		return err // nothing was sent yet
	}
	h := c.w.Header()
	h.Set("Content-Type", x.kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{
		"filename": "daero-record-" + c.Now().UTC().Format("20060102T150405Z") + x.ending,
	}))
	out := bufio.NewWriterSize(c.w, 32<<10)
	each, err := x.begin(out)
	for err == nil {
		for _, e := range page {
			if err = each(e); err != nil {
				break
			}
		}
		if err == nil {
			err = out.Flush()
		}
		if err != nil || len(page) < store.MaxLimit || left > 0 {
			break
		}
		f.After = page[len(page)-1].ID
		page, err = c.Record.Entries(ctx, f)
	}
	if err != nil && ctx.Err() == nil {
		// What was sent looks whole: the connection has to say that it is not.
		panic(http.ErrAbortHandler)
	}
	return nil
}
