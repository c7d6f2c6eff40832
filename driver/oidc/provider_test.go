package oidc_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/driver/oidc"
)

const back = "https://daero.example.com/daero/api/oidc/callback"

// provider is a small provider of accounts: it signs what it is told to.
type provider struct {
	*httptest.Server
	key   *rsa.PrivateKey
	other *rsa.PrivateKey

	mu     sync.Mutex
	codes  map[string]login // each for once
	header map[string]any
	forge  bool // signs with a key that it does not show
	info   map[string]any
	down   bool
	asked  int
}

// login is one that a person has finished at the provider.
type login struct {
	challenge string
	claims    map[string]any
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{codes: map[string]login{}, header: map[string]any{"alg": "RS256", "kid": "one"}}
	for _, k := range []**rsa.PrivateKey{&p.key, &p.other} {
		var err error
		if *k, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			t.Fatal(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", p.configuration)
	mux.HandleFunc("/keys", p.keys)
	mux.HandleFunc("/token", p.token)
	mux.HandleFunc("/userinfo", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, p.info) })
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func answer(w http.ResponseWriter, status int, doc any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(doc)
}

func (p *provider) configuration(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if p.down {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	answer(w, 200, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"userinfo_endpoint": p.URL + "/userinfo", "id_token_signing_alg_values_supported": []string{"RS256", "none", "HS256"},
	})
}

func (p *provider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, 200, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "one",
		"n": b64(p.key.N.Bytes()), "e": b64(big.NewInt(int64(p.key.E)).Bytes()),
	}}})
}

// token takes a code once, from who can prove to have begun the login.
func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	l, known := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	switch {
	case id != "daero" || secret != "the-client-secret":
		answer(w, 401, map[string]any{"error": "invalid_client", "error_description": "SECRET " + secret})
		return
	case !known || b64(sum[:]) != l.challenge || r.FormValue("redirect_uri") != back:
		answer(w, 400, map[string]any{"error": "invalid_grant"})
		return
	}
	answer(w, 200, map[string]any{"access_token": "at", "token_type": "Bearer", "id_token": p.sign(l.claims)})
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (p *provider) sign(claims map[string]any) string {
	head, _ := json.Marshal(p.header)
	body, _ := json.Marshal(claims)
	text := b64(head) + "." + b64(body)
	if p.header["alg"] == "none" {
		return text + "."
	}
	key := p.key
	if p.forge {
		key = p.other
	}
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + b64(sig)
}

