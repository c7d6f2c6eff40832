package captcha

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestNewSites(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		s, secret := NewSite("shop", []string{"shop.example.com"}, noon)
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		if len(s.Key) != 40 || len(secret) < 40 || !only(s.Key, "_-") || !only(secret, "_-") || seen[s.Key] || seen[secret] || s.Key[0] == '-' || secret[0] == '-' {
			t.Fatal(s.Key, secret)
		}
		seen[s.Key], seen[secret] = true, true
		if !s.has(HashSecret(secret), noon) || s.has(HashSecret(secret+"x"), noon) {
			t.Fatal("a secret is not its own")
		}
	}
}

func TestRotate(t *testing.T) {
	s, one := NewSite("shop", nil, noon)
	secrets := []string{one}
	for i := range 12 {
		at := noon.Add(time.Duration(i+1) * time.Minute)
		var secret string
		s, secret = s.Rotate(time.Hour, at)
		secrets = append(secrets, secret)
		if err := s.Validate(); err != nil || !s.Changed.Equal(at) || !s.Secrets[0].Expires.IsZero() {
			t.Fatal(err, s)
		}
	}
	if len(s.Secrets) != maxSecrets {
		t.Errorf("%d secrets are kept", len(s.Secrets))
	}
	// The one before the last is good for an hour more, and no longer.
	before := HashSecret(secrets[len(secrets)-2])
	if at := noon.Add(12*time.Minute + time.Hour); !s.has(before, at.Add(-time.Second)) || s.has(before, at) {
		t.Error("the overlap is not an hour")
	}
	// One that leaked goes at once, and a later overlap brings nothing back.
	leaked := secrets[len(secrets)-1]
	s, _ = s.Rotate(0, noon.Add(20*time.Minute))
	s, _ = s.Rotate(time.Hour, noon.Add(21*time.Minute))
	if s.has(HashSecret(leaked), noon.Add(21*time.Minute)) || len(s.Secrets) != 2 {
		t.Error("what was taken away is good")
	}
}

func TestValidateSaysEverything(t *testing.T) {
	five := 5
	s := Site{
		Key: "short", Name: "a\u202eb", Langs: []string{"ko", "tlh"},
		Hosts: []string{"shop.example.com", "https://shop.example.com/", "*.com", "*", "a b", "app:x y", "e\u0301.com"},
		Policy: Policy{
			Ask: "sometimes", Level: &five, Work: time.Hour, PrefixChallenges: -1, PrefixMisses: 1 << 40, PrefixTokens: 100, PrefixMost: 50,
		},
	}
	err := s.Validate()
	if err == nil {
		t.Fatal("valid")
	}
	text := err.Error()
	for _, want := range []string{
		"key", "name", `"tlh"`, `"https://shop.example.com/"`, `"*.com"`, `"*":`, `"a b"`, `"app:x y"`, "0 secrets", `"sometimes"`,
		"level 5", "1h0m0s", "prefix challenges -1", "prefix misses", "prefix most 50",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing about %s in:\n%s", want, text)
		}
	}
	if strings.Contains(text, `"shop.example.com"`) || strings.ContainsRune(text, 0x202e) {
		t.Errorf("too much is said:\n%s", text)
	}
	if n := strings.Count(text, "\n") + 1; n != 16 {
		t.Errorf("%d mistakes:\n%s", n, text)
	}
	many, _ := NewSite("shop", make([]string, 1000), noon)
	if err := many.Validate(); err == nil || strings.Count(err.Error(), "\n") > maxHosts+1 {
		t.Error("a thousand hosts")
	}
}

func TestDefaults(t *testing.T) {
	p := Policy{PrefixTokens: 5000}.WithDefaults()
	if *p.Level != 2 || p.Work != 400*time.Millisecond || p.PrefixChallenges != 60 || p.PrefixMost != 5000 || p.SiteChallenges != 60_000 {
		t.Errorf("%+v", p)
	}
	zero, _ := NewSite("shop", nil, noon)
	zero.Policy = Policy{}.WithDefaults()
	if err := zero.Validate(); err != nil {
		t.Error("the defaults are not valid:", err)
	}
}

