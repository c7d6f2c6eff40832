package session

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/daero/daero/api/store"
)

// StateLasts is how long somebody may take to log in elsewhere.
const StateLasts = 10 * time.Minute

const maxState = 1024 // bytes of a signed state

// ErrState says that a state is not ours, or is too old.
var ErrState = errors.New("the login was not begun here, or took longer than ten minutes")

// state is a LoginState until a time.
type state struct {
	store.LoginState
	Until int64 `json:"u"` // seconds since 1970
}

// States signs states by a key of this process: those from before a restart are
// not known.
type States struct{ key []byte }

// NewStates returns a States.
func NewStates() *States {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails, see crypto/rand
	return &States{key}
}

// New begins a login: the state, and what to give the browser of it.
func (s *States) New(now time.Time) (store.LoginState, string) {
	random := make([]byte, 3*secretLen)
	rand.Read(random) // never fails, see crypto/rand
	part := func(i int) string { return base64.RawURLEncoding.EncodeToString(random[i*secretLen : (i+1)*secretLen]) }
	st := state{store.LoginState{State: part(0), Nonce: part(1), Verifier: part(2)}, now.Add(StateLasts).Unix()}
	body, _ := json.Marshal(st) // strings and a number
	text := base64.RawURLEncoding.EncodeToString(body)
	return st.LoginState, text + "." + s.sign(text)
}

// Open returns the state that a browser was given, if the login came back with
// it.
func (s *States) Open(now time.Time, signed, cameBack string) (store.LoginState, error) {
	text, mac, ok := strings.Cut(signed, ".")
	if !ok || len(signed) > maxState || !hmac.Equal([]byte(mac), []byte(s.sign(text))) {
		return store.LoginState{}, ErrState
	}
	body, err := base64.RawURLEncoding.DecodeString(text)
	var st state
	if err != nil || json.Unmarshal(body, &st) != nil || now.Unix() >= st.Until || !hmac.Equal([]byte(st.State), []byte(cameBack)) {
		return store.LoginState{}, ErrState
	}
	return st.LoginState, nil
}

func (s *States) sign(text string) string {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}
