// Package storetest has what every inbox.Store must do, as tests.
package storetest

import (
	"crypto/sha256"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daero/daero/relay/inbox"
)

// Make returns an empty store, and what lets its time pass.
type Make func(t *testing.T) (s inbox.Store, pass func(time.Duration))

// Run runs the tests.
func Run(t *testing.T, maker Make) {
	t.Helper()
	for name, f := range map[string]func(*testing.T, harness){
		"OneClaims":         oneClaims,
		"DoneIsRemembered":  doneIsRemembered,
		"OtherContent":      otherContent,
		"LeaseRunsOut":      leaseRunsOut,
		"LostClaim":         lostClaim,
		"Release":           release,
		"Late":              late,
		"ManyAtOnce":        manyAtOnce,
		"ManyLeasesRunOut":  manyLeasesRunOut,
		"AnswersAreCopied":  answersAreCopied,
		"KeysDoNotMeet":     keysDoNotMeet,
		"FinishTwice":       finishTwice,
		"ReleaseOfAnothers": releaseOfAnothers,
	} {
		t.Run(name, func(t *testing.T) {
			s, pass := maker(t)
			f(t, harness{t, s, pass})
		})
	}
}

type harness struct {
	t     *testing.T
	store inbox.Store
	pass  func(time.Duration)
}

const (
	lease = time.Minute
	keep  = time.Hour
)

func want(key, content, token string) inbox.Want {
	w := inbox.Want{Key: sha256.Sum256([]byte(key)), Content: sha256.Sum256([]byte(content)), Lease: lease}
	copy(w.Token[:], token)
	return w
}

func (h harness) claim(w inbox.Want) inbox.Found {
	h.t.Helper()
	f, err := h.store.Claim(h.t.Context(), w)
	if err != nil {
		h.t.Fatal(err)
	}
	return f
}

// claims claims and checks what was found.
func (h harness) claims(w inbox.Want, found inbox.Found) {
	h.t.Helper()
	if got := h.claim(w); !reflect.DeepEqual(got, found) {
		h.t.Errorf("found %+v, want %+v", got, found)
	}
}

func (h harness) finish(w inbox.Want, a inbox.Answer) {
	h.t.Helper()
	if err := h.store.Finish(h.t.Context(), w.Key, w.Token, a, keep); err != nil {
		h.t.Fatal(err)
	}
}

var answer = inbox.Answer{Status: 201, ContentType: "text/plain", Body: []byte("made\x00\xff")}

func oneClaims(_ *testing.T, h harness) {
	h.claims(want("k", "c", "1"), inbox.Found{State: inbox.Claimed})
	f := h.claim(want("k", "c", "2"))
	if f.State != inbox.Busy || f.Left <= 0 || f.Left > lease {
		h.t.Errorf("found %+v", f)
	}
	if f := h.claim(want("k", "c", "1")); f.State != inbox.Busy {
		h.t.Errorf("the same token again: found %+v", f)
	}
}

func doneIsRemembered(_ *testing.T, h harness) {
	for key, a := range map[string]inbox.Answer{
		"a": answer, "b": {Status: 200, Cut: true}, "c": {Status: 204}, "d": {Status: 200, Body: make([]byte, 1<<16)},
	} {
		w := want(key, "c", "1")
		h.claims(w, inbox.Found{State: inbox.Claimed})
		h.finish(w, a)
		f := h.claim(want(key, "c", "2"))
		if len(f.Answer.Body) == 0 {
			f.Answer.Body = nil
		}
		if f.State != inbox.Done || !reflect.DeepEqual(f.Answer, a) {
			h.t.Errorf("%s: found %+v", key, f.State)
		}
	}
	h.pass(keep - time.Minute)
	if f := h.claim(want("a", "c", "3")); f.State != inbox.Done {
		h.t.Errorf("near its end: %+v", f)
	}
}

func otherContent(_ *testing.T, h harness) {
	w := want("k", "c", "1")
	h.claims(w, inbox.Found{State: inbox.Claimed})
	h.claims(want("k", "other", "2"), inbox.Found{State: inbox.Other})
	h.finish(w, answer)
	h.claims(want("k", "other", "2"), inbox.Found{State: inbox.Other})
}

func leaseRunsOut(_ *testing.T, h harness) {
	w := want("k", "c", "1")
	h.claims(w, inbox.Found{State: inbox.Claimed})
	h.pass(lease)
	h.claims(want("k", "c", "2"), inbox.Found{State: inbox.Claimed, Lapsed: true})
	if err := h.store.Finish(h.t.Context(), w.Key, w.Token, answer, keep); !errors.Is(err, inbox.ErrLost) {
		h.t.Errorf("finished by who has lost it: %v", err)
	}
	h.finish(want("k", "c", "2"), answer)
}

