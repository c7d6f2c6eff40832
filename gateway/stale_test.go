package gateway_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/level"
)

// staleFile is lanesFile with a lane that may be served stale at caution.
var staleFile = strings.NewReplacer("fixed_limit 1", "fixed_limit 100", "\tdaero\n", `	daero {
		playbook {
			at caution {
				stale profile 5m
				slow profile 30s
			}
		}
	}
`, "\t\tlane login {", "\t\tlane profile {\n\t\t\tpath /p*\n\t\t\ttier normal\n\t\t}\n\t\tlane login {").Replace(lanesFile)

// staleWorld is a gateway in front of a service that numbers its answers.
// Handlers see the headers that the query names: ?h=Cache-Control:public.
func staleWorld(t *testing.T) *world {
	w := newWorld(t, staleFile)
	w.service.handle = func(rw http.ResponseWriter, r *http.Request) {
		for _, h := range r.URL.Query()["h"] {
			name, value, _ := strings.Cut(h, ":")
			rw.Header().Add(name, value)
		}
		status, _ := strconv.Atoi(r.URL.Query().Get("status"))
		rw.WriteHeader(max(status, 200))
		fmt.Fprintf(rw, "%d for %s in %s", w.service.served.Load(), r.Header.Get("X-User-Id"), r.Header.Get("Accept-Language"))
		if n, _ := strconv.Atoi(r.URL.Query().Get("flush")); n > 0 {
			rw.(http.Flusher).Flush()
			fmt.Fprint(rw, strings.Repeat("x", n))
		}
	}
	return w
}

func isStale(r reply) bool { return r.Header.Get("Cache-Status") == "daero; hit; detail=stale" }

func TestStaleIsServedWhileTheLevelStands(t *testing.T) {
	w := staleWorld(t)
	kim := []string{"X-User-Id", "kim"}
	first := w.get("/p/kim", kim...)
	if r := w.get("/p/kim", kim...); isStale(r) || r.body == first.body {
		t.Errorf("at normal: %v %s", r.Header, r.body)
	}
	last := w.get("/p/kim?v=2", kim...)
	before := laneOf(t, "profile").Passed
	pin(t, level.Caution)
	r := w.get("/p/kim?v=2", kim...)
	if !isStale(r) || r.StatusCode != 200 || r.body != last.body || r.Header.Get("Age") == "" || r.Header.Get("Daero-Poll-After") != "30" {
		t.Errorf("at caution: %d %v %s, want %s", r.StatusCode, r.Header, r.body, last.body)
	}
	if head := w.do("HEAD", "/p/kim?v=2", "", kim...); !isStale(head) || head.body != "" || head.ContentLength != int64(len(last.body)) {
		t.Errorf("HEAD: %v %q", head.Header, head.body)
	}
	if laneOf(t, "profile").Passed != before {
		t.Error("what was served from memory entered the lane")
	}
	if r := w.get("/p/kim?v=3", kim...); isStale(r) {
		t.Error("an answer to another address")
	}
	pin(t, level.Normal)
	if r := w.get("/p/kim?v=2", kim...); isStale(r) || r.body == last.body {
		t.Errorf("normal again: %v %s", r.Header, r.body)
	}
	noneOut(t)
}

// TestStaleIsNeverAnothersAnswer: each case asks for one address as somebody,
// then at caution as somebody else, who must get an answer of their own.
func TestStaleIsNeverAnothersAnswer(t *testing.T) {
	w := staleWorld(t)
	cases := map[string]struct{ first, second []string }{
		"another user":                {[]string{"X-User-Id", "kim"}, []string{"X-User-Id", "lee"}},
		"a user, then nobody":         {[]string{"X-User-Id", "kim"}, nil},
		"nobody, then a user":         {nil, []string{"X-User-Id", "kim"}},
		"nobody twice":                {nil, nil}, // who they are may show in a header we do not know
		"a cookie":                    {[]string{"Cookie", "sid=1"}, []string{"Cookie", "sid=1"}},
		"authorization":               {[]string{"Authorization", "Bearer a"}, []string{"Authorization", "Bearer b"}},
		"a forged user":               {[]string{"X-User-Id", "kim", "Authorization", "Bearer a"}, []string{"X-User-Id", "kim"}},
		"the same user without a key": {[]string{"X-User-Id", "kim", "X-Api-Key", "a"}, []string{"X-User-Id", "kim"}},
		"a key of a user":             {[]string{"X-User-Id", "kim"}, []string{"X-User-Id", "kim", "X-Api-Key", "a"}},
	}
	for name, c := range cases {
		w.get("/p/x?c="+strings.ReplaceAll(name, " ", "-"), c.first...)
	}
	pin(t, level.Caution)
	for name, c := range cases {
		if r := w.get("/p/x?c="+strings.ReplaceAll(name, " ", "-"), c.second...); isStale(r) {
			t.Errorf("%s: %s", name, r.body)
		}
	}
}

