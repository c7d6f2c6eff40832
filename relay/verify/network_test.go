package verify_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/driver/kafka/embedded"
	"github.com/daero/daero/internal/faultproxy"
)

// TestABadNetworkLosesNothing puts faults that a seed draws between the relay
// and its broker: half-open connections, a broker that drips, forgotten bytes,
// halves of messages, resets.
func TestABadNetworkLosesNothing(t *testing.T) {
	const seed, rounds = 11, 24
	broker, err := embedded.Open(embedded.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	if _, err := broker.EnsureTopics(t.Context(),
		kafka.TopicSpec{Name: "orders", Partitions: 4}, kafka.TopicSpec{Name: "ledger.dead", Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	n := faultproxy.NewNet(seed)
	defer n.Close()
	f := startFaulty(t, kafka.Config{
		Brokers: []string{broker.Addr()}, Dial: n.DialContext, AppendWithin: 2 * time.Second, Session: 6 * time.Second,
	}, "orders", 12)
	defer f.end() // before the network goes
	say := func() string { return fmt.Sprintf("seed %d: %d accepted", seed, f.progress()) }
	good := func() {
		n.Set(faultproxy.Faults{})
		from := f.progress()
		waitFor(t, 90*time.Second, say, func() bool { return f.progress() > from+50 })
	}
	good()
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range rounds {
		n.Set(faultproxy.Random(r))
		if r.IntN(4) == 0 {
			n.Reset()
		}
		end := time.After(time.Duration(r.IntN(600)) * time.Millisecond)
		<-end
		if i%4 == 3 {
			good() // it recovers
		}
	}
	good()
	f.judge(t, 2*time.Minute)
}
