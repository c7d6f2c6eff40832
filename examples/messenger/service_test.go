package messenger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/examples/messenger"
)

func call(t *testing.T, h http.Handler, method, path, token, body string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil && w.Code != 404 && w.Code != 405 {
		t.Fatalf("%s %s answered %d with no JSON: %s", method, path, w.Code, w.Body)
	}
	return w.Code, out
}

func TestConversation(t *testing.T) {
	s := messenger.New(messenger.Config{Workers: 2})
	code, out := call(t, s, "POST", "/v1/login", "", `{"user":"민수"}`)
	token, _ := out["token"].(string)
	if code != 200 || token == "" {
		t.Fatalf("login: %d %v", code, out)
	}
	if code, out = call(t, s, "POST", "/v1/messages", token, `{"text":"지진!"}`); code != 201 || out["from"] != "민수" || out["id"] != 1.0 {
		t.Fatalf("message: %d %v", code, out)
	}
	if code, _ = call(t, s, "POST", "/v1/messages", "", `{"text":"hi"}`); code != 201 {
		t.Fatalf("message without a session: %d", code)
	}
	_, out = call(t, s, "GET", "/v1/sync?since=1", token, "")
	if got := out["messages"].([]any); len(got) != 1 || got[0].(map[string]any)["text"] != "hi" {
		t.Fatalf("sync since 1: %v", got)
	}
	code, out = call(t, s, "PUT", "/admin/workers", "", `{"workers":5}`)
	if code != 200 || out["workers"] != 5.0 {
		t.Fatalf("workers: %d %v", code, out)
	}
	_, out = call(t, s, "GET", "/admin/stats", "", "")
	if done := out["done"].(map[string]any); done["message"] != 2.0 || done["login"] != 1.0 || out["sessions"] != 1.0 {
		t.Errorf("stats: %v", out)
	}
}

func TestBadInput(t *testing.T) {
	s := messenger.New(messenger.Config{Workers: 1})
	long := strings.Repeat("가", 4001)
	for name, c := range map[string]struct {
		method, path, token, body string
		want                      int
	}{
		"no JSON":               {"POST", "/v1/messages", "", "hello", 400},
		"nothing":               {"POST", "/v1/messages", "", "", 400},
		"empty text":            {"POST", "/v1/messages", "", `{"text":""}`, 400},
		"text too long":         {"POST", "/v1/messages", "", `{"text":"` + long + `"}`, 400},
		"text just fits":        {"POST", "/v1/messages", "", `{"text":"` + long[3:] + `"}`, 201},
		"body too big":          {"POST", "/v1/messages", "", `{"text":"` + strings.Repeat("a", 70000) + `"}`, 413},
		"unknown field":         {"POST", "/v1/messages", "", `{"text":"a","x":1}`, 400},
		"two objects":           {"POST", "/v1/messages", "", `{"text":"a"}{}`, 400},
		"unknown session":       {"POST", "/v1/messages", "nonsense", `{"text":"a"}`, 401},
		"sync from nowhere":     {"GET", "/v1/sync?since=-1", "", "", 400},
		"sync unknown session":  {"GET", "/v1/sync", "x", "", 401},
		"nobody logs in":        {"POST", "/v1/login", "", `{"user":""}`, 400},
		"name too long":         {"POST", "/v1/login", "", `{"user":"` + strings.Repeat("a", 65) + `"}`, 400},
		"no workers":            {"PUT", "/admin/workers", "", `{"workers":0}`, 400},
		"too many workers":      {"PUT", "/admin/workers", "", `{"workers":10001}`, 400},
		"workers in words":      {"PUT", "/admin/workers", "", `{"workers":"ten"}`, 400},
		"dependency too slow":   {"PUT", "/admin/dependency", "", `{"delay_ms":60001}`, 400},
		"dependency too quick":  {"PUT", "/admin/dependency", "", `{"delay_ms":-1}`, 400},
		"drop too many":         {"PUT", "/admin/sessions", "", `{"drop_percent":101}`, 400},
		"wrong method":          {"GET", "/v1/login", "", "", 405},
		"unknown path":          {"GET", "/v2/login", "", "", 404},
		"workers beyond number": {"PUT", "/admin/workers", "", `{"workers":1e99}`, 400},
	} {
		if got, out := call(t, s, c.method, c.path, c.token, c.body); got != c.want {
			t.Errorf("%s: %d %v, want %d", name, got, out, c.want)
		}
	}
}

