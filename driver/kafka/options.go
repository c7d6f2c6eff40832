package kafka

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/relay"
)

var codecs = map[string][]kgo.CompressionCodec{
	"lz4":    {kgo.Lz4Compression(), kgo.NoCompression()},
	"zstd":   {kgo.ZstdCompression(), kgo.Lz4Compression(), kgo.NoCompression()},
	"snappy": {kgo.SnappyCompression(), kgo.NoCompression()},
	"gzip":   {kgo.GzipCompression(), kgo.NoCompression()},
	"none":   {kgo.NoCompression()},
}

// options are those that every client of ours has.
func (c Config) options() ([]kgo.Opt, error) {
	dial := c.dialer(nil)
	if c.TLS != nil {
		secure, err := c.TLS.load()
		if err != nil {
			return nil, err
		}
		dial = c.dialer(secure)
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID(c.ClientID),
		kgo.DisableClientMetrics(), // nothing is sent that was not asked for
		kgo.Dialer(within(dial, 5*time.Second)),
		kgo.RequestTimeoutOverhead(10 * time.Second),
		kgo.RetryTimeout(20 * time.Second),
		kgo.RetryBackoffFn(backoff),
		kgo.MetadataMinAge(250 * time.Millisecond),
		kgo.MetadataMaxAge(time.Minute),
		kgo.BrokerMaxReadBytes(256 << 20),
		kgo.MaxDecompressBatchBytes(c.Unpacked),
	}
	if m := c.SASL.mechanism(); m != nil {
		opts = append(opts, kgo.SASL(m))
	}
	return opts, nil
}

// within bounds how long a connection may take to open.
func within(dial func(context.Context, string, string) (net.Conn, error), d time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		return dial(ctx, network, address)
	}
}

// backoff doubles from 50 ms to 1 s: brokers are ours, and what is accepted
// waits for them.
func backoff(fails int) time.Duration {
	return min(50*time.Millisecond<<min(max(fails-1, 0), 5), time.Second)
}

// producer has the options of who appends.
func (c Config) producer() []kgo.Opt {
	opts := []kgo.Opt{
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(codecs[c.Compression]...),
		kgo.BrokerMaxWriteBytes(int32(max(100<<20, 2*c.MaxBytes))),
		kgo.MaxBufferedRecords(c.Buffered),
		kgo.MaxBufferedBytes(c.BufferedBytes),
		kgo.RecordPartitioner(partitioner{recorded: c.Partitions}),
		kgo.ProduceRequestTimeout(min(c.AppendWithin, 10*time.Second)),
		kgo.RecordDeliveryTimeout(c.AppendWithin),
		kgo.UnknownTopicRetries(2),
		kgo.ProducerLinger(c.Linger),
	}
	return opts
}

// Log is a Kafka cluster. It is safe for concurrent use.
type Log struct {
	cfg  Config
	opts []kgo.Opt
	out  *appender
}

var (
	_ relay.Log    = (*Log)(nil)
	_ relay.Reader = (*Log)(nil)
)

// Open returns a Log. It contacts nobody yet: brokers that are away are no
// reason not to start. The error names every mistake. Close ends it.
func Open(cfg Config) (*Log, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	opts, err := cfg.options()
	if err != nil {
		return nil, err
	}
	out, err := newAppender(cfg, opts)
	if err != nil {
		return nil, fmt.Errorf("the Kafka client refuses the settings: %w", err)
	}
	return &Log{cfg: cfg, opts: opts, out: out}, nil
}

// Close waits, at most AppendWithin, for what was appended, and answers the
// rest. Members must have ended before.
func (l *Log) Close() error {
	l.out.close()
	return nil
}
