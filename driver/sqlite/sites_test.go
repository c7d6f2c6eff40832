package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/storetest"
	"github.com/daero/daero/driver/sqlite"
)

func TestSites(t *testing.T) {
	paths := map[string]string{}
	storetest.Sites(t, func(t *testing.T) storetest.SiteStore {
		if paths[t.Name()] == "" {
			paths[t.Name()] = filepath.Join(t.TempDir(), sqlite.File)
		}
		return open(t, paths[t.Name()])
	})
}

// TestSitesOfBefore: sites that were kept by the first version are read by every
// later one. A field that is renamed in package captcha must go on being found
// under its old name.
func TestSitesOfBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), sqlite.File)
	s := open(t, path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`INSERT INTO captcha_sites (key, name, hosts, langs, policy, disabled, created, changed) VALUES ('key', '가게', '["shop.example.com"]', 'null',
		'{"Ask":"always","Level":3,"Work":800000000,"BindPrefix":true,"PrefixChallenges":1,"PrefixMisses":2,"PrefixAudio":3,"SiteChallenges":4,"PrefixTokens":5,"PrefixMost":6}',
		1, 1000, 2000)`); err != nil {
		t.Fatal(err)
	}
	level := 3
	want := captcha.Site{
		Key: "key", Name: "가게", Hosts: []string{"shop.example.com"}, Disabled: true, Created: time.Unix(0, 1000).UTC(), Changed: time.Unix(0, 2000).UTC(),
		Policy: captcha.Policy{
			Ask: captcha.AskAlways, Level: &level, Work: 800 * time.Millisecond, BindPrefix: true,
			PrefixChallenges: 1, PrefixMisses: 2, PrefixAudio: 3, SiteChallenges: 4, PrefixTokens: 5, PrefixMost: 6,
		},
	}
	if got, err := s.Site(t.Context(), "key"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v: %v", got, want, err)
	}
}

// TestSitesBesideOperators: a file of the version before gets the tables, and
// keeps what is in it.
func TestSitesBesideOperators(t *testing.T) {
	path := filepath.Join(t.TempDir(), sqlite.File)
	s := open(t, path)
	if _, err := s.PruneCounts(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		"DROP TABLE captcha_counts", "DROP TABLE captcha_secrets", "DROP TABLE captcha_sites",
		"ALTER TABLE audit DROP COLUMN undo",
		"ALTER TABLE operators DROP COLUMN password", "ALTER TABLE logins DROP COLUMN operator", "DROP TABLE sessions", "PRAGMA user_version = 1",
		"INSERT INTO operators (id, name, role, hash, created) VALUES ('id', 'kim', 'admin', 'h', 1)",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, path)
	site, _ := captcha.NewSite("shop", nil, time.Now())
	if err := again.AddSite(t.Context(), site); err != nil {
		t.Fatal(err)
	}
	if all, err := again.Operators(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%v: %v", all, err)
	}
}

func BenchmarkSite(b *testing.B) {
	s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), sqlite.File))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var all []captcha.Site
	for range 1000 {
		site, _ := captcha.NewSite("shop", []string{"shop.example.com"}, time.Now())
		all = append(all, site)
	}
	if err := s.AddSites(b.Context(), all); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := s.Site(b.Context(), all[i%len(all)].Key); err != nil {
			b.Fatal(err)
		}
	}
}
