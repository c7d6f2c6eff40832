package gate_test

import (
	"html"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/captcha/gate"
)

var fieldOf = regexp.MustCompile(`name="([a-z]+)" value="([^"]*)"`)

// formOf returns the fields of a page's form.
func formOf(t *testing.T, rec *httptest.ResponseRecorder) url.Values {
	t.Helper()
	v := url.Values{}
	for _, m := range fieldOf.FindAllStringSubmatch(rec.Body.String(), -1) {
		v.Set(m[1], html.UnescapeString(m[2]))
	}
	if v.Get("for") == "" {
		t.Fatalf("no form in %s", rec.Body)
	}
	return v
}

func pageAsk(t *testing.T, w *world) string {
	return formOf(t, w.challenge(request("GET", "/x", "", "Accept", "text/html"), kim)).Get("for")
}

func (w *world) post(form url.Values) *httptest.ResponseRecorder {
	return w.serve(request("POST", gate.ClearPath, form.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
}

func TestThePageAndTheWayBack(t *testing.T) {
	w := newWorld(t, nil)
	rec := w.challenge(request("GET", "/login?next=%2Fcart&a=%22%3E", "", "Accept", "text/html", "Accept-Language", "ko", "Sec-Fetch-Dest", "document"), kim)
	body := rec.Body.String()
	for _, want := range []string{`lang="ko"`, "잠시 확인이 필요합니다", "<noscript>", `data-sitekey="` + siteKey + `" data-start="auto" data-hl="ko" data-callback="daeroGate"`, `src="/daero/captcha/api.js"`, `src="/daero/captcha/gate.js"`, "30분"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in %s", want, body)
		}
	}
	if strings.Contains(body, "아직 처리되지") || rec.Code != 403 {
		t.Errorf("%d %s", rec.Code, body)
	}
	policy := rec.Header().Get("Content-Security-Policy")
	if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") ||
		strings.Contains(policy, "form-action") { // what was asked for may lead to a sign-in elsewhere
		t.Error(policy)
	}
	form := formOf(t, rec)
	form.Set("token", "good")
	done := w.post(form)
	if done.Code != 303 || !strings.HasPrefix(done.Header().Get("Location"), gate.ClearPath+"?") {
		t.Fatalf("%d %v %s", done.Code, done.Header(), done.Body)
	}
	cookie := done.Header().Get("Set-Cookie")
	for _, want := range []string{gate.Cookie + "=", "; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age=2593800"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("no %q in %s", want, cookie)
		}
	}
	value, _, _ := strings.Cut(cookie, ";")
	on := w.serve(request("GET", done.Header().Get("Location"), "", "Cookie", value))
	if on.Code != 303 || on.Header().Get("Location") != "/login?next=%2Fcart&a=%22%3E" {
		t.Errorf("%d %v", on.Code, on.Header())
	}
	if cleared, _ := w.Cleared(request("GET", "/login", "", "Cookie", value), kim); !cleared {
		t.Error("not cleared")
	}
	if cleared, known := w.Cleared(request("GET", "/login", "", "Cookie", value), 0); cleared || known {
		t.Error("cleared as nobody")
	}
	// A browser that keeps no cookies is told so instead of being sent around.
	off := w.serve(request("GET", done.Header().Get("Location"), "", "Accept-Language", "en"))
	if off.Code != 403 || !strings.Contains(off.Body.String(), "did not keep the cookie") {
		t.Errorf("%d %s", off.Code, off.Body)
	}
}

// TestWhatTheCookieIsFor: it is sent by TLS alone where the browser used it, also
// where TLS ended before us, and no other page sets it.
func TestWhatTheCookieIsFor(t *testing.T) {
	w := newWorld(t, nil)
	form := formOf(t, w.challenge(request("GET", "/x", "", "Accept", "text/html"), kim))
	form.Set("token", "good")
	for name, c := range map[string]struct {
		headers        []string
		status         int
		given, secured bool
	}{
		"without TLS":           {[]string{"Origin", "http://shop.example.com"}, 303, true, false},
		"TLS before us":         {[]string{"Origin", "https://shop.example.com", "Sec-Fetch-Site", "same-origin"}, 303, true, true},
		"a page elsewhere":      {[]string{"Origin", "https://evil.example.net", "Sec-Fetch-Site", "cross-site"}, 400, false, false},
		"a host beside":         {[]string{"Origin", "https://blog.example.com", "Sec-Fetch-Site", "same-site"}, 400, false, false},
		"a browser from before": {nil, 303, true, false},
	} {
		rec := w.serve(request("POST", gate.ClearPath, form.Encode(), append(c.headers, "Content-Type", "application/x-www-form-urlencoded")...))
		cookie := rec.Header().Get("Set-Cookie")
		if rec.Code != c.status || (cookie != "") != c.given || strings.Contains(cookie, "; Secure") != c.secured {
			t.Errorf("%s: %d %s", name, rec.Code, cookie)
		}
	}
}

