package token_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
)

const secret = "네 개의 낱말로 된 문장"

// book is accounts in memory.
type book struct {
	all    map[string]store.Account
	broken error
}

func (b *book) Account(_ context.Context, name string) (store.Account, error) {
	if a, ok := b.all[name]; ok || b.broken != nil {
		return a, b.broken
	}
	return store.Account{}, store.ErrNotFound
}

// newBook has kim, who has a password, and lee, who has none.
func newBook(t *testing.T) (*book, *token.Passwords) {
	t.Helper()
	b := &book{}
	p := token.NewPasswords(b, token.NewVerifier(newRing())).Cheap()
	hash, err := p.Hash(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	b.all = map[string]store.Account{
		"kim": {Operator: store.Operator{Name: "kim", Role: store.Acting, Password: true}, ID: "id", Hash: hash},
		"lee": {Operator: store.Operator{Name: "lee"}},
	}
	return b, p
}

func TestPasswords(t *testing.T) {
	b, p := newBook(t)
	a, err := p.Verify(t.Context(), noon, home, "kim", secret)
	if err != nil || a.Name != "kim" || a.ID != "id" || a.Role != store.Acting {
		t.Errorf("%+v, %v", a, err)
	}
	// The same letters as another keyboard sends them.
	if _, err := p.Verify(t.Context(), noon, home, "kim", decomposed); err != nil {
		t.Errorf("typed on another keyboard: %v", err)
	}
	for i, tt := range [][2]string{{"kim", ""}, {"kim", secret + " "}, {"kim", b.all["kim"].Hash}, {"lee", ""}, {"lee", secret}, {"nobody", secret}, {"", ""}, {"kim\x00", secret}} {
		a, err := p.Verify(t.Context(), noon, fmt.Sprintf("10.0.%d.1", i), tt[0], tt[1])
		if !errors.Is(err, token.ErrRefused) || a.Name != "" {
			t.Errorf("%q: %+v, %v", tt, a, err)
		}
	}
	if hash := b.all["kim"].Hash; strings.Contains(hash, secret) || !strings.HasPrefix(hash, "$argon2id$v=19$") {
		t.Errorf("hash %q", hash)
	}
	b.broken = errors.New("disk")
	if _, err := p.Verify(t.Context(), noon, home, "kim", secret); err == nil || errors.Is(err, token.ErrRefused) {
		t.Errorf("a store that fails says %v", err)
	}
}

// decomposed is the secret as some keyboards send it: each syllable as its
// letters.
var decomposed = func() string {
	var b strings.Builder
	for _, r := range secret {
		if r < 0xac00 || r > 0xd7a3 {
			b.WriteRune(r)
			continue
		}
		n := r - 0xac00 // = (first*21 + middle)*28 + last
		b.WriteRune(0x1100 + n/588)
		b.WriteRune(0x1161 + n%588/28)
		if last := n % 28; last > 0 {
			b.WriteRune(0x11a7 + last)
		}
	}
	return b.String()
}()

// TestCostOfAPassword: what a store keeps costs who stole it as much as is
// said, whatever tests do.
func TestCostOfAPassword(t *testing.T) {
	p := token.NewPasswords(&book{}, token.NewVerifier(newRing()))
	hash, err := p.Hash(t.Context(), secret)
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=32768,t=3,p=1$") {
		t.Errorf("%q, %v", hash, err)
	}
}

