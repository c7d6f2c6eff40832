package kafka_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
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

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
)

// certificate makes one that signs itself, for 127.0.0.1, and returns the file
// with it.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

func TestTLSAndSASL(t *testing.T) {
	pair, ca := certificate(t)
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "jobs"), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}}),
		kfake.EnableSASL(), kfake.Superuser("PLAIN", "plain", "p"), kfake.Superuser("SCRAM-SHA-256", "s256", "p"), kfake.Superuser("SCRAM-SHA-512", "s512", "p"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	trusted := &kafka.TLS{CAFile: ca}
	for _, x := range []struct {
		name string
		cfg  kafka.Config
		want error
	}{
		{"plain", kafka.Config{TLS: trusted, SASL: kafka.SASL{Mechanism: "plain", User: "plain", Password: "p"}}, nil},
		{"scram 256", kafka.Config{TLS: trusted, SASL: kafka.SASL{Mechanism: "scram-sha-256", User: "s256", Password: "p"}}, nil},
		{"scram 512", kafka.Config{TLS: trusted, SASL: kafka.SASL{Mechanism: "scram-sha-512", User: "s512", Password: "p"}}, nil},
		{"wrong password", kafka.Config{TLS: trusted, SASL: kafka.SASL{Mechanism: "plain", User: "plain", Password: "hush"}}, relay.ErrAway},
		{"not trusted", kafka.Config{TLS: &kafka.TLS{}, SASL: kafka.SASL{Mechanism: "plain", User: "plain", Password: "p"}}, relay.ErrAway},
		{"no TLS", kafka.Config{SASL: kafka.SASL{Mechanism: "scram-sha-256", User: "s256", Password: "p"}}, relay.ErrAway},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.cfg.Brokers, x.cfg.AppendWithin = c.ListenAddrs(), 10*time.Second
			if x.want != nil {
				x.cfg.AppendWithin = time.Second
			}
			l, err := kafka.Open(x.cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			a := put(t, l, keyed("jobs", "k", "x"))[0]
			if !errors.Is(a.err, x.want) {
				t.Errorf("%v, want %v", a.err, x.want)
			}
			if a.err != nil && strings.Contains(a.err.Error(), "hush") {
				t.Error("the password is in the error")
			}
		})
	}
}

func TestTLSFilesAreReadAtOpen(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, x := range []kafka.TLS{{CAFile: "nowhere.pem"}, {CAFile: empty}, {CertFile: empty, KeyFile: empty}} {
		if _, err := kafka.Open(kafka.Config{Brokers: []string{"a:1"}, TLS: &x}); err == nil {
			t.Errorf("%+v was accepted", x)
		}
	}
}
