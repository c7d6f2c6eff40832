package verify

import (
	"context"
	"time"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/track"
)

// logReader looks at the log from outside, as the judge's witness.
type logReader struct {
	log        *kafka.Log
	topic      string
	group      string
	partitions int
	replicated bool // more than one broker
}

func openLogReader(a access, brokers []string, topic, group string, partitions int) (*logReader, error) {
	l, err := kafka.Open(a.client(brokers, "daero-verify"))
	if err != nil {
		return nil, err
	}
	return &logReader{log: l, topic: topic, group: group, partitions: partitions, replicated: len(brokers) > 1}, nil
}

// askWithin bounds one question.
const askWithin = 5 * time.Second

// places returns where the group stands.
func (l *logReader) places(ctx context.Context) (Places, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	marks, err := l.log.Places(ctx, l.group)
	if err != nil {
		return nil, err
	}
	p := Places{}
	for _, m := range marks {
		t, _, _ := track.Restore(m.Offset, m.Metadata)
		p[m.Partition] = t.Finished
	}
	return p, nil
}

// sum adds up the offsets that the group has committed.
func (l *logReader) sum(ctx context.Context) (n int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	marks, err := l.log.Places(ctx, l.group)
	for _, m := range marks {
		n += m.Offset
	}
	return n, err
}

// ping asks whether the log is there.
func (l *logReader) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := l.log.Places(ctx, l.group)
	return err
}

func (l *logReader) close() { _ = l.log.Close() } // it has written nothing

var _ relay.Reader = (*kafka.Log)(nil)
