package gateway_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/rehearse/cli"
	"github.com/daero/daero/rehearse/job"
)

// TestRehearsalIsWatched: whoever follows the link that a rehearsal prints sees
// the gateway that is being rehearsed, before its storm begins, and nobody does
// once it is over.
func TestRehearsalIsWatched(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	said, end := io.Pipe()
	var report bytes.Buffer
	status := make(chan int, 1)
	go func() {
		status <- cli.Rehearse(t.Context(), strings.Fields("goal --arms auto --duration 10s --console --console-lead 3s --progress json --output json --bars correctness --behind --program "+self), nil, &report, end)
		_ = end.Close() // whoever reads knows by that
	}()
	var base string
	var seen struct {
		Level struct{ Word string }
		Lanes []struct{ Name string }
	}
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		l, err := job.ParseLine(lines.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if l.Console != "" {
			if base != "" {
				t.Error("a second link")
			}
			base = follow(t, l.Console, &seen)
		}
		if l.Phase == "goal" && base == "" {
			t.Error("the storm has begun, and nobody could look")
		}
	}
	if got := <-status; got > 1 { // a bar may be missed on a machine that others use
		t.Errorf("exit status %d: %s", got, &report)
	}
	if seen.Level.Word != "normal" || len(seen.Lanes) < 3 {
		t.Errorf("seen %+v", seen)
	}
	if _, err := http.Get(base + "/daero/console/"); err == nil { //nolint:bodyclose,noctx // there is no answer
		t.Error("the console outlives the rehearsal")
	}
}

// follow logs in by a link and reads what is in force now.
func follow(t *testing.T, link string, now any) (base string) {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil || u.Hostname() != "127.0.0.1" {
		t.Fatalf("the link is %s: %v", link, err)
	}
	base = "http://" + u.Host
	jar, _ := cookiejar.New(nil) // without options it cannot fail
	client := &http.Client{Jar: jar, Timeout: 5 * time.Second}
	form := url.Values{"token": {u.Query().Get("token")}, "name": {"watcher"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+u.Path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", base)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp, err = client.Get(base + "/daero/api/now"); err != nil { //nolint:noctx // the client has a time-out
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(now); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %v", resp.StatusCode, err)
	}
	return base
}
