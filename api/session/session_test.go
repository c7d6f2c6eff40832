package session_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/api/session"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/driver/sqlite"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// shelf is a store that counts.
type shelf struct {
	*sqlite.Store
	mu      sync.Mutex
	touched int
	broken  error
}

func (s *shelf) TouchSession(ctx context.Context, hash string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touched++
	if s.broken != nil {
		return s.broken
	}
	return s.Store.TouchSession(ctx, hash, at)
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), sqlite.File))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &shelf{Store: s}
}

func begin(t *testing.T, k *session.Keeper, now time.Time) string {
	t.Helper()
	secret, s, err := k.Begin(t.Context(), now, store.Session{Name: "kim", Role: store.Viewer, Via: store.ByOIDC})
	if err != nil || len(secret) != 43 || s.ID == "" || s.Hash == secret || strings.Contains(s.Hash, s.ID) {
		t.Fatalf("%q %+v %v", secret, s, err)
	}
	return secret
}

// TestStoreIsToldOnceAMinute, whatever a session is used for, by however many
// tabs.
func TestStoreIsToldOnceAMinute(t *testing.T) {
	s := newShelf(t)
	k := session.NewKeeper(s)
	secret := begin(t, k, noon)
	var wg sync.WaitGroup
	for range 8 { // tabs
		wg.Go(func() {
			for i := range 120 { // each five seconds for ten minutes
				if _, err := k.Find(t.Context(), noon.Add(time.Duration(i)*5*time.Second), secret); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if s.touched > 10 {
		t.Errorf("told %d times in ten minutes", s.touched)
	}
	if found, err := k.Find(t.Context(), noon.Add(10*time.Minute), secret); err != nil || found.LastUsed.Before(noon.Add(8*time.Minute)) {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestStoreThatFails: that a session was used cannot be kept, and nobody is
// kept out by that.
func TestStoreThatFails(t *testing.T) {
	s := newShelf(t)
	k := session.NewKeeper(s)
	secret := begin(t, k, noon)
	s.broken = errors.New("disk")
	if _, err := k.Find(t.Context(), noon.Add(time.Hour), secret); err != nil {
		t.Error(err)
	}
	s.Close()
	if _, err := k.Find(t.Context(), noon, secret); err == nil || errors.Is(err, session.ErrNone) {
		t.Errorf("a store that is closed says %v", err)
	}
}

func TestSecretsThatAreNone(t *testing.T) {
	k := session.NewKeeper(newShelf(t))
	secret := begin(t, k, noon)
	for _, s := range []string{"", "x", secret + "A", secret[:42], strings.Repeat("A", 43), strings.ToLower(secret), strings.Repeat("A", 1<<20)} {
		if _, err := k.Find(t.Context(), noon, s); !errors.Is(err, session.ErrNone) {
			t.Errorf("%.50q: %v", s, err)
		}
	}
	if other := begin(t, k, noon); other == secret {
		t.Error("two sessions have one secret")
	}
}

// TestBounded: one name cannot push all others out.
func TestBounded(t *testing.T) {
	k := session.NewKeeper(newShelf(t))
	first := begin(t, k, noon)
	secret, _, err := k.Begin(t.Context(), noon, store.Session{Name: "lee", Role: store.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	for i := range session.PerName {
		begin(t, k, noon.Add(time.Duration(i+1)*time.Second))
	}
	if _, err := k.Find(t.Context(), noon, first); !errors.Is(err, session.ErrNone) {
		t.Errorf("the oldest of the name: %v", err)
	}
	if _, err := k.Find(t.Context(), noon, secret); err != nil {
		t.Errorf("another's: %v", err)
	}
}

func TestStates(t *testing.T) {
	s := session.NewStates()
	st, signed := s.New(noon)
	if strings.Contains(signed, st.State) || st.State == st.Nonce || st.Nonce == st.Verifier || len(st.Verifier) < 43 || len(st.Verifier) > 128 {
		t.Errorf("%+v", st)
	}
	if got, err := s.Open(noon.Add(session.StateLasts-time.Second), signed, st.State); err != nil || got != st {
		t.Errorf("%+v, %v", got, err)
	}
	other, theirs := session.NewStates().New(noon)
	text, mac, _ := strings.Cut(signed, ".")
	for name, tt := range map[string]struct {
		signed, state string
		at            time.Time
	}{
		"late":          {signed, st.State, noon.Add(session.StateLasts)},
		"another state": {signed, other.State, noon},
		"no state":      {signed, "", noon},
		"another key":   {theirs, other.State, noon},
		"no signature":  {text, st.State, noon},
		"empty":         {"", "", noon},
		"two halves":    {text + "." + strings.Split(theirs, ".")[1], st.State, noon},
		"swapped":       {mac + "." + text, st.State, noon},
		"very long":     {strings.Repeat("A", 1<<16) + "." + mac, st.State, noon},
	} {
		if got, err := s.Open(tt.at, tt.signed, tt.state); !errors.Is(err, session.ErrState) || got != (store.LoginState{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// FuzzStates: what we did not sign opens nothing.
func FuzzStates(f *testing.F) {
	s := session.NewStates()
	st, signed := s.New(noon)
	f.Add(signed+"x", st.State)
	f.Add("e30."+signed, "")
	f.Fuzz(func(t *testing.T, text, state string) {
		if _, err := s.Open(noon, text, state); err == nil && (text != signed || state != st.State) {
			t.Errorf("%q with %q was opened", text, state)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), sqlite.File))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	k := session.NewKeeper(s)
	secret, _, err := k.Begin(b.Context(), noon, store.Session{Name: "kim", Role: store.Viewer})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Find(b.Context(), noon, secret); err != nil {
			b.Fatal(err)
		}
	}
}
