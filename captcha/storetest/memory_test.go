package storetest_test

import (
	"testing"

	"github.com/daero/daero/captcha/storetest"
)

func TestMemorySites(t *testing.T) {
	stores := map[string]*storetest.Memory{}
	storetest.Sites(t, func(t *testing.T) storetest.SiteStore {
		if stores[t.Name()] == nil {
			stores[t.Name()] = storetest.NewSites()
		}
		return stores[t.Name()]
	})
}
