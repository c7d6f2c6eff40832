package captcha

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"slices"
	"time"
)

const (
	// openLife is how long a step is open, openMost how long a question can be
	// made to last.
	openLife = 2 * time.Minute
	openMost = 10 * time.Minute
	// Steps as ids hold them.
	stepWork     = 'w'
	stepQuestion = 'q'
)

// state is what the ledger keeps of an open challenge: about 400 bytes of JSON,
// and as many of a question.
type state struct {
	Site     string   `json:"k"`
	Contract Contract `json:"c"`
	Host     string   `json:"h,omitempty"`
	Action   string   `json:"a,omitempty"`
	CData    string   `json:"d,omitempty"`
	Lang     string   `json:"l"`
	Session  []byte   `json:"s"`           // half of its SHA-256
	Prefix   []byte   `json:"p"`           // a tag
	Probes   Reasons  `json:"b,omitempty"` // what the widget saw
	Mode     Mode     `json:"m,omitempty"` // as the visitor chose
	Asked    bool     `json:"q,omitempty"` // a question is due, come what may
	Misses   int      `json:"n,omitempty"`
	Resets   int      `json:"r,omitempty"`
	Fast     bool     `json:"f,omitempty"` // work came too fast once
	Paid     bool     `json:"o,omitempty"` // the price of a sound beyond the budget, or of a pass beyond it
	used     float64  // the prefix's share of its challenges, while it is known
	// Of work: what it is, how long it takes, when it was given out. T = 0 is work
	// that was done already.
	Lock []byte `json:"w,omitempty"`
	T    int    `json:"t,omitempty"`
	MS   int64  `json:"e,omitempty"`
	At   int64  `json:"i"` // UnixMilli
	// Of a question.
	Took   int64   `json:"u,omitempty"` // how long the work took, ms
	Puzzle *Puzzle `json:"z,omitempty"`
}

func sessionHash(session string) []byte {
	h := sha256.Sum256([]byte(session))
	return h[:16]
}

func (st *state) at() time.Time { return time.UnixMilli(st.At) }

func (st *state) tag() (t tag) {
	copy(t[:], st.Prefix)
	return t
}

// put keeps a state under a new id.
func (p *Platform) put(ctx context.Context, step byte, i id, st *state) (name string, err error) {
	i.step = step
	value, err := json.Marshal(st)
	if err != nil {
		return "", err
	}
	return p.mint.writeID(&i), p.cfg.Ledger.Put(ctx, i.ledgerKey(), value, openLife)
}

// held is an open challenge that somebody spoke about.
type held struct {
	id   id
	st   *state
	site *Site
}

// hold finds what an id stands for. Whoever has another session, or another
// prefix where that counts, is told the same as one who made the id up.
func (p *Platform) hold(ctx context.Context, name, session string, steps string, now time.Time) (h held, err error) {
	i, ok := p.mint.readID(name, now)
	if !ok || len(session) > maxSession || !slices.Contains([]byte(steps), i.step) {
		return h, gone()
	}
	value, err := p.cfg.Ledger.Get(ctx, i.ledgerKey())
	if err != nil {
		return h, unavailable(err)
	}
	h = held{id: i, st: new(state)}
	if value == nil || json.Unmarshal(value, h.st) != nil {
		return h, gone()
	}
	if subtle.ConstantTimeCompare(h.st.Session, sessionHash(session)) != 1 {
		return h, gone()
	}
	if h.site, err = p.site(ctx, h.st.Site, now); err != nil {
		if _, refused := err.(*Refusal); refused { //nolint:errorlint // what site made, not wrapped
			return h, gone()
		}
		return h, err
	}
	return h, nil
}

// bound reports whether the address may speak for the challenge.
func (p *Platform) bound(h *held, address string) bool {
	return !h.site.Policy.BindPrefix || p.mint.near(h.st.tag(), h.st.Site, address)
}

// take removes what was held: of all who hold it, one gets it.
func (p *Platform) take(ctx context.Context, h *held) error {
	value, err := p.cfg.Ledger.Take(ctx, h.id.ledgerKey())
	if err != nil {
		return unavailable(err)
	}
	if value == nil {
		return gone()
	}
	return nil
}

// look finds the question of an id, whoever asks.
func (p *Platform) look(ctx context.Context, i *id) (*state, error) {
	value, err := p.cfg.Ledger.Get(ctx, i.ledgerKey())
	if err != nil {
		return nil, unavailable(err)
	}
	st := new(state)
	if value == nil || json.Unmarshal(value, st) != nil || st.Puzzle == nil {
		return nil, gone()
	}
	return st, nil
}
