package kafka

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// limits knows how large a batch each topic takes. A batch of many small
// messages that is too large would be refused as a whole, and each of them with
// it.
type limits struct {
	most int // of Config
	opts []kgo.Opt

	mu     sync.Mutex
	client *kgo.Client // made when it is first asked
	known  map[string]int32
	closed bool
}

const (
	limitWithin = 3 * time.Second
	leastBatch  = 512
)

// of asks the brokers once for each topic. The client that appends waits for
// it, before it writes to the topic for the first time.
func (l *limits) of(topic string) int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n, ok := l.known[topic]; ok {
		return n
	}
	if topic == "" || l.closed {
		return int32(l.most)
	}
	n, ok := l.ask(topic)
	if !ok {
		return int32(l.most) // not remembered: it is asked again
	}
	l.known[topic] = n
	return n
}

func (l *limits) ask(topic string) (int32, bool) {
	if l.client == nil {
		client, err := kgo.NewClient(l.opts...)
		if err != nil {
			return 0, false
		}
		l.client = client
	}
	ctx, cancel := context.WithTimeout(context.Background(), limitWithin)
	defer cancel()
	rs, err := kadm.NewClient(l.client).DescribeTopicConfigs(ctx, topic)
	if err != nil {
		return 0, false
	}
	c, err := rs.On(topic, nil)
	if err != nil || c.Err != nil {
		return int32(l.most), true // not ours to see
	}
	n := number(c, "max.message.bytes")
	if n <= 0 {
		return int32(l.most), true
	}
	return int32(max(leastBatch, min(l.most, n))), true
}

func (l *limits) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.client != nil {
		l.client.Close()
		l.client = nil
	}
}
