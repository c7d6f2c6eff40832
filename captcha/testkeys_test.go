package captcha

import (
	"strings"
	"testing"
)

func TestPublishedTestKeys(t *testing.T) {
	on := func(c *Config, _ *Site) { c.TestKeys = true }
	const dummy = "XXXX.DUMMY.TOKEN.XXXX"
	for _, c := range []struct {
		contract      Contract
		key           string
		step          Step   // "" is refused
		token, secret string // what the key gives, and a secret to check it with
		want          Failure
	}{
		{Turnstile, "1x00000000000000000000AA", StepDone, dummy, "1x0000000000000000000000000000000AA", OK},
		{Turnstile, "1x00000000000000000000BB", StepDone, dummy, "2x0000000000000000000000000000000AA", InvalidToken},
		{Turnstile, "3x00000000000000000000FF", StepWork, dummy, "3x0000000000000000000000000000000AA", SpentToken},
		{Turnstile, "2x00000000000000000000AB", "", "", "", ""},
		{Turnstile, "2x00000000000000000000BB", "", "", "", ""},
		{Hcaptcha, "10000000-ffff-ffff-ffff-000000000001", StepDone, "10000000-aaaa-bbbb-cccc-000000000001", "0x0000000000000000000000000000000000000000", OK},
		{Recaptcha, "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI", StepDone, "recaptcha-test-token", "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe", OK},
		{Native, TestKeyPasses, StepDone, TestToken, TestSecretPasses, OK},
		{Turnstile, TestKeyAsks, StepWork, TestToken, TestSecretSpent, SpentToken},
		{Hcaptcha, TestKeyPasses, StepDone, TestToken, TestSecretFails, InvalidToken},
		{Recaptcha, TestKeyBlocks, "", "", "", ""},
	} {
		t.Run(c.key, func(t *testing.T) {
			s := newStage(t, on)
			o := s.opening()
			o.SiteKey, o.Contract, o.Host = c.key, c.contract, "whatever.example"
			r, err := s.Open(t.Context(), o, noon)
			switch c.step {
			case "":
				if refused(err) != CodeBlocked {
					t.Error(r, err)
				}
				return
			case StepWork: // asks a real question
				s.must(StepWork, r, err)
				r, err = s.work(r)
				s.must(StepQuestion, r, err)
				r, err = s.Answer(t.Context(), r.ID, session, rightClick, home, s.time())
			}
			if s.must(StepDone, r, err); r.Token != c.token || r.Expires != int(tokenLife(testContract(c.key)).Seconds()) {
				t.Errorf("%+v", r)
			}
			ask := Check{Contract: c.contract, Secret: c.secret, Token: r.Token}
			for range 2 { // as often as it is asked
				got := s.Check(t.Context(), ask, noon)
				if got.Failure != c.want || got.Failure == OK && (got.Host == "" || !has(got.Reasons, "test")) {
					t.Errorf("%+v", got)
				}
			}
			// Real ones and dummies do not mix.
			s.pass(1)
			for name, m := range map[string]struct {
				secret, token, key string
				contract           Contract
				want               Failure
			}{
				"a real secret":    {s.secret, r.Token, "", c.contract, DummyToken},
				"a real token":     {c.secret, s.token(s.opening()), "", c.contract, NotDummyToken},
				"a real site key":  {c.secret, r.Token, s.shop.Key, c.contract, WrongSiteKey},
				"no token":         {c.secret, "", "", c.contract, MissingToken},
				"a megabyte":       {c.secret, strings.Repeat("A", 1<<20), "", c.contract, NotDummyToken},
				"its own site key": {c.secret, r.Token, c.key, c.contract, c.want},
			} {
				if got := s.Check(t.Context(), Check{Contract: m.contract, Secret: m.secret, Token: m.token, SiteKey: m.key}, s.time()); got.Failure != m.want {
					t.Errorf("%s: %q, want %q", name, got.Failure, m.want)
				}
			}
			if f := testContract(c.key); f != "" {
				if got := s.Check(t.Context(), Check{Contract: Native, Secret: c.secret, Token: r.Token}, noon); got.Failure != InvalidSecret {
					t.Errorf("a secret of %s under ours: %q", f, got.Failure)
				}
			}
			if len(s.shelf.counts) != 0 || s.stats.len(c.key) != 0 {
				t.Error("a test key is counted")
			}
		})
	}
}

func testContract(key string) Contract {
	for _, f := range testFamilies {
		if _, ok := f.keys[key]; ok {
			return f.contract
		}
	}
	return ""
}

// They are off unless somebody puts them in force.
func TestTestKeysAreOff(t *testing.T) {
	s := newStage(t, nil)
	for _, f := range testFamilies {
		for key := range f.keys {
			o := s.opening()
			o.SiteKey = key
			if _, err := s.Open(t.Context(), o, noon); refused(err) != CodeNoSite {
				t.Errorf("%s: %v", key, err)
			}
		}
		for secret := range f.secrets {
			for _, contract := range contracts {
				if got := s.Check(t.Context(), Check{Contract: contract, Secret: secret, Token: f.token}, noon); got.Failure != InvalidSecret {
					t.Errorf("%s: %q", secret, got.Failure)
				}
			}
		}
		if got := s.check(f.token); got.Failure != InvalidToken {
			t.Errorf("%s: %q", f.token, got.Failure)
		}
	}
}

func (c *counts) len(site string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.m {
		if k.site == site {
			n++
		}
	}
	return n
}
