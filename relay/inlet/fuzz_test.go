package inlet_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/inlet"
)

// nowLog keeps everything at once.
type nowLog struct{}

func (nowLog) Append(m *relay.Message, done func(relay.Position, error)) {
	at := relay.Position{Topic: m.Topic, Partition: int32(len(m.Key) % 8), Offset: int64(len(m.Value))}
	go done(at, nil)
}

func (nowLog) Consume(context.Context, relay.Group, relay.Consumer) error { return relay.ErrAway }

func newRelay(tb testing.TB, topics []relay.Topic) *relay.Relay {
	tb.Helper()
	r, err := relay.New(relay.Config{Log: nowLog{}, Topics: topics})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// FuzzServe sends anything. Nothing panics, the log takes what it is asked to,
// and so nothing is the server's mistake.
func FuzzServe(f *testing.F) {
	f.Add("POST", "orders", "Daero-Key: a\nIdempotency-Key: \"b\"\nContent-Type: text/plain", []byte("x"), true)
	f.Add("POST", "orders", "Daero-Key: %41\nContent-Encoding: gzip", []byte(squeeze([]byte("x"))), false)
	f.Add("POST", "orders", "Content-Type: application/cloudevents+json", []byte(`{"specversion":"1.0","id":"1","source":"s","type":"t","partitionkey":"k"}`), true)
	f.Add("POST", "orders", "Ce-Id: 1\nCe-Source: s\nCe-Type: t\nCe-Specversion: 1.0\nCe-Partitionkey: k", []byte{}, true)
	f.Add("GET", "a/../b", "Authorization: Bearer x\nDaero-Header-X: y", []byte{}, true)
	cfg := config(nil)
	cfg.Topics = append(cfg.Topics, relay.Topic{Name: "free", Order: relay.NoOrder})
	cfg.Writers = append(cfg.Writers, inlet.Writer{Name: "shop", Topic: "free", Token: inlet.Hash(token)})
	cfg.Relay = newRelay(f, cfg.Topics)
	h := make1(f, cfg)
	f.Fuzz(func(t *testing.T, method, topic, lines string, body []byte, announced bool) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
		r.Method, r.URL = method, &url.URL{Path: "/daero/relay/" + topic}
		if !announced {
			r.ContentLength = -1
		}
		r.Header.Set("Authorization", "Bearer "+token)
		for line := range strings.SplitSeq(lines, "\n") {
			name, value, _ := strings.Cut(line, ":")
			r.Header.Add(name, strings.TrimSpace(value))
		}
		w := do(h, r)
		if w.Code != 202 && (w.Code < 400 || w.Code >= 500) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		var doc map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
			t.Fatalf("%d %q is no JSON: %v", w.Code, w.Body, err)
		}
		if w.Code == 202 && (doc["id"] == "" || doc["topic"] != topic) {
			t.Fatalf("%s: no receipt for %q", w.Body, topic)
		}
	})
}

func BenchmarkServe(b *testing.B) {
	for name, c := range map[string]struct {
		body    string
		changes []string
	}{
		"plain":      {`{"a":1}`, []string{"Content-Type: application/json"}},
		"binary":     {`{"a":1}`, []string{"Ce-Specversion: 1.0", "Ce-Id: 1", "Ce-Source: /shop", "Ce-Type: t", "Content-Type: application/json"}},
		"structured": {`{"specversion":"1.0","id":"1","source":"/shop","type":"t","data":{"a":1}}`, []string{"Content-Type: application/cloudevents+json"}},
	} {
		b.Run(name, func(b *testing.B) {
			cfg := config(&silent{})
			h := make1(b, cfg)
			r := post(c.body, c.changes...)
			w := &nowhere{h: http.Header{}}
			body := strings.NewReader(c.body)
			r.Body = noClose{body}
			b.ReportAllocs()
			for b.Loop() {
				body.Reset(c.body)
				w.code = 0
				h.ServeHTTP(w, r)
				if w.code != 202 {
					b.Fatal(w.code)
				}
			}
		})
	}
}

type silent struct{}

func (silent) Accept(_ context.Context, m *relay.Message) (relay.Receipt, error) {
	return relay.Receipt{ID: "id-1", At: relay.Position{Topic: m.Topic}}, nil
}

type nowhere struct {
	h    http.Header
	code int
}

func (w *nowhere) Header() http.Header         { return w.h }
func (w *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (w *nowhere) WriteHeader(code int)        { w.code = code }

type noClose struct{ *strings.Reader }

func (noClose) Close() error { return nil }
