// Package protocol attacks the captcha's protocol instead of its questions: with
// tokens and challenges that were used, are stale, somebody else's or made up, at
// two gateways that share a ledger. None may work, not once.
package protocol

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/pow"
)

// Attack is one way around.
type Attack struct {
	Name string
	What string // in a few words
	// round makes some tries and says how many of them worked.
	round func(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error)
	real  bool // with the real proof of work
}

// Outcome is what came of an attack.
type Outcome struct {
	Attack  string
	What    string
	N       int
	Won     int
	Seconds float64 // of one try
}

// All are the attacks, in the order of the report.
func All() []Attack {
	return []Attack{
		{Name: "replay", What: "a redeemed token, clocks off", round: replay},
		{Name: "parallel-redeem", What: "one token from two gateways at once", round: parallel},
		{Name: "parallel-http", What: "the same over HTTP, three contracts", round: parallelHTTP},
		{Name: "idempotency", What: "other keys, other secrets, keys that are none", round: idempotency},
		{Name: "stale-token", What: "a token whose time is over", round: staleToken},
		{Name: "stale-challenge", What: "work or an answer after its time", round: staleChallenge},
		{Name: "cross-site", What: "another site's token, or another contract's", round: crossSite},
		{Name: "cross-host", What: "a site's widget on another host", round: crossHost},
		{Name: "cross-session", What: "somebody else's challenge", round: crossSession},
		{Name: "cross-prefix", What: "another network, where the site binds", round: crossPrefix},
		{Name: "forged-token", What: "flipped, cut, glued, made up", round: forgedToken},
		{Name: "forged-id", What: "the same with ids, and ids of another step", round: forgedID},
		{Name: "reset-shopping", What: "questions put aside for an easy one, free", round: resetShopping},
		{Name: "type-forcing", What: "asking for an easy kind or level", round: typeForcing},
		{Name: "second-answer", What: "several answers to one question", round: secondAnswer},
		{Name: "skipped-work", What: "work of another challenge, or none", round: skippedWork},
		{Name: "forged-work", What: "results of the real time-lock made up", round: forgedWork, real: true},
		{Name: "test-keys", What: "published test keys, secrets and tokens", round: testKeys},
	}
}

// Run makes at least n tries of an attack.
func Run(ctx context.Context, t Attack, n int, seed uint64) (Outcome, error) {
	lock := newKnot
	if t.real {
		lock = func(secret []byte) captcha.Lock { return pow.New(secret) }
	}
	a, err := newArena(lock, nil)
	if err != nil {
		return Outcome{Attack: t.Name, What: t.What}, err
	}
	return run(ctx, t, a, n, seed)
}

func run(ctx context.Context, t Attack, a *arena, n int, seed uint64) (Outcome, error) {
	o := Outcome{Attack: t.Name, What: t.What}
	name := fnv.New64a()
	_, _ = name.Write([]byte(t.Name))              // never fails
	r := rand.New(rand.NewPCG(seed, name.Sum64())) //nolint:gosec // to be repeated
	began := time.Now()
	for rounds := 0; o.N < n; rounds++ {
		if err := ctx.Err(); err != nil {
			return o, err
		}
		tries, won, err := t.round(ctx, a, r)
		o.N += tries
		o.Won += won
		if err != nil {
			return o, fmt.Errorf("%s: after %d tries: %w", t.Name, o.N, err)
		}
		a.pass(time.Second)
		if rounds%16 == 0 {
			a.ledger.Sweep()
		}
	}
	o.Seconds = time.Since(began).Seconds() / float64(o.N)
	return o, nil
}
