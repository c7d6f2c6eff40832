package store

import "time"

// How somebody logged in.
const (
	ByPassword = "password"
	ByLink     = "link"
	ByToken    = "token"
	ByOIDC     = "oidc"
)

// Session is a browser that is logged in. It is found by the hash of a secret
// that only the browser has.
type Session struct {
	// ID names it to people. It has nothing to do with the secret.
	ID string
	// Hash is that of the secret.
	Hash string
	// Operator is the ID of the operator's token, "" for somebody whose account
	// is kept elsewhere. With an operator the session ends when the operator is
	// removed, or has another role than the session was made for.
	Operator string
	Name     string
	Role     Role
	Via      string // how they logged in
	From     string // the address they logged in from
	Created  time.Time
	LastUsed time.Time
	// Ends is when it ends at the latest.
	Ends time.Time
}

// SessionBounds says which sessions make room for a new one.
type SessionBounds struct {
	// Idle ends what was not used for as long.
	Idle time.Duration
	// PerName and InAll are how many there may be after the new one was added.
	// Those that were not used for longest go.
	PerName, InAll int
}

// Account is an operator with what verifies the password.
type Account struct {
	Operator
	// ID is that of the operator's token.
	ID string
	// Hash is that of the password, "" for an operator who has none.
	Hash string
}

// LoginState is what a login elsewhere is begun with, and must come back with.
// It stays with the browser that began it.
type LoginState struct {
	State    string `json:"s"` // comes back in the address
	Nonce    string `json:"n"` // comes back in what the provider signed
	Verifier string `json:"v"` // proves to the provider that it was us (PKCE)
}
