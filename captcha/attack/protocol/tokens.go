package protocol

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daero/daero/captcha"
)

var contracts = []captcha.Contract{captcha.Native, captcha.Recaptcha, captcha.Hcaptcha, captcha.Turnstile}

func uuid(r *rand.Rand) string {
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", r.Uint32(), r.Uint32N(1<<16), r.Uint32N(1<<12), r.Uint32N(1<<12), r.Uint64N(1<<48))
}

// redeemed returns a token that was redeemed with a key, "" for none.
func (a *arena) redeemed(ctx context.Context, c captcha.Contract, key string) (captcha.Check, error) {
	token, _, err := a.token(ctx, a.shop, c)
	check := captcha.Check{Contract: c, Secret: a.shop.secret, Token: token, IdempotencyKey: key}
	if err == nil && !a.check(ctx, 0, check) {
		err = fmt.Errorf("%w: a new token is not taken", errArena)
	}
	return check, err
}

// count makes tries, each of which says whether it worked.
func count(tries ...func() bool) (n, won int) {
	for _, t := range tries {
		if n++; t() {
			won++
		}
	}
	return n, won
}

func replay(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	c, err := a.redeemed(ctx, contracts[r.IntN(len(contracts))], "")
	if err != nil {
		return 0, 0, err
	}
	keyed := c
	keyed.IdempotencyKey = uuid(r)
	skewed := func(by time.Duration) func() bool {
		return func() bool { return a.gates[1].Check(ctx, c, a.now().Add(by)).Failure == captcha.OK }
	}
	tries, won = count(
		func() bool { return a.check(ctx, 0, c) },
		func() bool { return a.check(ctx, 1, c) },
		func() bool { return a.check(ctx, 1, keyed) },
		skewed(-30*time.Second), skewed(-time.Hour), skewed(time.Minute), skewed(time.Hour),
	)
	// As long as anybody's clock may take it for good.
	for range 8 {
		a.pass(time.Duration(20+r.IntN(40)) * time.Second)
		n, w := count(func() bool { return a.check(ctx, 1, c) }, skewed(-30*time.Second))
		tries, won = tries+n, won+w
	}
	return tries, won, nil
}

// racers redeem one token at once.
const racers = 6

// race lets all redeem; all but one must lose.
func race(redeem func(i int) bool) (tries, won int, err error) {
	var ok atomic.Int32
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range racers {
		all.Go(func() {
			<-start
			if redeem(i) {
				ok.Add(1)
			}
		})
	}
	close(start)
	all.Wait()
	if ok.Load() == 0 {
		return 0, 0, fmt.Errorf("%w: of %d who redeem a token nobody may", errArena, racers)
	}
	return racers - 1, int(ok.Load()) - 1, nil
}

func parallel(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	contract := contracts[r.IntN(len(contracts))]
	token, _, err := a.token(ctx, a.shop, contract)
	if err != nil {
		return 0, 0, err
	}
	keys := [racers]string{}
	for i := range keys {
		if r.IntN(2) == 0 {
			keys[i] = uuid(r)
		}
	}
	return race(func(i int) bool {
		return a.check(ctx, i%2, captcha.Check{Contract: contract, Secret: a.shop.secret, Token: token, IdempotencyKey: keys[i]})
	})
}

var paths = map[captcha.Contract]string{
	captcha.Recaptcha: "/recaptcha/api/siteverify", captcha.Hcaptcha: "/siteverify", captcha.Turnstile: "/turnstile/v0/siteverify",
}

func parallelHTTP(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	contract := contracts[1+r.IntN(len(contracts)-1)]
	token, _, err := a.token(ctx, a.shop, contract)
	if err != nil {
		return 0, 0, err
	}
	form := url.Values{"secret": {a.shop.secret}, "response": {token}}.Encode()
	return race(func(i int) bool {
		q := httptest.NewRequestWithContext(ctx, http.MethodPost, paths[contract], strings.NewReader(form))
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		a.http[i%2].ServeHTTP(w, q)
		return strings.Contains(strings.ReplaceAll(w.Body.String(), " ", ""), `"success":true`)
	})
}

func idempotency(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	key := uuid(r)
	c, err := a.redeemed(ctx, captcha.Turnstile, key)
	if err != nil {
		return 0, 0, err
	}
	with := func(secret, key string) func() bool {
		return func() bool {
			d := c
			d.Secret, d.IdempotencyKey = secret, key
			return a.check(ctx, r.IntN(2), d)
		}
	}
	if !with(a.shop.secret, key)() {
		return 0, 0, fmt.Errorf("%w: a retry with the same key does not get the same answer", errArena)
	}
	tries, won = count(
		with(a.shop.secret, ""), with(a.shop.secret, uuid(r)), with(a.shop.older, key), with(a.shop.secret, key+" "),
		with(a.shop.secret, strings.ReplaceAll(key, "-", "")), with(a.shop.secret, "{"+key+"}"), with(a.shop.secret, key[:35]+"\x00"),
		with(a.free.secret, key),
	)
	d, err := a.redeemed(ctx, captcha.Turnstile, "not a uuid")
	if err != nil {
		return tries, won, err
	}
	n, w := count(func() bool { return a.check(ctx, 1, d) })
	a.pass(301 * time.Second) // longer than the token is good for
	m, x := count(with(a.shop.secret, key))
	return tries + n + m, won + w + x, nil
}

