package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Prefix is where the console stands.
const Prefix = "/daero/console/"

// policy lets the page load from its own host and nothing else. Pictures and
// sounds of the captcha's questions come inside of documents, and reports are
// handed over as blobs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; media-src data: blob:; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// Handler serves the console.
type Handler struct {
	files   map[string]file
	missing string
}

// file is one that is served.
type file struct {
	data    []byte
	packed  []byte // by gzip; nil where that gains nothing
	kind    string
	tag     string // its ETag, weak: of what is sent compressed as well
	forever bool   // its name has its hash
}

// New returns a handler of built files: index.html and what it loads, in one
// directory. With nil files every request is told what is missing.
func New(files fs.FS, missing string) (*Handler, error) {
	h := &Handler{files: map[string]file{}, missing: missing}
	if files == nil {
		return h, nil
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		data, err := fs.ReadFile(files, e.Name())
		if err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
		sum := sha256.Sum256(data)
		h.files[e.Name()] = file{
			data: data, packed: pack(data), kind: kindOf(e.Name()), tag: `W/"` + hex.EncodeToString(sum[:8]) + `"`,
			forever: strings.Contains(e.Name(), "-"),
		}
	}
	if _, ok := h.files["index.html"]; !ok {
		return nil, fmt.Errorf("console: the built files have no index.html: run `make web` again")
	}
	return h, nil
}

// pack compresses once what would be compressed for everyone who asks. It is nil
// where there is little to gain.
func pack(data []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(data); err != nil {
		return nil
	}
	if err := w.Close(); err != nil || b.Len() > len(data)*9/10 {
		return nil
	}
	return b.Bytes()
}

// kindOf is the media type of a file, also where the machine knows none.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// Serves reports whether a path is the console's, or a shorter way to it.
func Serves(p string) bool {
	return strings.HasPrefix(p, Prefix) || p == "/daero" || p == "/daero/" || p == strings.TrimSuffix(Prefix, "/")
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("X-Robots-Tag", "noindex")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "the console is read with GET", http.StatusMethodNotAllowed)
		return
	}
	name, under := strings.CutPrefix(r.URL.Path, Prefix)
	if !under {
		target := Prefix
		if r.URL.RawQuery != "" {
			target += "?" + r.URL.RawQuery
		}
		header.Set("Cache-Control", "no-store")
		http.Redirect(w, r, target, http.StatusFound) //nolint:gosec // only the query is theirs
		return
	}
	if len(h.files) == 0 {
		h.unbuilt(w)
		return
	}
	if name == "" {
		name = "index.html"
	}
	f, ok := h.files[name]
	if !ok {
		// A page that is older than the program asks for files that are gone; they
		// must not be remembered as gone.
		header.Set("Cache-Control", "no-store")
		http.Error(w, "there is no such file: load the page again", http.StatusNotFound)
		return
	}
	f.serve(w, r)
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.kind)
	header.Set("ETag", f.tag)
	header.Set("Vary", "Accept-Encoding")
	header.Set("Cache-Control", "no-cache")
	if f.forever {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if strings.Contains(r.Header.Get("If-None-Match"), f.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	data := f.data
	if f.packed != nil && takesGzip(r.Header.Get("Accept-Encoding")) {
		data = f.packed
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(data) // who asked went away
	}
}

// takesGzip reports whether a browser takes gzip. A list that forbids it, or any
// other than browsers send, gets what it surely can read.
func takesGzip(accepted string) bool {
	for part := range strings.SplitSeq(accepted, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" {
			q := strings.TrimSpace(weight)
			return q == "" || strings.Trim(strings.TrimPrefix(q, "q="), "0.") != ""
		}
	}
	return false
}

var unbuilt = template.Must(template.New("unbuilt").Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>daero</title></head><body><main><h1>daero</h1><p>{{.}}</p><p lang="ko">화면 파일 없이 만든 프로그램입니다. <code>make web</code>을 실행하고 다시 빌드해 주세요. 터미널에서는 <code>daero top</code>이 같은 것을 보여 줍니다.</p><p>In a terminal, <code>daero top</code> shows the same.</p></main></body></html>
`))

// unbuilt says what is missing.
func (h *Handler) unbuilt(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = unbuilt.Execute(w, h.missing) // who asked went away
}
