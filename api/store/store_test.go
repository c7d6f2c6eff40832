package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api/store"
)

func TestRoles(t *testing.T) {
	all := []store.Role{store.Viewer, store.Acting, store.Admin}
	for i, has := range all {
		for k, needs := range all {
			if has.Allows(needs) != (i >= k) {
				t.Errorf("%s allows %s: %t", has, needs, has.Allows(needs))
			}
		}
		if store.Role("root").Allows(has) || store.Role("").Allows("") {
			t.Error("an unknown role allows something")
		}
	}
	if _, err := store.ParseRole("root"); err == nil || !strings.Contains(err.Error(), "viewer") {
		t.Errorf("says %v", err)
	}
}

func TestNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"kim": true, "kim.lee-2_x@example": true, strings.Repeat("a", 64): true,
		"": false, "Kim": false, "kim lee": false, "kim\n": false, "김": false, "daero": false, "local": false,
		strings.Repeat("a", 65): false, "../x": false,
	} {
		if err := store.CheckName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestFilterAndPruning(t *testing.T) {
	now := time.Unix(1000, 0)
	for name, bad := range map[string]interface{ Validate() error }{
		"limit":    store.Filter{Limit: 1001},
		"below":    store.Filter{Limit: -1},
		"after":    store.Filter{After: -1},
		"swapped":  store.Filter{Since: now, Until: now},
		"no bound": store.Pruning{By: "kim", Why: "old"},
		"nobody":   store.Pruning{Keep: 1, Why: "old"},
		"no why":   store.Pruning{Keep: 1, By: "kim"},
	} {
		if bad.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := (store.Filter{Since: now, Until: now.Add(1), Limit: 1000}).Validate(); err != nil {
		t.Error(err)
	}
}
