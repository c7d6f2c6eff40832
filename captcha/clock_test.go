package captcha

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// The gateways' own secrets change without anybody noticing.
func TestGatewaysChangeTheirSecret(t *testing.T) {
	s := newStage(t, func(_ *Config, s *Site) { s.Policy = Policy{Ask: AskAlways, BindPrefix: true} })
	before := s.question(s.opening())
	work := s.open(s.opening())
	token := s.token(s.opening())
	s.cfg.Secrets = [][]byte{[]byte("a younger secret of theirs"), s.cfg.Secrets[0]}
	s.Platform = s.another()
	r, err := s.Answer(t.Context(), before.ID, session, rightClick, home, s.time())
	s.must(StepDone, r, err)
	if got := s.Check(t.Context(), Check{Secret: s.secret, Token: token, RemoteIP: home}, s.time()); got.Failure != OK {
		t.Error(got.Failure)
	}
	r, err = s.work(work)
	s.must(StepQuestion, r, err)
	token = s.token(s.opening())
	late := s.open(s.opening())
	s.cfg.Secrets = s.cfg.Secrets[:1]
	s.Platform = s.another()
	if got := s.check(token); got.Failure != OK {
		t.Error(got.Failure)
	}
	r, err = s.work(late)
	s.must(StepQuestion, r, err)
}

// A gateway's clock is an hour off: it refuses, in either direction, and what it
// gives out is refused by the others.
func TestClocksAreAnHourOff(t *testing.T) {
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		s := newStage(t, nil)
		crooked := s.another()
		token := s.token(s.opening())
		if got := crooked.Check(t.Context(), Check{Secret: s.secret, Token: token}, s.time().Add(off)); got.Failure != InvalidToken && got.Failure != ExpiredToken {
			t.Errorf("off by %v: %q", off, got.Failure)
		}
		r, err := crooked.Open(t.Context(), s.opening(), s.time().Add(off))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Work(t.Context(), r.ID, session, solved(r), home, s.time()); refused(err) != CodeGone {
			t.Error("an id of a crooked clock:", err)
		}
		r, err = crooked.Work(t.Context(), r.ID, session, solved(r), home, s.time().Add(off))
		s.must(StepDone, r, err)
		if got := s.check(r.Token); got.Failure != InvalidToken && got.Failure != ExpiredToken {
			t.Errorf("a token from %v away: %q", off, got.Failure)
		}
		// The token is redeemed, an hour goes by, and the one that is an hour behind
		// takes it for fresh. The ledger knows better.
		if got := s.check(token); got.Failure != OK {
			t.Fatal(got.Failure)
		}
		unused := s.token(s.opening())
		at := s.time()
		s.pass(time.Hour)
		for _, old := range []string{token, unused} {
			if got := crooked.Check(t.Context(), Check{Secret: s.secret, Token: old}, at); got.Failure == OK {
				t.Error("a token of an hour ago is good")
			}
		}
	}
	// A minute is forgiven.
	s := newStage(t, nil)
	token := s.token(s.opening())
	if got := s.Check(t.Context(), Check{Secret: s.secret, Token: token}, s.time().Add(-59*time.Second)); got.Failure != OK {
		t.Error(got.Failure)
	}
}

// A ledger that ends takes what was redeemed with it, and the tokens as well.
func TestALostLedgerGrantsNothing(t *testing.T) {
	s := newStage(t, nil)
	token := s.token(s.opening())
	if got := s.check(token); got.Failure != OK {
		t.Fatal(got.Failure)
	}
	s.cfg.Ledger = NewMemory(s.time, 0)
	s.Platform = s.another()
	if got := s.check(token); got.Failure != ExpiredToken {
		t.Errorf("after a restart: %q", got.Failure)
	}
}

// sick is a ledger that is away.
type sick struct{ Ledger }

var errAway = errors.New("connection refused")

func (sick) Get(context.Context, string) ([]byte, error)                          { return nil, errAway }
func (sick) Put(context.Context, string, []byte, time.Duration) error             { return errAway }
func (sick) Claim(context.Context, string, string, time.Duration) (string, error) { return "", errAway }

func TestStoresAreAway(t *testing.T) {
	s := newStage(t, nil)
	token := s.token(s.opening())
	s.cfg.Ledger = sick{s.ledger}
	ill := s.another()
	if got := ill.Check(t.Context(), Check{Secret: s.secret, Token: token}, s.time()); got.Failure != Internal {
		t.Error(got.Failure)
	}
	_, err := ill.Open(t.Context(), s.opening(), s.time())
	var r *Refusal
	if !errors.As(err, &r) || r.Status != 503 || r.After <= 0 || !errors.Is(err, errAway) || strings.Contains(err.Error(), "connection") {
		t.Errorf("%#v", err)
	}
	if got := s.check(token); got.Failure != OK {
		t.Error("an error used the token up:", got.Failure)
	}
	// Sites that are known are good for a minute while their store is away.
	token = s.token(s.opening())
	s.shelf.away = errAway
	s.pass(30 * time.Second)
	if got := s.check(token); got.Failure != OK {
		t.Error(got.Failure)
	}
	s.pass(2 * time.Minute)
	if got := s.check(token); got.Failure != Internal {
		t.Error(got.Failure)
	}
	if _, err := s.Open(t.Context(), s.opening(), s.time()); refused(err) != CodeUnavailable {
		t.Error(err)
	}
}

func TestAFullLedgerIsBusy(t *testing.T) {
	s := newStage(t, nil)
	s.cfg.Ledger = NewMemory(s.time, 4<<10)
	small := s.another()
	for range 100 {
		r, err := small.Open(t.Context(), s.opening(), s.time())
		if err != nil {
			t.Fatal(err)
		}
		if r.Step == StepWait {
			if r.Code != CodeBusy || r.After < 1 {
				t.Errorf("%+v", r)
			}
			return
		}
	}
	t.Error("4 KB hold everything")
}
