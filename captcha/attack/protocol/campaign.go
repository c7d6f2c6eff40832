package protocol

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
)

// Campaign is an hour of one prefix against a site that asks everybody, under the
// rules as they are: work before every question, more of it after a miss, a wait
// after six, and the budgets.
type Campaign struct {
	Tries  int // questions answered
	Tokens int
	// Work is what was to be computed, in time of a usual device.
	Work time.Duration
}

// native is how much faster a program computes than a browser: see package pow.
const native = 7

// Hour plays an attacker who is right with probability p and makes up to that many
// attempts in one visit, as fast as the rules let it.
func Hour(ctx context.Context, m captcha.Mode, p float64, attempts int, seed uint64) (Campaign, error) {
	a, err := newArena(newKnot, nil)
	if err != nil {
		return Campaign{}, err
	}
	c := Campaign{}
	r := rand.New(rand.NewPCG(seed, uint64(attempts))) //nolint:gosec // to be repeated
	end := a.now().Add(time.Hour)
	for home := a.visitor(a.shop, captcha.Native).address; a.now().Before(end); {
		if err := ctx.Err(); err != nil {
			return c, err
		}
		v := a.visitor(a.shop, captcha.Native)
		v.address, v.opening.Address, v.opening.Mode = home, home, m
		reply, err := a.gates[0].Open(ctx, v.opening, a.now())
		if err != nil {
			return c, err
		}
		if reply.Step == captcha.StepWait { // the prefix has nothing left: ask again soon
			a.pass(min(time.Duration(max(reply.After, 1))*time.Second, 5*time.Second))
			continue
		}
		if err := c.visit(ctx, a, v, reply, p, attempts, r); err != nil {
			return c, err
		}
		a.ledger.Sweep()
	}
	return c, nil
}

// visit goes on until there is a token, a wait, or no attempt left. Who is told to
// wait begins another visit instead.
func (c *Campaign) visit(ctx context.Context, a *arena, v visitor, reply captcha.Reply, p float64, attempts int, r *rand.Rand) error {
	for left := attempts; ; {
		switch reply.Step {
		case captcha.StepWork:
			if left == 0 {
				return nil
			}
			took := time.Duration(reply.Work.T) * time.Millisecond
			c.Work += took
			a.pass(took / native)
			next, err := a.gates[0].Work(ctx, reply.ID, v.session, unknot(reply.Work), v.address, a.now())
			if err != nil {
				return err
			}
			reply = next
		case captcha.StepQuestion:
			given := answer.Given{Text: "no idea"}
			if r.Float64() < p {
				given = a.quiz.right()
			}
			next, err := a.gates[0].Answer(ctx, reply.ID, v.session, given, v.address, a.now())
			if err != nil {
				return err
			}
			c.Tries++
			left--
			reply = next
		case captcha.StepDone:
			c.Tokens++
			return nil
		default:
			return nil
		}
	}
}
