package console_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/daero/daero/console"
)

var built = fstest.MapFS{
	"index.html":        {Data: []byte("<!doctype html><script src=main-ABC.js></script>")},
	"main-ABCDEFGH.js":  {Data: []byte("run()")},
	"main-ABCDEFGH.css": {Data: []byte("main{}")},
	"licenses.txt":      {Data: []byte("MIT")},
}

func ask(t *testing.T, h http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestFiles(t *testing.T) {
	h, err := console.New(built, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		method, path      string
		status            int
		kind, cache, body string
	}{
		{"GET", "/daero/console/", 200, "text/html; charset=utf-8", "no-cache", "<!doctype"},
		{"GET", "/daero/console/?kiosk", 200, "text/html; charset=utf-8", "no-cache", "<!doctype"},
		{"GET", "/daero/console/main-ABCDEFGH.js", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "run()"},
		{"GET", "/daero/console/main-ABCDEFGH.css", 200, "text/css; charset=utf-8", "public, max-age=31536000, immutable", "main{}"},
		{"GET", "/daero/console/licenses.txt", 200, "text/plain; charset=utf-8", "no-cache", "MIT"},
		{"HEAD", "/daero/console/", 200, "text/html; charset=utf-8", "no-cache", ""},
		{"GET", "/daero/console/main-OLDONE.js", 404, "text/plain; charset=utf-8", "no-store", "load the page again"},
		{"GET", "/daero/console/../api/level", 404, "text/plain; charset=utf-8", "no-store", ""},
		{"POST", "/daero/console/", 405, "text/plain; charset=utf-8", "", ""},
	} {
		w := ask(t, h, tt.method, tt.path)
		if w.Code != tt.status || w.Header().Get("Content-Type") != tt.kind || w.Header().Get("Cache-Control") != tt.cache || !strings.HasPrefix(w.Body.String(), tt.body[:min(len(tt.body), 4)]) && !strings.Contains(w.Body.String(), tt.body) {
			t.Errorf("%s %s: %d %q %q %q", tt.method, tt.path, w.Code, w.Header().Get("Content-Type"), w.Header().Get("Cache-Control"), w.Body)
		}
		if p := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'none'") || strings.Contains(p, "unsafe") || !strings.Contains(p, "frame-ancestors 'none'") {
			t.Errorf("%s %s: policy %q", tt.method, tt.path, p)
		}
	}
}

func TestShorterWays(t *testing.T) {
	h, err := console.New(built, "")
	if err != nil {
		t.Fatal(err)
	}
	for path, to := range map[string]string{"/daero": "/daero/console/", "/daero/": "/daero/console/", "/daero/console": "/daero/console/", "/daero?kiosk": "/daero/console/?kiosk"} {
		if w := ask(t, h, "GET", path); w.Code != http.StatusFound || w.Header().Get("Location") != to {
			t.Errorf("%s: %d to %q", path, w.Code, w.Header().Get("Location"))
		}
	}
	for path, is := range map[string]bool{"/daero": true, "/daero/console/x": true, "/daero/api/now": false, "/daero/consoles": false, "/": false} {
		if console.Serves(path) != is {
			t.Errorf("Serves(%q) is not %t", path, is)
		}
	}
}

func TestUnchangedIsNotSentAgain(t *testing.T) {
	h, err := console.New(built, "")
	if err != nil {
		t.Fatal(err)
	}
	tag := ask(t, h, "GET", "/daero/console/").Header().Get("ETag")
	w := ask(t, h, "GET", "/daero/console/", "If-None-Match", `"other", `+tag)
	if tag == "" || w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("tag %q: %d, %d bytes", tag, w.Code, w.Body.Len())
	}
}

func TestFilesAreCompressedForWhoTakesIt(t *testing.T) {
	long := strings.Repeat("run();", 500)
	h, err := console.New(fstest.MapFS{"index.html": {Data: []byte("x")}, "main-ABC.js": {Data: []byte(long)}}, "")
	if err != nil {
		t.Fatal(err)
	}
	for accepted, packed := range map[string]bool{
		"gzip, deflate, br, zstd": true, "gzip": true, "br;q=1.0, gzip;q=0.8": true,
		"": false, "gzip;q=0": false, "gzip;q=0.000, br": false, "identity": false, "xgzip": false,
	} {
		w := ask(t, h, "GET", "/daero/console/main-ABC.js", "Accept-Encoding", accepted)
		body := io.Reader(w.Body)
		if length := w.Header().Get("Content-Length"); length != strconv.Itoa(w.Body.Len()) {
			t.Errorf("%q: Content-Length %s of %d", accepted, length, w.Body.Len())
		}
		if packed {
			if body, err = gzip.NewReader(body); err != nil {
				t.Fatalf("%q: %v", accepted, err)
			}
		}
		data, err := io.ReadAll(body)
		if err != nil || string(data) != long || (w.Header().Get("Content-Encoding") == "gzip") != packed || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %v, %d bytes, %v", accepted, err, len(data), w.Header())
		}
	}
	if w := ask(t, h, "GET", "/daero/console/", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "" {
		t.Error("what is short is compressed")
	}
}

func TestWithoutBuiltFilesItSaysWhatIsMissing(t *testing.T) {
	h, err := console.New(nil, "run `make web`, <then> build again")
	if err != nil {
		t.Fatal(err)
	}
	w := ask(t, h, "GET", "/daero/console/")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make web") || strings.Contains(w.Body.String(), "<then>") || !strings.Contains(w.Body.String(), "daero top") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if _, err := console.New(fstest.MapFS{"main.js": {}}, ""); err == nil {
		t.Error("files without a page are taken")
	}
}
