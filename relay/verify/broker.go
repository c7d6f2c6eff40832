package verify

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/driver/kafka/embedded"
	"github.com/daero/daero/relay"
)

// runBroker is the broker of the program, in a process of its own.
func runBroker(ctx context.Context, cfg childConfig) error {
	_, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	l, err := embedded.Open(embedded.Config{Dir: cfg.Data, Port: n})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return l.Close()
}

// topics are what a run makes: the topic, its dead letters, and where keys are
// parked.
func (l *logReader) topics() []string {
	return []string{l.topic, l.topic + ".dead", relay.ParkedTopic(l.topic, l.group)}
}

// makeTopics makes the topics as they must be for nothing to be lost: on a
// cluster with three copies, of which two must have a record before it is
// acknowledged.
func (l *logReader) makeTopics(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	var specs []kafka.TopicSpec
	for _, name := range l.topics() {
		s := kafka.TopicSpec{Name: name, Partitions: int32(l.partitions)}
		if l.replicated {
			s.Replicas, s.Settings = 3, map[string]string{"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}
		}
		specs = append(specs, s)
	}
	_, err := l.log.EnsureTopics(ctx, specs...)
	return err
}

// dropTopics takes them away again.
func (l *logReader) dropTopics() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return l.log.DropTopics(ctx, l.topics()...)
}
