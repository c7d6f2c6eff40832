package protocol

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
)

// step tries something with a challenge: it worked if there was no refusal.
func (a *arena) step(did func(gate *captcha.Platform) (captcha.Reply, error), r *rand.Rand) (won int, err error) {
	_, failed := did(a.gates[r.IntN(2)])
	no, err := refused(failed)
	if err != nil || no {
		return 0, err
	}
	return 1, nil
}

// steps tries several.
func (a *arena) steps(r *rand.Rand, all ...func(gate *captcha.Platform) (captcha.Reply, error)) (tries, won int, err error) {
	for _, did := range all {
		w, err := a.step(did, r)
		tries, won = tries+1, won+w
		if err != nil {
			return tries, won, err
		}
	}
	return tries, won, nil
}

// each returns all that can be done with a challenge.
func (a *arena) each(ctx context.Context, id, session, y, address string, right answer.Given) []func(*captcha.Platform) (captcha.Reply, error) {
	return []func(*captcha.Platform) (captcha.Reply, error){
		func(g *captcha.Platform) (captcha.Reply, error) {
			return g.Work(ctx, id, session, y, address, a.now())
		},
		func(g *captcha.Platform) (captcha.Reply, error) {
			return g.Answer(ctx, id, session, right, address, a.now())
		},
		func(g *captcha.Platform) (captcha.Reply, error) {
			return g.Switch(ctx, id, session, captcha.Text, address, a.now())
		},
		func(g *captcha.Platform) (captcha.Reply, error) { return g.Extend(ctx, id, session, a.now()) },
	}
}

func staleChallenge(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	v := a.visitor(a.shop, captcha.Native)
	begun, err := a.open(ctx, v)
	if err != nil {
		return 0, 0, err
	}
	q, right, err := a.question(ctx, v)
	if err != nil {
		return 0, 0, err
	}
	if r.IntN(2) == 0 { // as long as a question can be made to last
		for range 12 {
			a.pass(time.Minute)
			_, _ = a.gates[r.IntN(2)].Extend(ctx, q.ID, v.session, a.now()) // in the end it is refused
		}
	}
	a.pass(121 * time.Second)
	n, w, err := a.steps(r, a.each(ctx, q.ID, v.session, "", v.address, right)...)
	if err != nil {
		return n, w, err
	}
	m, x, err := a.steps(r, a.each(ctx, begun.ID, v.session, unknot(begun.Work), v.address, right)...)
	return n + m, w + x, err
}

func crossSession(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	v := a.visitor(a.shop, captcha.Native)
	begun, err := a.open(ctx, v)
	if err != nil {
		return 0, 0, err
	}
	q, right, err := a.question(ctx, v)
	if err != nil {
		return 0, 0, err
	}
	thief := a.visitor(a.shop, captcha.Native).session
	for _, s := range []string{thief, "", v.session[:len(v.session)-1], v.session + " ", strings.ToUpper(v.session), v.session + v.session} {
		n, w, err := a.steps(r, append(
			a.each(ctx, q.ID, s, "", v.address, right),
			a.each(ctx, begun.ID, s, unknot(begun.Work), v.address, right)...)...)
		tries, won = tries+n, won+w
		if err != nil {
			return tries, won, err
		}
	}
	if p, err := a.gates[0].Answer(ctx, q.ID, v.session, right, v.address, a.now()); err != nil || p.Token == "" {
		return tries, won, fmt.Errorf("%w: a question is used up by who may not answer it: %w", errArena, err)
	}
	return tries, won, nil
}

func crossPrefix(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	v := a.visitor(a.bound, captcha.Native)
	q, right, err := a.question(ctx, v)
	if err != nil {
		return 0, 0, err
	}
	elsewhere := []string{a.visitor(a.bound, captcha.Native).address, "", "2001:db8::1", "not an address", "::ffff:" + a.visitor(a.bound, captcha.Native).address}
	for _, from := range elsewhere {
		n, w, err := a.steps(r, a.each(ctx, q.ID, v.session, "", from, right)[:3]...)
		tries, won = tries+n, won+w
		if err != nil {
			return tries, won, err
		}
	}
	token, v, err := a.token(ctx, a.bound, captcha.Native)
	if err != nil {
		return tries, won, err
	}
	for _, from := range elsewhere {
		if from == "" {
			continue // the site's server may not know, and says so
		}
		n, w := count(func() bool {
			return a.check(ctx, r.IntN(2), captcha.Check{Secret: a.bound.secret, Token: token, RemoteIP: from})
		})
		tries, won = tries+n, won+w
	}
	if !a.check(ctx, 0, captcha.Check{Secret: a.bound.secret, Token: token, RemoteIP: v.address}) {
		return tries, won, fmt.Errorf("%w: a visitor's own network is not known", errArena)
	}
	return tries, won, nil
}

