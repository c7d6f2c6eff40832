package httptarget_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/cloudevent"
	"github.com/daero/daero/relay/httptarget"
)

var signingKey = []byte("0123456789abcdef0123456789abcdef")

func signingSecret() string { return "whsec_" + base64.StdEncoding.EncodeToString(signingKey) }

// both runs f against a plain service and one that speaks TLS and HTTP/2: they
// are reached in different ways that must mean the same.
func both(t *testing.T, h http.HandlerFunc, cfg httptarget.Config, f func(t *testing.T, target *httptarget.Target)) {
	t.Helper()
	for name, start := range map[string]func(*httptest.Server){
		"http":  (*httptest.Server).Start,
		"https": func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() },
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewUnstartedServer(h)
			start(srv)
			t.Cleanup(srv.Close)
			cfg := cfg
			cfg.URL = srv.URL + "/take?token=swordfish"
			if name == "https" {
				cfg.TLS = srv.Client().Transport.(*http.Transport).TLSClientConfig
			}
			f(t, newTarget(t, cfg))
		})
	}
}

func newTarget(t testing.TB, cfg httptarget.Config) *httptarget.Target {
	t.Helper()
	target, err := httptarget.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	return target
}

func message() *relay.Message {
	return &relay.Message{
		Topic: "orders", Partition: 3, Offset: 42, Key: []byte("customer 17%"), Value: []byte(`{"a":1}`), Attempt: 2, Epoch: 7,
		Headers: []relay.Header{
			{Name: "idempotency-key", Value: []byte("id-1")},
			{Name: "content-type", Value: []byte("application/json; charset=utf-8")},
			{Name: "traceparent", Value: []byte("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")},
			{Name: "daero-writer", Value: []byte("shop")},
			{Name: "daero-redriven", Value: []byte("1")},
			{Name: "ce_id", Value: []byte("e-1")},
			{Name: "ce_subject", Value: []byte("Euro € \"x\" 50%")},
			{Name: "ce_bad\r\nX-Evil", Value: []byte("1")},
			{Name: "tenant", Value: []byte("kakao")},
			{Name: "tracestate", Value: []byte("a=1\r\nX-Evil: 1")},
			{Name: "cookie", Value: []byte("not passed on")},
		},
	}
}

func TestWhatIsSent(t *testing.T) {
	type seen struct {
		method, uri, body string
		head              http.Header
	}
	got := make(chan seen, 1)
	cfg := httptarget.Config{
		Secret: signingSecret(), Headers: map[string]string{"authorization": "Bearer t"}, Forward: []string{"Tenant"},
	}
	both(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- seen{r.Method, r.RequestURI, string(body), r.Header}
	}, cfg, func(t *testing.T, target *httptarget.Target) {
		if res := target.Handle(t.Context(), message()); res.Verb != relay.Acked || res.Status != 200 {
			t.Fatalf("result %+v", res)
		}
		s := <-got
		if s.method != "POST" || s.uri != "/take?token=swordfish" || s.body != `{"a":1}` {
			t.Errorf("%s %s with %s", s.method, s.uri, s.body)
		}
		for name, want := range map[string]string{
			"Idempotency-Key": "id-1", "Content-Type": "application/json; charset=utf-8", "Daero-Topic": "orders",
			"Daero-Partition": "3", "Daero-Offset": "42", "Daero-Attempt": "2", "Daero-Epoch": "7", "Daero-Redriven": "1",
			"Daero-Key": "customer%2017%25", "Daero-Writer": "shop", "Tenant": "kakao", "Authorization": "Bearer t",
			"Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
			"Ce-Id":       "e-1", "Ce-Subject": "Euro%20%E2%82%AC%20%22x%22%2050%25",
			"Tracestate": "", "Cookie": "", "X-Evil": "", "Accept-Encoding": "", "Content-Length": "7",
			"User-Agent": "daero (+https://github.com/daero/daero)", "Webhook-Id": "id-1",
		} {
			if have := s.head.Get(name); have != want {
				t.Errorf("%s: %q, want %q", name, have, want)
			}
		}
		mac := hmac.New(sha256.New, signingKey)
		mac.Write([]byte("id-1." + s.head.Get("Webhook-Timestamp") + "." + s.body))
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); s.head.Get("Webhook-Signature") != want {
			t.Errorf("signature %q, want %q", s.head.Get("Webhook-Signature"), want)
		}
	})
}

func TestWhatAMessageWithoutHeadersBecomes(t *testing.T) {
	got := make(chan http.Header, 2)
	both(t, func(_ http.ResponseWriter, r *http.Request) { got <- r.Header }, httptarget.Config{}, func(t *testing.T, target *httptarget.Target) {
		m := &relay.Message{Topic: "t", Partition: 1, Offset: 2, Key: []byte(strings.Repeat("\x00", 4096))}
		if res := target.Handle(t.Context(), m); res.Verb != relay.Acked {
			t.Fatalf("result %+v", res)
		}
		head := <-got
		for name, want := range map[string]string{
			"Idempotency-Key": "t/1/2", "Content-Type": "application/octet-stream", "Daero-Attempt": "1", "Content-Length": "0",
		} {
			if head.Get(name) != want {
				t.Errorf("%s: %q, want %q", name, head.Get(name), want)
			}
		}
		for _, name := range []string{"Daero-Key", "Webhook-Id", "Daero-Redriven"} { // the key is 12 KiB encoded
			if _, ok := head[name]; ok {
				t.Errorf("%s is there", name)
			}
		}
	})
}

