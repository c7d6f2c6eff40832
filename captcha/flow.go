package captcha

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/daero/daero/captcha/answer"
)

// Bounds of an answer.
const (
	maxPoints = 16
	maxText   = 1024
	maxWork   = 4096
)

// mostMisses end in a wait, of missWait.
const (
	mostMisses = 2 * stepMisses
	missWait   = 30 * time.Second
)

// Work takes the result of a proof of work: done, or a question. After a
// [StepWait] with an id the work counts as done: y may be empty then.
func (p *Platform) Work(ctx context.Context, id, session, y string, address string, now time.Time) (Reply, error) {
	if len(y) > maxWork {
		return Reply{}, refuse(http.StatusRequestEntityTooLarge, CodeTooLarge, "the result is no longer than the modulus")
	}
	h, err := p.hold(ctx, id, session, string(stepWork), now)
	if err != nil {
		return Reply{}, err
	}
	if !p.bound(&h, address) {
		return Reply{}, gone()
	}
	if err := p.take(ctx, &h); err != nil {
		return Reply{}, err
	}
	st := h.st
	took := max(now.Sub(st.at()), 0) // 0 says nothing: two gateways' clocks
	if st.T > 0 {
		lock := p.mint.lockOf(st.Lock)
		if lock == nil {
			return Reply{}, gone()
		}
		if !lock.Check(h.id.nonce[:], st.T, y) {
			return p.missed(ctx, &h, KindWork, now)
		}
		p.tell(st.Site, Event{Name: CountWork, Kind: KindWork}, now)
		st.Took = took.Milliseconds()
	}
	return p.worked(ctx, &h, time.Duration(st.Took)*time.Millisecond, now)
}

// lockOf finds the lock that a state was made with.
func (m mint) lockOf(name []byte) Lock {
	for k := range m {
		if string(m[k].name[:]) == string(name) {
			return m[k].lock
		}
	}
	return nil
}

// worked decides what follows the work.
func (p *Platform) worked(ctx context.Context, h *held, took time.Duration, now time.Time) (Reply, error) {
	st := h.st
	j, r, err := p.judge(ctx, h.site, st, took, now)
	if err != nil || r.Step != "" {
		return r, err
	}
	if st.Asked || j.Ask {
		st.Asked = true
		return p.question(ctx, h, &j, now)
	}
	// Free passes are bounded by PrefixTokens; where nobody is asked those beyond
	// cost work at four times the time, up to PrefixMost.
	policy := h.site.Policy.WithDefaults()
	if policy.Ask == AskNever {
		if j.Reasons&ReasonNetworkTokens != 0 && !st.Paid {
			st.Paid = true
			return p.giveWork(ctx, st, min(4*j.Work, mostWork), now)
		}
		return p.pass(ctx, h, &j, policy.PrefixMost, now)
	}
	r, err = p.pass(ctx, h, &j, policy.PrefixTokens, now)
	if err == nil && r.Step == StepWait && r.Code == CodeTooManyTries { // the last one went to somebody else
		st.Asked = true
		return p.question(ctx, h, &j, now)
	}
	return r, err
}

// Answer takes an answer: done, or work for another question.
func (p *Platform) Answer(ctx context.Context, id, session string, g answer.Given, address string, now time.Time) (Reply, error) {
	if len(g.Points) > maxPoints || len(g.Text) > maxText {
		return Reply{}, refuse(http.StatusRequestEntityTooLarge, CodeTooLarge, "an answer has up to %d points or %d bytes of text", maxPoints, maxText)
	}
	h, err := p.hold(ctx, id, session, string(stepQuestion), now)
	if err != nil {
		return Reply{}, err
	}
	if h.st.Puzzle == nil || !p.bound(&h, address) {
		return Reply{}, gone()
	}
	if err := p.take(ctx, &h); err != nil {
		return Reply{}, err
	}
	if !h.st.Puzzle.Answer.Match(g) {
		return p.missed(ctx, &h, h.st.Puzzle.Kind, now)
	}
	j, r, err := p.judge(ctx, h.site, h.st, time.Duration(h.st.Took)*time.Millisecond, now)
	if err != nil || r.Step != "" {
		return r, err
	}
	return p.pass(ctx, &h, &j, h.site.Policy.WithDefaults().PrefixMost, now)
}

