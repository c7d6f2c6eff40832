package token

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/daero/daero/api/store"
)

// Costs of a password's hash. People choose passwords, so they are above what
// OWASP asks of argon2id at least (19 MiB, two passes): 32 MiB and three passes
// takes 0.1 to 0.2 s of a core (BenchmarkPassword), and a graphics
// card with 24 GiB has 700 of them at a time, where it has millions of SHA-256.
var passwordCosts = costs{memory: 32 << 10, passes: 3}

// Bounds of Passwords.
const (
	// One hash at a time, and after one that did not fit a rest as long as it
	// took: guesses from many networks take 32 MiB and half a core, and no more.
	passwordsAtOnce = 1
	passwordsWait   = 32                 // callers in front of the hash
	restAtMost      = time.Second        // on a machine that is very busy
	friendly        = 7 * 24 * time.Hour // a network that somebody logged in from
	friends         = 1024
	// MinPassword and MaxPassword bound a password, in letters.
	MinPassword = 12
	MaxPassword = 256
)

// ErrBusy is what callers get when too many passwords are looked at already.
var ErrBusy = errors.New("too many passwords are being looked at")

// Accounts finds an operator's password.
type Accounts interface {
	// Account returns store.ErrNotFound for a name that there is not.
	Account(ctx context.Context, name string) (store.Account, error)
}

// Passwords verifies operators' passwords. What is refused takes the same time
// and has the same words whether there is such an operator or not. It is safe
// for concurrent use.
type Passwords struct {
	accounts Accounts
	networks *failures
	names    *failures
	slots    chan struct{}
	rest     time.Duration // before the next hash; of who has the slot
	waiting  atomic.Int64
	costs    costs
	nobody   func() string // the hash of nobody's password

	mu      sync.Mutex
	friends map[[sha256.Size]byte]time.Time // until when
}

// NewPasswords returns a Passwords of what a keeps. Failures count together
// with those of tokens from the same network.
func NewPasswords(a Accounts, v *Verifier) *Passwords {
	p := &Passwords{
		accounts: a, networks: v.failures, names: newFailures(), slots: make(chan struct{}, passwordsAtOnce),
		costs: passwordCosts, friends: map[[sha256.Size]byte]time.Time{},
	}
	p.nobody = sync.OnceValue(func() string {
		random := make([]byte, secretLen)
		rand.Read(random) // never fails, see crypto/rand
		return p.hash(string(random))
	})
	return p
}

// Cheap makes hashes cost next to nothing, for tests that are about something
// else. It returns p.
func (p *Passwords) Cheap() *Passwords {
	p.costs = costs{memory: 8, passes: 1}
	return p
}

// Verify returns whose name and password they are. from is where they come
// from, an address. ErrRefused says that they do not fit, ErrTooMany that too
// many did not before, from there or with the name; then nothing is looked at.
// Guesses from elsewhere do not keep out who logged in from there within a week.
func (p *Passwords) Verify(ctx context.Context, now time.Time, from, name, password string) (store.Account, error) {
	if !p.networks.take(now, from) {
		return store.Account{}, ErrTooMany
	}
	key := sha256.Sum256([]byte(name + "\x00" + network(from)))
	friend := p.isFriend(now, key)
	if !friend && !p.names.take(now, "name "+name) {
		return store.Account{}, ErrTooMany
	}
	a, err := p.accounts.Account(ctx, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		p.forgive(now, from, name, friend)
		return store.Account{}, err
	}
	hash := p.nobody() // also for somebody, so that the first nobody takes no longer
	if a.Hash != "" {
		hash = a.Hash
	}
	fits, err := p.compare(ctx, password, hash)
	switch {
	case err != nil:
		if errors.Is(err, ErrBusy) {
			p.forgive(now, from, name, friend)
		}
		return store.Account{}, err
	case !fits || a.Hash == "":
		return store.Account{}, ErrRefused
	}
	p.forgive(now, from, name, friend)
	p.befriend(now, key)
	return a, nil
}

// forgive takes back that an attempt was counted as a failure.
func (p *Passwords) forgive(now time.Time, from, name string, friend bool) {
	p.networks.giveBack(now, from)
	if !friend {
		p.names.giveBack(now, "name "+name)
	}
}

func (p *Passwords) isFriend(now time.Time, key [sha256.Size]byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Before(p.friends[key])
}

