package captcha

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of a site.
const (
	keyLen     = 40
	maxHosts   = 200
	maxSecrets = 8
	maxBudget  = 10_000_000
)

// Languages are those that questions can be asked in.
var Languages = []string{"ko", "en"}

// NewSite returns a site with a new key and its first secret, which is shown
// once: the site keeps its hash. It is not validated.
func NewSite(name string, hosts []string, now time.Time) (s Site, secret string) {
	now = now.UTC().Truncate(time.Microsecond) // as far as databases keep it
	secret, kept := newSecret(now)
	return Site{
		Key: randomText(keyLen * 6 / 8), Name: name, Hosts: slices.Clone(hosts),
		Secrets: []Secret{kept}, Created: now, Changed: now,
	}, secret
}

// newSecret has 258 random bits in 43 characters.
func newSecret(now time.Time) (string, Secret) {
	secret := randomText(32)
	return secret, Secret{Hash: HashSecret(secret), Created: now}
}

// randomText never begins with "-", which a command takes for a flag.
func randomText(bytes int) string {
	b := make([]byte, bytes)
	for {
		_, _ = rand.Read(b) // never fails, see crypto/rand
		if text := base64.RawURLEncoding.EncodeToString(b); text[0] != '-' {
			return text
		}
	}
}

// HashSecret returns what is kept of a secret. A secret is random and long, so
// that one round of SHA-256 is enough: there is nothing to guess.
func HashSecret(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

// Rotate returns the site with a new secret; the ones before are good for overlap
// more. What has expired is forgotten.
func (s Site) Rotate(overlap time.Duration, now time.Time) (rotated Site, secret string) {
	now = now.UTC().Truncate(time.Microsecond)
	until := now.Add(max(overlap, 0))
	secret, first := newSecret(now)
	all := []Secret{first}
	for _, old := range s.Secrets {
		if old.Expires.IsZero() || old.Expires.After(until) {
			old.Expires = until
		}
		if old.Expires.After(now) && len(all) < maxSecrets {
			all = append(all, old)
		}
	}
	s.Secrets, s.Changed = all, now
	return s, secret
}

// has reports whether the site has a secret with that hash that is good now.
func (s *Site) has(hash [32]byte, now time.Time) bool {
	good := 0
	for i := range s.Secrets {
		same := subtle.ConstantTimeCompare(s.Secrets[i].Hash[:], hash[:])
		if e := s.Secrets[i].Expires; e.IsZero() || now.Before(e) {
			good |= same
		}
	}
	return good == 1
}

// Validate reports every mistake, each with its cure.
func (s *Site) Validate() error {
	var all []error
	wrong := func(format string, args ...any) {
		all = append(all, fmt.Errorf("site %s: "+format, append([]any{s.label()}, args...)...))
	}
	if len(s.Key) != keyLen || !only(s.Key, "_-") {
		wrong("its key is not 40 characters of A-Z a-z 0-9 _ -: take the one that NewSite makes")
	}
	if n := utf8.RuneCountInString(s.Name); n == 0 || n > 100 || !utf8.ValidString(s.Name) || strings.ContainsFunc(s.Name, isControl) {
		wrong("its name is empty, longer than 100 characters or has control characters: give it one that tells it from the others")
	}
	if len(s.Hosts) > maxHosts {
		wrong("%d hosts are more than %d: use *.example.com for many of a kind", len(s.Hosts), maxHosts)
	}
	for i, h := range s.Hosts {
		if cure := hostMistake(h); cure != "" && i < maxHosts {
			wrong("host %q: %s", h, cure)
		}
	}
	for _, l := range s.Langs {
		if !slices.Contains(Languages, l) {
			wrong("language %q has no questions: choose among %s", l, strings.Join(Languages, ", "))
		}
	}
	if len(s.Secrets) == 0 || len(s.Secrets) > maxSecrets {
		wrong("%d secrets: it needs 1 to %d; rotate it to get one", len(s.Secrets), maxSecrets)
	}
	s.Policy.mistakes(wrong)
	return errors.Join(all...)
}

// label names the site in messages, whatever its name holds.
func (s *Site) label() string {
	if s.Name == "" || len(s.Name) > 100 {
		return "without a name"
	}
	return fmt.Sprintf("%q", s.Name)
}

// isControl also finds what turns text around.
func isControl(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

func hostMistake(h string) (cure string) {
	if strings.HasPrefix(h, appHost) {
		if !isApp(h) {
			return `an app is written app:com.example.shop, or app: for any`
		}
		return ""
	}
	if strings.Contains(h, "://") || strings.Contains(h, "/") {
		return "write the host alone, without scheme and path"
	}
	base, wild := strings.CutPrefix(h, "*.")
	clean, ok := CleanHost(base)
	if !ok || strings.Contains(base, "*") {
		return "write shop.example.com, *.example.com for all below it, or localhost; a name in another script as the browser shows it, or as xn--…"
	}
	if wild && !strings.Contains(clean, ".") && clean != "localhost" {
		return "this is everybody under a top-level domain: name a domain of yours"
	}
	return ""
}

func (p *Policy) mistakes(wrong func(format string, args ...any)) {
	if p.Ask != AskRisk && p.Ask != AskNever && p.Ask != AskAlways {
		wrong("ask %q is not known: leave it empty for by risk, or say never or always", p.Ask)
	}
	if p.Level != nil && (*p.Level < 0 || *p.Level > maxLevel) {
		wrong("level %d is not among 0 to %d: 2 is comfortable", *p.Level, maxLevel)
	}
	if p.Work != 0 && (p.Work < leastWork || p.Work > mostWork) {
		wrong("work %v is not between %v and %v: 400ms is what people do not notice", p.Work, leastWork, mostWork)
	}
	for _, f := range []struct {
		name string
		n    int
	}{
		{"prefix challenges", p.PrefixChallenges},
		{"prefix misses", p.PrefixMisses},
		{"prefix audio", p.PrefixAudio},
		{"prefix tokens", p.PrefixTokens},
		{"prefix most", p.PrefixMost},
		{"site challenges", p.SiteChallenges},
	} {
		if f.n < 0 || f.n > maxBudget {
			wrong("%s %d is not between 0 (the default) and %d", f.name, f.n, maxBudget)
		}
	}
	if full := p.WithDefaults(); full.PrefixMost < full.PrefixTokens {
		wrong("prefix most %d is below prefix tokens %d: raise it, so that those who answer a question get further than those who do not", full.PrefixMost, full.PrefixTokens)
	}
}

// WithDefaults returns the policy with every default in its place.
func (p Policy) WithDefaults() Policy {
	if p.Level == nil {
		two := 2
		p.Level = &two
	}
	for _, f := range []struct {
		n   *int
		def int
	}{
		{&p.PrefixChallenges, 60},
		{&p.PrefixMisses, 20},
		{&p.PrefixAudio, 20},
		{&p.PrefixTokens, 60},
		{&p.PrefixMost, max(600, p.PrefixTokens)},
		{&p.SiteChallenges, 60_000},
	} {
		if *f.n <= 0 {
			*f.n = f.def
		}
	}
	if p.Work <= 0 {
		p.Work = 400 * time.Millisecond
	}
	return p
}

// lang chooses the language of questions: the visitor's if the site has it.
func (s *Site) lang(visitor string) string {
	langs := s.Langs
	if len(langs) == 0 {
		langs = Languages
	}
	primary, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(visitor), "_", "-"), "-")
	if slices.Contains(langs, primary) {
		return primary
	}
	return langs[0]
}
