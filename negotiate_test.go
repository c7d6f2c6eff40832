package daero

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestIsStream(t *testing.T) {
	for name, tt := range map[string]struct {
		method  string
		headers []string
		want    bool
	}{
		"plain":              {"GET", nil, false},
		"websocket":          {"GET", []string{"Connection", "Upgrade", "Upgrade", "websocket"}, true},
		"among others":       {"GET", []string{"Connection", "keep-alive, upgrade", "Upgrade", "websocket"}, true},
		"not this hop":       {"GET", []string{"Upgrade", "h2c"}, false},
		"event stream":       {"GET", []string{"Accept", "text/event-stream"}, true},
		"event stream, q":    {"GET", []string{"Accept", "application/json, Text/Event-Stream;q=0.9"}, true},
		"anything":           {"GET", []string{"Accept", "*/*"}, false},
		"extended CONNECT":   {"CONNECT", nil, true},
		"a word that has it": {"GET", []string{"Accept", "text/event-stream-like"}, false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Method = tt.method
		for i := 0; i < len(tt.headers); i += 2 {
			r.Header.Set(tt.headers[i], tt.headers[i+1])
		}
		if got := IsStream(r); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestPatience(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"": 0, "5S": 5 * time.Second, "100m": 100 * time.Millisecond, "7u": 7 * time.Microsecond, "9n": 9,
		"2M": 2 * time.Minute, "99999999H": 24 * time.Hour, "123456789S": 0, "S": 0, "-1S": 0, "5x": 0,
	} {
		r := httptest.NewRequest("POST", "/", nil)
		if header != "" {
			r.Header.Set("Grpc-Timeout", header)
		}
		if got := patience(r); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

// FuzzHeaders: whatever a client sends, deciding how to answer does not panic,
// and what is found in a cookie was there.
func FuzzHeaders(f *testing.F) {
	f.Add("text/html", "a=1; daero-appointment-login=x", "5S")
	f.Add(",;", "==;=;", "m")
	f.Fuzz(func(t *testing.T, accept, cookie, timeout string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Accept"] = []string{accept}
		r.Header["Grpc-Timeout"] = []string{timeout}
		IsStream(r)
		kindOf(r)
		if d := patience(r); d < 0 {
			t.Errorf("patience %s", d)
		}
		if v, ok := findCookie([]string{cookie}, "daero-appointment-login"); ok && !strings.Contains(cookie, v) {
			t.Errorf("%q is not in %q", v, cookie)
		}
	})
}
