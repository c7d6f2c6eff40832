package appointment

import (
	"crypto/hmac"
	"crypto/sha256"
	"testing"
)

// TestMacIsHMAC holds our HMAC against the standard library's.
func TestMacIsHMAC(t *testing.T) {
	secret := []byte("a secret of more than sixteen bytes")
	k := newKey(secret)
	payload := []byte("exactly 24 bytes of load")
	h := hmac.New(sha256.New, derive(secret, "daero appointment mac"))
	h.Write(payload)
	if got := k.mac(payload); string(got[:]) != string(h.Sum(nil)[:macLen]) {
		t.Errorf("mac %x, want %x", got, h.Sum(nil)[:macLen])
	}
}
