package captcha

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/netip"
)

// tag stands for a visitor's prefix at one site: of two sites, nobody can tell
// that it is the same visitor.
type tag [8]byte

// prefixOf returns the /24 or the /48 of an address; ok is false for what is no
// address. A port is not looked at.
func prefixOf(address string) (p netip.Prefix, ok bool) {
	a, err := netip.ParseAddr(address)
	if err != nil {
		with, err := netip.ParseAddrPort(address)
		if err != nil {
			return netip.Prefix{}, false
		}
		a = with.Addr()
	}
	bits := 48
	if a = a.Unmap().WithZone(""); a.Is4() {
		bits = 24
	}
	p, err = a.Prefix(bits)
	return p, err == nil
}

// tagOf is keyed by the secret, so that a ledger alone does not tell addresses;
// after the secret has changed budgets begin anew, and what is bound to a prefix
// is looked up under all secrets. What has no address shares one tag.
func (k *keys) tagOf(site, address string) (t tag) {
	h := hmac.New(sha256.New, k.tag)
	_, _ = h.Write([]byte(site)) // never fails
	if p, ok := prefixOf(address); ok {
		_, _ = h.Write([]byte("|" + p.String()))
	}
	copy(t[:], h.Sum(nil))
	return t
}

// near reports whether the address is in the prefix that t stands for.
func (m mint) near(t tag, site, address string) bool {
	for k := range m {
		if m[k].tagOf(site, address) == t {
			return true
		}
	}
	return false
}
