package api_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

func recorded(t *testing.T, w *world, n int) {
	t.Helper()
	var all []audit.Entry
	for i := range n {
		all = append(all, audit.Entry{At: w.clock().Add(time.Duration(i) * time.Millisecond), Who: []string{"kim", "lee"}[i%2], What: audit.LevelPinned, Target: fmt.Sprint(i), Why: "because"})
	}
	if err := w.store.Append(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

// TestExport: all that fits is in the file, however much it is, the oldest
// first.
func TestExport(t *testing.T) {
	w := newWorld(t)
	recorded(t, w, 2*store.MaxLimit+500)
	for format, accept := range map[string]string{"format=csv&": "", "": "text/csv"} {
		r := w.do(store.Viewer, "GET", "/daero/api/audit?"+format+"who=kim", "", "Accept", accept)
		rows, err := csv.NewReader(r.Body).ReadAll()
		if err != nil || len(rows) != store.MaxLimit+250+1 || rows[0][0] != "id" || rows[1][4] != "0" || rows[len(rows)-1][4] != "2498" {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		if h := r.Header(); !strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename=daero-record-") || h.Get("Content-Type") != "text/csv; charset=utf-8" {
			t.Errorf("%v", h)
		}
	}
	r := w.do(store.Viewer, "GET", "/daero/api/audit?format=ndjson&text=BECAUSE&since=2026-01-01T00:00:00Z", "")
	d, n := json.NewDecoder(r.Body), 0
	for ; d.More(); n++ {
		var e audit.Entry
		if err := d.Decode(&e); err != nil || e.Target != fmt.Sprint(n) {
			t.Fatalf("entry %d is %+v, %v", n, e, err)
		}
	}
	if n != 2*store.MaxLimit+500 {
		t.Errorf("%d entries", n)
	}
	if r := w.do(store.Viewer, "GET", "/daero/api/audit?format=csv&limit=2&who=lee", ""); strings.Count(r.Body.String(), "\n") != 3 {
		t.Errorf("two were wanted: %s", r.Body)
	}
	w.expect(w.do(store.Viewer, "GET", "/daero/api/audit?format=xlsx", ""), http.StatusBadRequest)
	w.expect(w.do("", "GET", "/daero/api/audit?format=csv", ""), http.StatusUnauthorized)
}

// TestExportIsNoProgram: what people wrote is not calculated with.
func TestExportIsNoProgram(t *testing.T) {
	for cell, want := range map[string]string{
		"=1+1":             "'=1+1",
		"+82 2 123":        "'+82 2 123",
		"-1":               "'-1",
		"@SUM(A1)":         "'@SUM(A1)",
		" =cmd|' /C calc'": "' =cmd|' /C calc'",
		"\t=1":             "'\t=1",
		"\u00a0=1":         "'\u00a0=1",
		"＝1":               "'＝1",
		"|x":               "'|x",
		"100%":             "100%",
		"a=b":              "a=b",
		"지진":               "지진",
		"":                 "",
		"  ":               "  ",
		`"quoted", yes`:    `"quoted", yes`,
	} {
		if got := api.Inert(cell); got != want {
			t.Errorf("%q: %q, want %q", cell, got, want)
		}
	}
	w := newWorld(t)
	if err := w.store.Append(t.Context(), []audit.Entry{{Who: "kim", What: "x", Target: "=HYPERLINK(\"http://x\")", Why: "-2\r\n=3"}}); err != nil {
		t.Fatal(err)
	}
	r := w.do(store.Viewer, "GET", "/daero/api/audit?format=csv&what=x", "")
	rows, err := csv.NewReader(r.Body).ReadAll()
	if err != nil || rows[1][4] != `'=HYPERLINK("http://x")` || !strings.HasPrefix(rows[1][7], "'-2") {
		t.Errorf("%q, %v", rows, err)
	}
}

// broken is a record that fails after some pages.
type broken struct {
	api.Record
	left int
}

func (b *broken) Entries(ctx context.Context, f store.Filter) ([]audit.Entry, error) {
	if b.left--; b.left < 0 {
		return nil, errors.New("disk full")
	}
	return b.Record.Entries(ctx, f)
}

// TestExportThatBreaks: half of a record must not look like all of it.
func TestExportThatBreaks(t *testing.T) {
	b := &broken{}
	w := newWorld(t, func(cfg *api.Config) { b.Record, cfg.Record = cfg.Record, b })
	recorded(t, w, store.MaxLimit+1)
	server := httptest.NewServer(w.api)
	defer server.Close()
	for pages, whole := range map[int]bool{3: true, 2: false} {
		b.left = pages
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/daero/api/audit?format=csv", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+w.token(store.Viewer))
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, err = csv.NewReader(resp.Body).ReadAll()
		if resp.Body.Close(); (err == nil) != whole {
			t.Errorf("%d pages: %v", pages, err)
		}
	}
	b.left = 0
	w.expect(w.do(store.Viewer, "GET", "/daero/api/audit?format=csv", ""), http.StatusInternalServerError)
}

// TestPages: from the newest back to the oldest, nothing twice and nothing left
// out.
func TestPages(t *testing.T) {
	w := newWorld(t)
	recorded(t, w, 25)
	seen, before := 0, ""
	for more := true; more; {
		doc := w.get("/daero/api/audit?limit=10&text=because" + before)
		page := doc["entries"].([]any)
		for i := range page {
			e := page[len(page)-1-i].(map[string]any)
			if e["target"] != fmt.Sprint(24-seen) {
				t.Fatalf("entry %d is %v", seen, e)
			}
			seen++
		}
		more = doc["more"].(bool)
		before = fmt.Sprintf("&before=%.0f", doc["first"])
	}
	if seen != 25 {
		t.Errorf("%d entries", seen)
	}
	if doc := w.get("/daero/api/audit?after=1&limit=3"); doc["more"] != true || len(doc["entries"].([]any)) != 3 || doc["last"] != doc["first"].(float64)+2 {
		t.Errorf("%v", doc)
	}
	for _, query := range []string{"before=x", "before=-1", "text=" + strings.Repeat("x", store.MaxText+1)} {
		w.expect(w.do(store.Viewer, "GET", "/daero/api/audit?"+query, ""), http.StatusBadRequest)
	}
}

func FuzzInert(f *testing.F) {
	f.Add("=1")
	f.Add("  \ufeff+1")
	f.Fuzz(func(t *testing.T, cell string) {
		got := api.Inert(cell)
		if strings.TrimPrefix(got, "'") != cell && got != cell {
			t.Errorf("%q became %q", cell, got)
		}
		if got != "" && strings.ContainsRune("=+-@\t\r", rune(got[0])) {
			t.Errorf("%q is still a formula", got)
		}
	})
}
