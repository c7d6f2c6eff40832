package captcha

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/netip"
	"strings"
	"time"
)

// maxSecret is how long a secret may be; ours have 43 characters.
const maxSecret = 512

// claimSpare is how much longer than a token's life it is remembered who redeemed
// it, which begins later than that life.
const claimSpare = time.Minute

// Check redeems a token: once, or again with the same idempotency key. A failure
// of InvalidToken or ExpiredToken does not use the token up.
//
// An idempotency key is a UUID; another word is as none. It is good for the
// secret that it came with: a retry gets the answer that the first one got, for
// as long as the token is good.
func (p *Platform) Check(ctx context.Context, c Check, now time.Time) Checked {
	if c.Contract == "" {
		c.Contract = Native
	}
	if c.Secret == "" {
		return Checked{Failure: MissingSecret}
	}
	if t, ok := p.testSecret(&c); ok {
		return p.checkTest(t, &c, now)
	}
	site, failure := p.siteOf(ctx, c.Secret, now)
	if failure != OK {
		return Checked{Failure: failure}
	}
	if c.Token == "" {
		return Checked{Failure: MissingToken, Site: site.Key}
	}
	done := p.redeem(ctx, site, &c, now)
	name := CountInvalid
	if done.Failure == OK {
		name = CountValid
	}
	if done.Failure != Internal {
		p.tell(site.Key, Event{Name: name, Kind: done.Kind}, now)
	}
	return done
}

// siteOf finds the site of a secret. What is compared are hashes: how long it
// takes says nothing about a secret.
func (p *Platform) siteOf(ctx context.Context, secret string, now time.Time) (*Site, Failure) {
	if len(secret) > maxSecret {
		return nil, InvalidSecret
	}
	hash := HashSecret(secret)
	site, err := p.sites.bySecret(ctx, hash, now)
	switch {
	case errors.Is(err, ErrNoSite):
		return nil, InvalidSecret
	case err != nil:
		return nil, Internal
	case site.Disabled || !site.has(hash, now):
		return nil, InvalidSecret
	}
	return site, OK
}

// redeem checks a token for its site, and claims it.
func (p *Platform) redeem(ctx context.Context, site *Site, c *Check, now time.Time) Checked {
	if c.SiteKey != "" && c.SiteKey != site.Key {
		return Checked{Failure: WrongSiteKey, Site: site.Key}
	}
	if p.isDummy(c.Token) {
		return Checked{Failure: DummyToken, Site: site.Key}
	}
	plain, salt, ok := p.mint.unseal(c.Token)
	if !ok {
		return Checked{Failure: InvalidToken, Site: site.Key}
	}
	t, ok := decodePassed(plain)
	if !ok || t.site != site.Key || t.contract != c.Contract || t.at.Sub(now) > ahead {
		return Checked{Failure: InvalidToken, Site: site.Key}
	}
	life := tokenLife(t.contract)
	if now.Sub(t.at) > life {
		return Checked{Failure: ExpiredToken, Site: site.Key}
	}
	if f := p.remote(site, &t, c); f != OK {
		return Checked{Failure: f, Site: site.Key}
	}
	switch there, err := p.cfg.Ledger.Get(ctx, tokenKey(salt)); {
	case err != nil:
		return Checked{Failure: Internal, Site: site.Key}
	case there == nil:
		return Checked{Failure: ExpiredToken, Site: site.Key}
	}
	by := claimant(c)
	first, err := p.cfg.Ledger.Claim(ctx, tokenKey(salt), by, life+claimSpare)
	if err != nil {
		return Checked{Failure: Internal, Site: site.Key}
	}
	if first != by {
		return Checked{Failure: SpentToken, Site: site.Key}
	}
	return Checked{
		Site: t.site, Host: t.host, Action: t.action, CData: t.cdata, At: t.at, Score: t.score,
		Reasons: t.reasons.Names(), Interactive: t.kind != KindWork, Kind: t.kind,
	}
}

// remote looks at the address that the site's server says. Its form counts under
// hCaptcha's contract; whether it is near the visitor's where the site binds.
func (p *Platform) remote(site *Site, t *passed, c *Check) Failure {
	if c.RemoteIP == "" {
		return OK
	}
	if _, err := netip.ParseAddr(c.RemoteIP); err != nil {
		if c.Contract == Hcaptcha {
			return InvalidRemoteIP
		}
		if !site.Policy.BindPrefix {
			return OK
		}
	}
	if site.Policy.BindPrefix && !p.mint.near(t.prefix, t.site, c.RemoteIP) {
		return InvalidToken
	}
	return OK
}

// claimant is who redeems: somebody new each time, or the same for the same
// idempotency key and secret.
func claimant(c *Check) string {
	if !isUUID(c.IdempotencyKey) {
		var b [16]byte
		_, _ = rand.Read(b[:]) // never fails, see crypto/rand
		return base64.RawURLEncoding.EncodeToString(b[:])
	}
	h := hmac.New(sha256.New, []byte(c.Secret))
	_, _ = h.Write([]byte("idempotency|" + strings.ToLower(c.IdempotencyKey))) // never fails
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

// isUUID reports whether s has the form of a UUID, of any version.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') {
			return false
		}
	}
	return only(s, "-") && !strings.ContainsAny(s, "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ")
}
