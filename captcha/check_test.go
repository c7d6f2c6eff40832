package captcha

import (
	"context"
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

// crowd lets nobody on who looked until everybody has looked.
type crowd struct {
	Ledger
	looked *sync.WaitGroup
}

func (c crowd) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := c.Ledger.Get(ctx, key)
	c.looked.Done()
	c.looked.Wait()
	return value, err
}

// All find the question open before the first one takes it, or the token good
// before the first one claims it.
func TestOneOfACrowd(t *testing.T) {
	s := newStage(t, always)
	const many = 50
	var looked sync.WaitGroup
	work, question, token := s.open(s.opening()), s.question(s.opening()), s.token(s.opening())
	s.cfg.Ledger = crowd{s.ledger, &looked}
	gateways := []*Platform{s.another(), s.another()}
	now := s.time()
	for name, f := range map[string]func(p *Platform) bool{
		"work": func(p *Platform) bool {
			r, err := p.Work(context.Background(), work.ID, session, solved(work), home, now)
			return err == nil && r.Step == StepQuestion
		},
		"answer": func(p *Platform) bool {
			r, err := p.Answer(context.Background(), question.ID, session, rightClick, home, now)
			return err == nil && r.Step == StepDone
		},
		"check": func(p *Platform) bool {
			return p.Check(context.Background(), Check{Secret: s.secret, Token: token}, now).Failure == OK
		},
	} {
		var good atomic.Int64
		var all sync.WaitGroup
		looked.Add(many)
		for i := range many {
			all.Go(func() {
				if f(gateways[i%2]) {
					good.Add(1)
				}
			})
		}
		all.Wait()
		if good.Load() != 1 {
			t.Errorf("%s: %d of %d", name, good.Load(), many)
		}
	}
}
