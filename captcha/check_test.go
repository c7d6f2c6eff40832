package captcha

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const uuid = "3b241101-e2bb-4255-8caf-4136c566a962"

// A token is good once, at its own site, under its own contract, for its time.
func TestTokensThatAreNotValid(t *testing.T) {
	s := newStage(t, nil)
	other, otherSecret := NewSite("other", s.shop.Hosts, noon)
	s.shelf.sites[other.Key] = other
	off, offSecret := NewSite("off", s.shop.Hosts, noon)
	off.Disabled = true
	s.shelf.sites[off.Key] = off
	foreign := newStage(t, func(c *Config, _ *Site) { c.Secrets = [][]byte{[]byte("the secret of somebody else")} })
	strange := foreign.token(foreign.opening())
	for name, c := range map[string]struct {
		change func(*Check)
		after  time.Duration
		want   Failure
	}{
		"as it is":               {func(*Check) {}, 0, OK},
		"at the last moment":     {func(*Check) {}, 299 * time.Second, OK},
		"after it":               {func(*Check) {}, 301 * time.Second, ExpiredToken},
		"an hour later":          {func(*Check) {}, time.Hour, ExpiredToken},
		"no secret":              {func(c *Check) { c.Secret = "" }, 0, MissingSecret},
		"a wrong secret":         {func(c *Check) { c.Secret += "x" }, 0, InvalidSecret},
		"a huge secret":          {func(c *Check) { c.Secret = strings.Repeat("x", 1<<20) }, 0, InvalidSecret},
		"a disabled site's":      {func(c *Check) { c.Secret = offSecret }, 0, InvalidSecret},
		"another site's":         {func(c *Check) { c.Secret = otherSecret }, 0, InvalidToken},
		"another contract":       {func(c *Check) { c.Contract = Turnstile }, 0, InvalidToken},
		"an unknown contract":    {func(c *Check) { c.Contract = "x" }, 0, InvalidToken},
		"another site key":       {func(c *Check) { c.SiteKey = other.Key }, 0, WrongSiteKey},
		"its own site key":       {func(c *Check) { c.SiteKey = s.shop.Key }, 0, OK},
		"no token":               {func(c *Check) { c.Token = "" }, 0, MissingToken},
		"a changed token":        {func(c *Check) { c.Token = flip(c.Token) }, 0, InvalidToken},
		"one letter less":        {func(c *Check) { c.Token = c.Token[1:] }, 0, InvalidToken},
		"one letter more":        {func(c *Check) { c.Token += "A" }, 0, InvalidToken},
		"padded":                 {func(c *Check) { c.Token += "==" }, 0, InvalidToken},
		"a line more":            {func(c *Check) { c.Token += "\n" }, 0, InvalidToken},
		"no base64":              {func(c *Check) { c.Token = "\x00\xff" }, 0, InvalidToken},
		"a megabyte":             {func(c *Check) { c.Token = strings.Repeat("A", 1<<20) }, 0, InvalidToken},
		"of other gateways":      {func(c *Check) { c.Token = strange }, 0, InvalidToken},
		"a test key's":           {func(c *Check) { c.Token = TestToken }, 0, InvalidToken},
		"an address, malformed":  {func(c *Check) { c.RemoteIP = "1.2.3" }, 0, OK},
		"an address from afar":   {func(c *Check) { c.RemoteIP = "198.51.100.1" }, 0, OK},
		"an id in place of it":   {func(c *Check) { c.Token = s.open(s.opening()).ID }, 0, InvalidToken},
		"a key that is no UUID":  {func(c *Check) { c.IdempotencyKey = strings.Repeat("k", 1<<20) }, 0, OK},
		"a wrong key for a site": {func(c *Check) { c.SiteKey = strings.Repeat("k", 1<<20) }, 0, WrongSiteKey},
	} {
		t.Run(name, func(t *testing.T) {
			ask := Check{Contract: Native, Secret: s.secret, Token: s.token(s.opening())}
			good := ask
			c.change(&ask)
			at := s.time()
			s.pass(c.after)
			if got := s.Check(t.Context(), ask, s.time()); got.Failure != c.want {
				t.Fatalf("%q, want %q", got.Failure, c.want)
			} else if got.Failure != OK && (got.Host != "" || got.Score != 0 || got.Action != "") {
				t.Errorf("a failure says %+v", got)
			}
			// A failure uses nothing up; a pass does.
			want := OK
			switch {
			case c.want == OK:
				want = SpentToken
			case c.after > 0:
				want = ExpiredToken
			}
			if got := s.Check(t.Context(), good, s.time()); got.Failure != want && s.time().Sub(at) < 5*time.Minute {
				t.Errorf("afterwards: %q, want %q", got.Failure, want)
			}
		})
	}
}

