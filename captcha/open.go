package captcha

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// Bounds of an opening.
const (
	maxAction  = 32
	maxData    = 255
	maxSession = 64
)

// Open begins: the reply is work, in rare cases a wait.
func (p *Platform) Open(ctx context.Context, o Opening, now time.Time) (Reply, error) {
	site, err := p.site(ctx, o.SiteKey, now)
	if err != nil {
		return Reply{}, err
	}
	st, err := p.begin(&o, site, now)
	if err != nil {
		return Reply{}, err
	}
	if t, ok := p.testKey(o.SiteKey); ok && t.outcome != testAsks {
		return t.open(now)
	}
	if r, waits, err := p.admit(ctx, site, st, now); waits || err != nil {
		return r, err
	}
	j, r, err := p.judge(ctx, site, st, 0, now)
	if err != nil || r.Step != "" {
		return r, err
	}
	p.tell(site.Key, Event{Name: CountIssued}, now)
	return p.giveWork(ctx, st, j.Work, now)
}

// site returns a site that gives challenges. A test key's is made up.
func (p *Platform) site(ctx context.Context, key string, now time.Time) (*Site, error) {
	if t, ok := p.testKey(key); ok {
		return t.site(), nil
	}
	none := refuse(http.StatusNotFound, CodeNoSite, "no site with this key gives challenges: check the site key and that the site is enabled")
	if len(key) != keyLen || !only(key, "_-") {
		return nil, none
	}
	site, err := p.sites.byKey(ctx, key, now)
	if errors.Is(err, ErrNoSite) || err == nil && site.Disabled {
		return nil, none
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return site, nil
}

// begin checks an opening, and makes its state.
func (p *Platform) begin(o *Opening, site *Site, now time.Time) (*state, error) {
	if o.Contract == "" {
		o.Contract = Native
	}
	bad := func(code, text string) error { return refuse(http.StatusBadRequest, code, "%s", text) }
	switch {
	case !slices.Contains(contracts, o.Contract):
		return nil, bad(CodeBadContract, "contract is none of daero, recaptcha, hcaptcha, turnstile")
	case len(o.Action) > maxAction || !only(o.Action, "_-/"):
		return nil, bad(CodeBadAction, "action has up to 32 of A-Z a-z 0-9 _ - /")
	case len(o.CData) > maxData || !utf8.ValidString(o.CData):
		return nil, bad(CodeBadData, "cdata has up to 255 bytes of UTF-8")
	case o.Session == "" || len(o.Session) > maxSession:
		return nil, bad(CodeBadSession, "session has 1 to 64 bytes: a nonce of the widget's")
	case o.Mode != "" && !slices.Contains(allModes, o.Mode):
		return nil, bad(CodeBadMode, "mode is none of click, text, audio")
	case len(o.Lang) > 64:
		return nil, bad(CodeBadRequest, "lang is a language tag, such as ko or en-GB")
	}
	host, ok := p.hostOf(site, o.Host)
	if !ok {
		return nil, refuse(http.StatusForbidden, CodeWrongHost, "the site may not be shown here: add this page's host to the site's hosts")
	}
	prefix := p.mint[0].tagOf(site.Key, o.Address)
	return &state{
		Site: site.Key, Contract: o.Contract, Host: host, Action: o.Action, CData: o.CData,
		Lang: site.lang(o.Lang), Session: sessionHash(o.Session), Prefix: prefix[:],
		Probes: probed(o.Probes), Mode: o.Mode, At: now.UnixMilli(),
	}, nil
}

// giveWork keeps the state and replies with a proof of work. No answer to an
// earlier one helps: x follows from the new id.
func (p *Platform) giveWork(ctx context.Context, st *state, work time.Duration, now time.Time) (Reply, error) {
	i := newID(stepWork, now)
	k := &p.mint[0]
	st.Lock, st.MS, st.At, st.Puzzle = k.name[:], work.Milliseconds(), now.UnixMilli(), nil
	st.T = max(p.cfg.Squarings(int(st.MS)), 1)
	name, err := p.put(ctx, stepWork, i, st)
	if err != nil {
		return asReply(err, now)
	}
	n, x := k.lock.Task(i.nonce[:])
	return Reply{
		ID: name, Step: StepWork, Expires: int(openLife / time.Second),
		Work: &WorkDoc{N: n, X: x, T: st.T}, At: now,
	}, nil
}
