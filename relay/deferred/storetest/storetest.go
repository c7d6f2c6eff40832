// Package storetest is what every store of answers to deferred requests must
// pass.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/relay/deferred"
)

// noon is when the tests take place.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 123000, time.UTC)

// Run tests stores. open returns an empty store, which holds at most maxBytes;
// 0 is as many as it does by itself.
func Run(t *testing.T, open func(t *testing.T, maxBytes int64) deferred.Store) {
	for name, test := range map[string]func(*testing.T, func(*testing.T, int64) deferred.Store){
		"keeps": keeps, "first counts": firstCounts, "expires": expires, "is bounded": bounded, "at once": atOnce,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

func answer(i int, s deferred.State) deferred.Answer {
	return deferred.Answer{
		ID: fmt.Sprintf("%022d", i), Ticket: fmt.Sprintf("ticket-%d", i), Lane: "api/login", State: s, Tried: s != deferred.Expired,
		Taken: noon, At: noon.Add(time.Minute), Until: noon.Add(time.Duration(i+1) * time.Hour),
	}
}

func put(t *testing.T, s deferred.Store, a deferred.Answer) bool {
	t.Helper()
	kept, err := s.Put(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func has(t *testing.T, s deferred.Store, i int) bool {
	t.Helper()
	_, err := s.Get(t.Context(), answer(i, "").ID)
	if err != nil && !errors.Is(err, deferred.ErrNoAnswer) {
		t.Fatal(err)
	}
	return err == nil
}

// keeps: what comes out is what went in, byte for byte.
func keeps(t *testing.T, open func(*testing.T, int64) deferred.Store) {
	s := open(t, 0)
	if has(t, s, 1) {
		t.Error("an answer that nobody gave")
	}
	all := []deferred.Answer{answer(1, deferred.Done), answer(2, deferred.Failed), answer(3, deferred.Expired), answer(4, deferred.Done), answer(5, deferred.Done)}
	all[0].Status, all[0].Body = 201, []byte("\x00\xff{\"a\":1}\r\n")
	all[0].Header = http.Header{"Content-Type": {"application/json"}, "Link": {"<a>", "<b>; rel=\"x\""}, "X-App-Name": {"\xc3\xa9\xff", ""}}
	all[1].Status, all[1].Body = 500, []byte("broken")
	all[2].Tried = true
	all[3].Status, all[3].Cut = 200, 1<<40
	all[4].Status = 204
	for _, a := range all {
		if !put(t, s, a) {
			t.Errorf("%s was not kept", a.ID)
		}
	}
	for _, want := range all {
		got, err := s.Get(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Body, want.Body) || len(got.Header) != len(want.Header) || len(want.Header) > 0 && !reflect.DeepEqual(got.Header, want.Header) {
			t.Errorf("%s: %q %v, want %q %v", want.ID, got.Body, got.Header, want.Body, want.Header)
		}
		got.Body, got.Header, want.Body, want.Header = nil, nil, nil, nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	// What is handed out is the caller's to change.
	a, _ := s.Get(t.Context(), all[0].ID)
	a.Header.Set("Link", "changed")
	if b, _ := s.Get(t.Context(), all[0].ID); b.Header.Get("Link") != "<a>" {
		t.Error("a caller has changed what is kept")
	}
}

// firstCounts: the service's own answer stays what it was; what stands for none
// gives way to it.
func firstCounts(t *testing.T, open func(*testing.T, int64) deferred.Store) {
	type put2 struct{ first, second deferred.State }
	for want, pairs := range map[bool][]put2{
		false: {{deferred.Done, deferred.Done}, {deferred.Done, deferred.Failed}, {deferred.Done, deferred.Expired}, {deferred.Failed, deferred.Expired}, {deferred.Failed, deferred.Failed}, {deferred.Expired, deferred.Failed}},
		true:  {{deferred.Failed, deferred.Done}, {deferred.Expired, deferred.Done}},
	} {
		for _, p := range pairs {
			s := open(t, 0)
			a, b := answer(1, p.first), answer(1, p.second)
			a.Status, b.Status = 201, 202
			put(t, s, a)
			if kept := put(t, s, b); kept != want {
				t.Errorf("%s after %s: kept %t", p.second, p.first, kept)
			}
			got, err := s.Get(t.Context(), a.ID)
			if err != nil || (got.Status == 202) != want {
				t.Errorf("%s after %s: %+v %v", p.second, p.first, got, err)
			}
		}
	}
}

func expires(t *testing.T, open func(*testing.T, int64) deferred.Store) {
	s := open(t, 0)
	for i := range 5 {
		put(t, s, answer(i, deferred.Done))
	}
	if n, err := s.Expire(t.Context(), noon.Add(2*time.Hour)); n != 2 || err != nil {
		t.Errorf("%d expired, %v; want 2", n, err)
	}
	for i := range 5 {
		if got := has(t, s, i); got != (i >= 2) {
			t.Errorf("answer %d there: %t", i, got)
		}
	}
	if n, err := s.Expire(t.Context(), noon.Add(2*time.Hour)); n != 0 || err != nil {
		t.Errorf("again: %d expired, %v", n, err)
	}
	if !put(t, s, answer(0, deferred.Done)) {
		t.Error("what was forgotten cannot be kept again")
	}
}

// bounded: what is to be forgotten next goes first, and the newest is kept.
func bounded(t *testing.T, open func(*testing.T, int64) deferred.Store) {
	s := open(t, 100_000)
	for i := range 30 {
		a := answer(29-i, deferred.Done) // the first to come is the last to go
		a.Body = make([]byte, 10_000)
		if !put(t, s, a) || i < 5 && !has(t, s, 29-i) {
			t.Errorf("answer %d was not kept", 29-i)
		}
	}
	n := 0
	for i := range 30 {
		if has(t, s, i) {
			n++
		}
	}
	if n < 5 || n > 10 || !has(t, s, 29) || has(t, s, 15) {
		t.Errorf("%d of 30 answers of 10,000 bytes in 100,000; the last to go is there: %t", n, has(t, s, 29))
	}
	large := answer(99, deferred.Done)
	large.Body = make([]byte, 200_000)
	put(t, s, large)
	put(t, s, answer(100, deferred.Done))
	if has(t, s, 99) {
		t.Error("it holds more than it may")
	}
}

// atOnce: of many deliveries of one request at the same time one is kept.
func atOnce(t *testing.T, open func(*testing.T, int64) deferred.Store) {
	s := open(t, 0)
	var wg sync.WaitGroup
	var mu sync.Mutex
	kept := map[string]int{}
	for i := range 8 {
		wg.Go(func() {
			for n := range 20 {
				a := answer(n, deferred.Done)
				a.Status = 200 + i
				ok, err := s.Put(context.WithoutCancel(t.Context()), a)
				if err != nil {
					t.Error(err)
				}
				if ok {
					mu.Lock()
					kept[a.ID]++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	for n := range 20 {
		if id := answer(n, "").ID; kept[id] != 1 {
			t.Errorf("%s was kept %d times", id, kept[id])
		}
	}
}
