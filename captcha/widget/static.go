package widget

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/daero/daero/web"
)

// files are the widget's files, read once.
type files struct {
	bytes map[string][]byte
	tag   map[string]string // a hash, as the address of what may be kept for good
}

func readFiles(from fs.FS) (*files, error) {
	f := &files{bytes: map[string][]byte{}, tag: map[string]string{}}
	for _, name := range web.WidgetFiles {
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, fmt.Errorf("%s cannot be read: %w", name, err)
		}
		sum := sha256.Sum256(data)
		f.bytes[name], f.tag[name] = data, hex.EncodeToString(sum[:8])
	}
	return f, nil
}

// What files are.
const (
	typeScript = "text/javascript; charset=utf-8"
	typeStyle  = "text/css; charset=utf-8"
)

// script serves the script of pages. Any page may load it, also with integrity
// attributes and into pages that isolate themselves.
func (h *Handler) script(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Cross-Origin-Resource-Policy", "cross-origin")
	head.Set("Access-Control-Allow-Origin", "*")
	h.file(w, r, "api.js", typeScript, "public, max-age=300")
}

// asset serves a file of the frame, for good where its hash was asked for.
func (h *Handler) asset(w http.ResponseWriter, r *http.Request, name string) {
	head := w.Header()
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	// A page that isolates itself asks this of its frames, and they of their worker.
	head.Set("Cross-Origin-Embedder-Policy", "require-corp")
	kind, keep := typeScript, "no-cache"
	if name == "frame.css" {
		kind = typeStyle
	}
	if name == "worker.js" { // a worker has a policy of its own: it computes
		head.Set("Content-Security-Policy", "default-src 'none'")
	}
	if h.files != nil && r.URL.RawQuery == "v="+h.files.tag[name] {
		keep = "public, max-age=31536000, immutable"
	}
	h.file(w, r, name, kind, keep)
}

func (h *Handler) file(w http.ResponseWriter, r *http.Request, name, kind, keep string) {
	if err := method(w, r, http.MethodGet, http.MethodHead); err != nil {
		h.refuse(w, err)
		return
	}
	head := w.Header()
	head.Set("X-Content-Type-Options", "nosniff")
	if h.files == nil {
		head.Set("Cache-Control", "no-store")
		head.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(w, "daero captcha: %s\n", web.Missing)
		return
	}
	head.Set("Cache-Control", keep)
	head.Set("Content-Type", kind)
	head.Set("ETag", `"`+h.files.tag[name]+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(h.files.bytes[name]))
}
