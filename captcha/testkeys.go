package captcha

import (
	"net/http"
	"net/netip"
	"slices"
	"time"
)

// Our own test keys, of the shape that ours have. They are in force where
// [Config].TestKeys is set, together with those that Turnstile, hCaptcha and
// reCAPTCHA publish for theirs. Any host may show them. A test key gives a dummy
// token, at once or, where it asks, after a real question; a test secret takes
// dummy tokens of its family alone, as often as it is asked. Real tokens and
// dummy ones do not mix: [NotDummyToken] and [DummyToken] say so.
const (
	TestKeyPasses    = "daero-test-site-key--always-passes-00000"
	TestKeyBlocks    = "daero-test-site-key--always-blocks-00000" // Open refuses with CodeBlocked
	TestKeyAsks      = "daero-test-site-key--always-asks-0000000"
	TestSecretPasses = "daero-test-secret--always-passes-0000000000"
	TestSecretFails  = "daero-test-secret--always-fails-00000000000" // InvalidToken
	TestSecretSpent  = "daero-test-secret--always-spent-00000000000" // SpentToken
	TestToken        = "daero-test-token"
)

type testOutcome int

const (
	testPasses testOutcome = iota
	testBlocks
	testAsks
	testFails
	testSpent
)

// testFamily are keys that belong together.
type testFamily struct {
	contract Contract // under which its secrets are known, "" for all
	token    string
	host     string // that checks tell, as the vendor's do
	keys     map[string]testOutcome
	secrets  map[string]testOutcome
	// lax secrets take any token that is not a real one, as reCAPTCHA's do.
	lax bool
}

// testFamilies hold public facts: what the vendors' documentation prints.
var testFamilies = []testFamily{
	{
		token: TestToken, host: "localhost",
		keys:    map[string]testOutcome{TestKeyPasses: testPasses, TestKeyBlocks: testBlocks, TestKeyAsks: testAsks},
		secrets: map[string]testOutcome{TestSecretPasses: testPasses, TestSecretFails: testFails, TestSecretSpent: testSpent},
	},
	{
		contract: Turnstile, token: "XXXX.DUMMY.TOKEN.XXXX", host: "example.com",
		keys: map[string]testOutcome{
			"1x00000000000000000000AA": testPasses, "2x00000000000000000000AB": testBlocks,
			"1x00000000000000000000BB": testPasses, "2x00000000000000000000BB": testBlocks, // invisible ones
			"3x00000000000000000000FF": testAsks,
		},
		secrets: map[string]testOutcome{
			"1x0000000000000000000000000000000AA": testPasses, "2x0000000000000000000000000000000AA": testFails,
			"3x0000000000000000000000000000000AA": testSpent,
		},
	},
	{
		contract: Hcaptcha, token: "10000000-aaaa-bbbb-cccc-000000000001", host: "dummy-key-pass",
		keys:    map[string]testOutcome{"10000000-ffff-ffff-ffff-000000000001": testPasses},
		secrets: map[string]testOutcome{"0x0000000000000000000000000000000000000000": testPasses},
	},
	{
		contract: Recaptcha, token: "recaptcha-test-token", host: "testkey.google.com", lax: true,
		keys:    map[string]testOutcome{"6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI": testPasses},
		secrets: map[string]testOutcome{"6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe": testPasses},
	},
}

// testKey is a site key or a secret that is in force.
type testKey struct {
	key     string
	outcome testOutcome
	family  *testFamily
}

func (p *Platform) testKey(key string) (testKey, bool) {
	if !p.cfg.TestKeys {
		return testKey{}, false
	}
	for i := range testFamilies {
		if o, ok := testFamilies[i].keys[key]; ok {
			return testKey{key, o, &testFamilies[i]}, true
		}
	}
	return testKey{}, false
}

func (p *Platform) testSecret(c *Check) (testKey, bool) {
	if !p.cfg.TestKeys {
		return testKey{}, false
	}
	for i := range testFamilies {
		f := &testFamilies[i]
		if o, ok := f.secrets[c.Secret]; ok && (f.contract == "" || f.contract == c.Contract) {
			return testKey{c.Secret, o, f}, true
		}
	}
	return testKey{}, false
}

// isDummy reports whether a token is one that test keys give.
func (p *Platform) isDummy(token string) bool {
	return p.cfg.TestKeys && slices.ContainsFunc(testFamilies, func(f testFamily) bool { return f.token == token })
}

// site is the site of a test key, which no store has.
func (t testKey) site() *Site {
	return &Site{Key: t.key, Name: "test", Policy: Policy{Ask: AskAlways}}
}

// open answers an opening of a key that does not ask.
func (t testKey) open(now time.Time) (Reply, error) {
	if t.outcome == testBlocks {
		return Reply{}, refuse(http.StatusForbidden, CodeBlocked, "this is the test key that always blocks")
	}
	return t.done(now), nil
}

func (t testKey) done(now time.Time) Reply {
	return Reply{Step: StepDone, Token: t.family.token, Expires: int(tokenLife(t.family.contract) / time.Second), At: now}
}

// checkTest answers for a test secret.
func (p *Platform) checkTest(t testKey, c *Check, now time.Time) Checked {
	if c.Token == "" {
		return Checked{Failure: MissingToken}
	}
	if c.SiteKey != "" {
		if _, ok := t.family.keys[c.SiteKey]; !ok {
			return Checked{Failure: WrongSiteKey}
		}
	}
	if c.RemoteIP != "" && c.Contract == Hcaptcha {
		if _, err := netip.ParseAddr(c.RemoteIP); err != nil {
			return Checked{Failure: InvalidRemoteIP}
		}
	}
	if c.Token != t.family.token {
		if _, _, ours := p.mint.unseal(c.Token); ours || !t.family.lax || len(c.Token) > MaxToken {
			return Checked{Failure: NotDummyToken}
		}
	}
	switch t.outcome {
	case testFails:
		return Checked{Failure: InvalidToken}
	case testSpent:
		return Checked{Failure: SpentToken}
	}
	return Checked{Host: t.family.host, At: now, Score: 0.9, Reasons: ReasonTest.Names(), Kind: KindWork}
}

// hostOf is where a site's challenge is shown.
func (p *Platform) hostOf(site *Site, host string) (clean string, ok bool) {
	if _, test := p.testKey(site.Key); test && host != "" {
		return CleanHost(host)
	}
	return site.ShownOn(host)
}