func TestWhereFormsLeadBack(t *testing.T) {
	w := newWorld(t, nil)
	for name, c := range map[string]struct{ method, target, referer, back string }{
		"a page":              {"GET", "/a?b=c", "", "/a?b=c"},
		"its head":            {"HEAD", "/a", "", "/a"},
		"another host":        {"GET", "//evil.example.net/x", "", "/"},
		"with a backslash":    {"GET", `/\evil.example.net`, "", "/%5Cevil.example.net"},
		"as a proxy asks":     {"GET", "http://evil.example.net/x", "", "/x"},
		"our own way":         {"GET", gate.ClearPath + "?for=x", "", "/"},
		"very long":           {"GET", "/" + strings.Repeat("x", 3000), "", "/"},
		"a form":              {"POST", "/login", "https://shop.example.com/signin?a=b#c", "/signin?a=b"},
		"a form of elsewhere": {"POST", "/login", "https://evil.example.net/signin", "/"},
		"a form of nowhere":   {"POST", "/login", "", "/"},
		"a form's bad page":   {"POST", "/login", "https://shop.example.com//evil.example.net", "/"},
	} {
		rec := w.challenge(request(c.method, c.target, "pass=xyzzy", "Accept", "text/html", "Referer", c.referer), kim)
		if c.method == "HEAD" {
			if rec.Body.Len() != 0 || rec.Header().Get("Content-Length") == "0" {
				t.Errorf("%s: %s", name, rec.Body)
			}
			continue
		}
		form := formOf(t, rec)
		if got := form.Get("back"); got != c.back {
			t.Errorf("%s: back to %q, want %q", name, got, c.back)
		}
		if said := strings.Contains(rec.Body.String(), "has not been processed"); said != (c.method == "POST") || strings.Contains(rec.Body.String(), "xyzzy") {
			t.Errorf("%s: says that a form is lost: %t", name, said)
		}
		// It leads nowhere else than where it was signed for.
		form.Set("token", "good")
		form.Set("back", "/elsewhere")
		if done := w.post(form); done.Code != 403 || done.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %v", name, done.Code, done.Header())
		}
	}
}

func TestThePageAsksAgain(t *testing.T) {
	w := newWorld(t, nil)
	form := formOf(t, w.challenge(request("POST", "/login", "", "Accept", "text/html"), kim))
	for _, token := range []string{"", "spent", "x"} {
		form.Set("token", token)
		rec := w.post(form)
		if rec.Code == 303 || !strings.Contains(rec.Body.String(), "once more") || !strings.Contains(rec.Body.String(), "has not been processed") || formOf(t, rec).Get("for") != form.Get("for") {
			t.Errorf("%q: %d %s", token, rec.Code, rec.Body)
		}
	}
	// The widget's own field is good where the script did not run.
	form.Del("token")
	form.Set("daero-captcha-response", "good")
	if rec := w.post(form); rec.Code != 303 {
		t.Errorf("%d", rec.Code)
	}
	// A page that lay open is asked anew, for the same caller.
	w.now = w.now.Add(2 * time.Hour)
	again := w.post(form)
	fresh := formOf(t, again)
	fresh.Set("token", "good")
	if rec := w.post(fresh); again.Code != 403 || fresh.Get("for") == form.Get("for") || rec.Code != 303 {
		t.Errorf("%d, then %d", again.Code, rec.Code)
	}
	for _, bad := range []string{"for=x&back=/", "for=a&for=b", "%zz", "for=" + form.Get("for") + "&back=" + url.QueryEscape("//evil.example.net")} {
		rec := w.serve(request("POST", gate.ClearPath, bad, "Content-Type", "application/x-www-form-urlencoded"))
		if rec.Code/100 != 4 || rec.Header().Get("Location") != "" {
			t.Errorf("%s: %d", bad, rec.Code)
		}
	}
}
