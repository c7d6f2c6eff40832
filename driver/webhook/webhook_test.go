package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/driver/webhook"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

var key = []byte("0123456789abcdef0123456789abcdef")

func secret() string { return "whsec_" + base64.StdEncoding.EncodeToString(key) }

var notice = playbook.Notice{
	ID: "ops-alert-true-1", At: time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC), Target: "ops", Entered: true,
	Row: level.Alert, Level: level.Alert, Why: "busy 93% ≥ 90% (alert)", Korean: "busy 93%", Down: "busy < 81% for 30s",
}

func do(t *testing.T, h http.HandlerFunc) error {
	t.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	hook, err := webhook.New(webhook.Config{URL: srv.URL + "/hook?token=swordfish", Secret: secret()})
	if err != nil {
		t.Fatal(err)
	}
	return hook.Do(t.Context(), notice)
}

func TestSignedAsStandardWebhooksAre(t *testing.T) {
	err := do(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		stamp := r.Header.Get("webhook-timestamp")
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(notice.ID + "." + stamp + "."))
		mac.Write(body)
		if got, want := r.Header.Get("webhook-signature"), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)); got != want {
			t.Errorf("signature %q, want %q", got, want)
		}
		if at, err := strconv.ParseInt(stamp, 10, 64); err != nil || time.Since(time.Unix(at, 0)).Abs() > time.Hour {
			t.Errorf("timestamp %q", stamp)
		}
		if r.Header.Get("webhook-id") != notice.ID || r.Header.Get("Idempotency-Key") != notice.ID || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s with %v", r.Method, r.Header)
		}
		var got playbook.Notice
		if err := json.Unmarshal(body, &got); err != nil || !reflect.DeepEqual(got, notice) {
			t.Errorf("body %s: %+v, %v", body, got, err)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAnswersSayWhetherToTryAgain(t *testing.T) {
	for _, c := range []struct {
		status    int
		header    string
		permanent bool
		low, high time.Duration
	}{
		{200, "", false, 0, 0},
		{204, "", false, 0, 0},
		{301, "", true, 0, 0},
		{307, "", true, 0, 0},
		{400, "", true, 0, 0},
		{401, "", true, 0, 0},
		{410, "", true, 0, 0},
		{429, "7", false, 7 * time.Second, 7 * time.Second},
		{503, "999999999999999999999", false, 0, 0},
		{503, "99999999", false, time.Hour, time.Hour},
		{503, time.Now().Add(20 * time.Minute).UTC().Format(http.TimeFormat), false, 10 * time.Minute, 20 * time.Minute},
		{503, "-3", false, 0, 0},
		{500, "7", false, 0, 0},
	} {
		calls := 0
		err := do(t, func(w http.ResponseWriter, _ *http.Request) {
			calls++
			w.Header().Set("Location", "/elsewhere")
			w.Header().Set("Retry-After", c.header)
			w.WriteHeader(c.status)
			if c.status != 204 && c.status != 304 {
				_, _ = w.Write(make([]byte, 1<<20)) // more than is read
			}
		})
		if calls != 1 {
			t.Errorf("%d: %d calls, want 1", c.status, calls)
		}
		if c.status/100 == 2 {
			if err != nil {
				t.Errorf("%d: %v", c.status, err)
			}
			continue
		}
		e, ok := errors.AsType[*webhook.Error](err)
		if !ok || e.Status != c.status || e.Permanent() != c.permanent {
			t.Errorf("%d: %#v", c.status, err)
			continue
		}
		if after := e.RetryAfter(); after < c.low || after > c.high {
			t.Errorf("%d %q: retry after %s", c.status, c.header, after)
		}
	}
}

func TestErrorsHideTheAddress(t *testing.T) {
	srv := httptest.NewServer(nil)
	addr := srv.Listener.Addr().String()
	srv.Close()
	untrusted := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("told without a check of the certificate") }))
	untrusted.Config.ErrorLog = nil
	defer untrusted.Close()
	for name, url := range map[string]string{
		"nobody there":          "http://user:hunter2@" + addr + "/?token=swordfish",
		"untrusted certificate": strings.Replace(untrusted.URL, "https://", "https://user:hunter2@", 1) + "/?token=swordfish",
	} {
		hook, err := webhook.New(webhook.Config{URL: url, Secret: secret()})
		if err != nil {
			t.Fatal(err)
		}
		err = hook.Do(t.Context(), notice)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, s := range []string{"hunter2", "swordfish", "user:"} {
			if strings.Contains(err.Error(), s) {
				t.Errorf("%s: %v shows %q", name, err, s)
			}
		}
	}
}

func TestContextEndsACall(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() }))
	defer srv.Close()
	hook, err := webhook.New(webhook.Config{URL: srv.URL, Secret: secret()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := hook.Do(ctx, notice); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestMistakesAreAllNamed(t *testing.T) {
	for _, s := range []string{"", "hunter2", "whsec_", "whsec_!!!", "whsec_" + base64.StdEncoding.EncodeToString(key[:23]), strings.TrimPrefix(secret(), "whsec_")} {
		_, err := webhook.New(webhook.Config{URL: "ftp://h", Secret: s})
		if err == nil || !strings.Contains(err.Error(), "openssl rand -base64 32") || !strings.Contains(err.Error(), "http://") {
			t.Errorf("secret %q: %v", s, err)
		}
		if s == "hunter2" && strings.Contains(err.Error(), s) {
			t.Errorf("error shows the secret: %v", err)
		}
	}
}
