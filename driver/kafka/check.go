package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/daero/daero/relay"
)

const placesTopic = "__consumer_offsets"

// Check looks at how well a cluster keeps topics. An error says that it could
// not look; what it saw, and whether that will do, is in the Report.
func (l *Log) Check(ctx context.Context, topics []string, want Durability) (Report, error) {
	want.Keep = cmp.Or(want.Keep, 24*time.Hour)
	want.MaxBytes = cmp.Or(want.MaxBytes, l.cfg.MaxBytes)
	admin := l.admin()
	c, id, err := l.footing(ctx, admin)
	if err != nil {
		return Report{}, fmt.Errorf("check of the log: %w", err)
	}
	r := Report{Version: c.version, Cluster: id, Brokers: c.brokers, Embedded: c.embedded, durable: want.Durable}
	r.Findings = c.findings(want)
	if len(topics) == 0 || c.embedded {
		return r, nil
	}
	details, err := admin.ListTopics(ctx, topics...)
	if err != nil {
		return Report{}, fmt.Errorf("check of the log: %w", askError(err))
	}
	configs, err := admin.DescribeTopicConfigs(ctx, topics...)
	if err != nil && !errors.Is(askError(err), relay.ErrDenied) {
		return Report{}, fmt.Errorf("check of the log: %w", askError(err))
	}
	for _, t := range topics {
		s, err := stands(t, details[t], configs)
		if err != nil {
			return Report{}, fmt.Errorf("check of the log: %w", err)
		}
		r.Findings = append(r.Findings, s.findings(want)...)
	}
	return r, nil
}

// stands gathers what is known of a topic.
func stands(topic string, d kadm.TopicDetail, configs kadm.ResourceConfigs) (standing, error) {
	s := standing{topic: topic}
	switch {
	case errors.Is(d.Err, kerr.UnknownTopicOrPartition):
		s.missing = true
		return s, nil
	case d.Err != nil:
		return s, fmt.Errorf("topic %s: %w", topic, askError(d.Err))
	}
	for _, p := range d.Partitions {
		if s.replicas == 0 || len(p.Replicas) < s.replicas {
			s.replicas = len(p.Replicas)
		}
		if len(p.ISR) < len(p.Replicas) {
			s.behind++
		}
	}
	c, err := configs.On(topic, nil)
	if err != nil || c.Err != nil {
		s.denied = true
		return s, nil
	}
	s.minInSync = number(c, "min.insync.replicas")
	s.unclean = setting(c, "unclean.leader.election.enable") == "true"
	s.policy = setting(c, "cleanup.policy")
	s.keep = retentionOf(configs, topic)
	s.maxBytes = number(c, "max.message.bytes")
	s.mayBeAhead = time.Duration(min(number(c, "message.timestamp.after.max.ms"), 1<<31)) * time.Millisecond
	return s, nil
}

// number is 0 where it is not known.
func number(c kadm.ResourceConfig, key string) int {
	n, err := strconv.Atoi(setting(c, key))
	if err != nil {
		return 0
	}
	return n
}

// footing gathers what is known of the cluster.
func (l *Log) footing(ctx context.Context, admin *kadm.Client) (c footing, id string, err error) {
	meta, err := admin.Metadata(ctx, placesTopic)
	if err != nil {
		return c, "", askError(err)
	}
	c.brokers, c.embedded = len(meta.Brokers), meta.Cluster == EmbeddedClusterID
	for _, p := range meta.Topics[placesTopic].Partitions {
		if c.placesReplicas == 0 || len(p.Replicas) < c.placesReplicas {
			c.placesReplicas = len(p.Replicas)
		}
	}
	f, err := askFeatures(ctx, admin)
	if err != nil {
		return c, "", err
	}
	f = f.guess()
	c.version, c.major, c.minor = f.version, f.major, f.minor
	c.elr = f.levels["eligible.leader.replicas.version"] >= 1
	if len(meta.Brokers) > 0 {
		rs, err := admin.DescribeBrokerConfigs(ctx, meta.Brokers[0].NodeID)
		if err == nil && len(rs) > 0 { // who may not look does without
			c.placesFor = time.Duration(number(rs[0], "offsets.retention.minutes")) * time.Minute
		}
	}
	return c, meta.Cluster, nil
}
