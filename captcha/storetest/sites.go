package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
)

// SiteStore is what a store of sites can do beyond what the captcha asks of it.
type SiteStore interface {
	captcha.Sites
	captcha.SiteBin
	// PruneSites forgets sites that were taken away before a time.
	PruneSites(ctx context.Context, before time.Time) (int, error)
	// AddSites adds many sites, all or none.
	AddSites(ctx context.Context, all []captcha.Site) error
	// PruneCounts forgets what was counted in hours that began before a time.
	PruneCounts(ctx context.Context, before time.Time) (int, error)
}

// Sites tests stores of sites. open opens the same store each time it is called
// in one test, and another one, empty, in each test.
func Sites(t *testing.T, open func(t *testing.T) SiteStore) {
	for _, c := range []struct {
		name string
		test func(*testing.T, func(*testing.T) SiteStore)
	}{
		{"round trip", roundTrip},
		{"none", none},
		{"unique", unique},
		{"by secret", bySecrets},
		{"change", change},
		{"one of many changes", changeRace},
		{"remove", remove},
		{"retire", retire},
		{"bin", bin},
		{"ten thousand", tenThousand},
		{"hostile", hostile},
		{"cancelled", cancelled},
		{"counts", counts},
		{"counts of nobody", countsOfNobody},
		{"counts at once", countsRace},
		{"prune", prune},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open) })
	}
}

// noon is when the tests take place. Stores keep microseconds.
var noon = time.Date(2026, 11, 30, 12, 0, 0, 123456000, time.UTC)

// site is the n-th site of the tests: nothing in it is zero.
func site(n int) captcha.Site {
	s := captcha.Site{
		Key: fmt.Sprintf("site_-%034d", n), Name: fmt.Sprintf("한의원 %05d", n), Hosts: []string{"shop.example.com", "*.example.com", "한국.kr"},
		Langs: []string{"ko", "en"}, Created: noon, Changed: noon.Add(time.Hour), Disabled: true,
		Secrets: []captcha.Secret{secret(2 * n), secret(2*n + 1)},
	}
	s.Secrets[1].Expires = noon.Add(24 * time.Hour)
	fill(reflect.ValueOf(&s.Policy).Elem())
	return s
}

// fill puts something into every field, so that one that is new is not forgotten
// by a store.
func fill(policy reflect.Value) {
	for i := range policy.NumField() {
		switch f := policy.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("never")
		case reflect.Int, reflect.Int64:
			f.SetInt(int64(1_000_003 + i))
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
			f.Elem().SetInt(int64(3 + i))
		default:
			panic("storetest does not know what to put into " + policy.Type().Field(i).Name)
		}
	}
}

func secret(n int) captcha.Secret {
	return captcha.Secret{Hash: captcha.HashSecret(fmt.Sprint("secret ", n)), Created: noon.Add(time.Duration(n) * time.Microsecond)}
}

// same compares sites. No hosts and an empty list of them are the same.
func same(t *testing.T, got, want captcha.Site) {
	t.Helper()
	for _, s := range []*captcha.Site{&got, &want} {
		s.Hosts, s.Langs, s.Secrets = append([]string{}, s.Hosts...), append([]string{}, s.Langs...), append([]captcha.Secret{}, s.Secrets...)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("a site comes back as\n%+v, was\n%+v", got, want)
	}
}

func add(t *testing.T, s SiteStore, all ...captcha.Site) {
	t.Helper()
	for _, one := range all {
		if err := s.AddSite(t.Context(), one); err != nil {
			t.Fatalf("%s: %v", one.Key, err)
		}
	}
}

func holds(t *testing.T, s SiteStore, want captcha.Site) {
	t.Helper()
	got, err := s.Site(t.Context(), want.Key)
	if err != nil {
		t.Fatalf("%s: %v", want.Key, err)
	}
	same(t, got, want)
}

