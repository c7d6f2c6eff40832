package gateway

import (
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/daero/daero"
	"github.com/daero/daero/driver/kafkalag"
	"github.com/daero/daero/level"
)

// kafkaOptions say which consumer group's lag is read, in records.
type kafkaOptions struct {
	Brokers []string `json:"brokers"`
	Group   string   `json:"group"`
	// Topic narrows it to one topic. Default: all that the group committed to.
	Topic string `json:"topic,omitempty"`
	// Max takes the partition that is furthest behind. Default: the sum.
	Max bool `json:"max,omitempty"`
	// Every is how often it is asked. Default 2s.
	Every caddy.Duration `json:"every,omitempty"`
	// TLS encrypts, trusting what the system trusts.
	TLS bool `json:"tls,omitempty"`
	// SASL is plain, scram-sha-256 or scram-sha-512; with User and Password, in
	// which placeholders are replaced.
	SASL     string `json:"sasl,omitempty"`
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
}

const kafkaExample = "signal lag kafka_lag host1:9092,host2:9092 group 1000 10000 100000 1000000"

var _ = addSource("kafka_lag", source{
	example: kafkaExample,
	unit:    unitOf(level.Plain),
	args: func(l *signalLine, args []string) []string {
		o := optionsOf[kafkaOptions](l)
		if len(args) < 2 {
			l.bad(l.d, "kafka_lag takes brokers and a consumer group: write it like %q", kafkaExample)
			return nil
		}
		o.Brokers, o.Group, args = strings.Split(args[0], ","), args[1], args[2:]
		if len(args) > 0 {
			if _, _, err := amount(args[0]); err != nil {
				o.Topic, args = args[0], args[1:]
			}
		}
		return args
	},
	words: func(l *signalLine) []word { return optionsOf[kafkaOptions](l).words(l) },
	make: func(m *making, s *SignalConfig) (daero.Source, error) {
		o, err := options[kafkaOptions](s)
		if err != nil {
			return nil, err
		}
		cfg := kafkalag.Config{Brokers: o.Brokers, Group: o.Group, Topic: o.Topic, Max: o.Max, Every: time.Duration(o.Every)}
		if o.TLS {
			cfg.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		cfg.SASL.Mechanism = o.SASL
		if cfg.SASL.User, err = m.optional(o.User); err != nil {
			return nil, fmt.Errorf("user: %w", err)
		}
		if cfg.SASL.Password, err = m.optional(o.Password); err != nil {
			return nil, fmt.Errorf("password: %w", err)
		}
		return kafkalag.New(cfg)
	},
})

func (o *kafkaOptions) words(l *signalLine) []word {
	return []word{
		{"every", func(d *caddyfile.Dispenser) { o.Every = l.duration(d, "2s") }},
		{"max", func(d *caddyfile.Dispenser) { o.Max = l.flag(d) }},
		{"tls", func(d *caddyfile.Dispenser) { o.TLS = l.flag(d) }},
		{"sasl", func(d *caddyfile.Dispenser) {
			args := d.RemainingArgs()
			if len(args) != 3 {
				l.bad(d, "sasl: takes a mechanism, a user and a password: write it like \"sasl scram-sha-256 daero {env.PASSWORD}\"")
				return
			}
			o.SASL, o.User, o.Password = args[0], args[1], args[2]
		}},
	}
}
