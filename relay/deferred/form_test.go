package deferred_test

import (
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/deferred"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestForms: every state, as a program reads it and as a person sees it, in both
// languages.
func TestForms(t *testing.T) {
	for _, lang := range []string{"en", "ko"} {
		for form, accept := range map[string]string{"json": "application/json", "html": "text/html,application/xhtml+xml,*/*;q=0.8"} {
			headers := []string{"Accept-Language", lang, "Accept", accept}
			for state, w := range states(t, headers) {
				name := filepath.Join("testdata", state+"."+lang+"."+form)
				got := w.Body.String()
				for what, by := range chances {
					got = regexp.MustCompile(what).ReplaceAllString(got, by)
				}
				if *update {
					if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(name)
				if err != nil || got != string(want) {
					t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, want)
				}
				if w.Header().Get("Content-Language") != lang || w.Header().Get("Vary") == "" || strings.Contains(got, "<script") || strings.Contains(got, "http://") {
					t.Errorf("%s: %v", name, w.Header())
				}
				if form == "html" && w.Header().Get("Content-Security-Policy") == "" {
					t.Errorf("%s: no policy", name)
				}
			}
		}
	}
}

// chances are what differs from run to run, and what is the same in all pages.
var chances = map[string]string{
	`[A-Za-z0-9_-]{66}`:                   "TICKET",
	`(?s)<style>.*</style>`:               "<style>…</style>",
	`(content="|after_seconds":)2[0-9]\b`: "${1}20",
}

// states are answers of all kinds.
func states(t *testing.T, headers []string) map[string]*httptest.ResponseRecorder {
	all := map[string]*httptest.ResponseRecorder{}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(_ *deferred.Config, l *deferred.Lane) { l.AnswerBytes = 10 })
		ask := func(location string) *httptest.ResponseRecorder { return r.ask(location, headers...) }
		put := func(user uint64) *httptest.ResponseRecorder { return r.put(post("/v1/login", "x", headers...), user) }
		all["taken"] = put(1)
		all["waiting"] = ask(all["taken"].Header().Get("Location"))
		for i := range 60 {
			put(uint64(i + 2))
		}
		for range 40 {
			r.Handle(t.Context(), r.shelf.next(t))
			time.Sleep(500 * time.Millisecond)
		}
		all["taken-known"] = put(100)
		known := all["taken-known"].Header().Get("Location")
		all["waiting-known"] = ask(known)
		r.service.body = "more than ten bytes"
		cut := put(101).Header().Get("Location")
		late, tried := put(102).Header().Get("Location"), put(103).Header().Get("Location")
		broken := put(104).Header().Get("Location")
		for len(r.shelf.row) > 5 {
			r.shelf.next(t)
		}
		r.shelf.next(t)
		r.Handle(t.Context(), r.shelf.next(t))
		all["cut"] = ask(cut)
		a, b, c := r.shelf.next(t), r.shelf.next(t), r.shelf.next(t)
		r.service.status, c.Attempt = 500, 9
		r.Handle(t.Context(), c)
		all["failed"] = ask(broken)
		r.shelf.fail = relay.ErrUnknown
		w := httptest.NewRecorder()
		if _, err := r.Defer(w, post("/v1/login", "x", headers...), "login", 105); err == nil {
			t.Fatal("it is known")
		}
		all["doubt"] = w
		time.Sleep(2 * time.Hour)
		b.Attempt = 3
		r.Handle(t.Context(), a)
		r.Handle(t.Context(), b)
		all["expired"], all["expired-tried"] = ask(late), ask(tried)
		all["nothing"] = ask(deferred.Prefix + "x")
	})
	return all
}

// TestNothingOfTheirsIsWritten: a hostile path or header stands in no page.
func TestNothingOfTheirsIsWritten(t *testing.T) {
	r := newRig(t, nil)
	const evil = `"><script>alert(1)</script>`
	for _, w := range []*httptest.ResponseRecorder{
		r.put(post("/v1/login?q="+"%22%3E%3Cscript%3E", evil, "Accept", "text/html", "Idempotency-Key", evil, "X-App-Name", evil), 7),
		r.ask(deferred.Prefix+"%22%3E%3Cscript%3E", "Accept", "text/html"),
		r.ask(deferred.Prefix + "%22%3E%3Cscript%3E"),
	} {
		if strings.Contains(w.Body.String(), "script") {
			t.Errorf("%s", w.Body)
		}
	}
}
