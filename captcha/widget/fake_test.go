package widget_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/widget"
)

// script is a platform that notes what it is asked and says what it was told to.
type script struct {
	hosts  []string
	reply  captcha.Reply
	media  captcha.Media
	err    error
	asked  string
	opened captcha.Opening
	args   []any
}

func (s *script) say(name string, args ...any) (captcha.Reply, error) {
	s.asked, s.args = name, args
	return s.reply, s.err
}

func (s *script) Hosts(context.Context, string, time.Time) ([]string, error) { return s.hosts, s.err }

func (s *script) Open(_ context.Context, o captcha.Opening, now time.Time) (captcha.Reply, error) {
	s.opened = o
	return s.say("open", now)
}

func (s *script) Work(_ context.Context, id, session, y, address string, _ time.Time) (captcha.Reply, error) {
	return s.say("work", id, session, y, address)
}

func (s *script) Answer(_ context.Context, id, session string, g answer.Given, address string, _ time.Time) (captcha.Reply, error) {
	return s.say("answer", id, session, g, address)
}

func (s *script) Switch(_ context.Context, id, session string, m captcha.Mode, address string, _ time.Time) (captcha.Reply, error) {
	return s.say("switch", id, session, m, address)
}

func (s *script) Extend(_ context.Context, id, session string, _ time.Time) (captcha.Reply, error) {
	return s.say("extend", id, session)
}

func (s *script) Media(_ context.Context, id string, part captcha.Part, _ time.Time) (captcha.Media, error) {
	s.asked, s.args = "media", []any{id, part}
	return s.media, s.err
}

// built are files as `make web` makes them, and others.
var built = fstest.MapFS{
	"api.js": {Data: []byte("page()")}, "frame.ko.js": {Data: []byte("frame('ko')")}, "frame.en.js": {Data: []byte("frame('en')")},
	"worker.js": {Data: []byte("work()")}, "frame.css": {Data: []byte("main{}")},
}

// serve returns a handler in front of the script, which takes 203.0.113.9 for
// everyone's address.
func serve(t testing.TB, s *script, change ...func(*widget.Config)) *widget.Handler {
	t.Helper()
	cfg := widget.Config{
		Platform: s, Files: built,
		Client: func(*http.Request) string { return "203.0.113.9" },
		Now:    func() time.Time { return time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC) },
	}
	for _, c := range change {
		c(&cfg)
	}
	h, err := widget.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

const site = "captcha.example.com"

// send sends a request as the frame's script does; headers come in pairs, and
// "" takes one away.
func send(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	var r *http.Request
	if body == "" {
		r = httptest.NewRequest(method, "https://"+site+path, nil)
	} else {
		r = httptest.NewRequest(method, "https://"+site+path, strings.NewReader(body))
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Origin", "https://"+site)
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// refusal reads a problem document and holds what all of them promise.
func refusal(t *testing.T, w *httptest.ResponseRecorder) (code string) {
	t.Helper()
	var p struct {
		Type, Title, Detail, Code, Reference string
		Status                               int
	}
	body, _ := io.ReadAll(w.Body)
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("%d %s is no problem document", w.Code, body)
	}
	if w.Header().Get("Content-Type") != "application/problem+json" || p.Status != w.Code || p.Title == "" || p.Detail == "" ||
		p.Type != "urn:problem-type:daero:captcha-"+p.Code || len(p.Reference) != 9 {
		t.Errorf("problem document: %d %v %s", w.Code, w.Header(), body)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("a refusal may be kept: %q", w.Header().Get("Cache-Control"))
	}
	return p.Code
}