func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// roundTrip: everything comes back as it went in, through another opening too.
func roundTrip(t *testing.T, open func(*testing.T) SiteStore) {
	full := site(1)
	value := reflect.ValueOf(full)
	for i := range value.NumField() {
		if value.Field(i).IsZero() && value.Type().Field(i).Name != "Retired" {
			t.Errorf("the test has nothing in %s", value.Type().Field(i).Name)
		}
	}
	zero := captcha.Site{Key: site(2).Key, Created: noon, Changed: noon}
	atZero := site(3)
	level := 0
	atZero.Policy = captcha.Policy{Level: &level} // which is not the default
	s := open(t)
	add(t, s, full, zero, atZero)
	for _, s := range []SiteStore{s, open(t)} {
		for _, want := range []captcha.Site{full, zero, atZero} {
			holds(t, s, want)
		}
	}
	got, err := s.Site(t.Context(), zero.Key)
	if err != nil || got.Policy != (captcha.Policy{}) {
		t.Errorf("the zero policy comes back as %+v: %v", got.Policy, err)
	}
	if got.Created.Location() != time.UTC {
		t.Errorf("times come back in %v", got.Created.Location())
	}
}

func none(t *testing.T, open func(*testing.T) SiteStore) {
	s := open(t)
	_, err := s.Site(t.Context(), site(1).Key)
	is(t, "site", err, captcha.ErrNoSite)
	_, err = s.SiteBySecret(t.Context(), captcha.HashSecret("none"))
	is(t, "by secret", err, captcha.ErrNoSite)
	is(t, "change", s.ChangeSite(t.Context(), site(1), noon), captcha.ErrNoSite)
	is(t, "remove", s.RemoveSite(t.Context(), site(1).Key), captcha.ErrNoSite)
	if all, err := s.AllSites(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%d sites in an empty store: %v", len(all), err)
	}
	if all, err := s.Counts(t.Context(), site(1).Key, noon.Add(-time.Hour), noon); err != nil || len(all) != 0 {
		t.Errorf("%d counts in an empty store: %v", len(all), err)
	}
}

// unique: neither a key nor a secret is given twice, and what is refused leaves
// nothing behind.
func unique(t *testing.T, open func(*testing.T) SiteStore) {
	s := open(t)
	add(t, s, site(1))
	again := site(2)
	again.Key = site(1).Key
	is(t, "the key again", s.AddSite(t.Context(), again), captcha.ErrSiteExists)
	thief := site(3)
	thief.Secrets[1].Hash = site(1).Secrets[1].Hash
	if s.AddSite(t.Context(), thief) == nil {
		t.Error("two sites have one secret")
	}
	is(t, "many with one that is there", s.AddSites(t.Context(), []captcha.Site{site(4), site(1)}), captcha.ErrSiteExists)
	all, err := s.AllSites(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("%d sites: %v", len(all), err)
	}
	holds(t, s, site(1))
	var wins sync.Map
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			other := site(100 + i)
			other.Key = site(100).Key
			switch err := s.AddSite(t.Context(), other); {
			case err == nil:
				wins.Store(i, other)
			case !errors.Is(err, captcha.ErrSiteExists):
				t.Errorf("at once: %v", err)
			}
		})
	}
	wg.Wait()
	n := 0
	wins.Range(func(_, won any) bool { n++; holds(t, s, won.(captcha.Site)); return true })
	if n != 1 {
		t.Errorf("%d of 8 got the key", n)
	}
}

// bySecrets: each secret of a site finds it, expired or not, until it is taken
// away.
func bySecrets(t *testing.T, open func(*testing.T) SiteStore) {
	s := open(t)
	old := site(1)
	old.Secrets[1].Expires = noon.Add(-time.Hour)
	add(t, s, site(0), old, site(2))
	for _, want := range []captcha.Site{site(0), old, site(2)} {
		for i, secret := range want.Secrets {
			got, err := s.SiteBySecret(t.Context(), secret.Hash)
			if err != nil {
				t.Fatalf("secret %d of %s: %v", i, want.Key, err)
			}
			same(t, got, want)
		}
	}
	rotated := old
	rotated.Secrets, rotated.Changed = []captcha.Secret{secret(1000), old.Secrets[0]}, old.Changed.Add(time.Second)
	if err := s.ChangeSite(t.Context(), rotated, old.Changed); err != nil {
		t.Fatal(err)
	}
	for _, secret := range rotated.Secrets {
		got, err := s.SiteBySecret(t.Context(), secret.Hash)
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, rotated)
	}
	_, err := s.SiteBySecret(t.Context(), old.Secrets[1].Hash)
	is(t, "a secret that was taken away", err, captcha.ErrNoSite)
}

