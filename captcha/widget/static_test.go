package widget_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/widget"
	"github.com/daero/daero/web"
)

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

func TestOneScriptAtEveryPath(t *testing.T) {
	h := serve(t, &script{})
	for _, path := range widget.Scripts {
		if !widget.Owns(path) {
			t.Errorf("%s is nobody's", path)
		}
		// As a page elsewhere loads it.
		w := send(h, "GET", path+"?onload=f&render=explicit", "", "Sec-Fetch-Site", "cross-site", "Origin", "https://shop.example.com")
		if w.Code != 200 || w.Body.String() != "page()" {
			t.Errorf("%s: %d %q", path, w.Code, w.Body)
		}
		for name, want := range map[string]string{
			"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff",
			"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*", "Set-Cookie": "",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", path, name, got, want)
			}
		}
		if w := send(h, "GET", path, "", "If-None-Match", w.Header().Get("ETag")); w.Code != 304 {
			t.Errorf("%s is sent again to who has it: %d", path, w.Code)
		}
		if w := send(h, "HEAD", path, ""); w.Code != 200 || w.Body.Len() != 0 {
			t.Errorf("HEAD %s: %d, %d bytes", path, w.Code, w.Body.Len())
		}
	}
	for _, path := range []string{"/", "/recaptcha/api/siteverify", "/1/api.jsx", "/daero/captcha", "/daero/captchas/frame"} {
		if widget.Owns(path) {
			t.Errorf("%s is taken", path)
		}
	}
}

var source = regexp.MustCompile(`(?:href|src)="([^"]+)"|data-worker="([^"]+)"`)

func TestTheFrameLoadsWhatItNames(t *testing.T) {
	h := serve(t, &script{hosts: []string{"shop.example.com"}})
	page := send(h, "GET", "/daero/captcha/frame?k=key&hl=ko", "").Body.String()
	found := source.FindAllStringSubmatch(page, -1)
	if len(found) != 3 {
		t.Fatalf("the frame names %d files: %s", len(found), page)
	}
	for _, m := range found {
		name := m[1] + m[2]
		w := send(h, "GET", "/daero/captcha/"+name, "")
		if w.Code != 200 || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %d, Cache-Control %q", name, w.Code, w.Header().Get("Cache-Control"))
		}
		plain, _, _ := strings.Cut(name, "?")
		if w := send(h, "GET", "/daero/captcha/"+plain+"?v=old", ""); w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s of another version: %d, Cache-Control %q", plain, w.Code, w.Header().Get("Cache-Control"))
		}
	}
	if strings.Contains(page, "<script>") || strings.Contains(page, "style=") || strings.Contains(page, "<style") {
		t.Errorf("something is written into the page, which its policy forbids: %s", page)
	}
}

func TestTheFrameSpeaks(t *testing.T) {
	h := serve(t, &script{})
	for _, c := range []struct{ hl, accept, want string }{
		{"ko", "en", "ko"},
		{"ko-KR", "", "ko"},
		{"KO", "", "ko"},
		{"en-GB", "ko", "en"},
		{"fr", "ko", "en"},
		{"", "ko-KR,ko;q=0.9,en;q=0.8", "ko"},
		{"auto", "ko", "ko"},
		{"", "en-US", "en"},
		{"", "", "en"},
		{`"><script>`, "ko", "en"},
	} {
		w := send(h, "GET", "/daero/captcha/frame?k=key&hl="+strings.ReplaceAll(c.hl, `"`, "%22"), "", "Accept-Language", c.accept)
		if !strings.Contains(w.Body.String(), `<html lang="`+c.want+`"`) || !strings.Contains(w.Body.String(), "frame."+c.want+".js") {
			t.Errorf("hl %q, Accept-Language %q: not %s: %s", c.hl, c.accept, c.want, w.Body)
		}
		if strings.Contains(w.Body.String(), "><script>") {
			t.Error("what was asked for stands in the page")
		}
	}
}

