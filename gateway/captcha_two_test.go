package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/driver/valkey/valkeytest"
	"github.com/daero/daero/level"
)

// secondGateway names the Caddyfile of a gateway in a process of its own.
const secondGateway = "DAERO_TEST_SECOND_GATEWAY"

// TestSecondGateway is that process: it runs until its standard input ends. By
// itself there is nothing to test.
func TestSecondGateway(t *testing.T) {
	caddyfile := os.Getenv(secondGateway)
	if caddyfile == "" {
		return
	}
	newWorld(t, caddyfile)
	pin(t, level.Alert)
	_, _ = fmt.Fprintln(os.Stdout, "second gateway: up")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// startSecond starts it.
func startSecond(t *testing.T, listen, service string) *world {
	t.Helper()
	w := &world{t: t, client: &http.Client{Transport: &http.Transport{}}, listen: listen, url: "http://" + listen}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), exe, "-test.run", "^TestSecondGateway$")
	c.Env = append(os.Environ(), secondGateway+"="+service)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.client.CloseIdleConnections()
		_ = in.Close()
		_ = c.Wait() // it ends with its input
	})
	var said []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if said = append(said, lines.Text()); lines.Text() == "second gateway: up" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return w
		}
	}
	t.Fatalf("the second gateway did not start:\n%s", strings.Join(said, "\n"))
	return nil
}

// TestTwoGateways: what is opened at one is finished at the other, a token that
// was redeemed at one is spent at the other, and a clearance counts at both.
func TestTwoGateways(t *testing.T) {
	server := valkeytest.Start(t)
	shared := strings.Replace(captchaFile, "pool 8", "pool 8\n\t\t\tvalkey "+server.URL(""), 1)
	one := newWorld(t, shared)
	pin(t, level.Alert)
	listen := freePort(t)
	two := startSecond(t, listen, fmt.Sprintf(shared, listen, one.service.url, t.TempDir()))

	c := one.challenged("kim")
	token := two.finish(one.open(captcha.Opening{SiteKey: c.SiteKey}))
	clearance, code := one.clear(c, token)
	if clearance == "" {
		t.Fatal(code)
	}
	if _, code := two.clear(two.challenged("lee"), token); code != "spent-token" {
		t.Errorf("the token at the other: %q", code)
	}
	if got := [3]int{one.login("kim", clearance), two.login("kim", clearance), two.login("lee", clearance)}; got != [3]int{200, 200, 403} {
		t.Errorf("the clearance at both, and somebody else's: %v", got)
	}
	// And the other way round.
	c = two.challenged("park")
	token = one.finish(two.open(captcha.Opening{SiteKey: c.SiteKey}))
	if clearance, code := two.clear(c, token); clearance == "" {
		t.Error(code)
	}
	if _, code := one.clear(one.challenged("choi"), token); code != "spent-token" {
		t.Errorf("the token at the first: %q", code)
	}
	// Without the ledger nothing is given and nothing is let through by it; what
	// was cleared goes on.
	server.Kill()
	if got := one.login("kim", clearance); got != 200 {
		t.Errorf("without the ledger: %d", got)
	}
	if r := one.do("POST", "/daero/captcha/challenge", `{"sitekey":"`+c.SiteKey+`","session":"s"}`, "Content-Type", "application/json"); r.StatusCode != 503 {
		t.Errorf("a challenge without the ledger: %d %s", r.StatusCode, r.body)
	}
	if r := one.get("/v1/messages"); r.StatusCode != 200 {
		t.Errorf("another lane without the ledger: %d", r.StatusCode)
	}
}