// lives are how long tokens are good for, at most.
const life = 301 * time.Second

func staleToken(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	contract := contracts[r.IntN(len(contracts))]
	token, _, err := a.token(ctx, a.shop, contract)
	if err != nil {
		return 0, 0, err
	}
	c := captcha.Check{Contract: contract, Secret: a.shop.secret, Token: token}
	keyed := c
	keyed.IdempotencyKey = uuid(r)
	wait := 121 * time.Second
	if contract == captcha.Turnstile || contract == captcha.Native {
		wait = life
	}
	a.pass(wait)
	for range 4 {
		n, w := count(
			func() bool { return a.check(ctx, 0, c) }, func() bool { return a.check(ctx, 1, c) },
			func() bool { return a.check(ctx, 1, keyed) },
		)
		tries, won = tries+n, won+w
		a.pass(time.Duration(r.IntN(3600)) * time.Second)
	}
	return tries, won, nil
}

func crossSite(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	contract := contracts[r.IntN(len(contracts))]
	token, _, err := a.token(ctx, a.shop, contract)
	if err != nil {
		return 0, 0, err
	}
	with := func(c captcha.Contract, s *site, key string) func() bool {
		return func() bool {
			return a.check(ctx, r.IntN(2), captcha.Check{Contract: c, Secret: s.secret, Token: token, SiteKey: key})
		}
	}
	all := []func() bool{
		with(contract, a.free, ""), with(contract, a.bound, ""), with(contract, a.free, a.shop.Key), with(contract, a.free, a.free.Key),
		with(contract, a.shop, a.free.Key), with(contract, a.shop, strings.ToLower(a.shop.Key)+"_"),
	}
	for _, c := range contracts {
		if c != contract {
			all = append(all, with(c, a.shop, ""), with(c, a.shop, a.shop.Key))
		}
	}
	tries, won = count(all...)
	if !with(contract, a.shop, a.shop.Key)() {
		return tries, won, fmt.Errorf("%w: a token is used up by who may not redeem it", errArena)
	}
	return tries, won, nil
}

// spoil changes a text a little.
func spoil(s string, r *rand.Rand) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b := []byte(s)
	i := r.IntN(len(b))
	switch r.IntN(7) {
	case 0: // another letter
		for old := b[i]; b[i] == old; {
			b[i] = letters[r.IntN(len(letters))]
		}
		return string(b)
	case 1: // a bit of what is encoded
		raw, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil || len(raw) == 0 {
			return s + "A"
		}
		raw[r.IntN(len(raw))] ^= 1 << r.IntN(8)
		return base64.RawURLEncoding.EncodeToString(raw)
	case 2: // cut
		return s[:i]
	case 3: // longer
		return s + string(letters[r.IntN(len(letters))])
	case 4: // doubled
		return s + s
	case 5: // any byte
		b[i] ^= byte(1 + r.IntN(255))
		return string(b)
	}
	// Made up, of the same length.
	for k := range b {
		b[k] = letters[r.IntN(len(letters))]
	}
	return string(b)
}

// spoils are how often one is spoilt.
const spoils = 40

func forgedToken(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	token, _, err := a.token(ctx, a.shop, captcha.Native)
	if err != nil {
		return 0, 0, err
	}
	other, v, err := a.token(ctx, a.shop, captcha.Native)
	if err != nil {
		return 0, 0, err
	}
	q, _, err := a.question(ctx, v)
	if err != nil {
		return 0, 0, err
	}
	half := len(token) / 2
	forged := []string{q.ID, token[:half] + other[half:], other[:half] + token[half:], " " + token, token + "\n", token + "=", strings.ToUpper(token)}
	for range spoils {
		forged = append(forged, spoil(token, r))
	}
	for _, f := range forged {
		n, w := count(func() bool {
			return a.check(ctx, r.IntN(2), captcha.Check{Secret: a.shop.secret, Token: f})
		})
		tries, won = tries+n, won+w
	}
	if !a.check(ctx, 0, captcha.Check{Secret: a.shop.secret, Token: token}) {
		return tries, won, fmt.Errorf("%w: a token is used up by its forgeries", errArena)
	}
	return tries, won, nil
}
