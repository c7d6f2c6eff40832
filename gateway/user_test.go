package gateway

import (
	"context"
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func jwt(payload string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
}

func TestClaim(t *testing.T) {
	for name, tt := range map[string]struct{ token, want string }{
		"text":          {jwt(`{"sub":"kim","iat":1}`), "kim"},
		"number":        {jwt(`{"sub":12345678901234567890}`), "12345678901234567890"},
		"object":        {jwt(`{"sub":{"id":1}}`), ""},
		"null":          {jwt(`{"sub":null}`), ""},
		"missing":       {jwt(`{"name":"kim"}`), ""},
		"not an object": {jwt(`[1]`), ""},
		"one part":      {"abc", ""},
		"two parts":     {"abc.def", ""},
		"not base64":    {"a.!.c", ""},
		"empty":         {"", ""},
		"too long":      {jwt(`{"sub":"` + strings.Repeat("k", longestJWT) + `"}`), ""},
	} {
		if got := claim(tt.token, "sub"); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestUserKey(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-User-Id", "kim")
	r.Header.Set("Cookie", "uid=lee; s="+jwt(`{"sub":"park"}`))
	r.Header.Set("Authorization", "bearer "+jwt(`{"sub":"choi"}`))
	r.Header.Set("X-Token", jwt(`{"sub":"han"}`))
	r = r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, map[string]any{caddyhttp.ClientIPVarKey: "2001:db8:1:2:3:4:5:6"}))
	for want, u := range map[string]UserSource{
		"kim":               {Header: "x-user-id"},
		"lee":               {Cookie: "uid"},
		"park":              {JWT: "sub", JWTCookie: "s"},
		"choi":              {JWT: "sub"},
		"han":               {JWT: "sub", JWTHeader: "X-Token"},
		"2001:db8:1:2::/64": {ClientIP: true},
	} {
		if got := u.key(r); got != want {
			t.Errorf("%+v: %q, want %q", u, got, want)
		}
	}
	for _, u := range []UserSource{{Header: "No"}, {Cookie: "no"}, {JWT: "sub", JWTCookie: "no"}, {JWT: "no"}} {
		if got := u.key(r); got != "" {
			t.Errorf("%+v: %q, want nobody", u, got)
		}
	}
}

func TestNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7":        "192.0.2.7",
		"::ffff:192.0.2.7": "192.0.2.7",
		"fe80::1%eth0":     "fe80::/64",
		"2001:db8::1":      "2001:db8::/64",
		"":                 "",
		"unix":             "unix",
	} {
		if got := network(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	known := []string{"message", "login", "rest"}
	for word, want := range map[string]string{
		"mesage": "message", "lgoin": "login", "LOGIN": "login", "resst": "rest", "checkout": "", "": "",
	} {
		got := didYouMean(word, known)
		if has := strings.Contains(got, "did you mean"); has != (want != "") || !strings.Contains(got, want) {
			t.Errorf("%q: %s", word, got)
		}
	}
}

func FuzzClaim(f *testing.F) {
	f.Add(jwt(`{"sub":"kim"}`))
	f.Add("..")
	f.Fuzz(func(_ *testing.T, token string) { claim(token, "sub") })
}