// TestEventsArriveAsEvents: an event comes out as it was put in, also where its
// attributes have no place in a header as they are.
func TestEventsArriveAsEvents(t *testing.T) {
	for name, e := range map[string]*cloudevent.Event{
		"small": {ID: "1", Source: "/s", Type: "t", Data: []byte("x")},
		"full": {
			ID: "a b%\"", Source: "https://example.org/가", Type: "com.example.made", Subject: "Euro € 50%", DataContentType: "application/json",
			Time: "2026-11-25T01:02:03.000004Z", Data: []byte(`{"a":1}`),
			Extensions: []cloudevent.Attribute{{Name: "partitionkey", Value: "k 1"}, {Name: "x9", Value: "\u00ff"}},
		},
	} {
		got := make(chan *cloudevent.Event, 1)
		both(t, func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			out, err := cloudevent.FromHTTP(cloudevent.ModeOf(r.Header), r.Header, body)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			got <- out
		}, httptarget.Config{}, func(t *testing.T, target *httptarget.Target) {
			m := &relay.Message{Topic: "t", Value: e.Data, Headers: e.Headers(nil)}
			if res := target.Handle(t.Context(), m); res.Verb != relay.Acked {
				t.Fatalf("%+v", res)
			}
			if out := <-got; !reflect.DeepEqual(out, e) {
				t.Errorf("%s: %+v, want %+v", name, out, e)
			}
		})
	}
}

func TestWhatAnswersMean(t *testing.T) {
	type want struct {
		verb             relay.Verb
		after            time.Duration
		down, overloaded bool
	}
	ack, reject := want{verb: relay.Acked}, want{verb: relay.Rejected}
	type given struct {
		status int
		head   string // one header, "Name: value"
		want   want
	}
	var status int
	var name, value string
	both(t, func(w http.ResponseWriter, _ *http.Request) {
		if name != "" {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		if status != 204 && status != 304 {
			_, _ = io.WriteString(w, "because\x1b[31m\r\n \xff of this\u202e")
		}
	}, httptarget.Config{MaxAfter: time.Minute}, func(t *testing.T, target *httptarget.Target) {
		for _, c := range []given{
			{200, "", ack},
			{201, "", ack},
			{202, "Retry-After: 5", ack},
			{204, "", ack},
			{299, "", ack},
			{301, "Location: /elsewhere", reject},
			{303, "Location: /elsewhere", reject},
			{304, "", reject},
			{307, "Location: http://127.0.0.1:1/", reject},
			{400, "", reject},
			{401, "", reject},
			{404, "", reject},
			{408, "", want{}},
			{409, "", want{}},
			{409, "Idempotency-Key: id-1", ack},
			{409, "Idempotency-Key: id-2", want{}},
			{409, "Retry-After: 3", want{after: 3 * time.Second}},
			{410, "", reject},
			{413, "", reject},
			{422, "", reject},
			{425, "Retry-After: 0", want{}},
			{429, "Retry-After: 7", want{after: 7 * time.Second, overloaded: true}},
			{429, "Retry-After: 99999999999999999999999", want{overloaded: true}},
			{429, "Retry-After: 9999999999999999", want{after: time.Minute, overloaded: true}},
			{429, "Retry-After: -3", want{overloaded: true}},
			{429, "Retry-After: soon", want{overloaded: true}},
			{500, "", want{}},
			{501, "", want{}},
			{502, "", want{down: true}},
			{503, "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT", want{after: time.Minute, down: true, overloaded: true}},
			{503, "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT", want{down: true, overloaded: true}},
			{504, "", want{down: true}},
			{599, "", want{}},
		} {
			status = c.status
			name, value, _ = strings.Cut(c.head, ": ")
			res := target.Handle(t.Context(), message())
			if got := (want{res.Verb, res.After, res.Down, res.Overloaded}); got != c.want || res.Status != c.status {
				t.Errorf("%d %q: %+v, want %+v", c.status, c.head, res, c.want)
			}
			if c.want != ack && c.status != 304 && !strings.HasSuffix(res.Reason, "because [31m of this") {
				t.Errorf("%d: reason %q", c.status, res.Reason)
			}
			if strings.Contains(res.Reason, "swordfish") {
				t.Errorf("%d: reason %q shows the address", c.status, res.Reason)
			}
		}
	})
}

func TestConflictIsDone(t *testing.T) {
	after := ""
	both(t, func(w http.ResponseWriter, _ *http.Request) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(409)
	}, httptarget.Config{ConflictIsDone: true}, func(t *testing.T, target *httptarget.Target) {
		after = ""
		if res := target.Handle(t.Context(), message()); res.Verb != relay.Acked {
			t.Errorf("409: %+v", res)
		}
		after = "2"
		if res := target.Handle(t.Context(), message()); res.Verb != relay.Retried || res.After != 2*time.Second {
			t.Errorf("409, Retry-After: %+v", res)
		}
	})
}

func TestMistakesAreAllNamed(t *testing.T) {
	_, err := httptarget.New(httptarget.Config{
		Name: "shop", URL: "ftp://user:hunter2@h", Method: "GET", Secret: "hunter2", Timeout: -1,
		Headers: map[string]string{"Content-Length": "3", "a b": "1", "X": "hunter2\n"}, Forward: []string{"daero-key", "cookie"},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, s := range []string{"target shop", "http://", "GET", "openssl rand", "below zero", "Content-Length", `"a b"`, "line break", `"daero-key"`} {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("no %q in %v", s, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "cookie") {
		t.Errorf("error %v", err)
	}
}
