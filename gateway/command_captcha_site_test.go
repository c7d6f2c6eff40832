package gateway_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/api"
	"github.com/daero/daero/api/token"
	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/storetest"
	"github.com/daero/daero/driver/sqlite"
	"github.com/daero/daero/gateway"
	"github.com/daero/daero/lane"
)

// clerk runs commands against an API with a captcha, as on the machine itself.
type clerk struct {
	t       *testing.T
	sites   *storetest.Memory
	address string
	base    string
}

func newClerk(t *testing.T) *clerk {
	t.Helper()
	c := &clerk{t: t, sites: storetest.NewSites(), base: "https://captcha.example.com"}
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), sqlite.File))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	d, err := daero.New(daero.Config{Plan: daero.Plan{Backends: map[string]lane.Config{"default": {FixedLimit: 1, Lanes: []lane.LaneConfig{{Name: "login", Tier: lane.Sheddable}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := api.New(api.Config{
		Daero: d, Record: store, Operators: store, Logins: store, Tokens: token.NewVerifier(store), Local: true,
		Captcha: func() *api.Captcha { return &api.Captcha{Sites: c.sites, Base: c.base} },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	c.address = strings.TrimPrefix(server.URL, "http://")
	return c
}

// run runs `daero captcha site …`. No line is wider than 80 columns but those
// that are to be pasted, which are set in.
func (c *clerk) run(status int, args ...string) (stdout, stderr string) {
	c.t.Helper()
	var out, errs bytes.Buffer
	args = append(append([]string{"captcha", "site"}, args...), "--address", c.address)
	if got := gateway.Run(c.t.Context(), &out, &errs, args...); got != status {
		c.t.Fatalf("daero %s: status %d, want %d\n%s%s", strings.Join(args, " "), got, status, out.String(), errs.String())
	}
	for _, line := range strings.Split(out.String()+errs.String(), "\n") {
		if len([]rune(line)) > 80 && !strings.HasPrefix(line, " ") {
			c.t.Errorf("daero %s: a line of %d letters: %s", strings.Join(args, " "), len([]rune(line)), line)
		}
	}
	return out.String(), errs.String()
}

// has says what is missing in an output.
func (c *clerk) has(out string, wanted ...string) {
	c.t.Helper()
	for _, text := range wanted {
		if !strings.Contains(out, text) && !strings.Contains(oneLine(out), text) {
			c.t.Errorf("no %q in:\n%s", text, out)
		}
	}
}

// oneLine joins what was broken into lines.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// site is the only site.
func (c *clerk) site() captcha.Site {
	c.t.Helper()
	all, err := c.sites.AllSites(c.t.Context())
	if err != nil || len(all) != 1 {
		c.t.Fatalf("%d sites: %v", len(all), err)
	}
	return all[0]
}

func TestCaptchaSiteAdd(t *testing.T) {
	c := newClerk(t)
	out, errs := c.run(0, "add", "shop", "--host", "shop.example.com", "--host", "*.example.com", "--lang", "ko,en", "--ask", "always", "--level", "0",
		"--work", "600ms", "--limit", "tokens=5", "--bind-prefix", "--reason", "new")
	s := c.site()
	c.has(out, "site key "+s.Key, `<script src="https://captcha.example.com/daero/captcha/api.js" async defer></script>`,
		`<div class="daero-captcha" data-sitekey="`+s.Key+`"></div>`, "https://captcha.example.com/daero/captcha/siteverify")
	c.has(errs, "not shown again")
	secret := regexp.MustCompile(`secret +(\S{43})\n`).FindStringSubmatch(out)
	if secret == nil || captcha.HashSecret(secret[1]) != s.Secrets[0].Hash {
		t.Errorf("no secret of the site's in:\n%s", out)
	}
	if p := s.Policy; len(s.Hosts) != 2 || len(s.Langs) != 2 || p.Ask != captcha.AskAlways || *p.Level != 0 || p.Work != 600*time.Millisecond || p.PrefixTokens != 5 || !p.BindPrefix {
		t.Errorf("%+v", s)
	}
	list, _ := c.run(0, "list")
	c.has(list, "shop", s.Key, "always")
	show, _ := c.run(0, "show", "shop")
	c.has(show, s.Key, "shop.example.com *.example.com", "everyone; level 0, work 600ms", "tokens=5", "bound to the visitor's")
	if strings.Contains(list+show, secret[1]) {
		t.Error("the secret is shown again")
	}
	// An app, for a program; nobody has said where browsers find the captcha.
	c.base = ""
	out, errs = c.run(0, "add", "app", "--host", "app:", "--output", "json")
	var doc api.SecretOnceDoc
	if err := json.Unmarshal([]byte(out), &doc); err != nil || len(doc.Secret) != 43 || errs != "" {
		t.Errorf("%v %s%s", err, out, errs)
	}
	out, errs = c.run(0, "add", "한의원", "--host", "")
	c.has(out, "https://CAPTCHA-HOST/daero/captcha/api.js")
	c.has(errs, "Put the captcha's own host")
}

func TestCaptchaSiteSet(t *testing.T) {
	c := newClerk(t)
	_, errs := c.run(0, "list")
	c.has(errs, "there is no site yet: daero captcha site add")
	c.run(0, "add", "shop", "--host", "shop.example.com")
	key := c.site().Key
	out, _ := c.run(0, "set", "shop", "--ask", "never", "--off", "--limit", "misses=7", "--reason", "a rush")
	c.has(out, "off: gives no challenges", "nobody: proof of work alone; level 2", "misses=7", "shop.example.com")
	c.run(0, "set", key, "--on", "--host", "", "--name", "가게", "--bind-prefix=false", "--limit", "misses=0")
	if s := c.site(); s.Disabled || len(s.Hosts) != 0 || s.Name != "가게" || s.Policy.Ask != captcha.AskNever || s.Policy.PrefixMisses != 0 {
		t.Errorf("%+v", s)
	}
	old := c.site().Secrets[0].Hash
	out, errs = c.run(0, "rotate", "가게", "--overlap", "2d")
	c.has(out, "secret ", "secrets  of ", "the one of", " until ")
	c.has(errs, "not shown again")
	if s := c.site(); len(s.Secrets) != 2 || s.Secrets[1].Hash != old || time.Until(s.Secrets[1].Expires).Round(time.Hour) != 48*time.Hour {
		t.Errorf("%+v", s.Secrets)
	}
	c.run(0, "rotate", "가게", "--overlap", "0s")
	if s := c.site(); len(s.Secrets) != 1 {
		t.Errorf("%+v", s.Secrets)
	}
	_, errs = c.run(2, "remove", "가게")
	c.has(errs, "stop working at once", "--yes")
	c.site()
	out, _ = c.run(0, "remove", "가게", "--yes", "--reason", "they left")
	c.has(out, "daero captcha site restore "+key)
	_, errs = c.run(1, "show", "가게")
	c.has(errs, "there is none yet")
	c.run(2, "restore", key)
	out, _ = c.run(0, "restore", key, "--reason", "they are here")
	c.has(out, "가게 is there again")
	if s := c.site(); s.Key != key || len(s.Secrets) != 1 {
		t.Errorf("%+v", s)
	}
	c.run(1, "restore", key, "--reason", "again")
}

func TestCaptchaSiteStats(t *testing.T) {
	c := newClerk(t)
	c.run(0, "add", "shop", "--host", "shop.example.com")
	s := c.site()
	hour := time.Now().UTC().Truncate(time.Hour)
	var all []captcha.Count
	for name, n := range map[string]int64{
		"issued": 200, "solved.work": 100, "solved.order": 40, "solved.words": 10, "shown.click": 60, "shown.audio": 20, "missed.order": 5,
		"took.5s": 45, "took.40s": 5, "took-ms": 300_000, "waits.busy": 3, "verified.invalid": 2,
	} {
		all = append(all, captcha.Count{Site: s.Key, Hour: hour, Name: name, N: n})
	}
	if err := c.sites.AddCounts(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	out, _ := c.run(0, "stats", "shop", "--since", "2d", "--hours")
	c.has(out, "200 challenges", "150 visitors, 33% of them asked something", "work 100, order 40, words 10", "click 60, audio 20", "25 left unanswered",
		"25% by sound", "6.0 s on average, nine of ten within 5 s", "3 were told to come back later", "0 verified, 2 refused", "! note", "HOUR", "ISSUED")
	out, _ = c.run(0, "stats", "shop", "--output", "json")
	var doc api.StatisticsDoc
	if err := json.Unmarshal([]byte(out), &doc); err != nil || doc.Passed != 150 || doc.SolveTime != 6 {
		t.Errorf("%v %s", err, out)
	}
}

// TestCaptchaSiteMistakes: wrong use says what is right and is status 2, what
// the gateway refuses is 1.
func TestCaptchaSiteMistakes(t *testing.T) {
	c := newClerk(t)
	c.run(0, "add", "shop", "--host", "shop.example.com")
	c.run(0, "add", "twin", "--host", "a.example.com")
	c.run(0, "add", "twin", "--host", "b.example.com")
	for _, m := range []struct {
		status int
		args   string
		says   string
	}{
		{2, "add", "write it like: daero captcha site add NAME --host HOST"},
		{2, "add a", "--host: where do its pages stand?"},
		{2, "add a --host b.c --level high", "invalid argument"},
		{2, "add a --host b.c --limit tokens", "write it like tokens=60"},
		{2, "add a --host b.c --limit tokns=1", "did you mean"},
		{1, "add a --host https://b.c", "without scheme and path"},
		{1, "add a --host b.c --ask often", "write risk, never or always"},
		{1, "add a --host b.c --level 9", "not among 0 to 4"},
		{1, "add a --host b.c --work soon", "400ms"},
		{1, "add a --host b.c --lang de", "choose among ko, en"},
		{2, "set shop", "say what is to be different"},
		{2, "set shop --reason why", "say what is to be different"},
		{2, "set shop --on --off", "give one of them"},
		{1, "set shpo --off", `did you mean "shop"?`},
		{1, "show twin", "2 sites are called"},
		{2, "rotate shop --overlap soon", "like 24h, or 0s"},
		{1, "rotate shop --overlap 9999h", "0s to 2160h"},
		{1, "stats shop --since 9999d", "ask for a part"},
		{1, "stats " + strings.Repeat("a", 40), "no site"},
		{2, "wrong", "unknown command"},
	} {
		_, errs := c.run(m.status, strings.Fields(m.args)...)
		if !strings.Contains(oneLine(errs), m.says) {
			t.Errorf("daero captcha site %s says %s, want %q", m.args, errs, m.says)
		}
	}
	if all, err := c.sites.AllSites(t.Context()); err != nil || len(all) != 3 {
		t.Error(fmt.Sprint(len(all)), err)
	}
}

// TestCaptchaSiteHelp fits a terminal.
func TestCaptchaSiteHelp(t *testing.T) {
	for _, command := range []string{"", "add", "list", "show", "set", "rotate", "remove", "restore", "stats"} {
		var out, errs bytes.Buffer
		if status := gateway.Run(t.Context(), &out, &errs, append([]string{"captcha", "site"}, append(strings.Fields(command), "--help")...)...); status != 0 {
			t.Errorf("%s: status %d: %s", command, status, errs.String())
		}
		for _, line := range strings.Split(out.String(), "\n") {
			if len([]rune(line)) > 80 {
				t.Errorf("daero captcha site %s --help: a line of %d letters: %s", command, len([]rune(line)), line)
			}
		}
	}
}
