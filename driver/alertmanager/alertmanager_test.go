package alertmanager_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/driver/alertmanager"
)

const secret = "swordfish-swordfish"

func receiver(t testing.TB) *alertmanager.Receiver {
	t.Helper()
	r, err := alertmanager.NewReceiver(alertmanager.ReceiverConfig{Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func signature(body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// post sends a signed webhook and returns the status.
func post(t testing.TB, r http.Handler, body string) int {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	req.Header.Set("X-Daero-Signature", signature(body))
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	return w.Code
}

// webhook is a group with alerts given as "status fingerprint severity endsAt".
func webhook(group, status string, alerts ...string) string {
	var list []map[string]any
	for _, a := range alerts {
		f := append(strings.Fields(a), "0001-01-01T00:00:00Z")
		list = append(list, map[string]any{
			"status": f[0], "fingerprint": f[1], "endsAt": f[3],
			"labels": map[string]string{"severity": f[2], "team": "db"}, "startsAt": "2026-11-24T00:00:00Z",
		})
	}
	b, _ := json.Marshal(map[string]any{"version": "4", "groupKey": group, "status": status, "alerts": list, "truncatedAlerts": 0})
	return string(b)
}

func TestAlertsBecomeAValue(t *testing.T) {
	r := receiver(t)
	signals := map[string]*alertmanager.Signal{}
	for name, cfg := range map[string]alertmanager.Config{
		"count":  {Receiver: r},
		"worst":  {Receiver: r, Match: map[string]string{"team": "db"}, Label: "severity", Values: map[string]float64{"warning": 1, "critical": 2}},
		"others": {Receiver: r, Match: map[string]string{"team": "web"}},
		"unset":  {Receiver: r, Match: map[string]string{"zone": ""}},
	} {
		s, err := alertmanager.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		signals[name] = s
		if got := s.Read(time.Now()); !got.At.IsZero() || got.Value != 0 || !strings.Contains(got.Note, "ever received") {
			t.Errorf("%s before anything came: %+v", name, got)
		}
	}
	soon := time.Now().Add(30 * time.Minute).UTC().Format(time.RFC3339)
	for i, step := range []struct {
		body         string
		count, worst float64
	}{
		{webhook("g1", "firing", "firing a warning", "firing b info"), 2, 1},
		{webhook("g1", "firing", "firing a warning", "firing b info"), 2, 1}, // again
		{webhook("g2", "firing", "firing a warning", "firing c critical"), 3, 2},
		{webhook("g2", "resolved", "resolved a warning", "resolved c critical"), 2, 1},
		{webhook("g2", "resolved", "resolved a warning", "resolved c critical"), 2, 1},
		{webhook("g1", "firing", "resolved a warning", "firing b info"), 1, 0},
		{strings.Replace(webhook("g1", "firing", "firing d critical"), `"truncatedAlerts":0`, `"truncatedAlerts":5`, 1), 2, 2},
		{webhook("g1", "firing"), 0, 0}, // the group has none left
		{webhook("g3", "firing", "firing e warning "+soon, "firing f critical 2020-01-01T00:00:00Z"), 1, 1},
		{webhook("g4", "firing", "firing h critical"), 2, 2},
	} {
		if code := post(t, r, step.body); code != http.StatusNoContent {
			t.Fatalf("step %d: answered %d", i, code)
		}
		now := time.Now()
		for name, want := range map[string]float64{"count": step.count, "worst": step.worst, "others": 0, "unset": 0} {
			if got := signals[name].Read(now); got.Value != want || !got.At.Equal(now) || got.Note != "" {
				t.Errorf("step %d: %s is %+v, want %v", i, name, got, want)
			}
		}
	}
	for after, want := range map[time.Duration]float64{29 * time.Minute: 2, 31 * time.Minute: 1, 61 * time.Minute: 0} {
		now := time.Now().Add(after)
		if got := signals["count"].Read(now); got.Value != want || !got.At.Equal(now) {
			t.Errorf("%s later: %+v, want %v", after, got, want)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	good := webhook("g", "firing", "firing a critical")
	grafana := strings.Replace(good, `"version":"4"`, `"version":"1","orgId":1,"title":"x","state":"alerting"`, 1)
	for name, c := range map[string]struct {
		method, body string
		header       http.Header
		want         int
	}{
		"signed":               {"POST", good, http.Header{"X-Daero-Signature": {signature(good)}}, 204},
		"token":                {"POST", good, http.Header{"Authorization": {"Bearer " + secret}}, 204},
		"token, any case":      {"POST", good, http.Header{"Authorization": {"bearer " + secret}}, 204},
		"grafana":              {"POST", grafana, http.Header{"Authorization": {"Bearer " + secret}}, 204},
		"unsigned":             {"POST", good, nil, 401},
		"wrong token":          {"POST", good, http.Header{"Authorization": {"Bearer " + secret + "x"}}, 401},
		"empty token":          {"POST", good, http.Header{"Authorization": {"Bearer "}}, 401},
		"basic":                {"POST", good, http.Header{"Authorization": {"Basic " + secret}}, 401},
		"signature of another": {"POST", good, http.Header{"X-Daero-Signature": {signature(good + " ")}}, 401},
		"signature not hex":    {"POST", good, http.Header{"X-Daero-Signature": {"sha256=zz"}}, 401},
		"signature, no digest": {"POST", good, http.Header{"X-Daero-Signature": {"sha256="}}, 401},
		"bad signature, token": {"POST", good, http.Header{"X-Daero-Signature": {"sha256=00"}, "Authorization": {"Bearer " + secret}}, 401},
		"unsigned, not JSON":   {"POST", "{", nil, 401},
		"not JSON":             {"POST", "{", http.Header{"X-Daero-Signature": {signature("{")}}, 400},
		"two documents":        {"POST", good + good, http.Header{"X-Daero-Signature": {signature(good + good)}}, 400},
		"GET":                  {"GET", "", http.Header{"Authorization": {"Bearer " + secret}}, 405},
		"too large":            {"POST", strings.Repeat(" ", alertmanager.MaxBody) + good, http.Header{"Authorization": {"Bearer " + secret}}, 413},
		"version 3":            {"POST", strings.Replace(good, `"4"`, `"3"`, 1), http.Header{"Authorization": {"Bearer " + secret}}, 400},
		"version 1":            {"POST", strings.Replace(good, `"4"`, `"1"`, 1), http.Header{"Authorization": {"Bearer " + secret}}, 400},
		"no group":             {"POST", strings.Replace(good, `"groupKey":"g"`, `"x":1`, 1), http.Header{"Authorization": {"Bearer " + secret}}, 400},
		"status":               {"POST", webhook("g", "pending"), http.Header{"Authorization": {"Bearer " + secret}}, 400},
		"alert's status":       {"POST", webhook("g", "firing", "maybe a b"), http.Header{"Authorization": {"Bearer " + secret}}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			r := receiver(t)
			s, err := alertmanager.New(alertmanager.Config{Receiver: r})
			if err != nil {
				t.Fatal(err)
			}
			srv := httptest.NewServer(r)
			defer srv.Close()
			req, err := http.NewRequestWithContext(t.Context(), c.method, srv.URL, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header = c.header.Clone()
			if req.Header == nil {
				req.Header = http.Header{}
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != c.want {
				t.Fatalf("answered %d %s, want %d", resp.StatusCode, body, c.want)
			}
			heard := s.Read(time.Now()).Value == 1
			if heard != (c.want == 204) {
				t.Errorf("answered %d, but the alert counts: %t", c.want, heard)
			}
			if c.want == 204 {
				return
			}
			var p struct {
				Status int
				Detail string
			}
			if err := json.Unmarshal(body, &p); err != nil || p.Status != c.want || p.Detail == "" || resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("problem %s as %s", body, resp.Header.Get("Content-Type"))
			}
			if bytes.Contains(body, []byte(secret)) {
				t.Errorf("the answer shows the secret: %s", body)
			}
		})
	}
}

func TestTooManyAlertsAreRefusedAndTheRestStays(t *testing.T) {
	r := receiver(t)
	s, err := alertmanager.New(alertmanager.Config{Receiver: r})
	if err != nil {
		t.Fatal(err)
	}
	code, posted := 0, 0
	for g := 0; code != http.StatusServiceUnavailable && g < 20; g++ {
		var alerts []string
		for i := range 1000 {
			alerts = append(alerts, fmt.Sprintf("firing %d-%d x", g, i))
		}
		if code = post(t, r, webhook(fmt.Sprint(g), "firing", alerts...)); code == http.StatusNoContent {
			posted += 1000
		}
	}
	if code != http.StatusServiceUnavailable || posted != 10000 || s.Read(time.Now()).Value != 10000 {
		t.Errorf("took %d, then answered %d; %v count", posted, code, s.Read(time.Now()).Value)
	}
	if code := post(t, r, webhook("0", "resolved")); code != http.StatusNoContent || s.Read(time.Now()).Value != 9000 {
		t.Errorf("resolving answered %d, %v are left", code, s.Read(time.Now()).Value)
	}
}

func TestMistakesAreAllNamed(t *testing.T) {
	_, err := alertmanager.NewReceiver(alertmanager.ReceiverConfig{Secret: "hunter2\n", MaxAge: time.Second})
	for _, want := range []string{"use 16 or more", "max age 1s", "line break"} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("receiver: %v, want %q", err, want)
		}
	}
	_, err = alertmanager.New(alertmanager.Config{Values: map[string]float64{"a": -1}, Match: map[string]string{"": "x"}})
	for _, want := range []string{"no receiver", "values without a label", "0 or more", "label without a name"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("signal: %v, want %q", err, want)
		}
	}
	if _, err = alertmanager.New(alertmanager.Config{Receiver: receiver(t), Label: "severity"}); err == nil || !strings.Contains(err.Error(), "warning 1") {
		t.Errorf("label alone: %v", err)
	}
}

// Whatever is sent by whoever knows the secret, sending it again changes no
// value, and everything is forgotten in the end.
func FuzzWebhook(f *testing.F) {
	f.Add(webhook("g", "firing", "firing a critical", "resolved b warning"))
	f.Add(webhook("g", "resolved", "resolved a x"))
	f.Add(strings.Replace(webhook("g", "firing", "firing a critical"), `"fingerprint":"a"`, `"x":1`, 1))
	f.Add(`{"version":"4","groupKey":"g","status":"firing","alerts":[{"status":"firing","endsAt":"9999-12-31T23:59:59Z"},{"status":"firing"}],"truncatedAlerts":-1}`)
	f.Add(`{"version":"1","orgId":null,"alerts":null}`)
	f.Add(`[{}]`)
	f.Fuzz(func(t *testing.T, body string) {
		r := receiver(t)
		s, err := alertmanager.New(alertmanager.Config{Receiver: r})
		if err != nil {
			t.Fatal(err)
		}
		code := post(t, r, body)
		if code != 204 && code != 400 && code != 413 && code != 503 {
			t.Fatalf("answered %d", code)
		}
		now := time.Now()
		first := s.Read(now)
		if again := post(t, r, body); again != code || s.Read(now).Value != first.Value {
			t.Errorf("again: %d, %+v; before %d, %+v", again, s.Read(now), code, first)
		}
		if late := s.Read(time.Now().Add(2 * time.Hour)); late.Value != 0 {
			t.Errorf("two hours later: %+v", late)
		}
	})
}
