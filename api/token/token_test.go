package token_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
)

// ring is credentials in memory.
type ring struct {
	mu      sync.Mutex
	all     map[string]store.Credential
	asked   int
	touched int
	broken  error
}

func (r *ring) Credential(_ context.Context, id string) (store.Credential, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if c, ok := r.all[id]; ok || r.broken != nil {
		return c, r.broken
	}
	return store.Credential{}, store.ErrNotFound
}

func (r *ring) Touch(context.Context, string, time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.touched++
	return errors.New("the disk is full")
}

func (r *ring) add(name string) (text, id string) {
	text, id, hash := token.New()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[id] = store.Credential{Operator: store.Operator{Name: name, Role: store.Viewer}, ID: id, Hash: hash}
	return text, id
}

func newRing() *ring { return &ring{all: map[string]store.Credential{}} }

const home = "192.0.2.1"

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func TestTokens(t *testing.T) {
	r := newRing()
	v := token.NewVerifier(r)
	kim, id := r.add("kim")
	lee, _ := r.add("lee")
	if kim == lee || !strings.HasPrefix(kim, "daero_") || strings.Contains(kim, "kim") || len(kim) != len(lee) {
		t.Errorf("tokens %q and %q", kim, lee)
	}
	if c := r.all[id]; strings.Contains(c.Hash, kim[15:]) || !strings.HasPrefix(c.Hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %q", c.Hash)
	}
	for text, who := range map[string]string{kim: "kim", lee: "lee"} {
		if o, err := v.Verify(t.Context(), noon, home, text); err != nil || o.Name != who {
			t.Errorf("%+v, %v", o, err)
		}
	}
	// The ID of one with the secret of the other, and other things that are not tokens.
	idKim, _, _ := strings.Cut(kim, ".")
	_, secretLee, _ := strings.Cut(lee, ".")
	for _, text := range []string{
		"", "daero_", ".", kim + "x", kim[:len(kim)-1], strings.ToUpper(kim), " " + kim, idKim + "." + secretLee,
		strings.Replace(kim, ".", "/", 1), strings.Repeat("A", len(kim)), kim[:len(kim)-1] + "=", strings.Repeat("A", 1<<20),
	} {
		_, err := v.Verify(t.Context(), noon, "198.51.100.7", text)
		if !errors.Is(err, token.ErrRefused) {
			t.Errorf("%.80q: %v", text, err)
		}
		if text != "" && text != "." && text != "daero_" && strings.Contains(err.Error(), text) {
			t.Errorf("the error repeats the token: %v", err)
		}
	}
}

// TestRemembered: a token is slow once a minute, and revoked at once.
func TestRemembered(t *testing.T) {
	r := newRing()
	v := token.NewVerifier(r)
	kim, id := r.add("kim")
	for i := range 1000 {
		if _, err := v.Verify(t.Context(), noon.Add(time.Duration(i)*59*time.Millisecond), home, kim); err != nil {
			t.Fatal(err)
		}
	}
	if r.touched != 1 || r.asked != 1000 {
		t.Errorf("hashed %d times, asked %d times", r.touched, r.asked)
	}
	if _, err := v.Verify(t.Context(), noon.Add(time.Minute), home, kim); err != nil || r.touched != 2 {
		t.Errorf("%v, hashed %d times", err, r.touched)
	}
	delete(r.all, id)
	if _, err := v.Verify(t.Context(), noon.Add(time.Minute), home, kim); !errors.Is(err, token.ErrRefused) {
		t.Errorf("revoked: %v", err)
	}
}

