package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/relay"
)

// TransformConfig describes a transformation from topics to topics.
type TransformConfig struct {
	// Kafka is the cluster that has all of them.
	Kafka Config
	// In are the topics that are read, by Group.
	In    []string
	Group string
	// Out is where messages go that name no topic of their own.
	Out string
	// Instance names this process in the group and in its transactions. Two at a
	// time with the same name throw each other out. Default: it is new each time.
	Instance string
	// Fn makes of one message those that go out. What it gets is not to be
	// changed, except to be returned: then it goes to Out. It is called from one
	// goroutine, for each partition in order, and may be called for a message
	// again whose transaction came to nothing. An error ends the transformation,
	// with nothing of the transaction kept: to go past a message, return nothing,
	// or one for a topic of dead letters.
	Fn func(*relay.Message) ([]*relay.Message, error)
	// Every is how long a transaction lasts: until then what it has written
	// cannot be read. While more than a thousand messages wait it lasts up to ten
	// times as long. 10 ms to 1 s. Default 100 ms.
	Every time.Duration
	// Most bounds the messages read in one transaction. Default 1,000,000.
	Most int
}

// transactionTimeout is when brokers end a transaction whose process has died.
// Until then nobody reads past it.
const transactionTimeout = 30 * time.Second

// NoTransactionsError says why a cluster cannot do exactly once.
type NoTransactionsError struct{ Why string }

// Error names the cure.
func (e *NoTransactionsError) Error() string { return "exactly once is not to be had here: " + e.Why }

func (c TransformConfig) withDefaults() TransformConfig {
	c.Kafka = c.Kafka.withDefaults()
	c.Every = or(c.Every, 100*time.Millisecond)
	c.Most = or(c.Most, 1_000_000)
	return c
}

// Validate reports every mistake at once, joined.
func (c TransformConfig) Validate() error {
	c = c.withDefaults()
	errs := []error{
		c.Kafka.Validate(),
		between("every", c.Every, 10*time.Millisecond, time.Second),
		between("most", c.Most, 1, 10_000_000),
	}
	if len(c.In) == 0 || c.Group == "" || c.Out == "" {
		errs = append(errs, fmt.Errorf("from %d topics by group %q to %q: name at least one topic, the group, and where messages go", len(c.In), c.Group, c.Out))
	}
	for _, t := range c.In {
		if t == c.Out {
			errs = append(errs, fmt.Errorf("topic %s is read and written: messages would go round for ever", t))
		}
	}
	if c.Fn == nil {
		errs = append(errs, errors.New("nothing says what becomes of a message: give a Fn"))
	}
	return errors.Join(errs...)
}

// Transform reads messages, has Fn make others of them, and writes those, each
// exactly once for whoever reads committed messages only: where it stands and
// what it has written become visible in one transaction. It returns when ctx
// ends, or with the error of Fn.
//
// It needs real brokers of 4.0 or newer, with transaction.version 2: before,
// the transaction of a process that died could leak into its successor's.
// Elsewhere it is a *[NoTransactionsError]. A transaction whose end is uncertain
// is dropped with its session; a new one begins where the group is known to
// stand.
func Transform(ctx context.Context, cfg TransformConfig) error {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return err
	}
	base, err := cfg.Kafka.options()
	if err != nil {
		return err
	}
	// One name for all sessions: a new one ends what the last has left open.
	opts := append(base, cfg.options(or(cfg.Instance, fresh()))...)
	for fails := 0; ; {
		committed, err := cfg.attempt(ctx, opts)
		_, refused := errors.AsType[*NoTransactionsError](err)
		fn, own := errors.AsType[*fnError](err)
		switch {
		case refused:
			return err
		case own:
			return fn.err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		if committed {
			fails = 0
		}
		fails++
		cfg.Kafka.tell(relay.Event{What: relay.ConsumeFailed, Target: cfg.Group, Why: err.Error()})
		if !wait(ctx, anew(fails)) {
			return context.Cause(ctx)
		}
	}
}

// attempt transforms until something fails, and reports whether anything was
// committed.
func (c TransformConfig) attempt(ctx context.Context, opts []kgo.Opt) (committed bool, err error) {
	session, err := kgo.NewGroupTransactSession(opts...)
	if err != nil {
		return false, err
	}
	defer session.CloseAllowingRebalance()
	if err := transactional(ctx, session.Client()); err != nil {
		return false, err
	}
	// Asking for the producer's number ends what a process that was killed has
	// left open. Left until the first write it would not come to that: where the
	// group stands is not told while an open transaction may still move it.
	if _, _, err := session.Client().ProducerID(ctx); err != nil {
		return false, fmt.Errorf("the transactions of %s: %w", c.Group, err)
	}
	for {
		if err := c.transaction(ctx, session); err != nil {
			return committed, err
		}
		committed = true
	}
}

// transactional says why a cluster cannot be trusted with transactions.
func transactional(ctx context.Context, client *kgo.Client) error {
	admin := kadm.NewClient(client)
	meta, err := admin.BrokerMetadata(ctx)
	if err != nil {
		return askError(err)
	}
	if meta.Cluster == EmbeddedClusterID {
		return &NoTransactionsError{"the log is the one in the program, which after a crash may take a transaction for committed that was not; name a Kafka cluster of 4.0 or newer"}
	}
	f, err := askFeatures(ctx, admin)
	if err != nil {
		return err
	}
	if !f.transactions() {
		return &NoTransactionsError{fmt.Sprintf("the brokers are %s with transaction.version %d, and before 4.0 with version 2 the transaction of a process that died may leak into the next; upgrade, then set transaction.version to 2",
			f.guess().version, f.levels["transaction.version"])}
	}
	return nil
}

func (c TransformConfig) options(name string) []kgo.Opt {
	opts := []kgo.Opt{
		kgo.TransactionalID(c.Group + "-" + name),
		kgo.TransactionTimeout(transactionTimeout),
		kgo.ConsumerGroup(c.Group),
		kgo.ConsumeTopics(c.In...),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.SessionTimeout(c.Kafka.Session),
		kgo.FetchMaxWait(time.Second),
		kgo.RecordPartitioner(partitioner{recorded: c.Kafka.Partitions}),
		kgo.ProducerBatchCompression(codecs[c.Kafka.Compression]...),
		kgo.ProducerBatchMaxBytes(int32(c.Kafka.MaxBytes)),
		kgo.BrokerMaxWriteBytes(int32(max(100<<20, 2*c.Kafka.MaxBytes))),
		kgo.MaxBufferedRecords(max(c.Kafka.Buffered, 50_000)),
		kgo.ProducerLinger(5 * time.Millisecond),
	}
	if c.Instance != "" {
		opts = append(opts, kgo.InstanceID(c.Instance))
	}
	if c.Kafka.Rack != "" {
		opts = append(opts, kgo.Rack(c.Kafka.Rack))
	}
	return opts
}