// lostClaim: a lease that ran out is no loss while nobody else has come.
func lostClaim(_ *testing.T, h harness) {
	w := want("k", "c", "1")
	h.claims(w, inbox.Found{State: inbox.Claimed})
	h.pass(2 * lease)
	h.finish(w, answer)
	if f := h.claim(want("k", "c", "2")); f.State != inbox.Done {
		h.t.Errorf("found %+v", f)
	}
	other := want("never claimed", "c", "1")
	if err := h.store.Finish(h.t.Context(), other.Key, other.Token, answer, keep); !errors.Is(err, inbox.ErrLost) {
		h.t.Errorf("finished what was never claimed: %v", err)
	}
}

func release(_ *testing.T, h harness) {
	w := want("k", "c", "1")
	h.claims(w, inbox.Found{State: inbox.Claimed})
	if err := h.store.Release(h.t.Context(), w.Key, w.Token); err != nil {
		h.t.Fatal(err)
	}
	// A message that was refused may come again with another content.
	w = want("k", "other", "2")
	h.claims(w, inbox.Found{State: inbox.Claimed})
	h.finish(w, answer)
}

func releaseOfAnothers(_ *testing.T, h harness) {
	w := want("k", "c", "1")
	h.claims(w, inbox.Found{State: inbox.Claimed})
	other := want("k", "c", "2")
	if err := h.store.Release(h.t.Context(), other.Key, other.Token); err != nil {
		h.t.Fatal(err)
	}
	if f := h.claim(other); f.State != inbox.Busy {
		h.t.Errorf("released by another: %+v", f)
	}
	h.finish(w, answer)
	if err := h.store.Release(h.t.Context(), w.Key, w.Token); err != nil {
		h.t.Fatal(err)
	}
	if f := h.claim(other); f.State != inbox.Done {
		h.t.Errorf("released once done: %+v", f)
	}
}

// late: what comes after its time is told from what never came.
func late(_ *testing.T, h harness) {
	w := want("k", "c", "1")
	h.claims(w, inbox.Found{State: inbox.Claimed})
	h.finish(w, answer)
	h.pass(keep)
	w = want("k", "c", "2")
	h.claims(w, inbox.Found{State: inbox.Claimed, Late: true})
	h.finish(w, answer)
	h.pass(2 * keep)
	if f := h.claim(want("k", "other", "3")); f.State != inbox.Claimed {
		h.t.Errorf("long after: %+v", f)
	}
}

func finishTwice(_ *testing.T, h harness) {
	w := want("k", "c", "1")
	h.claims(w, inbox.Found{State: inbox.Claimed})
	h.finish(w, answer)
	if err := h.store.Finish(h.t.Context(), w.Key, w.Token, inbox.Answer{Status: 200}, keep); !errors.Is(err, inbox.ErrLost) {
		h.t.Errorf("finished again: %v", err)
	}
	if f := h.claim(want("k", "c", "2")); f.Answer.Status != answer.Status {
		h.t.Errorf("found %+v", f)
	}
}

func answersAreCopied(_ *testing.T, h harness) {
	w := want("k", "c", "1")
	h.claims(w, inbox.Found{State: inbox.Claimed})
	a := answer
	a.Body = []byte("first")
	h.finish(w, a)
	copy(a.Body, "xxxxx")
	if f := h.claim(want("k", "c", "2")); string(f.Answer.Body) != "first" {
		h.t.Errorf("found %q", f.Answer.Body)
	}
}

func keysDoNotMeet(_ *testing.T, h harness) {
	for _, key := range []string{"a", "b", "", "a\x00", "A"} {
		h.claims(want(key, "c", "1"), inbox.Found{State: inbox.Claimed})
	}
}

// manyAtOnce: of many who ask at once, exactly one gets the key.
func manyAtOnce(t *testing.T, h harness) { race(t, h, false) }

func manyLeasesRunOut(t *testing.T, h harness) {
	h.claims(want("k", "c", "gone"), inbox.Found{State: inbox.Claimed})
	h.pass(2 * lease)
	race(t, h, true)
}

func race(t *testing.T, h harness, lapsed bool) {
	var got atomic.Int64
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			f, err := h.store.Claim(t.Context(), want("k", "c", string(rune('a'+i))))
			switch {
			case err != nil:
				t.Error(err)
			case f.State == inbox.Claimed:
				got.Add(1)
				if f.Lapsed != lapsed {
					t.Errorf("found %+v", f)
				}
			case f.State != inbox.Busy:
				t.Errorf("found %+v", f)
			}
		})
	}
	all.Wait()
	if got.Load() != 1 {
		t.Errorf("%d claims of one key", got.Load())
	}
}