// TestHashThatChanged: what is remembered is a token and its hash.
func TestHashThatChanged(t *testing.T) {
	r := newRing()
	v := token.NewVerifier(r)
	kim, id := r.add("kim")
	if _, err := v.Verify(t.Context(), noon, home, kim); err != nil {
		t.Fatal(err)
	}
	c := r.all[id]
	_, _, c.Hash = token.New()
	r.all[id] = c
	if _, err := v.Verify(t.Context(), noon, home, kim); !errors.Is(err, token.ErrRefused) {
		t.Errorf("another hash: %v", err)
	}
	for _, hash := range []string{"", "x", "$argon2id$v=19$m=99999999,t=2,p=1$AAAA$AAAA", "$argon2i$v=19$m=19456,t=2,p=1$AAAA$AAAA", "$argon2id$v=19$m=19456,t=0,p=1$$", "$$$$$"} {
		c.Hash = hash
		r.all[id] = c
		if _, err := v.Verify(t.Context(), noon, "203.0.113.9", kim); !errors.Is(err, token.ErrRefused) {
			t.Errorf("%q: %v", hash, err)
		}
	}
}

// TestGuessing: who guesses is not looked at any more, and others, and whoever
// was let in a moment ago, are.
func TestGuessing(t *testing.T) {
	r := newRing()
	v := token.NewVerifier(r)
	kim, _ := r.add("kim")
	if _, err := v.Verify(t.Context(), noon, home, kim); err != nil {
		t.Fatal(err)
	}
	guess := func(now time.Time, from string) error {
		_, err := v.Verify(t.Context(), now, from, "guess")
		return err
	}
	refused := 0
	for range 1000 {
		if errors.Is(guess(noon, home), token.ErrRefused) {
			refused++
		}
	}
	if refused != 20 {
		t.Errorf("looked at %d guesses", refused)
	}
	if _, err := v.Verify(t.Context(), noon, home, kim); err != nil {
		t.Errorf("known a moment ago: %v", err)
	}
	other, _ := r.add("lee")
	if _, err := v.Verify(t.Context(), noon, home, other); !errors.Is(err, token.ErrTooMany) {
		t.Errorf("new from where guesses come from: %v", err)
	}
	if _, err := v.Verify(t.Context(), noon, "2001:db8::1", other); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
	refused = 0
	for s := range 600 {
		if errors.Is(guess(noon.Add(time.Duration(s)*time.Second), home), token.ErrRefused) {
			refused++
		}
	}
	if refused < 90 || refused > 101 {
		t.Errorf("looked at %d guesses in ten minutes, want about 100", refused)
	}
	// One customer's IPv6 addresses are one.
	refused = 0
	for i := range 1000 {
		if errors.Is(guess(noon, fmt.Sprintf("2001:db8:1:2::%x", i)), token.ErrRefused) {
			refused++
		}
	}
	if refused > 20 {
		t.Errorf("looked at %d guesses from one network", refused)
	}
}

func TestStoreFails(t *testing.T) {
	r := newRing()
	kim, _ := r.add("kim")
	r.broken = errors.New("disk")
	if _, err := token.NewVerifier(r).Verify(t.Context(), noon, home, kim); err == nil || errors.Is(err, token.ErrRefused) {
		t.Errorf("says %v", err)
	}
}

func TestConcurrent(t *testing.T) {
	r := newRing()
	v := token.NewVerifier(r)
	kim, _ := r.add("kim")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := v.Verify(t.Context(), noon, home, kim); err != nil {
				t.Error(err)
			}
			_, _ = v.Verify(t.Context(), noon, fmt.Sprintf("10.0.0.%d", i), "x")
		})
	}
	wg.Wait()
}

func TestLogins(t *testing.T) {
	secret, hash := token.NewLogin()
	again, _ := token.NewLogin()
	if secret == again || token.LoginHash(secret) != hash || token.LoginHash(again) == hash || strings.Contains(hash, secret) {
		t.Errorf("%q %q", secret, hash)
	}
}

func FuzzToken(f *testing.F) {
	text, _, _ := token.New()
	for _, s := range []string{text, "", "daero_.", "daero_AAAAAAAA.", strings.Repeat("=", 60), "\x00\xff"} {
		f.Add(s)
	}
	v := token.NewVerifier(newRing())
	f.Fuzz(func(t *testing.T, s string) {
		if o, err := v.Verify(t.Context(), noon, s, s); err == nil {
			t.Errorf("%q is %+v", s, o)
		}
	})
}
