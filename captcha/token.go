package captcha

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// MaxToken is how long a token may be; those that are given are below 900.
const MaxToken = 2048

const tokenVersion = 1

// tokenLife is how long a token is good for, as each contract says.
func tokenLife(c Contract) time.Duration {
	switch c {
	case Recaptcha, Hcaptcha:
		return 2 * time.Minute
	}
	return 5 * time.Minute
}

// passed is what a token holds.
//
//	contract 1 | kind 1 | score 1 | reasons 4 | made 8 | prefix 8 | site, host, action, cdata: length 2, bytes
type passed struct {
	contract                  Contract
	kind                      Kind
	score                     float64 // to the hundredth
	reasons                   Reasons
	at                        time.Time // to the millisecond
	prefix                    tag
	site, host, action, cdata string
}

// The order is that of the wire: add at the end.
var (
	contracts = []Contract{Native, Recaptcha, Hcaptcha, Turnstile}
	kinds     = []Kind{KindWork, KindOrder, KindRelation, KindName, KindMissing, KindIcon, KindWords}
)

// passed is what a visitor's token will hold.
func (st *state) passed(j *Judgement, now time.Time) *passed {
	kind := KindWork
	if st.Puzzle != nil {
		kind = st.Puzzle.Kind
	}
	return &passed{
		contract: st.Contract, kind: kind, score: j.Score, reasons: j.Reasons, at: now, prefix: st.tag(),
		site: st.Site, host: st.Host, action: st.Action, cdata: st.CData,
	}
}

// tokenKey is where the ledger knows of a token: that it is good, under Opens,
// and who redeemed it, under Claims. A token holds all that there is to say, but
// it lives in the ledger, on the ledger's clock: so a gateway whose clock is an
// hour off grants none, and a ledger that was lost with what was redeemed takes
// the tokens with it.
func tokenKey(salt [16]byte) string { return "t" + base64.RawURLEncoding.EncodeToString(salt[:]) }

func (p *passed) encode() []byte {
	b := make([]byte, 0, 32+len(p.site)+len(p.host)+len(p.action)+len(p.cdata))
	b = append(b, byte(slices.Index(contracts, p.contract)), byte(slices.Index(kinds, p.kind)), byte(math.Round(p.score*100)))
	b = binary.BigEndian.AppendUint32(b, uint32(p.reasons))
	b = binary.BigEndian.AppendUint64(b, uint64(p.at.UnixMilli()))
	b = append(b, p.prefix[:]...)
	for _, s := range []string{p.site, p.host, p.action, p.cdata} {
		b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
		b = append(b, s...)
	}
	return b
}

func decodePassed(b []byte) (p passed, ok bool) {
	const fixed = 3 + 4 + 8 + 8
	if len(b) < fixed || int(b[0]) >= len(contracts) || int(b[1]) >= len(kinds) || b[2] > 100 {
		return p, false
	}
	p.contract, p.kind, p.score = contracts[b[0]], kinds[b[1]], float64(b[2])/100
	p.reasons = Reasons(binary.BigEndian.Uint32(b[3:]))
	p.at = time.UnixMilli(int64(binary.BigEndian.Uint64(b[7:]))).UTC()
	copy(p.prefix[:], b[15:])
	b = b[fixed:]
	for _, s := range []*string{&p.site, &p.host, &p.action, &p.cdata} {
		if len(b) < 2 {
			return p, false
		}
		n := int(binary.BigEndian.Uint16(b))
		if b = b[2:]; len(b) < n {
			return p, false
		}
		*s, b = string(b[:n]), b[n:]
	}
	return p, len(b) == 0
}