func (p *Passwords) befriend(now time.Time, key [sha256.Size]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.friends) >= friends {
		clear(p.friends) // then guesses may keep them out for a minute once more
	}
	p.friends[key] = now.Add(friendly)
}

// compare takes its turn.
func (p *Passwords) compare(ctx context.Context, password, hash string) (fits bool, err error) {
	err = p.turn(ctx, func() (worked bool) {
		fits = matches([]byte(normal(password)), hash)
		return fits
	})
	return fits, err
}

// turn runs f, few at a time, and lets the machine rest before the next if it
// did not work.
func (p *Passwords) turn(ctx context.Context, f func() (worked bool)) error {
	if p.waiting.Add(1) > passwordsWait {
		p.waiting.Add(-1)
		return ErrBusy
	}
	defer p.waiting.Add(-1)
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-p.slots }()
	if p.rest > 0 {
		t := time.NewTimer(p.rest)
		defer t.Stop()
		select {
		case <-t.C:
			p.rest = 0
		case <-ctx.Done(): // whoever comes next rests
			return context.Cause(ctx)
		}
	}
	began := time.Now()
	if !f() {
		p.rest = min(time.Since(began), restAtMost)
	}
	return nil
}

// Hash is what a store keeps of a password that was checked with CheckPassword.
func (p *Passwords) Hash(ctx context.Context, password string) (hash string, err error) {
	err = p.turn(ctx, func() bool { hash = p.hash(password); return true })
	return hash, err
}

func (p *Passwords) hash(password string) string {
	salt := make([]byte, saltLen)
	rand.Read(salt) // never fails, see crypto/rand
	return hashWith(p.costs, []byte(normal(password)), salt)
}

// normal is a password however it was typed: one keyboard sends 한 as one letter,
// another as three.
func normal(password string) string { return norm.NFC.String(password) }

// CheckPassword says what is wrong with a password that an operator is to have.
// The error does not repeat it.
func CheckPassword(name, password string) error {
	text := normal(password)
	n := utf8.RuneCountInString(text)
	low := strings.ToLower(text)
	switch {
	case !utf8.ValidString(password) || strings.ContainsFunc(text, unicode.IsControl):
		return errors.New("the password has letters that cannot be typed: use those that can")
	case n < MinPassword:
		return fmt.Errorf("the password has %d letters: use at least %d; four words are a good one", n, MinPassword)
	case n > MaxPassword:
		return fmt.Errorf("the password has more than %d letters: use fewer", MaxPassword)
	case name != "" && utf8.RuneCountInString(strings.ReplaceAll(low, strings.ToLower(name), "")) < MinPassword/2:
		return errors.New("the password is little more than the name: use something that nobody would try")
	case few(low), known(low):
		return errors.New("the password is one of the first that anybody would try: use another; four words are a good one")
	}
	return nil
}

// few reports whether a password is made of very few letters.
func few(low string) bool {
	seen := map[rune]bool{}
	for _, r := range low {
		seen[r] = true
	}
	return len(seen) < 5
}

// known reports whether a password is made of what is tried first: words of the
// list and rows of keys, however often, with digits and marks around them.
func known(low string) bool {
	rest := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, low)
	for _, w := range common {
		rest = strings.ReplaceAll(rest, w, "")
	}
	rest = strings.TrimFunc(rest, unicode.IsDigit)
	return utf8.RuneCountInString(rest) < 3
}

// common are the words of passwords that are tried first, the longest first.
var common = []string{
	"qwertyuiopasdfghjkl", "qwertyuiop", "asdfghjkl", "qazwsxedc", "1q2w3e4r5t6y", "1q2w3e4r", "1qaz2wsx3edc", "1qaz2wsx", "zxcvbnm", "qwerty", "asdfgh", "zxcvbn",
	"administrator", "correcthorsebatterystaple", "password", "passw0rd", "p4ssword", "p4ssw0rd", "letmein", "welcome", "changeme", "iloveyou", "sunshine", "princess",
	"superman", "trustno1", "football", "baseball", "dragon", "monkey", "master", "secret", "admin", "root", "login", "operator", "viewer", "console", "daero",
	"abcdefghijklmnopqrstuvwxyz", "abcdefghijkl", "abcdefgh", "abcdef", "abcd", "abc", "0123456789", "1234567890", "12345678", "123456", "1234",
	"비밀번호", "관리자", "대한민국", "사랑해", "dkssudgktpdy", "qlalfqjsgh", "rhksflwk",
}
