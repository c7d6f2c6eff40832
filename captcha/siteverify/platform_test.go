package siteverify_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/siteverify"
)

// easy is a proof of work that is no work, so that tokens can be had by the
// hundred thousand.
type easy struct{}

func (easy) Task([]byte) (n, x string)      { return "f", "2" }
func (easy) Check([]byte, int, string) bool { return true }

// one is a store of one site.
type one struct {
	captcha.Sites
	site captcha.Site
}

func (o *one) Site(_ context.Context, key string) (captcha.Site, error) {
	if key != o.site.Key {
		return captcha.Site{}, captcha.ErrNoSite
	}
	return o.site, nil
}

func (o *one) SiteBySecret(_ context.Context, hash [32]byte) (captcha.Site, error) {
	if hash != o.site.Secrets[0].Hash {
		return captcha.Site{}, captcha.ErrNoSite
	}
	return o.site, nil
}

// desk is the real platform behind the handler, with a clock of its own.
type desk struct {
	http.Handler
	platform    *captcha.Platform
	key, secret string
	now         time.Time
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{now: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)}
	site, secret := captcha.NewSite("shop", []string{"shop.example.com"}, d.now)
	site.Policy = captcha.Policy{
		Ask: captcha.AskNever, PrefixChallenges: 10_000_000, SiteChallenges: 10_000_000, PrefixTokens: 10_000_000,
	}
	d.key, d.secret = site.Key, secret
	p, err := captcha.New(captcha.Config{
		Secrets: [][]byte{[]byte("0123456789abcdef")}, Sites: &one{site: site}, TestKeys: true,
		Ledger:    captcha.NewMemory(func() time.Time { return d.now }, 0),
		Lock:      func([]byte) captcha.Lock { return easy{} },
		Squarings: func(int) int { return 1 },
	})
	if err != nil {
		t.Fatal(err)
	}
	d.platform = p
	d.Handler = siteverify.New(siteverify.Config{Checker: p, Now: func() time.Time { return d.now }})
	return d
}

func (d *desk) token(t testing.TB, c captcha.Contract, action string) string {
	t.Helper()
	ctx := context.Background()
	r, err := d.platform.Open(ctx, captcha.Opening{
		SiteKey: d.key, Contract: c, Host: "shop.example.com", Action: action, Session: "s", Address: "192.0.2.1",
	}, d.now)
	if err == nil && r.Step == captcha.StepWork {
		r, err = d.platform.Work(ctx, r.ID, "s", "1", "192.0.2.1", d.now.Add(time.Second))
	}
	if err != nil || r.Step != captcha.StepDone {
		t.Fatalf("%+v, %v", r, err)
	}
	return r.Token
}

