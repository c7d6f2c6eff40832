package notify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/driver/notify"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

var at = time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC)

var entered = playbook.Notice{
	ID: "1", At: at, Target: "ops", Node: "gw-1", Entered: true, Row: level.Alert, Level: level.Alert,
	Why: "busy 93% ≥ 90% (alert)", Korean: "busy 93%, 경계 기준 90% 이상", Down: "busy < 81% for 30s", DownKorean: "busy < 81% 상태로 30s",
}

var left = playbook.Notice{
	ID: "2", At: at, Target: "ops", Row: level.Attention, Level: level.Normal,
	Why: "nothing asks for attention any more", Korean: "관심 조건이 모두 풀림",
}

func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		n    playbook.Notice
		lang string
		want string
	}{
		"entered, English": {entered, "en", "Load level 3 alert: 3 alert begins.\nWhy: busy 93% ≥ 90% (alert)\nComes down: busy < 81% for 30s\ngw-1, 2026-11-24 01:02:03 UTC"},
		"entered, Korean":  {entered, "ko", "부하 레벨 3 경계: 3 경계 대응 시작\n이유: busy 93%, 경계 기준 90% 이상\n내려가는 조건: busy < 81% 상태로 30s\ngw-1, 2026-11-24 01:02:03 UTC"},
		"left, English":    {left, "en", "Load level 0 normal: 1 attention ends.\nWhy: nothing asks for attention any more\n2026-11-24 01:02:03 UTC"},
		"left, Korean":     {left, "ko", "부하 레벨 0 정상: 1 관심 대응 해제\n이유: 관심 조건이 모두 풀림\n2026-11-24 01:02:03 UTC"},
		"both": {left, "both", "부하 레벨 0 정상: 1 관심 대응 해제\n이유: 관심 조건이 모두 풀림\n2026-11-24 01:02:03 UTC\n\n" +
			"Load level 0 normal: 1 attention ends.\nWhy: nothing asks for attention any more\n2026-11-24 01:02:03 UTC"},
		"hostile": {
			playbook.Notice{At: at, Why: "quake warns: @everyone <!channel>\n\x1b[31mred\x00"},
			"en",
			"Load level 0 normal: 0 normal ends.\nWhy: quake warns: @ everyone < !channel> [31mred\n2026-11-24 01:02:03 UTC",
		},
	} {
		if got := notify.Text(c.n, c.lang); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
	if got := notify.Text(playbook.Notice{At: at, Why: strings.Repeat("x ", 10000)}, "both"); len(got) > 2000 {
		t.Errorf("a long reason makes %d bytes", len(got))
	}
}

// channel is one of the generic service, on a server.
func channel(t *testing.T, lang string, h http.HandlerFunc) *notify.Channel {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := notify.New(notify.Config{URL: "generic+" + srv.URL + "/swordfish-token?key=hunter2hunter2", Lang: lang})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChannelIsTold(t *testing.T) {
	got := make(chan string, 1)
	c := channel(t, "en", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.Method + " " + r.URL.Path + "\n" + string(body)
	})
	if err := c.Do(t.Context(), entered); err != nil {
		t.Fatal(err)
	}
	if text, want := <-got, "POST /swordfish-token\n"+notify.Text(entered, "en"); text != want {
		t.Errorf("told\n%s\nwant\n%s", text, want)
	}
}

func TestErrorsHideTheAddress(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"refused":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"broken off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		err := channel(t, "", h).Do(t.Context(), entered)
		if err == nil || strings.Contains(err.Error(), "swordfish") || strings.Contains(err.Error(), "hunter2") || len(err.Error()) > 400 {
			t.Errorf("%s: %v", name, err)
		}
		if name == "refused" && !strings.Contains(err.Error(), "403") {
			t.Errorf("%s: %v, want the status", name, err)
		}
	}
}

// A service that hangs does not hold up Do, is not told the same twice, and
// does not pile up messages. Once it answers, the channel works again.
func TestServiceThatHangs(t *testing.T) {
	came, release := make(chan string, 100), make(chan struct{})
	c := channel(t, "en", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		came <- string(body)
		<-release
	})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { first <- c.Do(ctx, entered) }()
	<-came
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("Do returned %v, want that it was cancelled", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Do(gone, entered); !errors.Is(err, context.Canceled) {
		t.Errorf("again: %v", err)
	}
	for i := range 3 {
		n := entered
		n.ID = fmt.Sprint("more", i)
		if err := c.Do(gone, n); !errors.Is(err, context.Canceled) {
			t.Errorf("more: %v", err)
		}
		<-came
	}
	if err := c.Do(t.Context(), left); !errors.Is(err, notify.ErrBusy) {
		t.Errorf("with four under way: %v, want ErrBusy", err)
	}
	again := make(chan error)
	go func() { again <- c.Do(t.Context(), entered) }()
	close(release)
	if err := <-again; err != nil {
		t.Errorf("when the service answers: %v", err)
	}
	deadline, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	for err := c.Do(deadline, left); err != nil; err = c.Do(deadline, left) {
		if !errors.Is(err, notify.ErrBusy) {
			t.Fatal(err)
		}
	}
	told := 0
	for len(came) > 0 {
		if <-came == notify.Text(left, "en") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told the last notice %d times", told)
	}
}

func TestAddressesAreChecked(t *testing.T) {
	for _, url := range []string{
		"slack://hook:WNA3PBYV6-F20DUQND3RQ-Webc4MAvoacrpPakR8phF0zi@webhook",
		"discord://W3dE2OZz4C13_4z_uHfDOoC7BqTW288s@693853386302554172",
		"telegram://110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1@telegram?chats=12345678",
		"smtp://user:hunter2@mail.example.com:587/?fromaddress=a@example.com&toaddresses=b@example.com",
		"teams://11111111-4444-4444-8444-cccccccccccc@22222222-4444-4444-8444-cccccccccccc/33333333012222222222333333333344/44444444-4444-4444-8444-cccccccccccc/V2ESyij_gAljSoUQHvZoZYzlpAoAXExyOl26dlf1xHEx05?host=contoso.webhook.office.com",
		"generic+https://example.com/hook", "generic://example.com/hook?template=json",
	} {
		if _, err := notify.New(notify.Config{URL: url, Lang: "ko"}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	for url, want := range map[string]string{
		"":                                  "cannot be read",
		"http://swordfish.example/":         "unknown service",
		"matrix://u:swordfish@h":            "unknown service",
		"logger://":                         "unknown service",
		"slack+https://swordfish/":          "slack://hook:",
		"slack://swordfish@webhook":         "slack://hook:",
		"telegram://swordfish@telegram":     "telegram://TOKEN",
		"discord://swordfish":               "discord://TOKEN",
		"smtp://u:swordfish@h:x":            "cannot be read",
		"smtp://u:swordfish@h:25/?from=a@b": "smtp://USER",
		"\x00swordfish":                     "cannot be read",
	} {
		_, err := notify.New(notify.Config{URL: url, Lang: "fr"})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "use en, ko or both") {
			t.Errorf("%q: %v, want %q", url, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "swordfish") {
			t.Errorf("%q: error shows the secret: %v", url, err)
		}
	}
	if len(notify.Forms()) < 10 {
		t.Error("few forms")
	}
}
