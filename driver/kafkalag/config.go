package kafkalag

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/daero/daero/driver/poll"
)

// Config describes a Signal.
type Config struct {
	// Brokers are where to begin, as host:port.
	Brokers []string
	// Group is the consumer group. Topic narrows it to one topic; default: all
	// that the group committed to.
	Group, Topic string
	// Max takes the lag of the partition that is furthest behind. Default: the
	// sum over all.
	Max bool
	// Every is how often it is asked, 100 ms to 1 h. Default 2 s.
	Every time.Duration
	// TLS, if not nil, encrypts. An empty one trusts what the system trusts.
	TLS *tls.Config
	// SASL says who asks. Default: nobody.
	SASL SASL
	// Seed makes waits repeatable; 0: random.
	Seed uint64
}

// SASL says who asks, and how that is proved.
type SASL struct {
	Mechanism      string // plain, scram-sha-256 or scram-sha-512; "": none
	User, Password string
}

// DefaultEvery is the default of Config.Every.
const DefaultEvery = 2 * time.Second

const maxBrokers = 64

func (c Config) withDefaults() Config {
	if c.Every == 0 {
		c.Every = DefaultEvery
	}
	return c
}

// Validate reports every mistake at once, joined. No secret is in the error.
func (c Config) Validate() error {
	c = c.withDefaults()
	errs := []error{poll.CheckEvery(c.Every)}
	if len(c.Brokers) == 0 || len(c.Brokers) > maxBrokers {
		errs = append(errs, fmt.Errorf("%d brokers: name 1 to %d as host:port", len(c.Brokers), maxBrokers))
	}
	for _, b := range c.Brokers {
		if !address(b) {
			errs = append(errs, fmt.Errorf("broker %q: write it as host:port, for example kafka1:9092", b))
		}
	}
	if c.Group == "" {
		errs = append(errs, errors.New("no consumer group: name the one to watch"))
	}
	return errors.Join(append(errs, c.SASL.validate(c))...)
}

func address(b string) bool {
	host, port, err := net.SplitHostPort(b)
	n, err2 := strconv.ParseUint(port, 10, 16)
	return err == nil && err2 == nil && n > 0 && host != "" && !strings.ContainsAny(host, " /@")
}

func (s SASL) validate(c Config) error {
	switch s.Mechanism {
	case "":
		if s.User != "" || s.Password != "" {
			return errors.New("a user without a mechanism: add plain, scram-sha-256 or scram-sha-512")
		}
		return nil
	case "plain":
		if c.TLS == nil && !c.loopback() {
			return errors.New("plain without TLS sends the password readable: turn TLS on, or use scram-sha-256")
		}
	case "scram-sha-256", "scram-sha-512":
	default:
		return fmt.Errorf("unknown mechanism %q: use plain, scram-sha-256 or scram-sha-512", s.Mechanism)
	}
	if s.User == "" || s.Password == "" {
		return fmt.Errorf("%s without a user and a password: give both", s.Mechanism)
	}
	return nil
}

// loopback reports whether all brokers are on this machine.
func (c Config) loopback() bool {
	for _, b := range c.Brokers {
		host, _, _ := net.SplitHostPort(b)
		if ip := net.ParseIP(host); host != "localhost" && !ip.IsLoopback() {
			return false
		}
	}
	return true
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
	}
	return nil
}

// options bound what one question may take; the waits between questions are
// ours.
func (c Config) options() []kgo.Opt {
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID("daero"),
		kgo.DisableClientMetrics(), // nothing is sent that was not asked for
		kgo.DialTimeout(3 * time.Second),
		kgo.RequestTimeoutOverhead(timeout(c.Every)),
		kgo.RetryTimeout(timeout(c.Every)),
		kgo.RequestRetries(2),
		kgo.MetadataMinAge(500 * time.Millisecond),
		kgo.FetchMaxBytes(1 << 20), kgo.FetchMaxPartitionBytes(1 << 20), // nothing is fetched
		kgo.BrokerMaxReadBytes(8 << 20),
	}
	if c.TLS != nil {
		opts = append(opts, kgo.DialTLSConfig(c.TLS.Clone()))
	}
	if m := c.SASL.mechanism(); m != nil {
		opts = append(opts, kgo.SASL(m))
	}
	return opts
}