func TestFullQueueSaysWhenToComeBack(t *testing.T) {
	s := messenger.New(messenger.Config{Workers: 1, QueueLimit: 1})
	srv := httptest.NewServer(s)
	defer srv.Close()
	statuses := make(chan *http.Response, 8)
	for range 8 {
		go func() {
			resp, err := http.Post(srv.URL+"/v1/login", "application/json", strings.NewReader(`{"user":"a"}`))
			if err != nil {
				t.Error(err)
				resp = &http.Response{Body: http.NoBody}
			}
			_ = resp.Body.Close()
			statuses <- resp
		}()
	}
	ok, refused := 0, 0
	for range 8 {
		switch r := <-statuses; {
		case r.StatusCode == 200:
			ok++
		case r.StatusCode == 503 && r.Header.Get("Retry-After") == "1":
			refused++
		}
	}
	if ok < 2 || refused < 1 || ok+refused != 8 {
		t.Errorf("%d served and %d told to come back, want 8 together with at least 2 and 1", ok, refused)
	}
}

func TestPageNeedsNothingFromElsewhere(t *testing.T) {
	w := httptest.NewRecorder()
	messenger.New(messenger.Config{}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	body := w.Body.String()
	if w.Code != 200 || !strings.Contains(body, `type="range"`) || strings.Contains(body, "http://") || strings.Contains(body, "https://") {
		t.Errorf("page: %d, or no slider, or something from another host", w.Code)
	}
}

func TestMainServesAndEndsWithStdin(t *testing.T) {
	stdin, hold := io.Pipe()
	out, stdout := io.Pipe()
	code := make(chan int)
	go func() {
		code <- messenger.Main(context.Background(), []string{"--listen", "127.0.0.1:0", "--exit-with-stdin"}, stdin, stdout, io.Discard)
	}()
	var first struct{ Listening string }
	if err := json.NewDecoder(out).Decode(&first); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get("http://" + first.Listening + "/admin/stats")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	_ = hold.Close()
	if got := <-code; got != 0 {
		t.Errorf("exit status %d, want 0", got)
	}
}

func TestMainWrongUse(t *testing.T) {
	for _, args := range [][]string{{"--workers", "0"}, {"--nonsense"}, {"extra"}, {"--queue", "0"}} {
		var stderr bytes.Buffer
		if got := messenger.Main(context.Background(), args, nil, io.Discard, &stderr); got != 2 || stderr.Len() == 0 {
			t.Errorf("%v: exit status %d, said %q", args, got, &stderr)
		}
	}
}

// Half of the sessions are gone, and what syncs depend on is slow, until told
// otherwise.
func TestTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := messenger.New(messenger.Config{Workers: 1, Sigma: -1})
		var tokens []string
		for range 10 {
			_, out := call(t, s, "POST", "/v1/login", "", `{"user":"a"}`)
			tokens = append(tokens, out["token"].(string))
		}
		if _, out := call(t, s, "PUT", "/admin/sessions", "", `{"drop_percent":50}`); out["sessions"] != 5.0 || out["sessions_dropped"] != 5.0 {
			t.Errorf("stats: %v", out)
		}
		unknown := 0
		for _, token := range tokens {
			if code, _ := call(t, s, "POST", "/v1/messages", token, `{"text":"a"}`); code == 401 {
				unknown++
			}
		}
		if unknown != 5 {
			t.Errorf("%d of 10 sessions are unknown, want 5", unknown)
		}
		for _, delay := range []time.Duration{600 * time.Millisecond, 0} {
			call(t, s, "PUT", "/admin/dependency", "", fmt.Sprintf(`{"delay_ms":%d}`, delay.Milliseconds()))
			start := time.Now()
			call(t, s, "GET", "/v1/sync", "", "")
			if got, want := time.Since(start), messenger.SyncWork+delay; got != want {
				t.Errorf("a sync took %s, want %s", got, want)
			}
		}
	})
}
