package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daero/daero/captcha"
)

// captchaLedger knows what must be known once, in memory or in Valkey. It outlives
// reloads that keep it: what is open stays open.
type captchaLedger struct {
	lazy   lazy[captcha.Ledger]
	counts *captchaCounts
}

var errLedgerEnded = errors.New("the ledger is closed: the configuration has ended")

// inMemory is a ledger for one gateway.
func inMemory(context.Context) (captcha.Ledger, func(), error) {
	return captcha.NewMemory(nil, 0), nil, nil
}

// Destruct implements caddy.Destructor.
func (l *captchaLedger) Destruct() error {
	l.lazy.end(errLedgerEnded)
	return nil
}

// with asks the ledger, and counts when it does not answer.
func (l *captchaLedger) with(ctx context.Context, ask func(captcha.Ledger) error) error {
	ledger, err := l.lazy.get(ctx)
	if err != nil {
		err = fmt.Errorf("the ledger is away: %w", err)
	} else {
		err = ask(ledger)
	}
	if err != nil && ctx.Err() == nil {
		l.counts.ledgerFailed.Add(1)
	}
	return err
}

// Put implements captcha.Opens.
func (l *captchaLedger) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return l.with(ctx, func(ledger captcha.Ledger) error { return ledger.Put(ctx, key, value, ttl) })
}

// Get implements captcha.Opens.
func (l *captchaLedger) Get(ctx context.Context, key string) (value []byte, err error) {
	err = l.with(ctx, func(ledger captcha.Ledger) (err error) { value, err = ledger.Get(ctx, key); return err })
	return value, err
}

// Take implements captcha.Opens.
func (l *captchaLedger) Take(ctx context.Context, key string) (value []byte, err error) {
	err = l.with(ctx, func(ledger captcha.Ledger) (err error) { value, err = ledger.Take(ctx, key); return err })
	return value, err
}

// Touch implements captcha.Opens.
func (l *captchaLedger) Touch(ctx context.Context, key string, ttl time.Duration) (there bool, err error) {
	err = l.with(ctx, func(ledger captcha.Ledger) (err error) { there, err = ledger.Touch(ctx, key, ttl); return err })
	return there, err
}

// Claim implements captcha.Claims.
func (l *captchaLedger) Claim(ctx context.Context, key, by string, ttl time.Duration) (first string, err error) {
	err = l.with(ctx, func(ledger captcha.Ledger) (err error) { first, err = ledger.Claim(ctx, key, by, ttl); return err })
	return first, err
}

// Spend implements captcha.Budgets.
func (l *captchaLedger) Spend(ctx context.Context, key string, n, limit int, per time.Duration) (ok bool, spent int, after time.Duration, err error) {
	err = l.with(ctx, func(ledger captcha.Ledger) (err error) {
		ok, spent, after, err = ledger.Spend(ctx, key, n, limit, per)
		return err
	})
	return ok, spent, after, err
}

// Sweep forgets what is over, where the ledger does not by itself.
func (l *captchaLedger) Sweep() {
	ledger, err := l.lazy.get(context.Background())
	if s, ok := ledger.(interface{ Sweep() }); err == nil && ok {
		s.Sweep()
	}
}
