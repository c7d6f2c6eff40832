package gateway_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero/gateway"
	"github.com/daero/daero/level"
)

// TestWebhookIsToldAndSigned: on the way in and on the way out, with the secret
// that is kept in storage.
func TestWebhookIsToldAndSigned(t *testing.T) {
	type call struct {
		header http.Header
		body   string
	}
	calls := make(chan call, 8)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls <- call{r.Header, string(body)}
	}))
	defer hook.Close()
	w := newWorld(t, strings.Replace(playbookFile, "at caution {", "at attention {\n\t\t\t\twebhook "+hook.URL+"/secret-path\n\t\t\t}\n\t\t\tat caution {", 1))
	kept, err := os.ReadFile(filepath.Join(w.storage, "daero", "webhook.key"))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(kept), "whsec_"))
	if err != nil || len(secret) != 32 {
		t.Fatalf("%s: %v", kept, err)
	}
	for _, step := range []struct {
		to   level.Level
		want string
	}{{level.Attention, `"entered":true`}, {level.Normal, `"entered":false`}} {
		pin(t, step.to)
		got := <-calls
		if !strings.Contains(got.body, step.want) || !strings.Contains(got.body, `"row":"attention"`) {
			t.Errorf("no %s in %s", step.want, got.body)
		}
		mac := hmac.New(sha256.New, secret)
		io.WriteString(mac, got.header.Get("Webhook-Id")+"."+got.header.Get("Webhook-Timestamp")+"."+got.body)
		if sig := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); got.header.Get("Webhook-Signature") != sig {
			t.Errorf("signed %s, want %s", got.header.Get("Webhook-Signature"), sig)
		}
	}
	for _, told := range control(t).State(time.Now()).Tellers {
		if strings.Contains(told.Name, "secret-path") {
			t.Errorf("the path of a webhook is a secret, and is shown: %s", told.Name)
		}
	}
}

// TestAlertsComeIn: an alert raises its signal, also after a reload.
func TestAlertsComeIn(t *testing.T) {
	const secret = "a-secret-that-is-long-enough"
	t.Setenv("ALERTS_SECRET", secret)
	caddyfile := strings.Replace(playbookFile, "playbook {", "level {\n\t\t\tsignal pager alertmanager 1 2 {\n\t\t\t\tsecret {env.ALERTS_SECRET}\n\t\t\t\tmatch team chat\n\t\t\t}\n\t\t}\n\t\tplaybook {", 1)
	w := newWorld(t, caddyfile)
	send := func(secret string) int {
		app, err := caddy.ActiveContext().AppIfConfigured("daero")
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "/daero/api/alerts/pager", strings.NewReader(`{"version":"4","status":"firing","groupKey":"g","alerts":[
			{"status":"firing","labels":{"alertname":"Busy","team":"chat"},"fingerprint":"a","startsAt":"`+time.Now().UTC().Format(time.RFC3339)+`"}]}`))
		r.Header.Set("Authorization", "Bearer "+secret)
		rec := httptest.NewRecorder()
		app.(*gateway.App).Receivers()["pager"].ServeHTTP(rec, r)
		return rec.Code
	}
	value := func() float64 {
		control(t).Step(time.Now())
		return control(t).State(time.Now()).Level.Signals[0].Value
	}
	if status := send("not the secret"); status != 401 || value() != 0 {
		t.Errorf("unsigned: %d, value %v", status, value())
	}
	if status := send(secret); status != 204 || value() != 1 {
		t.Errorf("signed: %d, value %v", status, value())
	}
	if err := w.load(strings.Replace(caddyfile, "slow message 30s", "slow message 60s", 1)); err != nil {
		t.Fatal(err)
	}
	if v := value(); v != 1 {
		t.Errorf("value %v after a reload: the alert still fires", v)
	}
}

// TestEverySourceIsMade: validate makes every kind of signal, and contacts
// nobody: the addresses lead nowhere.
func TestEverySourceIsMade(t *testing.T) {
	t.Setenv("SECRET", "a-secret-that-is-long-enough")
	dir := t.TempDir()
	ics := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//daero//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\nDTEND:20260101T010000Z\r\nSUMMARY:New Year\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	if err := os.WriteFile(filepath.Join(dir, "events.ics"), []byte(ics), 0o600); err != nil {
		t.Fatal(err)
	}
	said := validated(t, `{
	daero {
		level {
			signal cpu host.cpu 80%
			signal db prometheus http://127.0.0.1:1 "max(up)" 0.7 {
				bearer {env.SECRET}
				header X-Scope-OrgID main
			}
			signal queue json http://127.0.0.1:1/health "body.queue / body.capacity" 50% {
				basic daero {env.SECRET}
			}
			signal lag kafka_lag 127.0.0.1:1 mail 1000 {
				sasl plain daero {env.SECRET}
			}
			signal pager alertmanager 1 {
				secret {env.SECRET}
			}
			signal quake alertfeed usgs {
				magnitude 4.5
				within 600km of 37.5 127.0
			}
			signal newyear calendar `+filepath.Join(dir, "events.ics")+`
		}
		notify ops slack://hook:AAAAAAAAA-BBBBBBBBB-123456789123456789123456@webhook
		webhook pager https://127.0.0.1:1/
		playbook {
			at attention {
				notify ops
				webhook pager
			}
		}
	}
}
:8080 {
	respond ok
}
`)
	if said != "" {
		t.Error(said)
	}
}

// TestMistakesOfSourcesHaveTheirPlace: what only the makers of signals know is
// refused by validate as well, all at once and without secrets.
func TestMistakesOfSourcesHaveTheirPlace(t *testing.T) {
	t.Setenv("SHORT", "hunter2")
	said := validated(t, `{
	daero {
		level {
			signal db prometheus ftp://127.0.0.1 "up" 0.7
			signal queue json http://127.0.0.1:1/ "body.queue /" 0.7
			signal pager alertmanager 1 {
				secret {env.SHORT}
			}
			signal calls alertmanager 1
			signal storm alertfeed cap https://example.com {
				severity sever
			}
			signal newyear calendar no/such.ics
			signal env json {env.NOT_THERE} "body.x" 1
		}
		notify ops carrier-pigeon://hunter2
		webhook pager https://example.com {
			secret hunter2
		}
	}
}
:8080 {
	respond ok
}
`)
	for _, line := range []string{"4: signal db: ", "5: signal queue: ", "6: signal pager: ", "9: signal calls: no secret", "10: signal storm: ", "13: signal newyear: ", "14: signal env: ", "16: notify ops: ", "17: webhook pager: "} {
		if !strings.Contains(said, "Caddyfile:"+line) {
			t.Errorf("no %q in\n%s", line, said)
		}
	}
	if strings.Contains(said, "hunter2") {
		t.Errorf("a secret is shown in\n%s", said)
	}
}
