package api_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/captcha/preview"
)

func TestStrength(t *testing.T) {
	w := newWorld(t)
	doc := w.get("/daero/api/captcha/strength")
	attackers := doc["attackers"].([]any)
	last := attackers[len(attackers)-1].(map[string]any)
	if len(doc["bars"].([]any)) == 0 || len(doc["classes"].([]any)) == 0 || doc["seed"] == 0.0 ||
		last["who"] != "A4" || last["rate"] != nil || last["hi"] != 1.0 {
		t.Errorf("%v", doc)
	}
	w.expect(w.do("", "GET", "/daero/api/captcha/strength", ""), http.StatusUnauthorized)
}

func TestQuestionToLookAt(t *testing.T) {
	w := newWorld(t, func(cfg *api.Config) { cfg.Previews = &preview.Booth{} })
	const path = "/daero/api/captcha/preview"
	w.expect(w.do(store.Viewer, "GET", path, ""), http.StatusForbidden)
	ask := func(query string) map[string]any {
		w.jump(2 * time.Second)
		return w.expect(w.do(store.Acting, "GET", path+"?"+query, ""), http.StatusOK)
	}
	for kind, magic := range map[string]string{"relation": "\xff\xd8", "icon": "\xff\xd8", "audio": "RIFF"} {
		doc := ask("kind=" + kind + "&lang=en&level=1&seed=3")
		media := "image"
		if kind == "audio" {
			media = "audio"
			if doc["kind"] != "words" {
				t.Errorf("kind %v", doc["kind"])
			}
		}
		data, err := base64.StdEncoding.DecodeString(doc[media].(string))
		if err != nil || !strings.HasPrefix(string(data), magic) || doc["question"] == "" || doc["seed"] != 3.0 || !strings.HasPrefix(doc["media"].(string), media) {
			t.Errorf("%s: %v, %.4q", kind, err, data)
		}
		if again := ask("kind=" + kind + "&lang=en&level=1&seed=3"); again[media] != doc[media] || again["question"] != doc["question"] {
			t.Errorf("%s: another one from the same seed", kind)
		}
		if _, icon := doc["icon"]; icon != (kind == "icon") {
			t.Errorf("%s: an icon: %v", kind, icon)
		}
	}
	if a, b := ask("kind=name"), ask("kind=name"); a["seed"] == b["seed"] {
		t.Error("the same seed twice by chance")
	}
	for _, query := range []string{"kind=work", "kind=nothing", "level=5", "level=x", "lang=fr", "seed=-1", "seed=9007199254740992", "seed=1&seed=2", "token=x"} {
		w.expect(w.do(store.Acting, "GET", path+"?"+query, ""), http.StatusBadRequest)
	}
	refused := 0
	for range 20 { // at once: a burst is made, and no more
		r := w.do(store.Acting, "GET", path+"?kind=words", "")
		if r.Code == http.StatusTooManyRequests && r.Header().Get("Retry-After") != "" {
			refused++
		}
	}
	if refused < 10 {
		t.Errorf("%d of 20 were refused", refused)
	}
	w.expect(newWorld(t).do(store.Admin, "GET", path, ""), http.StatusNotFound)
}

func FuzzPreviewWant(f *testing.F) {
	f.Add("kind=order&level=2&lang=ko&seed=1", uint64(5))
	f.Add("kind=audio", uint64(1<<63))
	f.Fuzz(func(t *testing.T, query string, fresh uint64) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		w, err := api.PreviewWant(q, fresh)
		if err == nil && (w.Validate() != nil || w.Seed > 1<<53-1) {
			t.Errorf("%s: %+v", query, w)
		}
	})
}
