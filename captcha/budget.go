package captcha

import (
	"context"
	"encoding/base64"
	"time"
)

// Budgets are counted per site, and per site and prefix. They are checked before
// anything is kept, and the site's is spent first: so what a flood from a million
// prefixes can make the ledger hold is bounded by the site's challenges of a
// minute. A prefix that has had its own spends nothing of the site's, or one
// machine alone could shut everybody out.
const (
	forSite       = "bs"
	forChallenges = "bc"
	forMisses     = "bm"
	forAudio      = "ba"
	forTokens     = "bt"
	forMedia      = "bp"
	forMade       = "bd"
)

func (st *state) budget(what string) string {
	return what + st.Site + base64.RawURLEncoding.EncodeToString(st.Prefix)
}

// admit spends a challenge of the site and of the prefix.
func (p *Platform) admit(ctx context.Context, site *Site, st *state, now time.Time) (r Reply, waits bool, err error) {
	policy := site.Policy.WithDefaults()
	most, code := policy.PrefixChallenges, CodeTooManyTries
	_, spent, after, err := p.cfg.Ledger.Spend(ctx, st.budget(forChallenges), 0, most, time.Minute) // only asks
	ok := spent < most
	if ok && err == nil {
		code = CodeBusy
		ok, _, after, err = p.cfg.Ledger.Spend(ctx, forSite+site.Key, 1, policy.SiteChallenges, time.Minute)
	}
	if ok && err == nil {
		code = CodeTooManyTries // somebody of the prefix may have been quicker
		ok, spent, after, err = p.cfg.Ledger.Spend(ctx, st.budget(forChallenges), 1, most, time.Minute)
	}
	st.used = float64(spent) / float64(most)
	if err != nil {
		r, err = asReply(err, now)
		return r, true, err
	}
	if ok {
		return Reply{}, false, nil
	}
	return p.waits(st, code, after, now), true, nil
}

// waits counts a wait.
func (p *Platform) waits(st *state, code string, after time.Duration, now time.Time) Reply {
	p.tell(st.Site, Event{Name: CountWaits + code}, now)
	return wait(code, after, now)
}

// judge asks the budgets what they know, and decides. A reply with a step is the
// end of it.
func (p *Platform) judge(ctx context.Context, site *Site, st *state, took time.Duration, now time.Time) (Judgement, Reply, error) {
	policy := site.Policy.WithDefaults()
	k := Known{
		Probes: st.Probes, App: st.Host == "" || isApp(st.Host), Misses: st.Misses, Resets: st.Resets,
		Took: took, Work: time.Duration(st.MS) * time.Millisecond, Fast: st.Fast, Press: time.Duration(p.press.Load()),
	}
	for _, b := range []struct {
		what  string
		limit int
		per   time.Duration
		share *float64
	}{
		{forChallenges, policy.PrefixChallenges, time.Minute, &k.Challenges},
		{forMisses, policy.PrefixMisses, time.Minute, &k.Missed},
		{forTokens, policy.PrefixTokens, time.Hour, &k.Tokens},
	} {
		if b.what == forChallenges && st.used > 0 { // known a moment ago
			*b.share = st.used
			continue
		}
		_, spent, after, err := p.cfg.Ledger.Spend(ctx, st.budget(b.what), 0, b.limit, b.per)
		if err != nil {
			r, err := asReply(err, now)
			return Judgement{}, r, err
		}
		*b.share = float64(spent) / float64(b.limit)
		if b.what == forTokens && spent >= policy.PrefixMost {
			return Judgement{}, p.waits(st, CodeTooManyTries, after, now), nil
		}
	}
	k.Solved = st.Puzzle != nil
	st.Fast = st.Fast || k.tooFast()
	return Judge(site.Policy, k), Reply{}, nil
}