func (d *desk) ask(path string, pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest("POST", path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return fmt.Sprintf("%d %s", w.Code, w.Body)
}

// The whole way of a token under each contract: good once, then spent; another
// one is too old after the contract's time.
func TestTokens(t *testing.T) {
	const ok = `200 {"success":true,`
	no := func(codes string) string { return `200 {"success":false,"error-codes":["` + codes + `"]}` }
	for _, tt := range []struct {
		contract    captcha.Contract
		path        string
		life        time.Duration
		spent, late string
	}{
		{captcha.Recaptcha, siteverify.PathRecaptcha, 2 * time.Minute, "timeout-or-duplicate", "timeout-or-duplicate"},
		{captcha.Hcaptcha, siteverify.PathHcaptcha, 2 * time.Minute, `already-seen-response","invalid-or-already-seen-response`, `expired-input-response","invalid-or-already-seen-response`},
		{captcha.Turnstile, siteverify.PathTurnstile, 5 * time.Minute, "timeout-or-duplicate", "timeout-or-duplicate"},
		{captcha.Native, siteverify.PathNative, 5 * time.Minute, "already-seen-response", "expired-input-response"},
	} {
		t.Run(string(tt.contract), func(t *testing.T) {
			d := newDesk(t)
			token, late := d.token(t, tt.contract, "login"), d.token(t, tt.contract, "login")
			if got := d.ask(tt.path, "secret", "wrong", "response", token); got != no("invalid-input-secret") {
				t.Errorf("a wrong secret: %s", got)
			}
			if got := d.ask(tt.path, "secret", d.secret); got != no("missing-input-response") {
				t.Errorf("no token: %s", got)
			}
			if got := d.ask(tt.path, "secret", d.secret, "response", token+"x"); got != no("invalid-input-response") {
				t.Errorf("a token that was changed: %s", got)
			}
			got := d.ask(tt.path, "secret", d.secret, "response", token, "remoteip", "192.0.2.1")
			if !strings.HasPrefix(got, ok) || !strings.Contains(got, `"challenge_ts":"2026-05-06T07:08:10.000Z","`) || !strings.Contains(got, `"hostname":"shop.example.com"`) {
				t.Errorf("the first time: %s", got)
			}
			if got := d.ask(tt.path, "secret", d.secret, "response", token); got != no(tt.spent) {
				t.Errorf("the second time: %s", got)
			}
			d.now = d.now.Add(tt.life + 2*time.Second)
			if got := d.ask(tt.path, "secret", d.secret, "response", late); got != no(tt.late) {
				t.Errorf("after %v: %s", tt.life, got)
			}
		})
	}
}

func TestIdempotencyKey(t *testing.T) {
	d := newDesk(t)
	token := d.token(t, captcha.Turnstile, "")
	const id = "6f1d9c7e-0c3b-4b6e-9a51-3d1c1f0e2a77"
	first := d.ask(siteverify.PathTurnstile, "secret", d.secret, "response", token, "idempotency_key", id)
	again := d.ask(siteverify.PathTurnstile, "secret", d.secret, "response", token, "idempotency_key", id)
	if !strings.HasPrefix(first, `200 {"success":true,`) || again != first {
		t.Errorf("with the same key: %s, then %s", first, again)
	}
	other := d.ask(siteverify.PathTurnstile, "secret", d.secret, "response", token, "idempotency_key", strings.Replace(id, "6", "7", 1))
	if want := `200 {"success":false,"error-codes":["timeout-or-duplicate"]}`; other != want {
		t.Errorf("with another key: %s", other)
	}
}

// A contract's tokens are not another's: their times differ.
func TestTokenOfAnotherContract(t *testing.T) {
	d := newDesk(t)
	token := d.token(t, captcha.Turnstile, "")
	if got, want := d.ask(siteverify.PathHcaptcha, "secret", d.secret, "response", token), `200 {"success":false,"error-codes":["invalid-input-response"]}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := d.ask(siteverify.PathTurnstile, "secret", d.secret, "response", token); !strings.HasPrefix(got, `200 {"success":true`) {
		t.Errorf("then at its own: %s", got)
	}
}

// The keys that the three publish for tests do what their documentation says.
func TestTestKeys(t *testing.T) {
	const dummy = "XXXX.DUMMY.TOKEN.XXXX"
	d := newDesk(t)
	for _, tt := range []struct{ path, secret, token, want string }{
		{siteverify.PathTurnstile, "1x0000000000000000000000000000000AA", dummy, `{"success":true,"error-codes":[],`},
		{siteverify.PathTurnstile, "2x0000000000000000000000000000000AA", dummy, `{"success":false,"error-codes":["invalid-input-response"]}`},
		{siteverify.PathTurnstile, "3x0000000000000000000000000000000AA", dummy, `{"success":false,"error-codes":["timeout-or-duplicate"]}`},
		{siteverify.PathTurnstile, d.secret, dummy, `{"success":false,"error-codes":["invalid-input-response"]}`},
		{siteverify.PathTurnstile, "1x0000000000000000000000000000000AA", d.token(t, captcha.Turnstile, ""), `{"success":false,"error-codes":["invalid-input-response"]}`},
		{siteverify.PathHcaptcha, "0x0000000000000000000000000000000000000000", "10000000-aaaa-bbbb-cccc-000000000001", `{"success":true,`},
		{siteverify.PathHcaptcha, "0x0000000000000000000000000000000000000000", d.token(t, captcha.Hcaptcha, ""), `{"success":false,"error-codes":["not-using-dummy-passcode"]}`},
		{siteverify.PathHcaptcha, d.secret, "10000000-aaaa-bbbb-cccc-000000000001", `{"success":false,"error-codes":["not-using-dummy-secret"]}`},
		{siteverify.PathRecaptcha, "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe", "anything", `{"success":true,`},
		{siteverify.PathNative, captcha.TestSecretPasses, captcha.TestToken, `{"success":true,`},
		{siteverify.PathNative, captcha.TestSecretSpent, captcha.TestToken, `{"success":false,"error-codes":["already-seen-response"]}`},
	} {
		for range 2 { // as often as one likes
			if got := d.ask(tt.path, "secret", tt.secret, "response", tt.token); !strings.HasPrefix(got, "200 "+tt.want) {
				t.Errorf("%s, secret %.4s…, token %.4s…: %s, want %s", tt.path, tt.secret, tt.token, got, tt.want)
			}
		}
	}
}

// The bar is 10,000 a second on two cores, over the memory ledger.
func BenchmarkSiteverify(b *testing.B) {
	d := newDesk(b)
	bodies := make([]string, b.N)
	for i := range bodies {
		bodies[i] = url.Values{"secret": {d.secret}, "response": {d.token(b, captcha.Recaptcha, "login")}}.Encode()
	}
	var next, passed atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest("POST", siteverify.PathRecaptcha, strings.NewReader(bodies[next.Add(1)-1]))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			d.ServeHTTP(w, r)
			if start, _ := io.ReadAll(io.LimitReader(w.Body, 15)); string(start) == `{"success":true` {
				passed.Add(1)
			}
		}
	})
	b.StopTimer()
	if passed.Load() != int64(b.N) {
		b.Fatalf("%d of %d passed", passed.Load(), b.N)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verifications/s")
}
