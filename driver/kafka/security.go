package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// TLS says whom to trust, and who we are.
type TLS struct {
	// CAFile holds the certificates that sign the brokers', in PEM. Default:
	// what the system trusts.
	CAFile string
	// CertFile and KeyFile are our own, in PEM, where brokers ask for one.
	CertFile, KeyFile string
	// ServerName is the name in the brokers' certificates. Default: the host of
	// each.
	ServerName string
}

func (t *TLS) load() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("certificates of the brokers: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("certificates of the brokers: %s holds none in PEM", t.CAFile)
		}
	}
	if t.CertFile != "" || t.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("our certificate: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

// SASL says who asks, and how that is proved.
type SASL struct {
	Mechanism      string // plain, scram-sha-256, scram-sha-512 or oauthbearer; "": none
	User, Password string
	// Token returns a bearer token. It is called for each new connection, and
	// again before the brokers' time for the old one runs out.
	Token func(ctx context.Context) (string, error)
}

func (s SASL) validate(c Config) error {
	switch s.Mechanism {
	case "":
		if s.User != "" || s.Password != "" || s.Token != nil {
			return errors.New("a user without a mechanism: add plain, scram-sha-256, scram-sha-512 or oauthbearer")
		}
		return nil
	case "plain", "oauthbearer":
		if c.TLS == nil && !c.loopback() {
			return fmt.Errorf("%s without TLS sends the secret readable: turn TLS on, or use scram-sha-256", s.Mechanism)
		}
	case "scram-sha-256", "scram-sha-512":
	default:
		return fmt.Errorf("unknown mechanism %q: use plain, scram-sha-256, scram-sha-512 or oauthbearer", s.Mechanism)
	}
	if s.Mechanism == "oauthbearer" {
		if s.Token == nil {
			return errors.New("oauthbearer without a source of tokens: give one")
		}
		return nil
	}
	if s.User == "" || s.Password == "" {
		return fmt.Errorf("%s without a user and a password: give both", s.Mechanism)
	}
	return nil
}

// mechanism is nil without one.
func (s SASL) mechanism() sasl.Mechanism {
	switch s.Mechanism {
	case "plain":
		return plain.Auth{User: s.User, Pass: s.Password}.AsMechanism()
	case "scram-sha-256":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha256Mechanism()
	case "scram-sha-512":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha512Mechanism()
	case "oauthbearer":
		return oauth.Oauth(func(ctx context.Context) (oauth.Auth, error) {
			token, err := s.Token(ctx)
			return oauth.Auth{Token: token}, err
		})
	}
	return nil
}

// dialer puts TLS on top of how connections are opened.
func (c Config) dialer(secure *tls.Config) func(ctx context.Context, network, address string) (net.Conn, error) {
	dial := c.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	if secure == nil {
		return dial
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		cfg := secure.Clone()
		if cfg.ServerName == "" {
			cfg.ServerName, _, _ = net.SplitHostPort(address)
		}
		over := tls.Client(conn, cfg)
		if err := over.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		return over, nil
	}
}
