package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/api/store"
)

// SessionStore is what a store can do for browsers that log in.
type SessionStore interface {
	AddSession(ctx context.Context, s store.Session, b store.SessionBounds) error
	Session(ctx context.Context, hash string, at time.Time) (store.Session, error)
	TouchSession(ctx context.Context, hash string, at time.Time) error
	Sessions(ctx context.Context, name string, at time.Time) ([]store.Session, error)
	EndSession(ctx context.Context, id string) error

	Account(ctx context.Context, name string) (store.Account, error)
	SetPassword(ctx context.Context, name, hash, except string) error

	Login(ctx context.Context, hash string, at time.Time) (operator string, err error)
	Follow(ctx context.Context, hash string, at time.Time) (store.Account, error)
}

var bounds = store.SessionBounds{Idle: 12 * time.Hour, PerName: 3, InAll: 5}

// session is the n-th of a name. Those with a lower number are older.
func session(name string, n int) store.Session {
	at := noon.Add(time.Duration(n) * time.Minute)
	return store.Session{
		ID: fmt.Sprintf("%s-%d", name, n), Hash: fmt.Sprintf("hash-%s-%d", name, n), Operator: "id-" + name, Name: name, Role: store.Acting,
		Via: store.ByPassword, From: "192.0.2.1", Created: at, LastUsed: at, Ends: at.Add(7 * 24 * time.Hour),
	}
}

// elsewhere is a session of somebody whose account is kept elsewhere.
func elsewhere(name string, n int) store.Session {
	s := session(name, n)
	s.Operator, s.Via = "", store.ByOIDC
	return s
}

func addAll(t *testing.T, s Store, all ...store.Session) {
	t.Helper()
	for _, n := range all {
		if err := s.AddSession(t.Context(), n, bounds); err != nil {
			t.Fatal(err)
		}
	}
}

func addOperators(t *testing.T, s Store, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := s.AddOperator(t.Context(), credential(name)); err != nil {
			t.Fatal(err)
		}
	}
}

func ids(t *testing.T, s Store, name string, at time.Time) []string {
	t.Helper()
	all, err := s.Sessions(t.Context(), name, at)
	if err != nil {
		t.Fatal(err)
	}
	found := []string{}
	for _, n := range all {
		found = append(found, n.ID)
	}
	return found
}

func expectIDs(t *testing.T, s Store, name string, want ...string) {
	t.Helper()
	if got := ids(t, s, name, noon.Add(time.Hour)); !reflect.DeepEqual(got, append([]string{}, want...)) {
		t.Errorf("sessions of %q: %v, want %v", name, got, want)
	}
}