func TestLanguages(t *testing.T) {
	for _, c := range [][3]string{
		{"", "ko-KR", "ko"},
		{"", "en", "en"},
		{"", "fr-FR", "ko"},
		{"", "", "ko"},
		{"", "EN_gb", "en"},
		{"en", "ko", "en"},
		{"en ko", "ko", "ko"},
		{"en ko", "ja", "en"},
		{"", "korean", "ko"},
		{"", "e\x00n", "ko"},
	} {
		s := Site{Langs: strings.Fields(c[0])}
		if got := s.lang(c[1]); got != c[2] {
			t.Errorf("%q, of %q: %s, want %s", c[1], c[0], got, c[2])
		}
	}
}

// Sites are asked for once in two seconds, whether they are there or not, and
// what is remembered is bounded.
func TestSitesAreRemembered(t *testing.T) {
	s := newStage(t, nil)
	ctx := t.Context()
	for range 100 {
		if _, err := s.site(ctx, s.shop.Key, noon); err != nil {
			t.Fatal(err)
		}
		if _, err := s.site(ctx, strings.Repeat("z", 40), noon); refused(err) != CodeNoSite {
			t.Fatal(err)
		}
	}
	if s.shelf.asked != 2 {
		t.Errorf("the store was asked %d times", s.shelf.asked)
	}
	off := s.shop
	off.Disabled = true
	s.shelf.sites[off.Key] = off
	if _, err := s.site(ctx, off.Key, noon.Add(siteFresh)); refused(err) != CodeNoSite {
		t.Error("a site that was disabled:", err)
	}
	if _, err := s.site(ctx, off.Key, noon.Add(-time.Hour)); refused(err) != CodeNoSite {
		t.Error("and with a clock that was set back:", err)
	}
	for i := range 3 * maxSites {
		_, _ = s.site(ctx, fmt.Sprintf("%040d", i), noon)
		_, _ = s.siteOf(ctx, fmt.Sprint("secret ", i), noon)
	}
	if n := len(s.sites.none); n > maxSites {
		t.Errorf("%d keys that are nobody's are remembered", n)
	}
	for i := range maxSites + 10 {
		_, _ = s.sites.find(ctx, fmt.Sprint(i), noon, func(context.Context) (Site, error) { return Site{}, nil })
	}
	if n := len(s.sites.known); n > maxSites {
		t.Errorf("%d sites are remembered", n)
	}
	if _, err := s.sites.find(ctx, "x", noon, func(context.Context) (Site, error) { return Site{}, context.DeadlineExceeded }); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// A store that hangs holds up one caller in two seconds; the others take what was
// known, for a minute. Whoever asks for them may go away: they get it all the same.
func TestAStoreThatHangsHoldsUpOne(t *testing.T) {
	c := newSiteCache(nil)
	find := func(now time.Time, ask func(context.Context) (Site, error)) (string, error) {
		s, err := c.find(t.Context(), "shop", now, ask)
		if err != nil {
			return "", err
		}
		return s.Name, nil
	}
	named := func(name string) func(context.Context) (Site, error) {
		return func(ctx context.Context) (Site, error) { return Site{Name: name}, ctx.Err() }
	}
	asked := 0
	never := func(context.Context) (Site, error) { asked++; return Site{}, errors.New("away") }
	if name, err := find(noon, named("old")); err != nil || name != "old" {
		t.Fatal(name, err)
	}
	later := noon.Add(siteFresh)
	name, err := find(later, func(context.Context) (Site, error) { // while this one waits
		if name, err := find(later, never); err != nil || name != "old" {
			t.Error("another:", name, err)
		}
		return Site{}, context.DeadlineExceeded
	})
	if err != nil || name != "old" {
		t.Error("the one who waits:", name, err)
	}
	if name, err := find(later.Add(siteFresh-1), never); err != nil || name != "old" {
		t.Error("soon after:", name, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := c.find(gone, "shop", later.Add(siteFresh), named("new")); err != nil || s.Name != "new" {
		t.Error("who went away:", s, err)
	}
	if name, err := find(later.Add(siteFresh), never); err != nil || name != "new" {
		t.Error("after that:", name, err)
	}
	if _, err := find(later.Add(2*siteStale), never); err == nil || asked != 1 {
		t.Errorf("%v, the store was asked %d times: what is a minute old is not good", err, asked)
	}
}
