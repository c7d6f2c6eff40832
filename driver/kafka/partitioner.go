package kafka

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/relay"
)

// PartitionsChangedError says that a topic has not the number of partitions
// that was recorded. It is a [relay.ErrDenied].
type PartitionsChangedError struct {
	Topic         string
	Recorded, Now int
}

// Error names the cure.
func (e *PartitionsChangedError) Error() string {
	return fmt.Sprintf("topic %s has %d partitions, recorded are %d: keys would move to other partitions and lose their order; "+
		"stop its writers, let every group finish what is there, then record %d and start the writers again; "+
		"or move to a new topic in the same way", e.Topic, e.Now, e.Recorded, e.Now)
}

// Unwrap makes it a [relay.ErrDenied].
func (e *PartitionsChangedError) Unwrap() error { return relay.ErrDenied }

// partitioner gives every key the partition that Kafka's own clients give it:
// murmur2, without the sign, by the number of partitions. Others who write to
// the same topic and keep to the default agree.
type partitioner struct{ recorded map[string]int32 }

func (p partitioner) ForTopic(topic string) kgo.TopicPartitioner {
	return &topicPartitioner{
		TopicPartitioner: kgo.StickyKeyPartitioner(nil).ForTopic(topic),
		recorded:         int(p.recorded[topic]),
	}
}

type topicPartitioner struct {
	kgo.TopicPartitioner
	recorded int
}

// Partition refuses keyed records with -1 when the number is not as recorded.
// Those without a key have no order to lose. Pinned ones go where they are
// pinned to.
func (t *topicPartitioner) Partition(r *kgo.Record, n int) int {
	if p, ok := r.Context.(*pending); ok && p.pin >= 0 {
		if int(p.pin) < n {
			return int(p.pin)
		}
		p.refused = fmt.Errorf("topic %s has %d partitions: no partition %d: %w", r.Topic, n, p.pin, relay.ErrNoTopic)
		return -1
	}
	if t.recorded > 0 && n != t.recorded && r.Key != nil {
		if p, ok := r.Context.(*pending); ok {
			p.refused = &PartitionsChangedError{r.Topic, t.recorded, n}
		}
		return -1
	}
	return t.TopicPartitioner.Partition(r, n)
}

// RequiresConsistency says that a pinned record waits for its partition, as a
// keyed one does, where others go to those that can be written to now.
func (t *topicPartitioner) RequiresConsistency(r *kgo.Record) bool {
	if p, ok := r.Context.(*pending); ok && p.pin >= 0 {
		return true
	}
	return t.TopicPartitioner.RequiresConsistency(r)
}

// OnNewBatch passes on that a batch is full, so that records without a key go
// elsewhere.
func (t *topicPartitioner) OnNewBatch() {
	if b, ok := t.TopicPartitioner.(kgo.TopicPartitionerOnNewBatch); ok {
		b.OnNewBatch()
	}
}
