package appointment_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/lane/appointment"
)

var (
	now    = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at     = now.Add(7300 * time.Millisecond)
	secret = bytes.Repeat([]byte("k"), 32)
	older  = bytes.Repeat([]byte("o"), 32)
)

func signer(t testing.TB, secrets ...[]byte) *appointment.Signer {
	t.Helper()
	s, err := appointment.NewSigner(appointment.Config{Secrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVerify(t *testing.T) {
	s := signer(t, secret)
	good := s.Sign("login", 42, now, at)
	forged, _ := base64.RawURLEncoding.DecodeString(good)
	forged[20] ^= 1
	flipped := base64.RawURLEncoding.EncodeToString(forged)
	raw, _ := base64.RawURLEncoding.DecodeString(good)
	raw[0] = 9
	otherVersion := base64.RawURLEncoding.EncodeToString(raw)

	tests := map[string]struct {
		token, lane string
		user        uint64
		now         time.Time
		want        appointment.Result
	}{
		"at its time":         {good, "login", 42, at, appointment.OK},
		"early":               {good, "login", 42, now, appointment.OK},
		"last second":         {good, "login", 42, at.Add(appointment.DefaultGrace).Truncate(time.Second), appointment.OK},
		"a second too late":   {good, "login", 42, at.Add(appointment.DefaultGrace + time.Second), appointment.Expired},
		"another lane":        {good, "message", 42, at, appointment.Foreign},
		"another user":        {good, "login", 43, at, appointment.Foreign},
		"anonymous":           {good, "login", 0, at, appointment.Foreign},
		"changed":             {flipped, "login", 42, at, appointment.Forged},
		"another secret":      {signer(t, older).Sign("login", 42, now, at), "login", 42, at, appointment.Forged},
		"empty":               {"", "login", 42, at, appointment.Garbage},
		"words":               {"let me in, please", "login", 42, at, appointment.Garbage},
		"not base64":          {strings.Repeat("!", appointment.TokenLen), "login", 42, at, appointment.Garbage},
		"version 9":           {otherVersion, "login", 42, at, appointment.Garbage},
		"longest looked at":   {strings.Repeat("A", appointment.MaxLen), "login", 42, at, appointment.Garbage},
		"one byte too long":   {strings.Repeat("A", appointment.MaxLen+1), "login", 42, at, appointment.Oversize},
		"a megabyte too long": {strings.Repeat("A", 1<<20), "login", 42, at, appointment.Oversize},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, res := s.Verify(tt.token, tt.lane, tt.user, tt.now)
			if res != tt.want {
				t.Fatalf("result %s, want %s", res, tt.want)
			}
			if res == appointment.OK && !got.Equal(at) {
				t.Errorf("time %s, want %s", got, at)
			}
			if res != appointment.OK && !got.IsZero() {
				t.Errorf("a refused token gave the time %s", got)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	token := signer(t, older).Sign("login", 1, now, at)
	if _, res := signer(t, secret, older).Verify(token, "login", 1, at); res != appointment.OK {
		t.Errorf("old secret kept second: %s, want ok", res)
	}
	if _, res := signer(t, secret).Verify(token, "login", 1, at); res != appointment.Forged {
		t.Errorf("old secret dropped: %s, want forged", res)
	}
	fresh := signer(t, secret, older).Sign("login", 1, now, at)
	if _, res := signer(t, secret).Verify(fresh, "login", 1, at); res != appointment.OK {
		t.Errorf("the first secret does not sign: %s", res)
	}
}

func TestTokenShape(t *testing.T) {
	token := signer(t, secret).Sign("login", 42, now, at)
	if len(token) != appointment.TokenLen {
		t.Errorf("length %d, want %d", len(token), appointment.TokenLen)
	}
	if i := strings.IndexFunc(token, func(r rune) bool {
		return !(r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}); i >= 0 {
		t.Errorf("%q needs escaping", token)
	}
	if again := string(signer(t, secret).Append(nil, "login", 42, now, at)); again != token {
		t.Errorf("Append gave %s, Sign %s", again, token)
	}
}

func TestConfigErrors(t *testing.T) {
	err := appointment.Config{Secrets: [][]byte{[]byte("hunter2")}, Grace: -1}.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"secret 1 has 7 bytes", "grace -1ns"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the secret is in %q", err)
	}
	if (appointment.Config{}).Validate() == nil {
		t.Error("no secret accepted")
	}
}

func TestAllocations(t *testing.T) {
	s := signer(t, secret, older)
	token := s.Sign("login", 42, now, at)
	if n := testing.AllocsPerRun(100, func() { s.Verify(token, "login", 42, now) }); n != 0 {
		t.Errorf("Verify allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { s.Sign("login", 42, now, at) }); n > 1 {
		t.Errorf("Sign allocates %v times, want only the token", n)
	}
}

// FuzzVerify: nothing but what was signed is accepted, and nothing panics.
func FuzzVerify(f *testing.F) {
	s := signer(f, secret, older)
	good := s.Sign("login", 42, now, at)
	f.Add(good)
	f.Add(good[:20])
	f.Add(strings.ToLower(good))
	f.Add(strings.Repeat("_", appointment.TokenLen))
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		_, res := s.Verify(token, "login", 42, now)
		if res == appointment.OK && token != good {
			t.Errorf("%q is accepted", token)
		}
		if len(token) > appointment.MaxLen && res != appointment.Oversize {
			t.Errorf("%d bytes: %s", len(token), res)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	s := signer(b, secret)
	var buf [64]byte
	b.ReportAllocs()
	for b.Loop() {
		s.Append(buf[:0], "login", 42, now, at)
	}
}

func BenchmarkVerify(b *testing.B) {
	s := signer(b, secret)
	token := s.Sign("login", 42, now, at)
	b.ReportAllocs()
	for b.Loop() {
		s.Verify(token, "login", 42, now)
	}
}
