package httptarget

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"strconv"
	"sync"
	"time"
)

// signer signs as Standard Webhooks does.
type signer struct {
	macs sync.Pool // of hash.Hash
}

func newSigner(key []byte) *signer {
	if key == nil {
		return nil
	}
	return &signer{sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// sign adds the headers to f: HMAC-SHA256 over id.timestamp.body, the id as it
// stands in the header.
func (s *signer) sign(f *fields, id, body []byte, now time.Time) {
	if s == nil {
		return
	}
	mac := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	mac.Write(id)
	f.buf = append(f.buf, id...)
	f.end("Webhook-Id")
	f.buf = strconv.AppendInt(f.buf, now.Unix(), 10)
	f.end("Webhook-Timestamp")
	mac.Write([]byte{'.'})
	mac.Write(f.value(len(f.ends) - 1))
	mac.Write([]byte{'.'})
	mac.Write(body)
	var sum [sha256.Size]byte
	f.buf = append(f.buf, "v1,"...)
	f.buf = base64.StdEncoding.AppendEncode(f.buf, mac.Sum(sum[:0]))
	f.end("Webhook-Signature")
}
