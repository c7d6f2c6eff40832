package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
)

// heard are the different messages of a Tail.
type heard struct {
	mu  sync.Mutex
	all map[string]bool
}

func (h *heard) hear(m *relay.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all == nil {
		h.all = map[string]bool{}
	}
	h.all[string(m.Value)] = true
}

func (h *heard) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.all)
}

func say(t *testing.T, l *kafka.Log, topic string, from, to int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := from; i < to; i++ {
		wg.Add(1)
		l.Append(&relay.Message{Topic: topic, Key: fmt.Append(nil, i), Value: fmt.Append(nil, i), Partition: -1}, func(_ relay.Position, err error) {
			defer wg.Done()
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestTailHearsAllThatIsNew: of all partitions, several at once, nothing that
// was there before, across a move of all leaders; and it leaves no group behind.
func TestTailHearsAllThatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t)
		if err := f.CreateTopic("t", 3, nil); err != nil {
			t.Fatal(err)
		}
		l := f.open(t, kafka.Config{})
		say(t, l, "t", 0, 50)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		ears := make([]heard, 3)
		for i := range ears {
			wg.Go(func() {
				if err := l.Tail(ctx, "t", ears[i].hear); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		time.Sleep(5 * time.Second)
		say(t, l, "t", 100, 200)
		f.ShufflePartitionLeaders()
		say(t, l, "t", 200, 300)
		time.Sleep(10 * time.Second)
		for i := range ears {
			if n := ears[i].count(); n != 200 {
				t.Errorf("tail %d heard %d of 200", i, n)
			}
		}
		cancel()
		wg.Wait()
		groups, err := f.admin(t).ListGroups(within(t, time.Minute))
		if err != nil || len(groups) != 0 {
			t.Errorf("groups %v, %v", groups.Groups(), err)
		}
	})
}

// TestTailWaitsForATopic that is made later.
func TestTailWaitsForATopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t)
		l := f.open(t, kafka.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var ear heard
		wg.Go(func() { _ = l.Tail(ctx, "late", ear.hear) })
		time.Sleep(time.Minute)
		if err := f.CreateTopic("late", 2, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute) // the client looks for topics once a minute
		say(t, l, "late", 0, 10)
		time.Sleep(5 * time.Second)
		if n := ear.count(); n != 10 {
			t.Errorf("heard %d of 10", n)
		}
		cancel()
		wg.Wait()
	})
}

// TestTailWithoutRights says so.
func TestTailWithoutRights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t)
		if err := f.CreateTopic("t", 1, nil); err != nil {
			t.Fatal(err)
		}
		f.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
			fetch, ok := req.(*kmsg.FetchRequest)
			if !ok {
				return nil, nil, false
			}
			f.KeepControl()
			resp := fetch.ResponseKind().(*kmsg.FetchResponse)
			for _, rt := range fetch.Topics {
				st := kmsg.NewFetchResponseTopic()
				st.Topic, st.TopicID = rt.Topic, rt.TopicID
				for _, rp := range rt.Partitions {
					sp := kmsg.NewFetchResponseTopicPartition()
					sp.Partition, sp.ErrorCode = rp.Partition, kerr.TopicAuthorizationFailed.Code
					st.Partitions = append(st.Partitions, sp)
				}
				resp.Topics = append(resp.Topics, st)
			}
			return resp, nil, true
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := f.open(t, kafka.Config{}).Tail(ctx, "t", func(*relay.Message) {}); !errors.Is(err, relay.ErrDenied) {
			t.Errorf("%v", err)
		}
	})
}