// TestStaleWhatIsKept: which answers are kept, by what they say.
func TestStaleWhatIsKept(t *testing.T) {
	w := staleWorld(t)
	for query, want := range map[string]bool{
		"a=1":                              true,
		"h=Cache-Control:max-age=1":        true,
		"h=Cache-Control:public":           true,
		"h=Cache-Control:private":          false,
		"h=Cache-Control:no-store":         false,
		"h=Cache-Control:no-cache":         false,
		"h=Cache-Control:must-revalidate":  false,
		"h=Cache-Control:private%3D%22X":   false, // not even written right
		"h=Set-Cookie:sid%3D1":             false,
		"h=Vary:*":                         false,
		"h=Content-Type:text/event-stream": false,
		"status=404":                       false,
		"status=500":                       false,
		"status=206":                       false,
		"flush=1000":                       true,  // comes in pieces, and ends
		"flush=2000000":                    false, // too large
		"h=Age:600":                        false, // older than 5m already
		"h=Content-Encoding:identity":      true,
	} {
		w.get("/p/k?"+query, "X-User-Id", "kim")
		pin(t, level.Caution)
		if r := w.get("/p/k?"+query, "X-User-Id", "kim"); isStale(r) != want {
			t.Errorf("%s: stale %t, want %t: %v", query, isStale(r), want, r.Header)
		}
		pin(t, level.Normal)
	}
	w.get("/p/range", "X-User-Id", "kim")
	pin(t, level.Caution)
	if r := w.get("/p/range", "X-User-Id", "kim", "Range", "bytes=0-1"); isStale(r) {
		t.Error("a part was asked for")
	}
	if r := w.do("GET", "/p/range", "a question", "X-User-Id", "kim"); isStale(r) {
		t.Error("what is asked stands in the body")
	}
}

func TestStalePublicIsForEveryone(t *testing.T) {
	w := staleWorld(t)
	const path = "/p/notice?h=Cache-Control:public"
	first := w.get(path, "Authorization", "Bearer a", "Cookie", "sid=1")
	pin(t, level.Caution)
	for _, who := range [][]string{nil, {"X-User-Id", "lee"}, {"Authorization", "Bearer b"}} {
		if r := w.get(path, who...); !isStale(r) || r.body != first.body {
			t.Errorf("%v: %v %s", who, r.Header, r.body)
		}
	}
}

func TestStaleHonoursVary(t *testing.T) {
	w := staleWorld(t)
	const path = "/p/hello?h=Cache-Control:public&h=Vary:Accept-Language"
	said := map[string]string{}
	for _, lang := range []string{"ko", "en"} {
		said[lang] = w.get(path, "Accept-Language", lang).body
	}
	pin(t, level.Caution)
	for lang, body := range said {
		if r := w.get(path, "Accept-Language", lang); !isStale(r) || r.body != body {
			t.Errorf("%s: %v %s", lang, r.Header, r.body)
		}
	}
	if r := w.get(path, "Accept-Language", "ja"); isStale(r) {
		t.Errorf("ja: %s", r.body)
	}
}

// TestStaleForgetsWhatWasChanged: who changed something sees it.
func TestStaleForgetsWhatWasChanged(t *testing.T) {
	w := staleWorld(t)
	kim := []string{"X-User-Id", "kim"}
	w.get("/p/me", kim...)
	pin(t, level.Caution)
	if r := w.get("/p/me", kim...); !isStale(r) {
		t.Fatal("nothing was kept")
	}
	w.do("POST", "/p/me?status=500", "name=k", kim...) // another address
	w.do("POST", "/p/me", "name=k", kim...)
	if r := w.get("/p/me", kim...); isStale(r) {
		t.Errorf("after a change: %s", r.body)
	}
}

func TestStaleTogether(t *testing.T) {
	w := staleWorld(t)
	w.client.Transport.(*http.Transport).MaxIdleConnsPerHost = 16
	var all sync.WaitGroup
	ask := func(check func(user string, r reply)) {
		for i := range 16 {
			all.Go(func() {
				for j := range 20 {
					user := fmt.Sprint("user", (i+j)%5)
					check(user, w.get("/p/all", "X-User-Id", user))
				}
			})
		}
	}
	check := func(user string, r reply) {
		if r.StatusCode != 200 || !strings.Contains(r.body, "for "+user+" ") {
			t.Errorf("%s got %d %s", user, r.StatusCode, r.body)
		}
	}
	ask(check)
	all.Wait()
	pin(t, level.Caution)
	ask(func(user string, r reply) {
		check(user, r)
		if !isStale(r) {
			t.Errorf("%s was not served from memory", user)
		}
	})
	all.Wait()
	noneOut(t)
}

// TestStaleSurvivesReload: what is kept outlives a reload, and a configuration
// without the action forgets it.
func TestStaleSurvivesReload(t *testing.T) {
	w := staleWorld(t)
	kim := []string{"X-User-Id", "kim"}
	first := w.get("/p/me", kim...)
	if err := w.load(strings.Replace(staleFile, "tier critical", "tier critical\n\t\t\tfloor 10%%", 1)); err != nil {
		t.Fatal(err)
	}
	pin(t, level.Caution)
	if r := w.get("/p/me", kim...); !isStale(r) || r.body != first.body {
		t.Errorf("after a reload: %v %s", r.Header, r.body)
	}
	for _, caddyfile := range []string{playbookFile, staleFile} {
		if err := w.load(caddyfile); err != nil {
			t.Fatal(err)
		}
	}
	control(t).Step(time.Now())
	if r := w.get("/p/me", kim...); isStale(r) {
		t.Errorf("kept although nothing could serve it: %s", r.body)
	}
}