func forgedID(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	v := a.visitor(a.shop, captcha.Native)
	begun, err := a.open(ctx, v)
	if err != nil {
		return 0, 0, err
	}
	q, right, err := a.question(ctx, v)
	if err != nil {
		return 0, 0, err
	}
	y := unknot(begun.Work)
	all := []func(*captcha.Platform) (captcha.Reply, error){
		a.each(ctx, q.ID, v.session, y, v.address, right)[0],     // a question's at work
		a.each(ctx, begun.ID, v.session, y, v.address, right)[1], // work's at an answer
		a.each(ctx, begun.ID, v.session, y, v.address, right)[3],
	}
	for range spoils / 4 {
		all = append(all, a.each(ctx, spoil(q.ID, r), v.session, y, v.address, right)...)
		all = append(all, a.each(ctx, spoil(begun.ID, r), v.session, y, v.address, right)...)
		spoilt := spoil(q.ID, r)
		all = append(all, func(g *captcha.Platform) (captcha.Reply, error) {
			_, err := g.Media(ctx, spoilt, captcha.PartImage, a.now())
			return captcha.Reply{}, err
		})
	}
	return a.steps(r, all...)
}

// resets are how often a question is put aside in a round.
const resets = 5

// resetShopping wins a question that was not paid for, or at a lower price than
// the one before, or one that can be answered after it was put aside.
func resetShopping(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	v := a.visitor(a.shop, captcha.Native)
	q, right, err := a.question(ctx, v)
	if err != nil {
		return 0, 0, err
	}
	modes := []captcha.Mode{captcha.Click, captcha.Text, captcha.Sound, ""}
	price := 0
	for range resets {
		next, err := a.gates[r.IntN(2)].Switch(ctx, q.ID, v.session, modes[r.IntN(len(modes))], v.address, a.now())
		if err != nil {
			return tries, won, err
		}
		n, w := count(
			func() bool { return next.Step == captcha.StepQuestion || next.Work == nil },
			func() bool { return next.Work != nil && next.Work.T < price },
		)
		tries, won = tries+n, won+w
		m, x, err := a.steps(r, a.each(ctx, q.ID, v.session, "", v.address, right)...)
		tries, won = tries+m, won+x
		if err != nil || next.Work == nil {
			return tries, won, err
		}
		price = next.Work.T
		// The next question is not there before it is paid for.
		m, x, err = a.steps(r, a.each(ctx, next.ID, v.session, "", v.address, right)[1], func(g *captcha.Platform) (captcha.Reply, error) {
			_, err := g.Media(ctx, next.ID, captcha.PartImage, a.now())
			return captcha.Reply{}, err
		})
		tries, won = tries+m, won+x
		if err != nil {
			return tries, won, err
		}
		if q, err = a.work(ctx, v, next, captcha.StepQuestion); err != nil {
			return tries, won, err
		}
		right = a.quiz.right()
	}
	return tries, won, nil
}

// typeForcing wins if a visitor's words choose a kind within a mode, or a level.
func typeForcing(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	v := a.visitor(a.shop, captcha.Native)
	for _, mode := range []captcha.Mode{"name", "order", "work", "TEXT", "click ", "text\x00", "none", captcha.Mode(captcha.KindWork)} {
		o := v.opening
		o.Mode = mode
		n, w, err := a.steps(r, func(g *captcha.Platform) (captcha.Reply, error) { return g.Open(ctx, o, a.now()) })
		tries, won = tries+n, won+w
		if err != nil {
			return tries, won, err
		}
	}
	for _, said := range []string{
		`{"kind":"icon","level":0,"quizType":"3","fail":false}`,
		`{"Kind":"missing","Level":-1,"puzzle":{"kind":"work"},"asked":false}`,
		`{"probes":["level-0","kind-name","human","test"],"step":"done"}`,
		`{"seed":7,"want":{"kind":"name","level":0},"policy":{"ask":"never"}}`,
	} {
		v := a.visitor(a.shop, captcha.Native)
		if err := json.Unmarshal([]byte(said), &v.opening); err != nil {
			return tries, won, err
		}
		if _, _, err := a.question(ctx, v); err != nil {
			return tries, won, err
		}
		w := a.quiz.wanted()
		n, x := count(
			func() bool { return w.Kind != "" },
			func() bool { return w.Level < 2 },
			func() bool { return w.Seed == 7 },
		)
		tries, won = tries+n, won+x
	}
	return tries, won, nil
}

// secondAnswer wins if more than one answer to a question is looked at.
func secondAnswer(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	v := a.visitor(a.shop, captcha.Native)
	q, right, err := a.question(ctx, v)
	if err != nil {
		return 0, 0, err
	}
	first := r.IntN(racers) // one of them is right
	tries, won, err = race(func(i int) bool {
		g := answer.Given{Text: fmt.Sprint("wrong ", i)}
		if i == first {
			g = right
		}
		_, err := a.gates[i%2].Answer(ctx, q.ID, v.session, g, v.address, a.now())
		return err == nil
	})
	if err != nil {
		return tries, won, err
	}
	n, w, err := a.steps(r, a.each(ctx, q.ID, v.session, "", v.address, right)...)
	return tries + n, won + w, err
}
