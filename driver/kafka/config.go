package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/relay"
)

// Config describes a Log. Its zero fields are the defaults.
type Config struct {
	// Brokers are where to begin, as host:port.
	Brokers []string
	// TLS, if not nil, encrypts. An empty one trusts what the system trusts.
	TLS *TLS
	// SASL says who asks. Default: nobody.
	SASL SASL
	// Rack is where this process runs; records are read from a replica there
	// where the brokers allow it, and partitions are balanced by it.
	Rack string
	// ClientID is seen in the brokers' logs and quotas. Default "daero".
	ClientID string
	// Dial opens connections. Default: TCP. TLS goes on top of it.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// AppendWithin bounds how long a message waits to be kept. One that was
	// never sent until then is [relay.ErrAway]; one that was is
	// [relay.ErrUnknown], at most a second later. 1 s to 5 min. Default 4 s.
	AppendWithin time.Duration
	// Linger is how long a message waits for others to go with it, 0 to 50 ms.
	// Acceptance waits for it. Default: none; messages that come while a request
	// is under way go together anyway.
	Linger time.Duration
	// Buffered and BufferedBytes bound messages that wait to be kept. Above them
	// Append answers [relay.ErrAway] at once. Default 20,000 and 64 MiB.
	Buffered      int
	BufferedBytes int
	// MaxBytes bounds a message, and a batch of them, as Kafka counts it; the
	// topic's max.message.bytes counts as well. 1 KiB to 64 MiB. Default
	// 1,000,000.
	MaxBytes int
	// Compression is snappy, lz4, zstd, gzip or none. Default snappy: messages are
	// small and wait for it.
	Compression string
	// Partitions records how many partitions topics have. Keyed messages for a
	// topic that has another number now are refused with a
	// *[PartitionsChangedError]: keys would move, and order would break. Topics
	// that are not in it may have any number.
	Partitions map[string]int32

	// Unpacked bounds what a fetched batch may decompress to. A larger one is
	// skipped and told. 64 KiB to 1 GiB. Default 64 MiB.
	Unpacked int
	// Session is how long a member may be silent before its partitions go to
	// others; a static member restarts within it. 6 s to 30 min. Default 45 s.
	Session time.Duration
	// NewProtocol has the brokers assign partitions (KIP-848), where all of them
	// are 4.3 or newer; elsewhere the members agree among themselves as always.
	NewProtocol bool
	// Listener is told of messages that were lost or could not be read. Default:
	// nobody is.
	Listener relay.Listener
}

// Bounds of Config.
const (
	maxBrokers = 64
	maxLinger  = 50 * time.Millisecond
)

func (c Config) withDefaults() Config {
	c.ClientID = or(c.ClientID, "daero")
	c.AppendWithin = or(c.AppendWithin, 4*time.Second)
	c.Buffered = or(c.Buffered, 20_000)
	c.BufferedBytes = or(c.BufferedBytes, 64<<20)
	c.MaxBytes = or(c.MaxBytes, 1_000_000)
	c.Compression = or(c.Compression, "snappy")
	c.Unpacked = or(c.Unpacked, 64<<20)
	c.Session = or(c.Session, 45*time.Second)
	return c
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Validate reports every mistake at once, joined. No secret is in the error.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if len(c.Brokers) == 0 || len(c.Brokers) > maxBrokers {
		errs = append(errs, fmt.Errorf("%d brokers: name 1 to %d as host:port", len(c.Brokers), maxBrokers))
	}
	for _, b := range c.Brokers {
		if !address(b) {
			errs = append(errs, fmt.Errorf("broker %q: write it as host:port, for example kafka1:9092", b))
		}
	}
	errs = append(errs,
		between("append within", c.AppendWithin, time.Second, 5*time.Minute),
		between("linger", c.Linger, 0, maxLinger),
		between("session", c.Session, 6*time.Second, 30*time.Minute),
		between("buffered", c.Buffered, 1, 1_000_000),
		between("buffered bytes", c.BufferedBytes, 1<<10, 4<<30),
		between("max bytes", c.MaxBytes, 1<<10, 64<<20),
		between("unpacked", c.Unpacked, 64<<10, 1<<30),
	)
	if _, ok := codecs[c.Compression]; !ok {
		errs = append(errs, fmt.Errorf("unknown compression %q: use lz4, zstd, snappy, gzip or none", c.Compression))
	}
	for topic, n := range c.Partitions {
		if n < 1 {
			errs = append(errs, fmt.Errorf("topic %s: %d partitions recorded: record 1 or more", topic, n))
		}
	}
	return errors.Join(append(errs, c.SASL.validate(c))...)
}

func between[T int | time.Duration](what string, v, low, high T) error {
	if v < low || v > high {
		return fmt.Errorf("%s %v: use %v to %v", what, v, low, high)
	}
	return nil
}

func address(b string) bool {
	host, port, err := net.SplitHostPort(b)
	n, err2 := strconv.ParseUint(port, 10, 16)
	return err == nil && err2 == nil && n > 0 && host != "" && !strings.ContainsAny(host, " /@")
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

func (c Config) tell(e relay.Event) {
	if c.Listener != nil {
		e.At = time.Now()
		c.Listener(e)
	}
}

// EmbeddedClusterID is how the broker in the program names itself. It cannot
// do transactions.
const EmbeddedClusterID = "daero-embedded"
