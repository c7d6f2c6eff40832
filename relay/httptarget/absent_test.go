package httptarget_test

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/httptarget"
)

func TestTargetsThatAreNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	untrusted := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("told without a check of the certificate") }))
	untrusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	speaksPlain := httptest.NewServer(http.NotFoundHandler())
	defer speaksPlain.Close()
	for name, c := range map[string]struct{ url, why string }{
		"nobody there":    {"http://user:hunter2@" + nobody + "/?token=swordfish", "refused"},
		"nobody there, s": {"https://user:hunter2@" + nobody + "/?token=swordfish", "refused"},
		"no such host":    {"http://user:hunter2@nowhere.invalid/?token=swordfish", ""},
		"untrusted":       {strings.Replace(untrusted.URL, "https://", "https://user:hunter2@", 1) + "/?token=swordfish", "certificate"},
		"speaks plain":    {strings.Replace(speaksPlain.URL, "http://", "https://user:hunter2@", 1) + "/?token=swordfish", "TLS"},
	} {
		got := newTarget(t, httptarget.Config{URL: c.url}).Handle(t.Context(), message())
		if got.Verb != relay.Retried || !got.Down || got.Status != 0 || !strings.Contains(got.Reason, c.why) {
			t.Errorf("%s: %+v", name, got)
		}
		for _, s := range []string{"hunter2", "swordfish", "user:", "nowhere", "127.0.0.1"} {
			if strings.Contains(got.Reason, s) {
				t.Errorf("%s: %q shows %q", name, got.Reason, s)
			}
		}
	}
}

// TestUserOfTheAddress is sent as basic authentication.
func TestUserOfTheAddress(t *testing.T) {
	var user, password string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { user, password, _ = r.BasicAuth() }))
	defer srv.Close()
	target := newTarget(t, httptarget.Config{URL: strings.Replace(srv.URL, "http://", "http://daero:hunter2@", 1)})
	if got := target.Handle(t.Context(), message()); got.Verb != relay.Acked || user != "daero" || password != "hunter2" {
		t.Errorf("%+v, %q %q", got, user, password)
	}
}
