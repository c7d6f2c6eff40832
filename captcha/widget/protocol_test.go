package widget_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/widget"
)

const at = "/daero/captcha/challenge"

func TestTheProtocolReachesThePlatform(t *testing.T) {
	for _, c := range []struct {
		name, path, body string
		args             []any
	}{
		{"work", at + "/abc-_.Z9/work", `{"session":"s","y":"1f"}`, []any{"abc-_.Z9", "s", "1f", "203.0.113.9"}},
		{"answer", at + "/a/answer", `{"session":"s","text":"행복약국"}`, []any{"a", "s", answer.Given{Text: "행복약국"}, "203.0.113.9"}},
		{"answer", at + "/a/answer", `{"session":"s","points":[[1.5,2],[480,-3]]}`, []any{"a", "s", answer.Given{Points: [][2]float64{{1.5, 2}, {480, -3}}}, "203.0.113.9"}},
		{"switch", at + "/a/switch", `{"session":"s","mode":"audio"}`, []any{"a", "s", captcha.Sound, "203.0.113.9"}},
		{"extend", at + "/a/extend", `{"session":"s"}`, []any{"a", "s"}},
	} {
		s := &script{reply: captcha.Reply{ID: "next", Step: captcha.StepWork, Expires: 120, Work: &captcha.WorkDoc{N: "b", X: "3", T: 5}}}
		w := send(serve(t, s), "POST", c.path, c.body)
		if w.Code != 200 || s.asked != c.name || !reflect.DeepEqual(s.args, c.args) {
			t.Errorf("%s %s: %d, asked %s %v, want %v", c.path, c.body, w.Code, s.asked, s.args, c.args)
		}
		if got, want := w.Body.String(), `{"id":"next","step":"work","expires":120,"work":{"n":"b","x":"3","t":5}}`+"\n"; got != want {
			t.Errorf("%s: %s, want %s", c.path, got, want)
		}
		for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", c.path, name, got, want)
			}
		}
	}
}

func TestAnOpeningIsWhatWasSaid(t *testing.T) {
	s := &script{}
	w := send(serve(t, s), "POST", at, `{"sitekey":"k","contract":"turnstile","host":"shop.example.com","action":"login","cdata":"d","lang":"ko","session":"n","mode":"text","probes":["webdriver","no-worker"]}`)
	want := captcha.Opening{
		SiteKey: "k", Contract: captcha.Turnstile, Host: "shop.example.com", Action: "login", CData: "d", Lang: "ko", Session: "n",
		Mode: captcha.Text, Probes: []string{"webdriver", "no-worker"}, Address: "203.0.113.9",
	}
	if w.Code != 200 || !reflect.DeepEqual(s.opened, want) {
		t.Errorf("%d, opened %+v, want %+v", w.Code, s.opened, want)
	}
}

func TestABrowserIsNoApp(t *testing.T) {
	s := &script{}
	h := serve(t, s)
	if send(h, "POST", at, `{"sitekey":"k","session":"n"}`); s.opened.Host != "null" {
		t.Errorf("a browser without a host is taken for an app: host %q", s.opened.Host)
	}
	if send(h, "POST", at, `{"sitekey":"k","session":"n"}`, "Origin", "", "Sec-Fetch-Site", ""); s.opened.Host != "" {
		t.Errorf("an app has the host %q", s.opened.Host)
	}
}

func TestWhoMayAsk(t *testing.T) {
	for _, c := range []struct {
		site, origin string
		ok           bool
	}{
		{"same-origin", "https://" + site, true},
		{"same-origin", "", true},                      // a picture
		{"same-origin", "https://other.example", true}, // a proxy that changes the host
		{"cross-site", "https://shop.example.com", false},
		{"same-site", "https://www.example.com", false},
		{"none", "", false},
		{"SAME-ORIGIN", "", false},
		{"", "", true}, // an app
		{"", "https://" + site, true},
		{"", "https://" + site + ":443", true},
		{"", "HTTPS://CAPTCHA.example.com", true},
		{"", "http://" + site, true}, // TLS may have ended before us
		{"", "https://" + site + ":8443", false},
		{"", "https://shop.example.com", false},
		{"", "null", false},
		{"", "https://" + site + ".evil.example", false},
		{"", "https://", false},
		{"", "://", false},
	} {
		s := &script{media: captcha.Media{Type: "image/jpeg", Bytes: []byte("x")}}
		for _, w := range []int{
			send(serve(t, s), "POST", at+"/a/extend", `{"session":"s"}`, "Sec-Fetch-Site", c.site, "Origin", c.origin).Code,
			send(serve(t, s), "GET", at+"/a/image", "", "Sec-Fetch-Site", c.site, "Origin", c.origin).Code,
		} {
			if (w == 200) != c.ok {
				t.Errorf("Sec-Fetch-Site %q, Origin %q: %d, want allowed %v", c.site, c.origin, w, c.ok)
			}
		}
	}
}

