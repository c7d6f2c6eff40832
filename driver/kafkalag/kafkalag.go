// Package kafkalag reads how far a consumer group is behind, in records.
//
// Lag is what is left to consume: from the group's committed offset to the end
// of each partition of the topics that it committed to; all of a partition
// without a commit.
package kafkalag

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/driver/poll"
	"github.com/daero/daero/level"
)

// Signal reads the lag of one group. Read may be called at any time; Run once.
type Signal struct {
	cfg  Config
	opts []kgo.Opt
	poll *poll.Poller

	mu    sync.Mutex
	admin *kadm.Client // while it runs
}

// New returns a Signal. It contacts nobody; the error names every mistake.
func New(cfg Config) (*Signal, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	opts := cfg.options()
	if err := kgo.ValidateOpts(opts...); err != nil {
		return nil, fmt.Errorf("the Kafka client refuses the settings: %w", err)
	}
	s := &Signal{cfg: cfg, opts: opts}
	s.poll = poll.New(poll.Config{
		Every: cfg.Every, Timeout: timeout(cfg.Every), Ask: s.ask, Seed: cfg.Seed,
		Secrets: []string{cfg.SASL.Password},
	})
	return s, nil
}

// timeout leaves room for a first connection, TLS and SASL included.
func timeout(every time.Duration) time.Duration { return max(every, 5*time.Second) }

// Run asks until ctx ends, and returns why it did.
func (s *Signal) Run(ctx context.Context) error {
	client, err := kgo.NewClient(s.opts...) // connects with the first question
	if err != nil {
		return err
	}
	defer client.Close()
	s.use(kadm.NewClient(client))
	defer s.use(nil)
	return s.poll.Run(ctx)
}

func (s *Signal) use(admin *kadm.Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.admin = admin
}

// Read returns the last lag, in records, and when it was found. Note says why
// there is none, or none newer.
func (s *Signal) Read(now time.Time) level.Reading { return s.poll.Read(now) }

// Stale is the age from which readings should count as stale.
func (s *Signal) Stale() time.Duration { return s.poll.Stale() }

func (s *Signal) ask(ctx context.Context) (poll.Answer, error) {
	s.mu.Lock()
	admin := s.admin
	s.mu.Unlock()
	lag, err := s.lag(ctx, admin)
	if err != nil {
		return poll.Answer{}, brief(ctx, err)
	}
	return poll.Answer{Value: lag}, nil
}

// lag asks for what was committed, then where the partitions begin and end.
func (s *Signal) lag(ctx context.Context, admin *kadm.Client) (float64, error) {
	commits, err := admin.FetchOffsets(ctx, s.cfg.Group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) { // some brokers say nothing instead
		return 0, err
	}
	topics := s.topics(commits)
	if len(topics) == 0 {
		what := ""
		if s.cfg.Topic != "" {
			what = " of topic " + s.cfg.Topic
		}
		return 0, fmt.Errorf("group %s has committed no offset%s: check the names (%w)", s.cfg.Group, what, poll.ErrNothing)
	}
	starts, err := admin.ListStartOffsets(ctx, topics...)
	if err != nil {
		return 0, err
	}
	ends, err := admin.ListEndOffsets(ctx, topics...)
	if err != nil {
		return 0, err
	}
	return total(commits, starts, ends, s.cfg.Max)
}

// topics are those that the group committed to, or the one configured.
func (s *Signal) topics(commits kadm.OffsetResponses) (topics []string) {
	for t := range commits {
		if s.cfg.Topic == "" || s.cfg.Topic == t {
			topics = append(topics, t)
		}
	}
	return topics
}

// total adds up the lag of all partitions, or takes the greatest. A partition
// that cannot be told makes the whole not known: less than it is would look
// like calm.
func total(commits kadm.OffsetResponses, starts, ends kadm.ListedOffsets, greatest bool) (float64, error) {
	var lag int64
	for topic, partitions := range ends {
		for p, end := range partitions {
			commit, ok := commits.Lookup(topic, p)
			if err := errors.Join(end.Err, commit.Err); err != nil {
				return 0, fmt.Errorf("topic %s, partition %d: %w", topic, p, err)
			}
			from := commit.At
			if start, known := starts.Lookup(topic, p); !ok || from < 0 {
				if from = 0; known && start.Err == nil {
					from = max(start.Offset, 0)
				}
			}
			behind := max(end.Offset-from, 0)
			if greatest {
				lag = max(lag, behind)
			} else {
				lag += behind
			}
		}
	}
	return float64(lag), nil
}

// brief makes an error of the client short.
func brief(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.DeadlineExceeded
	}
	if e, ok := errors.AsType[*kadm.AuthError](err); ok {
		return fmt.Errorf("the broker does not allow it: %w", e.Err)
	}
	if e, ok := errors.AsType[*kadm.ShardErrors](err); ok && len(e.Errs) > 0 {
		err = e.Errs[0].Err
	}
	if e, ok := errors.AsType[*kerr.Error](err); ok {
		return errors.New("the broker answers " + e.Message)
	}
	return err
}