func TestWhereTheFrameMayStand(t *testing.T) {
	const base = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
	many := make([]string, 200)
	for i := range many {
		many[i] = strings.Repeat("a", 40) + "." + string(rune('a'+i%26)) + ".example"
	}
	for what, c := range map[string]struct {
		hosts   []string
		err     error
		referer string
		want    string
		wrong   string
	}{
		"its hosts":             {[]string{"shop.example.com", "*.example.org", "localhost"}, nil, "", "'self' http://shop.example.com:* https://shop.example.com:* http://*.example.org:* https://*.example.org:* http://localhost:* https://localhost:*", ""},
		"apps and addresses":    {[]string{"app:com.example.shop", "app:8080", "::1", "127.0.0.1"}, nil, "", "'self' http://127.0.0.1:* https://127.0.0.1:*", ""},
		"a page of a host":      {[]string{"shop.example.com"}, nil, "https://shop.example.com:8443/", "'self' http://shop.example.com:* https://shop.example.com:*", ""},
		"a page of another":     {[]string{"shop.example.com"}, nil, "https://other.example.com/", "*", "wrong-host"},
		"our own page":          {[]string{"shop.example.com"}, nil, "https://" + site + "/", "'self' http://shop.example.com:* https://shop.example.com:*", ""},
		"a test key":            {[]string{"*"}, nil, "https://anything.example/", "*", ""},
		"no site":               {nil, &captcha.Refusal{Status: 404, Code: "no-site", Text: "x"}, "", "*", "no-site"},
		"no store":              {nil, &captcha.Refusal{Status: 503, Code: "unavailable", Text: "x"}, "", "*", "unavailable"},
		"nothing hidden in one": {[]string{"a.example; script-src *", "b.example c.example"}, nil, "", "'self'", ""},
		"too many, named":       {many, nil, "https://" + many[3] + "/", "'self' http://" + many[3] + ":* https://" + many[3] + ":*", ""},
	} {
		w := send(serve(t, &script{hosts: c.hosts, err: c.err}), "GET", "/daero/captcha/frame?k=key", "", "Referer", c.referer)
		if got := w.Header().Get("Content-Security-Policy"); got != base+c.want {
			t.Errorf("%s:\n%s, want\n%s", what, got, base+c.want)
		}
		if w.Code != 200 || !strings.Contains(w.Body.String(), `data-error="`+c.wrong+`"`) {
			t.Errorf("%s: %d, want the error %q: %s", what, w.Code, c.wrong, w.Body)
		}
		for name, want := range map[string]string{
			"Cache-Control": "private, no-cache", "Vary": "Accept-Language, Referer", "Referrer-Policy": "same-origin", "Set-Cookie": "",
			"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "cross-origin",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", what, name, got, want)
			}
		}
	}
}

// A program that was built without Node.js says how to get what is missing, to
// scripts and people, and the protocol goes on for apps.
func TestWithoutBrowserFiles(t *testing.T) {
	s := &script{reply: captcha.Reply{Step: captcha.StepDone, Token: "t"}}
	if _, built := web.Widget(); built {
		// What is built in cannot be taken away here; half of it is as good as none.
		if _, err := widget.New(widget.Config{Platform: s, Files: fstest.MapFS{"api.js": {}}}); err == nil || !strings.Contains(err.Error(), web.Missing) {
			t.Errorf("half of the files: %v", err)
		}
	}
	h := widget.Bare(t, s)
	if h.Built() {
		t.Fatal("there are files")
	}
	for _, path := range append([]string{"/daero/captcha/frame?k=key&hl=ko", "/daero/captcha/worker.js"}, widget.Scripts...) {
		w := send(h, "GET", path, "")
		if w.Code != 503 || !strings.Contains(w.Body.String(), "make web") || w.Header().Get("Cache-Control") == "public, max-age=300" {
			t.Errorf("%s: %d %v %s", path, w.Code, w.Header(), w.Body)
		}
	}
	if w := send(h, "POST", at, `{"sitekey":"k","session":"s"}`); w.Code != 200 {
		t.Errorf("the protocol: %d %s", w.Code, w.Body)
	}
}

func TestNewNeedsAPlatform(t *testing.T) {
	if _, err := widget.New(widget.Config{}); err == nil || !strings.Contains(err.Error(), "set Platform") {
		t.Errorf("New without a platform: %v", err)
	}
}

func TestTheAddressIsTheConnections(t *testing.T) {
	s := &script{}
	h := serve(t, s, func(c *widget.Config) { c.Client = nil; c.Now = nil })
	for remote, want := range map[string]string{"192.0.2.1:1234": "192.0.2.1", "[2001:db8::1]:80": "2001:db8::1", "": ""} {
		r := httptest.NewRequest("POST", "https://"+site+at, strings.NewReader(`{"sitekey":"k","session":"s"}`))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = remote
		h.ServeHTTP(newRecorder(), r)
		if s.opened.Address != want {
			t.Errorf("%q: address %q, want %q", remote, s.opened.Address, want)
		}
	}
}