func TestBadRequests(t *testing.T) {
	deep := `{"session":` + strings.Repeat("[", 8000)
	for what, c := range map[string]struct {
		method, path, body, kind string
		status                   int
		code                     string
	}{
		"not posted":         {"GET", at, "", "", 405, "method"},
		"not a form":         {"POST", at, "sitekey=k", "application/x-www-form-urlencoded", 415, "media-type"},
		"no type":            {"POST", at, `{}`, "", 415, "media-type"},
		"a type like it":     {"POST", at, `{}`, "application/jsonp", 415, "media-type"},
		"another charset":    {"POST", at, `{}`, "application/json; charset=utf-16", 415, "media-type"},
		"empty":              {"POST", at, "", "application/json", 400, "bad-request"},
		"no object":          {"POST", at, `[]`, "application/json", 400, "bad-request"},
		"null":               {"POST", at, `null`, "application/json", 400, "bad-request"},
		"half":               {"POST", at, `{"sitekey":"k"`, "application/json", 400, "bad-request"},
		"two":                {"POST", at, `{"sitekey":"k"}{}`, "application/json", 400, "bad-request"},
		"unknown field":      {"POST", at, `{"quizType":"3"}`, "application/json", 400, "bad-request"},
		"address":            {"POST", at, `{"address":"::1"}`, "application/json", 400, "bad-request"},
		"another case":       {"POST", at, `{"SITEKEY":"k"}`, "application/json", 400, "bad-request"},
		"twice":              {"POST", at, `{"sitekey":"k","sitekey":"l"}`, "application/json", 400, "bad-request"},
		"twice, escaped":     {"POST", at, `{"sitekey":"k","site\u006bey":"l"}`, "application/json", 400, "bad-request"},
		"a number":           {"POST", at, `{"sitekey":1}`, "application/json", 400, "bad-request"},
		"null in it":         {"POST", at, `{"sitekey":null}`, "application/json", 400, "bad-request"},
		"not UTF-8":          {"POST", at, "{\"sitekey\":\"\xff\"}", "application/json", 400, "bad-request"},
		"deep":               {"POST", at + "/a/work", deep, "application/json", 400, "bad-request"},
		"long":               {"POST", at, `{"sitekey":"` + strings.Repeat("k", widget.MaxBody) + `"}`, "application/json", 413, "too-large"},
		"a point of three":   {"POST", at + "/a/answer", `{"session":"s","points":[[1,2,3]]}`, "application/json", 400, "bad-request"},
		"a point of one":     {"POST", at + "/a/answer", `{"session":"s","points":[[1]]}`, "application/json", 400, "bad-request"},
		"a point of words":   {"POST", at + "/a/answer", `{"session":"s","points":[["1","2"]]}`, "application/json", 400, "bad-request"},
		"infinity":           {"POST", at + "/a/answer", `{"session":"s","points":[[1e999,2]]}`, "application/json", 400, "bad-request"},
		"not a number":       {"POST", at + "/a/answer", `{"session":"s","points":[[NaN,2]]}`, "application/json", 400, "bad-request"},
		"a strange id":       {"POST", at + "/a%2Fb%00/work", `{"session":"s"}`, "application/json", 410, "gone"},
		"a long id":          {"POST", at + "/" + strings.Repeat("a", 513) + "/work", `{"session":"s"}`, "application/json", 410, "gone"},
		"an unknown part":    {"GET", at + "/a/answer.json", "", "", 410, "gone"},
		"a posted picture":   {"POST", at + "/a/image", `{}`, "application/json", 405, "method"},
		"nothing there":      {"GET", "/daero/captcha/nothing", "", "", 404, "not-found"},
		"nothing anywhere":   {"POST", "/", `{}`, "application/json", 404, "not-found"},
		"a script is gotten": {"POST", "/1/api.js", `{}`, "application/json", 405, "method"},
		"so is the frame":    {"POST", "/daero/captcha/frame", `{}`, "application/json", 405, "method"},
	} {
		s := &script{}
		w := send(serve(t, s), c.method, c.path, c.body, "Content-Type", c.kind)
		if w.Code != c.status || s.asked != "" {
			t.Errorf("%s: %d, want %d; the platform was asked %q", what, w.Code, c.status, s.asked)
		}
		if code := refusal(t, w); code != c.code {
			t.Errorf("%s: code %q, want %q", what, code, c.code)
		}
		if w.Code == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s: which method is allowed is not said", what)
		}
	}
}