func TestEachContractHasItsTime(t *testing.T) {
	for contract, life := range map[Contract]time.Duration{
		Native: 5 * time.Minute, Turnstile: 5 * time.Minute, Recaptcha: 2 * time.Minute, Hcaptcha: 2 * time.Minute,
	} {
		s := newStage(t, nil)
		o := s.opening()
		o.Contract = contract
		r, err := s.work(s.open(o))
		if s.must(StepDone, r, err); time.Duration(r.Expires)*time.Second != life {
			t.Errorf("%s: %d s", contract, r.Expires)
		}
		token := r.Token
		for wrong := range map[Contract]bool{Native: true, Turnstile: true, Recaptcha: true, Hcaptcha: true} {
			if got := s.Check(t.Context(), Check{Contract: wrong, Secret: s.secret, Token: token}, s.time()); wrong != contract && got.Failure != InvalidToken {
				t.Errorf("%s under %s: %q", contract, wrong, got.Failure)
			}
		}
		s.pass(life + time.Second)
		if got := s.Check(t.Context(), Check{Contract: contract, Secret: s.secret, Token: r.Token}, s.time()); got.Failure != ExpiredToken {
			t.Errorf("%s: %q", contract, got.Failure)
		}
	}
}

func TestTheAddressThatASiteSays(t *testing.T) {
	for name, c := range map[string]struct {
		contract Contract
		bind     bool
		ip       string
		want     Failure
	}{
		"hcaptcha, malformed":     {Hcaptcha, false, "1.2.3", InvalidRemoteIP},
		"hcaptcha, with a port":   {Hcaptcha, false, "1.2.3.4:80", InvalidRemoteIP},
		"hcaptcha, huge":          {Hcaptcha, false, strings.Repeat("1", 1<<20), InvalidRemoteIP},
		"hcaptcha, another":       {Hcaptcha, false, "2001:db8::1", OK},
		"turnstile, malformed":    {Turnstile, false, "1.2.3", OK},
		"bound, near":             {Turnstile, true, "203.0.113.250", OK},
		"bound, far":              {Turnstile, true, "203.0.112.7", InvalidToken},
		"bound, malformed":        {Recaptcha, true, "1.2.3", InvalidToken},
		"bound, hcaptcha":         {Hcaptcha, true, "x", InvalidRemoteIP},
		"bound, not said":         {Native, true, "", OK},
		"bound, another protocol": {Native, true, "2001:db8::1", InvalidToken},
	} {
		s := newStage(t, func(_ *Config, s *Site) { s.Policy.BindPrefix = c.bind })
		o := s.opening()
		o.Contract = c.contract
		ask := Check{Contract: c.contract, Secret: s.secret, Token: s.token(o), RemoteIP: c.ip}
		if got := s.Check(t.Context(), ask, s.time()); got.Failure != c.want {
			t.Errorf("%s: %q, want %q", name, got.Failure, c.want)
		}
	}
}