// sessions come back as they were, also from a store that was closed, and end
// at their time, at a word, and with their operator.
func sessions(t *testing.T, open func(*testing.T) Store) {
	s, ctx := opened(t, open), t.Context()
	addOperators(t, s, "kim", "lee")
	addAll(t, s, session("kim", 0), session("lee", 1), elsewhere("park", 2))
	closed(t, s)
	s = opened(t, open)
	for _, want := range []store.Session{session("kim", 0), elsewhere("park", 2)} {
		if got, err := s.Session(ctx, want.Hash, noon.Add(time.Hour)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	kim := session("kim", 0)
	for hash, at := range map[string]time.Time{kim.Hash: kim.Ends, kim.ID: noon, "": noon, "nothing": noon} {
		if _, err := s.Session(ctx, hash, at); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q at %s: %v", hash, at, err)
		}
	}
	for _, at := range []time.Time{noon.Add(time.Hour), noon} { // the second is older news
		if err := s.TouchSession(ctx, kim.Hash, at); err != nil {
			t.Error(err)
		}
	}
	if got, err := s.Session(ctx, kim.Hash, noon); err != nil || !got.LastUsed.Equal(noon.Add(time.Hour)) {
		t.Errorf("used %s, %v", got.LastUsed, err)
	}
	expectIDs(t, s, "", "kim-0", "lee-1", "park-2")
	expectIDs(t, s, "lee", "lee-1")
	if err := s.EndSession(ctx, "kim-0"); err != nil {
		t.Error(err)
	}
	if err := s.EndSession(ctx, "kim-0"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("ended twice: %v", err)
	}
	if err := s.RemoveOperator(ctx, "lee", noon); err != nil {
		t.Error(err)
	}
	expectIDs(t, s, "", "park-2")
	if _, err := s.Session(ctx, session("lee", 1).Hash, noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of who was removed: %v", err)
	}
	again := credential("lee")
	again.ID = "another"
	if err := s.AddOperator(ctx, again); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(ctx, session("lee", 1).Hash, noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of a name that was given again: %v", err)
	}
}

// otherRole: a session is for the role it was made for.
func otherRole(t *testing.T, open func(*testing.T) Store) {
	s := opened(t, open)
	addOperators(t, s, "kim")
	n := session("kim", 0)
	n.Role = store.Admin
	addAll(t, s, n)
	if _, err := s.Session(t.Context(), n.Hash, noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an admin's session of an operator: %v", err)
	}
	expectIDs(t, s, "")
}

// sessionBounds: what was not used for longest makes room.
func sessionBounds(t *testing.T, open func(*testing.T) Store) {
	s := opened(t, open)
	addOperators(t, s, "kim", "lee")
	addAll(t, s, session("kim", 0), session("kim", 1), session("kim", 2))
	if err := s.TouchSession(t.Context(), session("kim", 0).Hash, noon.Add(10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	addAll(t, s, session("kim", 3))
	expectIDs(t, s, "kim", "kim-0", "kim-2", "kim-3")
	addAll(t, s, session("lee", 4), session("lee", 5), elsewhere("park", 6))
	expectIDs(t, s, "", "kim-0", "kim-3", "lee-4", "lee-5", "park-6")
	// Those that have ended or lie idle go first.
	addAll(t, s, session("kim", 24*60))
	if got := ids(t, s, "", noon.Add(24*time.Hour)); !reflect.DeepEqual(got, []string{"kim-1440"}) {
		t.Errorf("after a day: %v", got)
	}
	twice := session("kim", 24*60)
	if err := s.AddSession(t.Context(), twice, bounds); err == nil {
		t.Error("two sessions have one secret")
	}
}

// passwords: they are an account's, and a new one ends what came before it.
func passwords(t *testing.T, open func(*testing.T) Store) {
	s, ctx := opened(t, open), t.Context()
	addOperators(t, s, "kim", "lee")
	with := credential("park")
	with.PasswordHash = "from-the-start"
	if err := s.AddOperator(ctx, with); err != nil {
		t.Fatal(err)
	}
	for name, hash := range map[string]string{"kim": "", "park": "from-the-start"} {
		a, err := s.Account(ctx, name)
		if err != nil || a.Name != name || a.Role != store.Acting || a.ID != "id-"+name || a.Hash != hash || a.Password != (hash != "") {
			t.Errorf("%+v, %v", a, err)
		}
	}
	addAll(t, s, session("kim", 0), session("kim", 1), session("lee", 2))
	if err := s.AddLogin(ctx, "link", "kim", noon, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.SetPassword(ctx, "kim", "new", "kim-1"); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	s = opened(t, open)
	if a, err := s.Account(ctx, "kim"); err != nil || a.Hash != "new" {
		t.Errorf("%+v, %v", a, err)
	}
	expectIDs(t, s, "", "kim-1", "lee-2")
	if _, err := s.Follow(ctx, "link", noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a link from before: %v", err)
	}
	if all, err := s.Operators(ctx); err != nil || len(all) != 3 || !all[0].Password || all[1].Password || !all[2].Password {
		t.Errorf("%+v, %v", all, err)
	}
	if err := s.RemoveOperator(ctx, "kim", noon); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kim", "nobody", ""} {
		if _, err := s.Account(ctx, name); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %v", name, err)
		}
		if err := s.SetPassword(ctx, name, "x", ""); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// links of operators that there are.
func links(t *testing.T, open func(*testing.T) Store) {
	s, ctx := opened(t, open), t.Context()
	addOperators(t, s, "kim", "lee")
	expires := noon.Add(15 * time.Minute)
	for hash, name := range map[string]string{"new": "", "kim": "kim", "lee": "lee"} {
		if err := s.AddLogin(ctx, hash, name, noon, expires); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AddLogin(ctx, "x", "nobody", noon, expires); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("for nobody: %v", err)
	}
	for hash, name := range map[string]string{"new": "", "kim": "kim"} {
		if got, err := s.Login(ctx, hash, noon); err != nil || got != name {
			t.Errorf("%s is for %q, %v", hash, got, err)
		}
	}
	if err := s.Redeem(ctx, "kim", noon, credential("park")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("kim's link made an operator: %v", err)
	}
	if _, err := s.Follow(ctx, "new", noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a link that is for nobody yet let somebody in: %v", err)
	}
	if a, err := s.Follow(ctx, "kim", noon); err != nil || a.Name != "kim" || a.ID != "id-kim" || a.Role != store.Acting {
		t.Errorf("%+v, %v", a, err)
	}
	if err := s.RemoveOperator(ctx, "lee", noon); err != nil {
		t.Fatal(err)
	}
	for hash, at := range map[string]time.Time{"kim": noon, "lee": noon, "new": expires, "": noon, "unknown": noon} {
		if _, err := s.Login(ctx, hash, at); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", hash, err)
		}
		if _, err := s.Follow(ctx, hash, at); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", hash, err)
		}
	}
}

// followedOnce: of many who follow one link at once, one is let in.
func followedOnce(t *testing.T, open func(*testing.T) Store) {
	a, b := opened(t, open), opened(t, open)
	addOperators(t, a, "kim")
	if err := a.AddLogin(t.Context(), "one", "kim", noon, noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = []Store{a, b}[i%2].Follow(t.Context(), "one", noon) })
	}
	wg.Wait()
	good := 0
	for _, err := range errs {
		if err == nil {
			good++
		} else if !errors.Is(err, store.ErrNotFound) {
			t.Error(err)
		}
	}
	if good != 1 {
		t.Errorf("%d were let in", good)
	}
}
