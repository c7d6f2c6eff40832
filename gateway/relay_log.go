package gateway

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/daero/daero/api"
	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay/spool"
)

// Defaults of the log in the program.
const (
	defaultLogSize = 1 << 30
	logDir         = "relay" // in Caddy's storage
)

// planLog says which log is opened.
func (m *relayMaking) planLog(p *relayPlan) {
	l := m.cfg.log()
	p.prepare = func(ctx context.Context, log *openLog) error { return p.ensure(ctx, log, m.app.log) }
	if len(l.Kafka) == 0 {
		m.planEmbedded(p, &l)
		return
	}
	cfg, err := m.kafka(&l)
	if err == nil {
		err = cfg.Validate()
	}
	if err != nil {
		for _, one := range strings.Split(err.Error(), "\n") {
			m.bad(l.Where, "kafka: %s", one)
		}
		return
	}
	l.Where, p.durable = "", l.Durable
	p.logKey = keyOf(l, cfg.Brokers, cfg.SASL.User, cfg.SASL.Password)
	p.log = api.RelayLogDoc{Kind: "kafka", Note: strings.Join(cfg.Brokers, " ")}
	p.open = func(context.Context) (*openLog, error) {
		cfg := cfg
		cfg.Listener = m.told
		log, err := kafka.Open(cfg)
		if err != nil {
			return nil, err
		}
		return &openLog{Log: log, reader: log, late: log, topics: log, retain: log.Retain, close: log.Close}, nil
	}
}

// kafka is the cluster, with placeholders replaced.
func (m *relayMaking) kafka(l *RelayLogConfig) (cfg kafka.Config, err error) {
	for _, b := range l.Kafka {
		broker, err := m.text(b)
		if err != nil {
			return cfg, fmt.Errorf("broker: %w", err)
		}
		cfg.Brokers = append(cfg.Brokers, broker)
	}
	if cfg.Rack, err = m.optional(l.Rack); err != nil {
		return cfg, fmt.Errorf("rack: %w", err)
	}
	if t := l.TLS; t != nil {
		cfg.TLS = &kafka.TLS{CAFile: t.CA, CertFile: t.Cert, KeyFile: t.Key}
	}
	cfg.MaxBytes = m.maxMessage()
	if l.SASL == nil {
		return cfg, nil
	}
	cfg.SASL.Mechanism = l.SASL.Mechanism
	if cfg.SASL.User, err = m.optional(l.SASL.User); err != nil {
		return cfg, fmt.Errorf("sasl: user: %w", err)
	}
	if cfg.SASL.Password, err = m.optional(l.SASL.Password); err != nil {
		return cfg, fmt.Errorf("sasl: password: %w", err)
	}
	if l.SASL.Token == "" {
		return cfg, nil
	}
	token, err := m.optional(l.SASL.Token)
	if err != nil {
		return cfg, fmt.Errorf("sasl: token: %w", err)
	}
	cfg.SASL.Token = func(context.Context) (string, error) { return bearerToken(token) }
	return cfg, nil
}

// bearerToken is a token, or the content of the file that has it, read anew each
// time: such tokens are short-lived.
func bearerToken(token string) (string, error) {
	if !filepath.IsAbs(token) {
		return token, nil
	}
	data, err := os.ReadFile(token)
	if err != nil {
		return "", fmt.Errorf("sasl oauthbearer: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// ensureWithin bounds one attempt to make topics.
const ensureWithin = 10 * time.Second

// ensure makes topics that are not there. Those that are stay as they are.
func (p *relayPlan) ensure(ctx context.Context, log *openLog, to *zap.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, ensureWithin)
	defer cancel()
	specs := make([]kafka.TopicSpec, len(p.topics))
	for i, t := range p.topics {
		specs[i] = kafka.TopicSpec{Name: t.name, Partitions: int32(t.partitions), Settings: map[string]string{
			"retention.ms": strconv.FormatInt(t.retention.Milliseconds(), 10),
		}}
		if t.maxBytes > 0 {
			specs[i].Settings["max.message.bytes"] = strconv.Itoa(t.maxBytes + messageExtra)
		}
	}
	there, err := log.topics.EnsureTopics(ctx, specs...)
	if err != nil {
		return err
	}
	if err := p.check(ctx, log, to); err != nil {
		return err
	}
	for _, t := range p.topics {
		if n := there[t.name]; t.asked && n != int32(t.partitions) {
			to.Warn("a topic has another number of partitions than is configured, and keeps it: with another, keys would move",
				zap.String("topic", t.name), zap.Int32("has", n), zap.Int("configured", t.partitions))
		}
	}
	return nil
}

// check looks whether the cluster keeps what it is trusted with. What cannot be
// seen is said, and refused where durable is asked for.
func (p *relayPlan) check(ctx context.Context, log *openLog, to *zap.Logger) error {
	names := make([]string, len(p.topics))
	for i, t := range p.topics {
		names[i] = t.name
	}
	report, err := log.topics.Check(ctx, names, kafka.Durability{Durable: p.durable})
	if err != nil {
		if p.durable {
			return err // it is tried again
		}
		to.Warn("whether the log keeps messages safe cannot be seen", zap.Error(err))
		return nil
	}
	if !report.Embedded { // what is to be said of that one is said
		for _, w := range report.Warnings() {
			to.Warn("the relay's log: " + w)
		}
	}
	if err := report.Err(); err != nil {
		return unfitError{fmt.Errorf("durable is asked for and cannot be promised: %w", err)}
	}
	return nil
}

// messageExtra is what the relay adds to a message, and a batch around it.
const messageExtra = 64 << 10

// openSpool opens the spool of a configuration.
func openSpool(cfg *RelaySpoolConfig) (relaySpool, error) {
	return spool.Open(spool.Config{Dir: cfg.Dir, MaxBytes: cfg.Size})
}

// wantedTopic is a topic as it is made where it is not there.
type wantedTopic struct {
	name       string
	partitions int
	retention  time.Duration
	maxBytes   int
	asked      bool // the number of partitions is the user's
	grows      bool // its retention is lengthened before messages are lost by it
}

// Defaults of topics that are made.
const (
	defaultPartitions = 12
	defaultRetention  = 7 * 24 * time.Hour
	deadRetention     = 30 * 24 * time.Hour
)

// wanted are the topics that must be there: those that are written to, and
// those of dead letters.
func (d *relayDraft) wanted() (all []wantedTopic) {
	for i := range d.cfg.Topics {
		t := &d.cfg.Topics[i]
		w := wantedTopic{name: t.Name, partitions: defaultPartitions, retention: defaultRetention, maxBytes: 1_000_000, grows: !t.RetentionFixed}
		if t.Partitions > 0 {
			w.partitions, w.asked = t.Partitions, true
		}
		if t.Retention > 0 {
			w.retention = time.Duration(t.Retention)
		}
		w.maxBytes = max(w.maxBytes, int(t.MaxSize))
		all = append(all, w)
	}
	for i := range d.cfg.Deliveries {
		v := &d.cfg.Deliveries[i]
		dead := wantedTopic{name: v.dead(), partitions: 1, retention: deadRetention}
		for _, t := range all {
			for _, name := range v.Topics {
				if t.name == name {
					dead.partitions, dead.maxBytes = max(dead.partitions, t.partitions), max(dead.maxBytes, t.maxBytes)
				}
			}
		}
		all = append(all, dead)
	}
	return append(all, d.cfg.ourOwn()...)
}
