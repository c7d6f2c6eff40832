package embedded

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
)

// Log is a broker in the program and its client. It is safe for concurrent use.
type Log struct {
	*kafka.Log
	cfg     Config
	cluster *kfake.Cluster
	admin   *kadm.Client
	client  *kgo.Client
	unlock  func()
	addr    string

	measured, since atomic.Int64 // bytes on disk, and appended since they were counted

	press chan struct{} // room is short
	stop  context.CancelFunc
	ended sync.WaitGroup
	once  sync.Once
}

var (
	_ relay.Log    = (*Log)(nil)
	_ relay.Reader = (*Log)(nil)
)

// Open starts the broker. It fails when another program uses the directory, and
// when the log is damaged, saying where. Close ends it.
func Open(cfg Config) (*Log, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("directory of the log: %w", err)
	}
	unlock, err := lock(filepath.Join(cfg.Dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("the log in %s is in use by another program: stop it, or name another directory (%w)", cfg.Dir, err)
	}
	l := &Log{cfg: cfg, unlock: unlock, press: make(chan struct{}, 1)}
	if err := l.start(); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

func (l *Log) start() (err error) {
	data := filepath.Join(l.cfg.Dir, "data")
	if damage := Scan(data); damage != nil && !l.cfg.Damaged {
		return fmt.Errorf("the log is damaged: %w; restore it from a backup, move it away, or start with what can be read, and lose the rest", damage)
	}
	if l.cluster, err = kfake.NewCluster(l.cfg.broker(data)...); err != nil {
		return fmt.Errorf("the broker in the program: %w", err)
	}
	l.refuse()
	l.addr = l.cluster.ListenAddrs()[0]
	client := l.cfg.Client
	client.Brokers, client.Dial = []string{l.addr}, nil
	if l.Log, err = kafka.Open(client); err != nil {
		return err
	}
	if l.client, err = kgo.NewClient(kgo.SeedBrokers(l.addr), kgo.DisableClientMetrics()); err != nil {
		return err
	}
	l.admin = kadm.NewClient(l.client)
	l.measure()
	var ctx context.Context
	ctx, l.stop = context.WithCancel(context.Background())
	l.ended.Go(func() { l.keepHouse(ctx) })
	return nil
}

// refuse turns away what the broker cannot do reliably, whoever asks.
func (l *Log) refuse() {
	l.cluster.Fault(
		kfake.Fault{
			Keys: []kmsg.Key{kmsg.InitProducerID}, TopLevel: true, Err: kerr.TransactionalIDAuthorizationFailed, Count: -1,
			When: func(r kmsg.Request) bool {
				init, ok := r.(*kmsg.InitProducerIDRequest)
				return ok && init.TransactionalID != nil
			},
		},
		kfake.Fault{
			Keys: []kmsg.Key{kmsg.ShareGroupHeartbeat}, TopLevel: true, Err: kerr.GroupAuthorizationFailed, Count: -1,
		},
	)
}

// Addr is where the broker listens, as host:port.
func (l *Log) Addr() string { return l.addr }

// Append implements [relay.Log]; at the bound of the log it is [relay.ErrFull].
func (l *Log) Append(m *relay.Message, done func(relay.Position, error)) {
	size := int64(m.Size())
	if l.Used()+size > l.cfg.MaxBytes {
		l.pressed()
		at := relay.Position{Topic: m.Topic, Partition: -1}
		go done(at, fmt.Errorf("%w: it may take %d bytes of disk: finish what waits in it, or allow more", relay.ErrFull, l.cfg.MaxBytes))
		return
	}
	l.since.Add(size)
	l.Log.Append(m, done)
}

// EnsureTopics makes the topics that are not there; see [kafka.Log.EnsureTopics].
// Here messages are kept until every group has finished them: what a topic's
// settings say of retention does not count, Config.Retention does.
func (l *Log) EnsureTopics(ctx context.Context, specs ...kafka.TopicSpec) (map[string]int32, error) {
	kept := make([]kafka.TopicSpec, len(specs))
	for i, s := range specs {
		kept[i] = s
		kept[i].Settings = maps.Clone(s.Settings)
		delete(kept[i].Settings, "retention.ms")
		delete(kept[i].Settings, "retention.bytes")
	}
	return l.Log.EnsureTopics(ctx, kept...)
}

// Spans implements [relay.Reader]: messages are kept until they are finished.
func (l *Log) Spans(ctx context.Context, topics ...string) ([]relay.Span, error) {
	spans, err := l.Log.Spans(ctx, topics...)
	for i := range spans {
		spans[i].Retention, spans[i].Bytes = 0, -1
	}
	return spans, err
}

// Used is how many bytes of disk the log takes, about.
func (l *Log) Used() int64 { return l.measured.Load() + l.since.Load() }

// Close ends the broker cleanly. Members must have ended before.
func (l *Log) Close() error {
	l.once.Do(l.close)
	return nil
}

func (l *Log) close() {
	if l.Log != nil {
		_ = l.Log.Close()
	}
	if l.stop != nil {
		l.stop()
		l.ended.Wait()
	}
	if l.client != nil {
		l.client.Close()
	}
	if l.cluster != nil {
		l.cluster.Close()
	}
	l.unlock()
}