// approve is a person who logs in at an address: it returns the code.
func (p *provider) approve(t *testing.T, address string, change map[string]any) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if !strings.HasPrefix(address, p.URL+"/auth?") || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("redirect_uri") != back ||
		!strings.Contains(q.Get("scope"), "openid") || q.Get("client_id") != "daero" {
		t.Fatalf("sent to %s", address)
	}
	claims := map[string]any{
		"iss": p.URL, "aud": "daero", "sub": "4711", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "nonce": q.Get("nonce"),
		"email": "Kim@Example.com", "email_verified": true, "groups": []string{"staff", "sre"},
	}
	maps.Copy(claims, change)
	for k, v := range claims {
		if v == nil {
			delete(claims, k)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	code := "code-" + q.Get("state")
	p.codes[code] = login{q.Get("code_challenge"), claims}
	return code
}

func (p *provider) config() oidc.Config {
	return oidc.Config{Issuer: p.URL, ClientID: "daero", ClientSecret: "the-client-secret", Domains: []string{"example.com"}, Roles: []oidc.Rule{
		{Role: store.Viewer}, {Role: store.Admin, Claim: "groups", Values: []string{"admins"}}, {Role: store.Acting, Claim: "groups", Values: []string{"ops", "sre"}},
	}}
}

func (p *provider) open(t *testing.T, change ...func(*oidc.Config)) *oidc.Provider {
	t.Helper()
	cfg := p.config()
	for _, f := range change {
		f(&cfg)
	}
	o, err := oidc.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func begin(t *testing.T, o *oidc.Provider) (store.LoginState, string) {
	t.Helper()
	st := store.LoginState{State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text()}
	address, err := o.Begin(t.Context(), back, st)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{st.Verifier, "the-client-secret"} {
		if strings.Contains(address, secret) {
			t.Fatal("a secret is in the address")
		}
	}
	return st, address
}

// TestLogin: who comes in, as whom and with which role, and who does not.
func TestLogin(t *testing.T) {
	p := newProvider(t)
	for name, tt := range map[string]struct {
		claims map[string]any
		config func(*oidc.Config)
		who    string
		role   store.Role
	}{
		"by a group":             {who: "kim@example.com", role: store.Acting},
		"the highest role":       {claims: map[string]any{"groups": []string{"sre", "admins"}}, who: "kim@example.com", role: store.Admin},
		"a claim that is a text": {claims: map[string]any{"groups": "admins"}, who: "kim@example.com", role: store.Admin},
		"anyone":                 {claims: map[string]any{"groups": []any{1, "x"}}, who: "kim@example.com", role: store.Viewer},
		"verified as a text":     {claims: map[string]any{"email_verified": "true"}, who: "kim@example.com", role: store.Acting},
		"another claim names":    {claims: map[string]any{"preferred_username": "kim"}, config: func(c *oidc.Config) { c.NameClaim = "preferred_username" }, who: "kim", role: store.Acting},
		"several audiences":      {claims: map[string]any{"aud": []string{"x", "daero"}}, who: "kim@example.com", role: store.Acting},

		"not verified":       {claims: map[string]any{"email_verified": false}},
		"no address":         {claims: map[string]any{"email": ""}},
		"another domain":     {claims: map[string]any{"email": "kim@example.com.evil.net"}},
		"a domain below":     {claims: map[string]any{"email": "kim@sub.example.com"}},
		"two at signs":       {claims: map[string]any{"email": "evil@x.net@example.com"}},
		"a reserved name":    {claims: map[string]any{"preferred_username": "local"}, config: func(c *oidc.Config) { c.NameClaim = "preferred_username" }},
		"a name like no one": {claims: map[string]any{"email": "kim<b>@example.com"}},
		"no role":            {claims: map[string]any{"groups": []string{"staff"}}, config: func(c *oidc.Config) { c.Roles = c.Roles[1:] }},
	} {
		t.Run(name, func(t *testing.T) {
			o := p.open(t, func(c *oidc.Config) {
				if tt.config != nil {
					tt.config(c)
				}
			})
			st, address := begin(t, o)
			who, role, err := o.Finish(t.Context(), back, p.approve(t, address, tt.claims), st)
			if tt.who == "" {
				if !errors.Is(err, store.ErrRefused) || who != "" || role != "" {
					t.Errorf("%q is %q, %v", who, role, err)
				}
				return
			}
			if err != nil || who != tt.who || role != tt.role {
				t.Errorf("%q is %q, %v", who, role, err)
			}
		})
	}
}

// TestForged: what is not said by the provider, to us, of this login, now.
func TestForged(t *testing.T) {
	p := newProvider(t)
	reset := func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.forge, p.header = false, map[string]any{"alg": "RS256", "kid": "one"}
	}
	for name, tt := range map[string]struct {
		claims map[string]any
		do     func()
		config func(*oidc.Config)
		state  func(*store.LoginState)
	}{
		"another issuer":       {claims: map[string]any{"iss": "https://evil.example"}},
		"another audience":     {claims: map[string]any{"aud": "other"}},
		"expired":              {claims: map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}},
		"another login":        {claims: map[string]any{"nonce": "x"}},
		"no nonce":             {claims: map[string]any{"nonce": nil}},
		"another key":          {do: func() { p.forge = true }},
		"no signature":         {do: func() { p.header = map[string]any{"alg": "none"} }},
		"a symmetric key":      {do: func() { p.header = map[string]any{"alg": "HS256", "kid": "one"} }},
		"who did not begin it": {state: func(s *store.LoginState) { s.Verifier += "x" }},
		"no state":             {state: func(s *store.LoginState) { *s = store.LoginState{} }},
		"another secret":       {config: func(c *oidc.Config) { c.ClientSecret = "wrong-secret" }},
	} {
		t.Run(name, func(t *testing.T) {
			defer reset()
			o := p.open(t, func(c *oidc.Config) {
				if tt.config != nil {
					tt.config(c)
				}
			})
			st, address := begin(t, o)
			code := p.approve(t, address, tt.claims)
			if tt.do != nil {
				tt.do()
			}
			if tt.state != nil {
				tt.state(&st)
			}
			who, role, err := o.Finish(t.Context(), back, code, st)
			if err == nil || who != "" || role != "" {
				t.Fatalf("%q is %q", who, role)
			}
			if text := err.Error(); strings.Contains(text, "secret\"") || strings.Contains(text, "wrong-secret") || strings.Contains(text, "the-client-secret") || strings.Contains(text, code) {
				t.Errorf("says %s", text)
			}
		})
	}
	o := p.open(t)
	st, address := begin(t, o)
	code := p.approve(t, address, nil)
	if _, _, err := o.Finish(t.Context(), back, code, st); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.Finish(t.Context(), back, code, st); err == nil {
		t.Error("a code was good twice")
	}
}

