package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/storetest"
)

// shopSite is a world with one site, and its secret.
func shopSite(t *testing.T) (w *world, sites *storetest.Memory, path, secret string) {
	t.Helper()
	w, sites = captchaWorld(t)
	s, secret := captcha.NewSite("shop", []string{"shop.example.com"}, w.clock())
	if err := sites.AddSite(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return w, sites, sitesPath + "/" + s.Key, secret
}

// TestUndoAtSites: what was done to a site is undone by one click, with secrets
// and counts, and that again.
func TestUndoAtSites(t *testing.T) {
	w, sites, path, secret := shopSite(t)
	key := path[len(sitesPath)+1:]
	edited := w.expect(w.do(store.Acting, "PATCH", path, `{"disabled":true,"policy":{"ask":"never"},"reason":"r"}`), 200)
	undone := w.expect(w.undoOf(store.Acting, edited, "it was the wrong one"), 200)
	if is := w.get(path); is["disabled"] != false || is["policy"].(map[string]any)["ask"] != "risk" || undone["what"] != audit.SiteChanged || revisionOf(is) != revisionOf(undone) {
		t.Errorf("%v, answered %v", is, undone)
	}
	w.expect(w.undoOf(store.Acting, undone, "no, it was right"), 200)
	if is := w.get(path); is["disabled"] != true {
		t.Errorf("%v", is)
	}
	w.expect(w.byEntry(store.Acting, audit.SiteChanged), 200)
	all := w.entries(audit.SiteChanged)
	if e := all[1]; len(all) != 4 || e.Undo.Of != all[0].Undo.Revision || e.Before != "state: off; ask: never" || e.Why != "it was the wrong one" || e.Undo.Kind != audit.UndoChange {
		t.Errorf("%+v", all)
	}

	r := w.do(store.Acting, "POST", path+"/rotate", `{"overlap":"0s","reason":"r"}`)
	rotated, fresh := w.expect(r, 200), added(t, r.Body.String()).Secret
	if owns(t, sites, secret, key) || !owns(t, sites, fresh, key) {
		t.Error("the old secret is good")
	}
	back := w.expect(w.undoOf(store.Acting, rotated, "too early"), 200)
	if !owns(t, sites, secret, key) || owns(t, sites, fresh, key) || len(w.get(path)["secrets"].([]any)) != 1 || strings.Contains(fmt.Sprint(back), secret) {
		t.Errorf("the old secret is not good: %v", back)
	}
	w.expect(w.undoOf(store.Acting, back, "now"), 200)
	if owns(t, sites, secret, key) || !owns(t, sites, fresh, key) {
		t.Error("the new secret is not good")
	}

	count := captcha.Count{Site: key, Hour: w.clock().Truncate(time.Hour), Name: captcha.CountIssued, N: 7}
	if err := sites.AddCounts(t.Context(), []captcha.Count{count}); err != nil {
		t.Fatal(err)
	}
	gone := w.expect(w.do(store.Admin, "DELETE", path, `{"reason":"they left"}`), 200)
	if gone["name"] != "shop" || gone["until"] != "2026-01-02T00:00:01Z" || owns(t, sites, fresh, key) {
		t.Errorf("%v", gone)
	}
	if removed := w.get(sitesPath)["removed"].([]any); len(removed) != 1 || removed[0].(map[string]any)["key"] != key {
		t.Errorf("%v", removed)
	}
	w.expect(w.undoOf(store.Acting, gone, "r"), 403)
	w.expect(w.byEntry(store.Acting, audit.SiteRemoved), 403)
	w.expect(w.undoOf(store.Admin, gone, "they are here"), 200)
	if !owns(t, sites, fresh, key) || w.get(path + "/statistics?since=24h&until=2026-01-01T01:00:00Z")["issued"] != 7.0 {
		t.Error("it is not as it was")
	}
	if p := w.expect(w.undoOf(store.Admin, gone, "once more"), 409); p["type"] != "urn:problem-type:daero:not-removed" {
		t.Errorf("%v", p)
	}
	w.expect(w.byEntry(store.Admin, audit.SiteRestored), 200)
	w.expect(w.do(store.Viewer, "GET", path, ""), 404)
	w.expect(w.byEntry(store.Admin, audit.SiteRemoved), 200)
	body := w.do(store.Viewer, "GET", "/daero/api/audit?limit=100", "").Body.String()
	for _, hidden := range []string{secret, fresh, fmt.Sprintf("%x", captcha.HashSecret(fresh))} {
		if strings.Contains(body, hidden) {
			t.Error("the record tells a secret")
		}
	}
}

// TestUndoOfAnAddedSite removes it, if nobody has changed it.
func TestUndoOfAnAddedSite(t *testing.T) {
	w, _ := captchaWorld(t)
	doc := w.expect(w.do(store.Admin, "POST", sitesPath, `{"name":"shop","reason":"r"}`), http.StatusCreated)
	path := sitesPath + "/" + doc["key"].(string)
	w.expect(w.undoOf(store.Acting, doc, "r"), 403)
	w.expect(w.do(store.Acting, "PATCH", path, `{"name":"store","reason":"r"}`), 200)
	if p := w.expect(w.undoOf(store.Admin, doc, "r"), 409); p["by"] != "the-operator" || p["what"] != audit.SiteChanged {
		t.Errorf("%v", p)
	}
	w.expect(w.byEntry(store.Acting, audit.SiteChanged), 200)
	second := w.expect(w.do(store.Admin, "POST", sitesPath, `{"name":"other","reason":"r"}`), http.StatusCreated)
	w.expect(w.byEntry(store.Admin, audit.SiteAdded), 200)
	w.expect(w.do(store.Viewer, "GET", sitesPath+"/"+second["key"].(string), ""), 404)
}

// TestRemovedForADay: after that a site does not come back, nor one whose key
// somebody else has.
func TestRemovedForADay(t *testing.T) {
	w, sites, path, _ := shopSite(t)
	gone := w.expect(w.do(store.Admin, "DELETE", path, ""), 200)
	w.jump(24*time.Hour + time.Second)
	if removed := w.get(sitesPath)["removed"].([]any); len(removed) != 0 {
		t.Errorf("%v", removed)
	}
	w.expect(w.undoOf(store.Admin, gone, "r"), 404)
	w.expect(w.byEntry(store.Admin, audit.SiteRemoved), 404)
	w.expect(w.do(store.Admin, "POST", path+"/restore", `{}`), 400)
	w.expect(w.do(store.Acting, "POST", path+"/restore", `{"reason":"r"}`), 403)
	heir, _ := captcha.NewSite("heir", nil, w.clock())
	heir.Key = path[len(sitesPath)+1:]
	if err := sites.AddSite(t.Context(), heir); err != nil {
		t.Fatal(err)
	}
	w.expect(w.undoOf(store.Admin, gone, "r"), 409)
}

// TestRevisionOfASite: whoever saw what is not so any more is told who did what,
// and nothing is done, whatever they ask for.
func TestRevisionOfASite(t *testing.T) {
	w, sites, path, secret := shopSite(t)
	seen := revisionOf(w.get(path))
	first := w.expect(w.do(store.Acting, "PATCH", path, `{"name":"store","reason":"r","revision":`+seen+`}`), 200)
	for _, c := range []struct{ method, rest, body string }{
		{"PATCH", "", `{"name":"mine","reason":"r","revision":` + seen + `}`},
		{"POST", "/rotate", `{"overlap":"0s","reason":"r","revision":` + seen + `}`},
		{"DELETE", "", `{"reason":"r","revision":` + seen + `}`},
	} {
		p := w.expect(w.do(store.Admin, c.method, path+c.rest, c.body), 409)
		if p["type"] != "urn:problem-type:daero:changed" || p["by"] != "the-operator" || p["what"] != audit.SiteChanged || p["at"] != first["changed"] || revisionOf(p) != revisionOf(first) {
			t.Errorf("%s%s: %v", c.method, c.rest, p)
		}
	}
	key := path[len(sitesPath)+1:]
	if s, err := sites.Site(t.Context(), key); err != nil || s.Name != "store" || !owns(t, sites, secret, key) {
		t.Errorf("something was done: %+v %v", s, err)
	}
	// What another gateway did is told without a name.
	s, _ := sites.Site(t.Context(), key)
	was := s.Changed
	s.Name, s.Changed = "theirs", s.Changed.Add(time.Second)
	if err := sites.ChangeSite(t.Context(), s, was); err != nil {
		t.Fatal(err)
	}
	if p := w.expect(w.do(store.Admin, "PATCH", path, `{"name":"mine","reason":"r","revision":`+revisionOf(first)+`}`), 409); p["by"] != nil || p["at"] == nil || p["target"] != key {
		t.Errorf("%v", p)
	}
	if p := w.expect(w.undoOf(store.Acting, first, "r"), 409); p["by"] != nil {
		t.Errorf("what another gateway changed is undone: %v", p)
	}
}
