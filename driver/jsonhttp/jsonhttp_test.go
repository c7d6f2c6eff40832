package jsonhttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/daero/daero/driver/fetch"
	"github.com/daero/daero/driver/jsonhttp"
	"github.com/daero/daero/level"
)

// first runs a signal until it says something.
func first(t *testing.T, s *jsonhttp.Signal) level.Reading {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		if r := s.Read(time.Now()); r.Note != "not asked yet" {
			return r
		}
		<-tick.C
	}
	t.Fatal("nothing was said")
	return level.Reading{}
}

func TestValue(t *testing.T) {
	const doc = `{"used":30,"total":40,"n":{"list":[1,2,3]},"ok":true,"name":"x","none":null}`
	for value, want := range map[string]string{
		"body.used / body.total":              "0.75",
		"body.n.list.size()":                  "3",
		"body.ok":                             "1",
		"!body.ok":                            "0",
		"math.greatest(body.n.list)":          "3",
		"body.n.list.filter(x, x > 1).size()": "2",
		"status":                              "200",
		`has(body.gone) ? 1.0 : 5.0`:          "5",
		"body.gone":                           "no such key",
		"body.name":                           "must yield a number or a bool",
		"body.none":                           "no value",
		"body.used / 0.0":                     "no value",
		"body.used * 2":                       "write 2.0, not 2",
		"body.n.list.map(a, body.n.list.map(b, a*b)).size()": "3",
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer t0ken-t0ken" || r.Header.Get("X-Key") != "k" {
				w.WriteHeader(http.StatusUnauthorized)
			}
			fmt.Fprint(w, doc)
		}))
		s, err := jsonhttp.New(jsonhttp.Config{URL: srv.URL, Value: value, Auth: fetch.Auth{Bearer: "t0ken-t0ken"}, Header: http.Header{"x-key": {"k"}}})
		if err != nil {
			t.Errorf("%s: %v", value, err)
			srv.Close()
			continue
		}
		r := first(t, s)
		got := r.Note
		if !r.At.IsZero() {
			got = fmt.Sprint(r.Value)
		}
		if !strings.Contains(got, want) || utf8.RuneCountInString(r.Note) > 120 {
			t.Errorf("%s gives %q, want %q", value, got, want)
		}
		srv.Close()
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	away := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect was followed, with %q", r.Header.Get("Authorization"))
	}))
	defer away.Close()
	for name, c := range map[string]struct {
		value   string
		handler http.HandlerFunc
		want    string
	}{
		"not JSON":            {"body.x", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, "not JSON"},
		"too large":           {"body.x", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, jsonhttp.MaxBody+1)) }, "too large"},
		"an error":            {"body.x", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, "it answers 503"},
		"an error, looked at": {"status >= 500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503); fmt.Fprint(w, "down") }, ""},
		"elsewhere": {"body.x", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, away.URL, http.StatusTemporaryRedirect)
		}, "redirects to another host"},
		"broken off": {"body.x", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"slow":       {"body.x", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no answer within 1s"},
		"loops too long": {"body.map(a, body.map(b, body.filter(c, c == a + b).size()).size()).size()", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "[1"+strings.Repeat(",1", 2000)+"]")
		}, "takes too long"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(c.handler)
			defer srv.Close()
			every := time.Second
			if name == "loops too long" {
				every = time.Minute // the cost ends it, not the time
			}
			s, err := jsonhttp.New(jsonhttp.Config{URL: srv.URL + "/?key=swordfish", Value: c.value, Every: every, Auth: fetch.Auth{User: "u", Password: "hunter2hunter2"}})
			if err != nil {
				t.Fatal(err)
			}
			r := first(t, s)
			if r.At.IsZero() != (c.want != "") || !strings.Contains(r.Note, c.want) {
				t.Errorf("reading %+v, want note %q", r, c.want)
			}
			for _, secret := range []string{"swordfish", "hunter2"} {
				if strings.Contains(r.Note, secret) {
					t.Errorf("note %q shows a secret", r.Note)
				}
			}
		})
	}
}

func TestMistakesAreAllNamed(t *testing.T) {
	_, err := jsonhttp.New(jsonhttp.Config{
		URL: "http://user:hunter2@h/", Value: "body.x +\n  bdy.y", Every: time.Millisecond,
		Auth: fetch.Auth{Bearer: "sw\nord", Password: "swordfish"}, Header: http.Header{"a b": {"c\n"}},
	})
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{"user or password in the address", "2:3", "bdy", "every 1ms", "one of the two", "line break", "header a b"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "swordfish") {
		t.Errorf("error shows a secret: %v", err)
	}
	for value, want := range map[string]string{
		"": "no expression", `"a"`: "yields string", "body.": "1:", "nope(1)": "nope", strings.Repeat("1+", 4000) + "1": "at most",
	} {
		if _, err := jsonhttp.New(jsonhttp.Config{URL: "http://h/", Value: value}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20s: error %v, want %q", value, err, want)
		}
	}
}