// Two gateways share what is redeemed: of all who bring a token at once, one is
// told that it is good.
func TestOneOfAThousandRedeems(t *testing.T) {
	s := newStage(t, nil)
	gateways := []*Platform{s.Platform, s.another()}
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		token, now := s.token(s.opening()), s.time()
		var good, spent atomic.Int64
		var all sync.WaitGroup
		start := make(chan struct{})
		for i := range 1000 {
			all.Go(func() {
				<-start
				switch got := gateways[i%2].Check(context.Background(), Check{Secret: s.secret, Token: token}, now); got.Failure {
				case OK:
					good.Add(1)
				case SpentToken:
					spent.Add(1)
				}
			})
		}
		close(start)
		all.Wait()
		if good.Load() != 1 || spent.Load() != 999 {
			t.Fatalf("%d good, %d spent", good.Load(), spent.Load())
		}
		s.pass(time.Minute)
	}
}

// An answer that arrives a thousand times at once counts once.
func TestOneOfAThousandAnswers(t *testing.T) {
	s := newStage(t, always)
	gateways := []*Platform{s.Platform, s.another()}
	r := s.question(s.opening())
	now := s.time()
	var done, lost atomic.Int64
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			got, err := gateways[i%2].Answer(context.Background(), r.ID, session, rightClick, home, now)
			if err == nil && got.Step == StepDone {
				done.Add(1)
			} else if refused(err) == CodeGone {
				lost.Add(1)
			}
		})
	}
	all.Wait()
	if done.Load() != 1 || lost.Load() != 999 {
		t.Errorf("%d done, %d lost", done.Load(), lost.Load())
	}
}

func TestARetryGetsTheSameAnswer(t *testing.T) {
	s := newStage(t, nil)
	rotated, second := s.shop.Rotate(time.Hour, noon)
	s.shelf.sites[s.shop.Key] = rotated
	token := s.token(s.opening())
	ask := Check{Secret: s.secret, Token: token, IdempotencyKey: uuid}
	first := s.Check(t.Context(), ask, s.time())
	if first.Failure != OK {
		t.Fatal(first.Failure)
	}
	s.pass(time.Minute)
	again := ask
	again.IdempotencyKey = strings.ToUpper(uuid)
	if got := s.another().Check(t.Context(), again, s.time()); fmt.Sprint(got) != fmt.Sprint(first) {
		t.Errorf("%+v, first it was %+v", got, first)
	}
	for name, change := range map[string]func(*Check){
		"without the key":     func(c *Check) { c.IdempotencyKey = "" },
		"with another":        func(c *Check) { c.IdempotencyKey = strings.Replace(uuid, "3", "4", 1) },
		"with one like it":    func(c *Check) { c.IdempotencyKey = uuid + " " },
		"with another secret": func(c *Check) { c.Secret = second },
	} {
		c := ask
		change(&c)
		if got := s.Check(t.Context(), c, s.time()); got.Failure != SpentToken {
			t.Errorf("%s: %q", name, got.Failure)
		}
	}
	// One key for everything, as a lazy server would: each token is still its own.
	for range 3 {
		c := ask
		c.Token = s.token(s.opening())
		plain := c
		plain.IdempotencyKey = ""
		if got := s.Check(t.Context(), plain, s.time()); got.Failure != OK {
			t.Error(got.Failure)
		}
		if got := s.Check(t.Context(), c, s.time()); got.Failure != SpentToken {
			t.Error("spent without a key, good with one:", got.Failure)
		}
	}
	s.pass(10 * time.Minute)
	if got := s.Check(t.Context(), ask, s.time()); got.Failure != ExpiredToken {
		t.Error("a retry of what is over:", got.Failure)
	}
}

func TestSecretsAreReplaced(t *testing.T) {
	s := newStage(t, nil)
	rotated, second := s.shop.Rotate(time.Hour, noon)
	s.shelf.sites[s.shop.Key] = rotated
	for _, c := range []struct {
		after      time.Duration
		old, young Failure
	}{{0, OK, OK}, {59 * time.Minute, OK, OK}, {2 * time.Minute, InvalidSecret, OK}} {
		s.pass(c.after)
		for secret, want := range map[string]Failure{s.secret: c.old, second: c.young} {
			if got := s.Check(t.Context(), Check{Secret: secret, Token: s.token(s.opening())}, s.time()); got.Failure != want {
				t.Errorf("after %v: %q, want %q", s.time().Sub(noon), got.Failure, want)
			}
		}
	}
}

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