// TestUserInfo: what is not in the token is asked for, of the same person.
func TestUserInfo(t *testing.T) {
	p := newProvider(t)
	o := p.open(t)
	p.info = map[string]any{"sub": "4711", "groups": []string{"admins"}, "email": "other@example.com"}
	st, address := begin(t, o)
	if who, role, err := o.Finish(t.Context(), back, p.approve(t, address, map[string]any{"groups": nil}), st); err != nil || role != store.Admin || who != "kim@example.com" {
		t.Errorf("%q is %q, %v", who, role, err)
	}
	p.info["sub"] = "another"
	st, address = begin(t, o)
	if who, role, err := o.Finish(t.Context(), back, p.approve(t, address, map[string]any{"groups": nil}), st); err == nil {
		t.Errorf("%q is %q by what was said of another", who, role)
	}
}

// TestDown: nothing is asked before somebody logs in, and a provider that is
// down is not asked again by each who waits.
func TestDown(t *testing.T) {
	p := newProvider(t)
	now := time.Now()
	o := p.open(t, func(c *oidc.Config) { c.Now = func() time.Time { return now } })
	if p.asked != 0 {
		t.Error("asked before anybody logs in")
	}
	p.down = true
	for range 3 {
		if _, err := o.Begin(t.Context(), back, store.LoginState{}); err == nil || !strings.Contains(err.Error(), p.URL) {
			t.Errorf("says %v", err)
		}
	}
	if p.asked != 1 {
		t.Errorf("asked %d times", p.asked)
	}
	p.down = false
	now = now.Add(5 * time.Second)
	if _, err := o.Begin(t.Context(), back, store.LoginState{}); err != nil {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	good := oidc.Config{Issuer: "https://id.example.com", ClientID: "daero", Roles: []oidc.Rule{{Role: store.Viewer}}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*oidc.Config){
		"issuer: missing":        func(c *oidc.Config) { c.Issuer = "" },
		"use https":              func(c *oidc.Config) { c.Issuer = "http://id.example.com" },
		"not a URL":              func(c *oidc.Config) { c.Issuer = "https://user:pw@id.example.com" },
		"client_id: missing":     func(c *oidc.Config) { c.ClientID = "" },
		"small letters":          func(c *oidc.Config) { c.Domains = []string{"Example.com"} },
		"role: missing":          func(c *oidc.Config) { c.Roles = nil },
		"unknown role":           func(c *oidc.Config) { c.Roles[0].Role = "root" },
		"anyone whom":            func(c *oidc.Config) { c.Roles[0].Role = store.Admin },
		"a claim and its values": func(c *oidc.Config) { c.Roles[0].Claim = "groups" },
	} {
		cfg := good
		cfg.Roles = []oidc.Rule{{Role: store.Viewer}}
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, says %v", want, err)
		}
		if strings.Contains(cfg.Validate().Error(), "pw") {
			t.Error("the error repeats a password")
		}
	}
}

// FuzzClaims: whatever a provider says, nobody gets a name or a role that is
// none.
func FuzzClaims(f *testing.F) {
	f.Add(`{"email":"kim@example.com","email_verified":true,"groups":["admins"]}`)
	f.Add(`{"email":["x"],"email_verified":"true","groups":{"a":1}}`)
	cfg := oidc.Config{NameClaim: "email", Domains: []string{"example.com"}, Roles: []oidc.Rule{{Role: store.Admin, Claim: "groups", Values: []string{"admins"}}}}
	f.Fuzz(func(t *testing.T, text string) {
		name, role, err := oidc.Decide(cfg, []byte(text))
		if err == nil && (store.CheckName(name) != nil || role != store.Admin || !strings.HasSuffix(name, "@example.com")) {
			t.Errorf("%q is %q by %s", name, role, text)
		}
	})
}
