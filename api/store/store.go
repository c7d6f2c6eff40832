package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Role is what an operator may do. Each role may do what those before it may.
type Role string

// The roles.
const (
	Viewer Role = "viewer" // reads
	// Acting is pins, pauses and stops.
	Acting Role = "operator"
	Admin  Role = "admin" // adds and removes operators
)

var roles = []Role{Viewer, Acting, Admin}

// ParseRole reads a role.
func ParseRole(s string) (Role, error) {
	if r := Role(s); r.rank() > 0 {
		return r, nil
	}
	return "", fmt.Errorf("unknown role %q: use viewer, operator or admin", s)
}

func (r Role) rank() int {
	return slices.Index(roles, r) + 1
}

// Allows reports whether who has the role may do what needs another. A role
// that is not known allows nothing.
func (r Role) Allows(needed Role) bool { return r.rank() > 0 && r.rank() >= needed.rank() }

// Operator is a person or a program with a token.
type Operator struct {
	Name    string    `json:"name"`
	Role    Role      `json:"role"`
	Created time.Time `json:"created"`
	// LastUsed is when the token was last used, within a minute; zero: never.
	LastUsed time.Time `json:"last_used,omitzero"`
	// Password says that the operator has one beside the token.
	Password bool `json:"password,omitempty"`
}

// MaxName is how long an operator's name may be, in bytes.
const MaxName = 64

// reserved are names that the audit record uses for itself.
var reserved = []string{"daero", "local"}

// CheckName says what is wrong with an operator's name.
func CheckName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("a name of %d bytes: use 1 to %d", len(name), MaxName)
	}
	for _, r := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.-_@", r) {
			return fmt.Errorf("name %q: use small letters, digits, and . - _ @", name)
		}
	}
	if slices.Contains(reserved, name) {
		return fmt.Errorf("name %q stands for daero itself in the record: use another", name)
	}
	return nil
}

// Credential is an operator with what verifies the token: the ID by which it is
// found, and a hash of its secret.
type Credential struct {
	Operator
	ID   string
	Hash string
	// PasswordHash is that of the password which an operator is added with, ""
	// for none. It is not said again.
	PasswordHash string
}

// Filter says which entries of the audit record are wanted. The zero Filter
// wants the newest.
type Filter struct {
	// Since (from then on) and Until (before then) bound the time.
	Since, Until time.Time
	// Who did it, and to what.
	Who, Target string
	// What happened: an event, or events by their beginning, "level.*".
	What string
	// After wants what was recorded after this ID, the oldest first; 0 wants the
	// newest. In both cases entries come in the order of their IDs.
	After int64
	// Before wants what was recorded before this ID; 0 is no bound.
	Before int64
	// Text is somewhere in who, what, target, before, after or why. The case of
	// A to Z does not matter.
	Text string
	// Oldest wants the oldest first, where After does not say so.
	Oldest bool
	// Limit is how many are wanted at most. Default DefaultLimit.
	Limit int
}

// Bounds of Filter.Limit.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
	// MaxText is how long Filter.Text may be, in bytes.
	MaxText = 200
)

// Validate reports every mistake at once, joined.
func (f Filter) Validate() error {
	var errs []error
	if f.Limit < 0 || f.Limit > MaxLimit {
		errs = append(errs, fmt.Errorf("limit %d: must be 1 to %d", f.Limit, MaxLimit))
	}
	if f.After < 0 {
		errs = append(errs, fmt.Errorf("after %d: must not be below 0", f.After))
	}
	if f.Before < 0 {
		errs = append(errs, fmt.Errorf("before %d: must not be below 0", f.Before))
	}
	if len(f.Text) > MaxText {
		errs = append(errs, fmt.Errorf("text of %d bytes: at most %d", len(f.Text), MaxText))
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until) {
		errs = append(errs, errors.New("since must be before until"))
	}
	return errors.Join(errs...)
}

// Pruning says which entries of the record are removed, and by whom.
type Pruning struct {
	// Before removes what is older, unless zero.
	Before time.Time
	// Keep removes all but the newest, unless 0.
	Keep int
	At   time.Time
	By   string
	Why  string
}

// Validate reports every mistake at once, joined.
func (p Pruning) Validate() error {
	var errs []error
	if p.Before.IsZero() && p.Keep <= 0 {
		errs = append(errs, errors.New("pruning without a bound: say before when, or how many to keep"))
	}
	if p.By == "" || p.Why == "" {
		errs = append(errs, errors.New("pruning is recorded: say who does it, and why"))
	}
	return errors.Join(errs...)
}

// What stores answer with.
var (
	// ErrNotFound: there is no such thing, or not any more.
	ErrNotFound = errors.New("not found")
	// ErrExists: an operator of that name is there already.
	ErrExists = errors.New("an operator of that name exists")
	// ErrRefused: somebody may not come in.
	ErrRefused = errors.New("may not come in")
	// ErrUnavailable: nothing can be kept or read now.
	ErrUnavailable = errors.New("the store is not available")
)