// change: only who has seen the last change may make the next.
func change(t *testing.T, open func(*testing.T) SiteStore) {
	s := open(t)
	was := site(1)
	add(t, s, was, site(2))
	next := site(7)
	next.Key, next.Policy, next.Hosts, next.Disabled, next.Changed = was.Key, captcha.Policy{}, nil, false, was.Changed.Add(time.Microsecond)
	is(t, "one that is stale", s.ChangeSite(t.Context(), next, was.Changed.Add(-time.Microsecond)), captcha.ErrSiteChanged)
	holds(t, s, was)
	if err := s.ChangeSite(t.Context(), next, was.Changed); err != nil {
		t.Fatal(err)
	}
	holds(t, open(t), next)
	is(t, "the same once more", s.ChangeSite(t.Context(), next, was.Changed), captcha.ErrSiteChanged)
	holds(t, s, site(2))
	thief := next
	thief.Secrets = []captcha.Secret{site(2).Secrets[0]}
	if s.ChangeSite(t.Context(), thief, next.Changed) == nil {
		t.Error("two sites have one secret")
	}
	holds(t, s, next)
	is(t, "one that is gone", s.ChangeSite(t.Context(), site(9), site(9).Changed), captcha.ErrNoSite)
}

// changeRace: of all who change what they have read at once, one does.
func changeRace(t *testing.T, open func(*testing.T) SiteStore) {
	a, b := open(t), open(t)
	was := site(1)
	add(t, a, was)
	var mu sync.Mutex
	var won []captcha.Site
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			next := was
			next.Name, next.Changed = fmt.Sprintf("나 %d", i), was.Changed.Add(time.Duration(i+1)*time.Second)
			next.Secrets = []captcha.Secret{secret(5000 + i), was.Secrets[0]}
			err := []SiteStore{a, b}[i%2].ChangeSite(t.Context(), next, was.Changed)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won = append(won, next)
			case !errors.Is(err, captcha.ErrSiteChanged):
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d of 16 changed it", len(won))
	}
	holds(t, b, won[0])
}

// remove: a site goes with its secrets and counts, and others stay.
func remove(t *testing.T, open func(*testing.T) SiteStore) {
	s := open(t)
	add(t, s, site(1), site(2))
	hour := noon.Truncate(time.Hour)
	count(t, s, captcha.Count{Site: site(1).Key, Hour: hour, Name: "issued", N: 3}, captcha.Count{Site: site(2).Key, Hour: hour, Name: "issued", N: 4})
	if err := s.RemoveSite(t.Context(), site(1).Key); err != nil {
		t.Fatal(err)
	}
	is(t, "once more", s.RemoveSite(t.Context(), site(1).Key), captcha.ErrNoSite)
	_, err := s.Site(t.Context(), site(1).Key)
	is(t, "site", err, captcha.ErrNoSite)
	_, err = s.SiteBySecret(t.Context(), site(1).Secrets[0].Hash)
	is(t, "secret", err, captcha.ErrNoSite)
	holds(t, s, site(2))
	add(t, s, site(1)) // and may come back, as if it had never been there
	counted(t, s, site(1).Key, hour, hour.Add(time.Hour))
	counted(t, s, site(2).Key, hour, hour.Add(time.Hour), captcha.Count{Site: site(2).Key, Hour: hour, Name: "issued", N: 4})
}

// tenThousand sites come in the order of their names, then keys: that of their
// bytes, on every machine.
func tenThousand(t *testing.T, open func(*testing.T) SiteStore) {
	n := 10_000
	if testing.Short() {
		n = 1000
	}
	names := []string{"가나다", "ABC", "abc", "Z", "é", "z", "a b", "a", "힣", "", "漢字"}
	rng := rand.New(rand.NewPCG(1, 2))
	want := make([]captcha.Site, n)
	for i := range want {
		want[i] = site(i)
		want[i].Name = names[rng.IntN(len(names))]
	}
	s := open(t)
	if err := s.AddSites(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	got, err := s.AllSites(t.Context())
	if err != nil || len(got) != n {
		t.Fatalf("%d sites: %v", len(got), err)
	}
	for i := range got {
		if i > 0 && strings.Compare(got[i-1].Name+"\x00"+got[i-1].Key, got[i].Name+"\x00"+got[i].Key) >= 0 {
			t.Fatalf("%q %s stands before %q %s", got[i-1].Name, got[i-1].Key, got[i].Name, got[i].Key)
		}
		var number int
		if _, err := fmt.Sscanf(got[i].Key[len("site_-"):], "%d", &number); err != nil {
			t.Fatal(err)
		}
		if same(t, got[i], want[number]); t.Failed() {
			return
		}
	}
}
