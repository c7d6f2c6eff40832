package api

import (
	"mime"
	"net/http"
	"time"
)

// sandboxed lets a report that a browser shows all the same do nothing but be
// read: no script, nothing from anywhere, an origin of its own.
const sandboxed = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func downloadRehearsalHTML(c *call) error {
	return c.download(true, "text/html; charset=utf-8", ".html")
}

func downloadRehearsalJSON(c *call) error {
	return c.download(false, "application/json", ".json")
}

// download answers with the report of a rehearsal, as a file to keep.
func (c *call) download(html bool, kind, ending string) error {
	h, err := c.rehearsals()
	if err != nil {
		return err
	}
	j, err := h.Job(c.r.PathValue("id"))
	if err != nil {
		return rehearsalFailed(err)
	}
	f, err := h.Report(j.ID, html)
	if err != nil {
		return rehearsalFailed(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	head := c.w.Header()
	head.Set("Content-Type", kind)
	head.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "daero-" + j.Scenario + "-" + j.ID + ending}))
	head.Set("Content-Security-Policy", sandboxed)
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	http.ServeContent(c.w, c.r, "", time.Time{}, f)
	return nil
}