// missed counts a miss: more work, then a level more, then a wait.
func (p *Platform) missed(ctx context.Context, h *held, k Kind, now time.Time) (Reply, error) {
	st := h.st
	p.tell(st.Site, Event{Name: CountMissed + string(k), Kind: k}, now)
	policy := h.site.Policy.WithDefaults()
	ok, _, after, err := p.cfg.Ledger.Spend(ctx, st.budget(forMisses), 1, policy.PrefixMisses, time.Minute)
	if err != nil {
		return asReply(err, now)
	}
	st.Misses++
	if !ok || st.Misses >= mostMisses {
		if ok {
			after = missWait
		}
		r := p.waits(st, CodeTooManyTries, after, now)
		r.Missed = k != KindWork
		return r, nil
	}
	st.Puzzle = nil
	j, r, err := p.judge(ctx, h.site, st, 0, now)
	if err == nil && r.Step == "" {
		r, err = p.giveWork(ctx, st, j.Work, now)
	}
	r.Missed = k != KindWork
	return r, err
}

// Switch gives up a question for one of another mode, or of the same: work first.
// Another mode is never refused: where no challenges are left, it costs the most
// work. The same one waits then, and the question stays open.
func (p *Platform) Switch(ctx context.Context, id, session string, m Mode, address string, now time.Time) (Reply, error) {
	h, err := p.hold(ctx, id, session, string(stepQuestion)+string(stepWork), now)
	if err != nil {
		return Reply{}, err
	}
	st := h.st
	if !p.bound(&h, address) {
		return Reply{}, gone()
	}
	was := st.Mode
	if st.Puzzle != nil {
		was = ModeOf(st.Puzzle.Kind)
	}
	if m == "" {
		m = was
	}
	if m != "" && !slices.Contains(p.modes(), m) {
		return Reply{}, refuse(http.StatusBadRequest, CodeBadMode, "there are no questions of this mode here: choose one of those that were offered")
	}
	r, over, err := p.admit(ctx, h.site, st, now)
	if err != nil || over && m == was {
		return r, err
	}
	if err := p.take(ctx, &h); err != nil {
		return Reply{}, err
	}
	if st.Puzzle != nil {
		p.tell(st.Site, Event{Name: CountSwitched + string(m), Kind: st.Puzzle.Kind}, now)
	}
	st.Mode, st.Puzzle, st.Paid = m, nil, false
	st.Resets++
	j, r, err := p.judge(ctx, h.site, st, 0, now)
	if err != nil || r.Step != "" {
		return r, err
	}
	if over {
		j.Work = mostWork
	}
	return p.giveWork(ctx, st, j.Work, now)
}

// Extend gives a question that is open two minutes from now on, up to ten in all.
func (p *Platform) Extend(ctx context.Context, id, session string, now time.Time) (Reply, error) {
	h, err := p.hold(ctx, id, session, string(stepQuestion), now)
	if err != nil {
		return Reply{}, err
	}
	left := min(openLife, h.st.at().Add(openMost).Sub(now)).Truncate(time.Second)
	if left <= 0 {
		return Reply{}, refuse(http.StatusConflict, CodeNoMoreTime, "this question was open for ten minutes: ask for a new one")
	}
	there, err := p.cfg.Ledger.Touch(ctx, h.id.ledgerKey(), left)
	if err != nil {
		return Reply{}, unavailable(err)
	}
	if !there {
		return Reply{}, gone()
	}
	return Reply{ID: id, Step: StepQuestion, Expires: int(left / time.Second), At: now}, nil
}

// pass gives a token if the prefix may have one more of most in this hour.
func (p *Platform) pass(ctx context.Context, h *held, j *Judgement, most int, now time.Time) (Reply, error) {
	st := h.st
	if t, ok := p.testKey(st.Site); ok {
		return t.done(now), nil
	}
	ok, _, after, err := p.cfg.Ledger.Spend(ctx, st.budget(forTokens), 1, most, time.Hour)
	if err != nil {
		return asReply(err, now)
	}
	if !ok {
		return p.waits(st, CodeTooManyTries, after, now), nil
	}
	token, salt := p.mint.seal(st.passed(j, now).encode())
	life := tokenLife(st.Contract)
	if err := p.cfg.Ledger.Put(ctx, tokenKey(salt), []byte{1}, life); err != nil {
		return asReply(err, now)
	}
	p.tellPass(st, now)
	return Reply{Step: StepDone, Token: token, Expires: int(life / time.Second), At: now}, nil
}

// tellPass counts a pass.
func (p *Platform) tellPass(st *state, now time.Time) {
	kind, took := KindWork, time.Duration(0)
	if st.Puzzle != nil {
		kind, took = st.Puzzle.Kind, max(now.Sub(st.at()), 0)
		p.stats.add(st.Site, CountTook+tookBucket(took), 1, now)
		p.stats.add(st.Site, CountTookMS, took.Milliseconds(), now)
	}
	p.tell(st.Site, Event{Name: CountSolved + string(kind), Kind: kind, Took: took}, now)
}
