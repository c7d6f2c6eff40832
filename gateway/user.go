package gateway

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// UserSource says where the key of a user or device stands. Exactly one of
// Header, Cookie, JWT and ClientIP is set. A key is hashed at once and kept
// nowhere. Use a key of the user or the device, never of the session: a new
// session would be a new chance, and people would log in again for it.
type UserSource struct {
	Header string `json:"header,omitempty"`
	Cookie string `json:"cookie,omitempty"`
	// JWT is the name of a claim. The signature is not verified: the key
	// decides about fairness, not about access.
	JWT string `json:"jwt,omitempty"`
	// JWTHeader and JWTCookie say where the token is. Default: the header
	// Authorization, behind "Bearer ".
	JWTHeader string `json:"jwt_header,omitempty"`
	JWTCookie string `json:"jwt_cookie,omitempty"`
	// ClientIP is the address of the client by Caddy's trusted_proxies; of an
	// IPv6 address the first 64 bits, which is what one household has.
	ClientIP bool `json:"client_ip,omitempty"`
}

// sources counts what is set, of which there must be one.
func (u *UserSource) sources() (n int) {
	for _, set := range []bool{u.Header != "", u.Cookie != "", u.JWT != "", u.ClientIP} {
		if set {
			n++
		}
	}
	return n
}

func (u *UserSource) key(r *http.Request) string {
	switch {
	case u.Header != "":
		return r.Header.Get(u.Header)
	case u.Cookie != "":
		return cookie(r, u.Cookie)
	case u.JWT != "":
		return claim(u.token(r), u.JWT)
	case u.ClientIP:
		address, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
		return network(address)
	}
	return ""
}

func (u *UserSource) token(r *http.Request) string {
	if u.JWTCookie != "" {
		return cookie(r, u.JWTCookie)
	}
	name := u.JWTHeader
	if name == "" {
		name = "Authorization"
	}
	value := r.Header.Get(name)
	if len(value) > 7 && strings.EqualFold(value[:7], "Bearer ") {
		value = value[7:]
	}
	return value
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// longestJWT bounds the work that one request's token can cause.
const longestJWT = 16 << 10

// claim returns a claim of a JWT as text, "" if the token or the claim is not
// there. Only texts and numbers name a user.
func claim(token, name string) string {
	if len(token) > longestJWT {
		return ""
	}
	_, rest, ok := strings.Cut(token, ".")
	payload, _, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 {
		return ""
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(payload, "="))
	if err != nil {
		return ""
	}
	var claims map[string]json.RawMessage
	if json.Unmarshal(data, &claims) != nil {
		return ""
	}
	raw := claims[name]
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil {
		return number.String()
	}
	return ""
}

func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	prefix, _ := ip.Prefix(64)
	return prefix.String()
}
