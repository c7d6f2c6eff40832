package alertmanager

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/daero/daero/driver/fetch"
)

const (
	signatureHeader = "X-Daero-Signature"
	signaturePrefix = "sha256="
	bearerPrefix    = "bearer "
)

// mayBeSigned finds out, before the body is read, whether it is worth it.
func (r *Receiver) mayBeSigned(h http.Header) bool {
	return h.Get(signatureHeader) != "" || r.bearer(h)
}

// signed reports whether the sender knows the secret. A signature that is there
// must be right, whatever else is.
func (r *Receiver) signed(h http.Header, body []byte) bool {
	text := h.Get(signatureHeader)
	if text == "" {
		return r.bearer(h)
	}
	digits, ok := strings.CutPrefix(text, signaturePrefix)
	got, err := hex.DecodeString(digits)
	return ok && err == nil && hmac.Equal(got, sum(r.secret, body))
}

// bearer compares in constant time: of the digests, so that not even the
// secret's length shows.
func (r *Receiver) bearer(h http.Header) bool {
	text := h.Get("Authorization")
	if len(text) <= len(bearerPrefix) || !strings.EqualFold(text[:len(bearerPrefix)], bearerPrefix) {
		return false
	}
	key := []byte("bearer")
	return hmac.Equal(sum(key, []byte(text[len(bearerPrefix):])), sum(key, r.secret))
}

func sum(key, text []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return mac.Sum(nil)
}

// read takes the body in, in bounded time where the server can bound it.
func read(w http.ResponseWriter, req *http.Request) ([]byte, error) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, MaxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fetch.ErrTooLarge
	}
	return body, err
}

func unsigned(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="daero alerts"`)
	problem(w, http.StatusUnauthorized,
		"send the secret as a bearer token, or sign the body: "+signatureHeader+": "+signaturePrefix+"<hex of HMAC-SHA256>")
}

// problem answers with a problem document (RFC 9457).
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail,
	})
}