// TestSameTime: who there is not costs as much as who there is.
func TestSameTime(t *testing.T) {
	b := &book{}
	p := token.NewPasswords(b, token.NewVerifier(newRing())).Cheap()
	hash, err := p.Hash(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	b.all = map[string]store.Account{"kim": {Operator: store.Operator{Name: "kim"}, Hash: hash}}
	costs := map[string]uint64{}
	for i, name := range []string{"nobody", "kim", "nobody", "kim"} { // the first makes nobody's hash
		before := token.Computed()
		if _, err := p.Verify(t.Context(), noon, fmt.Sprintf("10.0.%d.1", i), name, "guess"); !errors.Is(err, token.ErrRefused) {
			t.Fatal(err)
		}
		costs[name] = token.Computed() - before
	}
	if costs["nobody"] != costs["kim"] || costs["kim"] != 8 {
		t.Errorf("KiB passed over: %v", costs)
	}
}

// TestAtOnce: those who come at once do not all pass before the first has
// failed, and those who fit are not counted.
func TestAtOnce(t *testing.T) {
	_, p := newBook(t)
	var mu sync.Mutex
	got := map[error]int{}
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			_, err := p.Verify(t.Context(), noon, home, "kim", "guess")
			mu.Lock()
			defer mu.Unlock()
			got[err]++
		})
	}
	wg.Wait()
	if got[token.ErrRefused] > 20 || got[token.ErrTooMany] < 100 {
		t.Errorf("%v", got)
	}
	_, p = newBook(t)
	for range 100 {
		if _, err := p.Verify(t.Context(), noon, home, "kim", secret); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTheNextWaits: after a password that did not fit the machine rests, and
// whoever does not wait that long takes nothing from the others.
func TestTheNextWaits(t *testing.T) {
	_, p := newBook(t)
	if _, err := p.Verify(t.Context(), noon, home, "kim", "guess"); !errors.Is(err, token.ErrRefused) {
		t.Fatal(err)
	}
	if p.Resting() <= 0 {
		t.Error("no rest")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	p.Rest(time.Hour)
	if _, err := p.Verify(gone, noon, home, "kim", secret); !errors.Is(err, context.Canceled) {
		t.Errorf("says %v", err)
	}
	if p.Resting() != time.Hour {
		t.Error("who went away ended the rest")
	}
	p.Rest(time.Nanosecond)
	if _, err := p.Verify(t.Context(), noon, home, "kim", secret); err != nil {
		t.Error(err)
	}
	if p.Resting() != 0 {
		t.Error("rests although it fitted")
	}
}

// TestQueueIsBounded: of very many at once some are told to come back, which
// counts against nobody.
func TestQueueIsBounded(t *testing.T) {
	_, p := newBook(t)
	p.Rest(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error, 100)
	for i := range 100 {
		go func() {
			_, err := p.Verify(ctx, noon, fmt.Sprintf("10.1.%d.1", i), fmt.Sprintf("kim%d", i), secret)
			errs <- err
		}()
	}
	for range 100 - 32 {
		if err := <-errs; !errors.Is(err, token.ErrBusy) {
			t.Errorf("says %v", err)
		}
	}
	cancel()
	for range 32 {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("says %v", err)
		}
	}
}

func TestCheckPassword(t *testing.T) {
	for password, ok := range map[string]bool{
		"correct staple bettery house": true, secret: true, decomposed: true, "x7#kQ9!mZ2$w": true, "hunter2hunter3": true, "비 오는 날의 제주 바다": true,
		"": false, "short": false, "eleven..abc": false, strings.Repeat("long word ", 26): false,
		"kimkimkimkim": false, "kim-kim-kim-1": false, "KIM2026!!!!": false, "kim.1234567": false,
		"password1234": false, "Password!2026": false, "qwertyuiop12": false, "123456789012": false, "aaaaaaaaaaaa": false, "abababababab": false,
		"1q2w3e4r5t6y": false, "adminadmin123": false, "daerodaero2026": false, "비밀번호비밀번호비밀번호": false, "correcthorsebatterystaple": false,
		"twelve\nletters": false, "twelve\x00letters": false, "twelve\xffletters": false,
	} {
		err := token.CheckPassword("kim", password)
		if (err == nil) != ok {
			t.Errorf("%q: %v", password, err)
		}
		if err != nil && password != "" && strings.Contains(err.Error(), password) {
			t.Errorf("the error repeats %q", password)
		}
	}
}

func FuzzCheckPassword(f *testing.F) {
	f.Add("kim", secret)
	f.Add("", "password\xff1234")
	f.Fuzz(func(t *testing.T, name, password string) {
		if len(name) > store.MaxName || len(password) > 1<<12 {
			return
		}
		if err := token.CheckPassword(name, password); err == nil && len(password) < token.MinPassword {
			t.Errorf("%q is good enough", password)
		}
	})
}

func BenchmarkPassword(b *testing.B) {
	p := token.NewPasswords(&book{}, token.NewVerifier(newRing()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Hash(b.Context(), secret); err != nil {
			b.Fatal(err)
		}
	}
}