func TestRefusalsAreToldAndCausesAreNot(t *testing.T) {
	var noted []widget.Refused
	note := func(c *widget.Config) { c.Refused = func(r widget.Refused) { noted = append(noted, r) } }
	for _, c := range []struct {
		err    error
		status int
		code   string
		after  string
		cause  bool
	}{
		{&captcha.Refusal{Status: 403, Code: "wrong-host", Text: "add the host"}, 403, "wrong-host", "", false},
		{&captcha.Refusal{Status: 429, Code: "too-many", Text: "later", After: 2500 * time.Millisecond}, 429, "too-many", "3", false},
		{fmt.Errorf("store at 10.0.0.7: %w", &captcha.Refusal{Status: 503, Code: "unavailable", Text: "try again"}), 503, "unavailable", "", true},
		{errors.New("secret of 10.0.0.7"), 500, "internal", "", true},
	} {
		noted = nil
		w := send(serve(t, &script{err: c.err}, note), "POST", at+"/a/extend", `{"session":"s"}`)
		body := w.Body.String()
		if code := refusal(t, w); w.Code != c.status || code != c.code || w.Header().Get("Retry-After") != c.after {
			t.Errorf("%v: %d %s, Retry-After %q", c.err, w.Code, code, w.Header().Get("Retry-After"))
		}
		if strings.Contains(body, "10.0.0.7") {
			t.Errorf("the cause is told to a stranger: %s", body)
		}
		if len(noted) != 1 || noted[0].Code != c.code || (noted[0].Cause != nil) != c.cause || !strings.Contains(body, noted[0].Reference) {
			t.Errorf("%v: the operator is told %+v", c.err, noted)
		}
	}
}

func TestMedia(t *testing.T) {
	s := &script{media: captcha.Media{Type: "audio/wav", Bytes: []byte("0123456789")}}
	h := serve(t, s)
	w := send(h, "GET", at+"/a/audio-slow", "")
	if w.Code != 200 || w.Body.String() != "0123456789" || !reflect.DeepEqual(s.args, []any{"a", captcha.PartAudioSlow}) {
		t.Errorf("%d %q, asked %v", w.Code, w.Body, s.args)
	}
	for name, want := range map[string]string{
		"Content-Type": "audio/wav", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Cross-Origin-Resource-Policy": "same-origin", "Last-Modified": "", "ETag": "", "Accept-Ranges": "bytes",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
	// Safari plays nothing that cannot be had in parts.
	if w := send(h, "GET", at+"/a/audio", "", "Range", "bytes=2-4"); w.Code != http.StatusPartialContent || w.Body.String() != "234" {
		t.Errorf("a part: %d %q", w.Code, w.Body)
	}
	s.err = &captcha.Refusal{Status: 410, Code: "gone", Text: "over"}
	if w := send(h, "GET", at+"/a/image", ""); w.Code != 410 || refusal(t, w) != "gone" {
		t.Errorf("what is over: %d", w.Code)
	}
}

func FuzzProtocol(f *testing.F) {
	f.Add("POST", "", `{"sitekey":"k","session":"s"}`)
	f.Add("POST", "/a/answer", `{"session":"s","points":[[1,2]]}`)
	f.Add("POST", "/a/work", `{"y":"ff"}`)
	f.Add("GET", "/a/image", "")
	s := &script{reply: captcha.Reply{Step: captcha.StepDone}, media: captcha.Media{Type: "image/jpeg"}}
	h := serve(f, s)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r, err := http.NewRequest(method, "https://"+site+at+path, strings.NewReader(body))
		if err != nil {
			return
		}
		w := send(h, "POST", at, body)
		if w.Code != 200 {
			refusal(t, w)
		}
		r.Header.Set("Content-Type", "application/json")
		rec := newRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code >= 500 {
			t.Fatalf("%s %q %q: %d", method, path, body, rec.Code)
		}
	})
}
