package valkey_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/driver/valkey"
	"github.com/daero/daero/driver/valkey/valkeytest"
)

func TestAddress(t *testing.T) {
	for _, good := range []string{
		"valkey://localhost", "valkey://localhost:6379/0", "redis://10.0.0.1:7000/15", "valkeys://u:p@[::1]:6380", "rediss://:p%40ss@cache.example.com/2",
		"valkey://localhost/",
	} {
		if err := valkey.CheckAddress(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, c := range []struct{ address, says string }{
		{"", "begins with neither"},
		{"localhost:6379", "begins with neither"},
		{"http://localhost", "begins with neither"},
		{"valkey:localhost", "names no host"},
		{"valkey://", "names no host"},
		{"valkey://:hunter2@:6379", "names no host"},
		{"valkey://h:hunter2@host:0", "port that is not"},
		{"valkey://h:hunter2@host:65536", "port that is not"},
		{"valkey://h:hunter2@host:port", "cannot be read"},
		{"valkey://h:hunter2/x@host", "cannot be read"}, // a password that is not escaped
		{"valkey://h:hunter2@host/one", "a database that is not a number"},
		{"valkey://h:hunter2@host/-1", "a database that is not a number"},
		{"valkey://h:hunter2@host/1/2", "a database that is not a number"},
		{"valkey://h:hunter2@host/99999999999", "a database that is not a number"},
		{"valkey://h:hunter2@host?tls=yes", "something behind ?"},
		{"valkey://h:hunter2@host#1", "something behind ?"},
		{"valkey://hunter2@host", "a user without a password"},
		{"valkey://host/" + strings.Repeat("hunter2", 1000), "too long"},
	} {
		_, err := valkey.Open(valkey.Config{URL: c.address})
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "valkey://[user:password@]host") {
			t.Errorf("%.60s: %v, want %q", c.address, err, c.says)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the password is told: %v", err)
		}
	}
	if _, err := valkey.Open(valkey.Config{URL: "valkey://host", Timeout: -1}); err == nil {
		t.Error("a timeout below 0 is taken")
	}
}

// FuzzAddress: whatever is written as an address, an error never has the
// password in it.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"valkey://u:", "redis://:", "valkeys://[::1]:", "%", "valkey://u:p@h/1?", "\x00"} {
		f.Add(s, "@host:1/2")
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		const password = "hunter2-is-mine"
		if err := valkey.CheckAddress(before + password + after); err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("%q: %v", before+after, err)
		}
	})
}

// TestPassword: with the wrong one, or none, the error says what to do and not
// what it was.
func TestPassword(t *testing.T) {
	server := valkeytest.Start(t, "--requirepass", "right-one")
	if err := spends(t.Context(), open(t, valkey.Config{URL: server.URL(":right-one@")})); err != nil {
		t.Fatal(err)
	}
	for who, says := range map[string]string{
		"": "asks for a password: write it into the address", ":hunter2@": "does not take this user and password",
		"nobody:hunter2@": "does not take this user and password",
	} {
		l := open(t, valkey.Config{URL: server.URL(who)})
		for range 2 {
			err := spends(t.Context(), l)
			if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "right-one") {
				t.Errorf("as %q: %v, want %q", who, err, says)
			}
		}
	}
	if err := spends(t.Context(), open(t, valkey.Config{URL: server.URL(":right-one@") + "/9"})); err == nil || !strings.Contains(err.Error(), "has fewer databases") {
		t.Errorf("database 9 of 4: %v", err)
	}
}

// TestFull: a server without room takes nothing new, and says how it gets some.
func TestFull(t *testing.T) {
	server := valkeytest.Start(t, "--maxmemory", "1mb", "--maxmemory-policy", "noeviction")
	l := open(t, valkey.Config{URL: server.URL(""), Timeout: 10 * time.Second})
	err := l.Put(t.Context(), "a", make([]byte, 1<<20), time.Minute)
	for i := 0; err == nil && i < 10; i++ {
		err = l.Put(t.Context(), string(rune('b'+i)), make([]byte, 1<<20), time.Minute)
	}
	if !errors.Is(err, captcha.ErrFull) || !strings.Contains(err.Error(), "raise its maxmemory") {
		t.Errorf("%v", err)
	}
}

func TestCheck(t *testing.T) {
	good := open(t, valkey.Config{URL: valkeytest.Start(t).URL("")})
	if warnings, err := good.Check(t.Context()); err != nil || len(warnings) > 0 {
		t.Errorf("%v %v", warnings, err)
	}
	forgets := open(t, valkey.Config{URL: valkeytest.Start(t, "--maxmemory-policy", "allkeys-lru").URL("")})
	if warnings, err := forgets.Check(t.Context()); err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "set it to noeviction") {
		t.Errorf("%v %v", warnings, err)
	}
	silent := open(t, valkey.Config{URL: valkeytest.Start(t, "--rename-command", "CONFIG", "").URL("")})
	if warnings, err := silent.Check(t.Context()); err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "does not say") {
		t.Errorf("%v %v", warnings, err)
	}
	old := open(t, valkey.Config{URL: valkeytest.Start(t, "--rename-command", "SET", "").URL("")})
	if _, err := old.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "has a command turned off") {
		t.Errorf("%v", err)
	}
	away := open(t, valkey.Config{URL: "valkey://127.0.0.1:1"})
	if _, err := away.Check(t.Context()); err == nil {
		t.Error("a server that is not there is good")
	}
}

// TestTLS: valkeys:// speaks TLS, and only to a server that is vouched for.
func TestTLS(t *testing.T) {
	certificate, key, pool := certify(t)
	server := valkeytest.StartTLS(t, certificate, key)
	l := open(t, valkey.Config{URL: server.URL(""), RootCAs: pool, Timeout: 10 * time.Second})
	if who, err := l.Claim(t.Context(), "a", "me", time.Minute); err != nil || who != "me" {
		t.Error(who, err)
	}
	if err := spends(t.Context(), open(t, valkey.Config{URL: server.URL("")})); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a stranger's certificate: %v", err)
	}
	if err := spends(t.Context(), open(t, valkey.Config{URL: "valkey://" + server.Address()})); err == nil {
		t.Error("speaks to it without TLS")
	}
}

// certify makes a certificate of 127.0.0.1 that signs itself.
func certify(t *testing.T) (certificate, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return certificate, key, pool
}
