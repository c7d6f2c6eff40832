package postgres_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/storetest"
	"github.com/daero/daero/driver/postgres/pgtest"
)

func TestSites(t *testing.T) {
	server := pgtest.Start(t, false)
	urls := map[string]string{}
	storetest.Sites(t, func(t *testing.T) storetest.SiteStore {
		if urls[t.Name()] == "" {
			urls[t.Name()] = server.Database(t)
		}
		return open(t, urls[t.Name()]).Sites()
	})
	t.Run("of before", func(t *testing.T) { sitesOfBefore(t, server.Database(t)) })
}

// sitesOfBefore: sites that were kept by the first version are read by every
// later one. A field that is renamed in package captcha must go on being found
// under its old name.
func sitesOfBefore(t *testing.T, url string) {
	s := open(t, url).Sites()
	if _, err := openSQL(t, url).Exec(`INSERT INTO daero_captcha_sites VALUES ('key', '가게', '["shop.example.com"]', 'null',
		'{"Ask":"always","Level":3,"Work":800000000,"BindPrefix":true,"PrefixChallenges":1,"PrefixMisses":2,"PrefixAudio":3,"SiteChallenges":4,"PrefixTokens":5,"PrefixMost":6}',
		true, to_timestamp(1), NULL)`); err != nil {
		t.Fatal(err)
	}
	level := 3
	want := captcha.Site{
		Key: "key", Name: "가게", Hosts: []string{"shop.example.com"}, Disabled: true, Created: time.Unix(1, 0).UTC(),
		Policy: captcha.Policy{
			Ask: captcha.AskAlways, Level: &level, Work: 800 * time.Millisecond, BindPrefix: true,
			PrefixChallenges: 1, PrefixMisses: 2, PrefixAudio: 3, SiteChallenges: 4, PrefixTokens: 5, PrefixMost: 6,
		},
	}
	if got, err := s.Site(t.Context(), "key"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v: %v", got, want, err)
	}
}
