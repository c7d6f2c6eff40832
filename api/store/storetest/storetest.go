// Package storetest is what every store of the API must pass.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

// Store is all that a store can do.
type Store interface {
	Append(ctx context.Context, entries []audit.Entry) error
	Entries(ctx context.Context, f store.Filter) ([]audit.Entry, error)
	Prune(ctx context.Context, p store.Pruning) (int, error)

	AddOperator(ctx context.Context, c store.Credential) error
	RemoveOperator(ctx context.Context, name string, at time.Time) error
	Operators(ctx context.Context) ([]store.Operator, error)
	Credential(ctx context.Context, id string) (store.Credential, error)
	Touch(ctx context.Context, id string, at time.Time) error
	AddLogin(ctx context.Context, hash, operator string, at, expires time.Time) error
	Redeem(ctx context.Context, hash string, at time.Time, c store.Credential) error
	SessionStore
	Close() error
}

// opened opens a store that is closed with the test, at the latest.
func opened(t *testing.T, open func(*testing.T) Store) Store {
	t.Helper()
	s := open(t)
	t.Cleanup(func() { closed(t, s) })
	return s
}

func closed(t *testing.T, s Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// noon is when the tests take place.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 123, time.UTC)

// Run tests stores. open opens the same store each time it is called in one
// test, with what is kept in it, and another one in each test.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for name, test := range map[string]func(*testing.T, func(*testing.T) Store){
		"record": record, "filters": filters, "prune": prune, "prune by age": pruneByAge, "operators": operators,
		"logins": logins, "once": once,
		"sessions": sessions, "other role": otherRole, "session bounds": sessionBounds, "passwords": passwords, "links": links, "followed once": followedOnce,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// entry is the n-th of the tests' record.
func entry(n int) audit.Entry {
	return audit.Entry{
		At: noon.Add(time.Duration(n) * time.Second), Who: fmt.Sprintf("who%d", n%2), What: []string{"level.changed", "level.pinned", "action.left"}[n%3],
		Target: fmt.Sprintf("target%d", n%5), Before: "a", After: "b", Why: "because; \" ' \x00 한국어", Until: noon.Add(time.Hour),
		Shadow: n%2 == 0, Share: 0.25, Node: "gateway-1",
		Undo: audit.Undo{Revision: 1<<53 - 1, Does: "unpins the level; \" '", Of: uint64(n)},
	}
}

func fill(t *testing.T, s Store, n int) {
	t.Helper()
	var all []audit.Entry
	for i := range n {
		all = append(all, entry(i))
	}
	if err := s.Append(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

func numbers(all []audit.Entry) (n []int64) {
	for _, e := range all {
		n = append(n, e.ID)
	}
	return n
}

// record: entries come back as they were, also from a store that was closed.
func record(t *testing.T, open func(*testing.T) Store) {
	s := opened(t, open)
	fill(t, s, 3)
	if err := s.Append(t.Context(), []audit.Entry{{}}); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	s = opened(t, open)
	all, err := s.Entries(t.Context(), store.Filter{})
	if err != nil || len(all) != 4 {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	for i, e := range all {
		want := entry(i)
		if i == 3 {
			want = audit.Entry{}
		}
		want.ID = e.ID
		if !reflect.DeepEqual(e, want) {
			t.Errorf("entry %d is\n%+v, was\n%+v", i, e, want)
		}
		if i > 0 && e.ID <= all[i-1].ID {
			t.Errorf("IDs do not rise: %v", numbers(all))
		}
	}
	if err := s.Append(t.Context(), nil); err != nil {
		t.Errorf("no entries: %v", err)
	}
}

func filters(t *testing.T, open func(*testing.T) Store) {
	s := opened(t, open)
	fill(t, s, 30)
	for name, tt := range map[string]struct {
		f    store.Filter
		want func(i int) bool
	}{
		"all":       {store.Filter{}, func(int) bool { return true }},
		"since":     {store.Filter{Since: entry(10).At}, func(i int) bool { return i >= 10 }},
		"until":     {store.Filter{Until: entry(10).At}, func(i int) bool { return i < 10 }},
		"who":       {store.Filter{Who: "who1"}, func(i int) bool { return i%2 == 1 }},
		"what":      {store.Filter{What: "level.pinned"}, func(i int) bool { return i%3 == 1 }},
		"kind":      {store.Filter{What: "level.*"}, func(i int) bool { return i%3 < 2 }},
		"any":       {store.Filter{What: "*"}, func(int) bool { return true }},
		"target":    {store.Filter{Target: "target3"}, func(i int) bool { return i%5 == 3 }},
		"newest":    {store.Filter{Limit: 4}, func(i int) bool { return i >= 26 }},
		"after":     {store.Filter{After: 5, Limit: 4}, func(i int) bool { return i >= 5 && i < 9 }},
		"both":      {store.Filter{Who: "who0", What: "action.left"}, func(i int) bool { return i%2 == 0 && i%3 == 2 }},
		"before":    {store.Filter{Before: 10, Limit: 4}, func(i int) bool { return i >= 5 && i < 9 }},
		"between":   {store.Filter{After: 5, Before: 9}, func(i int) bool { return i >= 5 && i < 8 }},
		"oldest":    {store.Filter{Oldest: true, Limit: 3}, func(i int) bool { return i < 3 }},
		"text":      {store.Filter{Text: "PINned"}, func(i int) bool { return i%3 == 1 }},
		"any text":  {store.Filter{Text: "한국어"}, func(int) bool { return true }},
		"target's":  {store.Filter{Text: "rget4", Who: "who0"}, func(i int) bool { return i%5 == 4 && i%2 == 0 }},
		"no like":   {store.Filter{Text: "pin%"}, func(int) bool { return false }},
		"no text":   {store.Filter{Text: "' OR '1'='1"}, func(int) bool { return false }},
		"none":      {store.Filter{Who: "who%"}, func(int) bool { return false }},
		"no glob":   {store.Filter{What: "l?vel.*"}, func(int) bool { return false }},
		"injection": {store.Filter{Who: "' OR 1=1 --"}, func(int) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.Entries(t.Context(), tt.f)
			if err != nil {
				t.Fatal(err)
			}
			var want []int64
			for i := range 30 {
				if tt.want(i) {
					want = append(want, int64(i+1))
				}
			}
			if !reflect.DeepEqual(numbers(got), want) {
				t.Errorf("got %v, want %v", numbers(got), want)
			}
		})
	}
	if _, err := s.Entries(t.Context(), store.Filter{Limit: store.MaxLimit + 1}); err == nil {
		t.Error("a limit above the greatest was accepted")
	}
	if _, err := s.Entries(t.Context(), store.Filter{Text: strings.Repeat("x", store.MaxText+1)}); err == nil {
		t.Error("a text longer than the longest was accepted")
	}
}

// prune: the oldest go, IDs are not used again, and it shows in the record.
func prune(t *testing.T, open func(*testing.T) Store) {
	s := opened(t, open)
	fill(t, s, 10)
	if n, err := s.Prune(t.Context(), store.Pruning{Keep: 20, At: noon, By: "kim", Why: "space"}); n != 0 || err != nil {
		t.Errorf("nothing was to go: %d, %v", n, err)
	}
	if _, err := s.Prune(t.Context(), store.Pruning{At: noon, By: "kim", Why: "space"}); err == nil {
		t.Error("pruned without a bound")
	}
	n, err := s.Prune(t.Context(), store.Pruning{Keep: 4, At: noon, By: "kim", Why: "space"})
	if err != nil || n != 6 {
		t.Fatalf("removed %d, %v", n, err)
	}
	all, err := s.Entries(t.Context(), store.Filter{})
	if err != nil || !reflect.DeepEqual(numbers(all), []int64{7, 8, 9, 10, 11}) {
		t.Fatalf("left %v, %v", numbers(all), err)
	}
	if last := all[4]; last.What != audit.Pruned || last.Who != "kim" || !last.At.Equal(noon) {
		t.Errorf("recorded as %+v", last)
	}
}

func pruneByAge(t *testing.T, open func(*testing.T) Store) {
	s := opened(t, open)
	fill(t, s, 10)
	for _, tt := range []struct {
		before time.Time
		left   []int64
	}{
		{noon.Add(-time.Hour), []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{entry(4).At, []int64{5, 6, 7, 8, 9, 10, 11}},
		{noon.Add(24 * time.Hour), []int64{12}},
	} {
		if _, err := s.Prune(t.Context(), store.Pruning{Before: tt.before, At: noon.Add(time.Hour), By: "kim", Why: "old"}); err != nil {
			t.Fatal(err)
		}
		if all, err := s.Entries(t.Context(), store.Filter{}); err != nil || !reflect.DeepEqual(numbers(all), tt.left) {
			t.Errorf("before %s: left %v, want %v, %v", tt.before, numbers(all), tt.left, err)
		}
	}
}

func credential(name string) store.Credential {
	return store.Credential{Operator: store.Operator{Name: name, Role: store.Acting, Created: noon}, ID: "id-" + name, Hash: "hash-" + name}
}

func operators(t *testing.T, open func(*testing.T) Store) {
	s, ctx := opened(t, open), t.Context()
	for _, name := range []string{"lee", "kim"} {
		if err := s.AddOperator(ctx, credential(name)); err != nil {
			t.Fatal(err)
		}
	}
	again := credential("kim")
	again.ID = "another"
	if err := s.AddOperator(ctx, again); !errors.Is(err, store.ErrExists) {
		t.Errorf("a second kim: %v", err)
	}
	if err := s.Touch(ctx, "id-kim", noon.Add(time.Minute)); err != nil {
		t.Error(err)
	}
	if err := s.Touch(ctx, "id-kim", noon); err != nil {
		t.Error(err)
	}
	closed(t, s)
	s = opened(t, open)
	all, err := s.Operators(ctx)
	want := []store.Operator{
		{Name: "kim", Role: store.Acting, Created: noon, LastUsed: noon.Add(time.Minute)},
		{Name: "lee", Role: store.Acting, Created: noon},
	}
	if err != nil || !reflect.DeepEqual(all, want) {
		t.Fatalf("%+v, %v", all, err)
	}
	if c, err := s.Credential(ctx, "id-lee"); err != nil || !reflect.DeepEqual(c, credential("lee")) {
		t.Errorf("%+v, %v", c, err)
	}
	if err := s.RemoveOperator(ctx, "lee", noon); err != nil {
		t.Error(err)
	}
	if err := s.RemoveOperator(ctx, "lee", noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	for _, id := range []string{"id-lee", "nobody", ""} {
		if _, err := s.Credential(ctx, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if err := s.AddOperator(ctx, store.Credential{Operator: store.Operator{Name: "lee", Role: store.Viewer}, ID: "new"}); err != nil {
		t.Errorf("a name that is free again: %v", err)
	}
}

func logins(t *testing.T, open func(*testing.T) Store) {
	s, ctx := opened(t, open), t.Context()
	expires := noon.Add(15 * time.Minute)
	for _, hash := range []string{"one", "two"} {
		if err := s.AddLogin(ctx, hash, "", noon, expires); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Redeem(ctx, "unknown", noon, credential("kim")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	if err := s.Redeem(ctx, "one", noon, credential("kim")); err != nil {
		t.Error(err)
	}
	if err := s.Redeem(ctx, "one", noon, credential("lee")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("used twice: %v", err)
	}
	if err := s.Redeem(ctx, "two", noon, credential("kim")); !errors.Is(err, store.ErrExists) {
		t.Errorf("a name that is taken: %v", err)
	}
	if err := s.Redeem(ctx, "two", expires, credential("lee")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("expired: %v", err)
	}
	if err := s.Redeem(ctx, "two", expires.Add(-1), credential("lee")); err != nil {
		t.Errorf("a name that was taken used the link up: %v", err)
	}
	if all, err := s.Operators(ctx); err != nil || len(all) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
}

// once: of many who use one link at once, one succeeds.
func once(t *testing.T, open func(*testing.T) Store) {
	a, b := opened(t, open), opened(t, open)
	if err := a.AddLogin(t.Context(), "one", "", noon, noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			s := a
			if i%2 == 1 {
				s = b
			}
			errs[i] = s.Redeem(t.Context(), "one", noon, credential(fmt.Sprintf("kim%d", i)))
		})
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
		t.Errorf("%d succeeded", good)
	}
}
