package verify_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/internal/faultproxy/netns"
	kafkatest "github.com/daero/daero/test/kafka"
)

// TestALeaderThatIsCutOffLosesNothing takes the link of one of three brokers
// down, the leader of a third of the partitions, while messages are accepted
// and delivered; with -kills of more than 40 one broker after the other.
func TestALeaderThatIsCutOffLosesNothing(t *testing.T) {
	w, err := netns.New(3)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	var hosts []kafkatest.Host
	for _, h := range w.Hosts() {
		hosts = append(hosts, kafkatest.Host{Address: h.Address, Wrap: h.Wrap})
	}
	c := kafkatest.Start(t, kafkatest.Options{Brokers: 3, Hosts: hosts})
	cfg := kafka.Config{Brokers: c.Addrs(), Session: 6 * time.Second}
	admin, err := kafka.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	topics := []kafka.TopicSpec{
		{Name: "orders", Partitions: 6, Replicas: 3, Settings: map[string]string{"min.insync.replicas": "2"}},
		{Name: "ledger.dead", Partitions: 1, Replicas: 3},
	}
	if _, err := admin.EnsureTopics(t.Context(), topics...); err != nil {
		t.Fatal(err)
	}
	admin.Close()
	f := startFaulty(t, cfg, "orders", 24)
	moved := func(by int) func() bool {
		from := f.progress()
		return func() bool { return f.progress() > from+by }
	}
	say := func() string { return fmt.Sprintf("%d accepted", f.progress()) }
	waitFor(t, time.Minute, say, moved(500))
	cut := w.Hosts()
	if *kills <= 40 { // in CI one, which takes half a minute
		cut = cut[:1]
	}
	for i, h := range cut {
		if err := h.Down(); err != nil {
			t.Fatal(err)
		}
		// The others take over: every key goes on, those of the leader too.
		waitFor(t, 2*time.Minute, func() string { return fmt.Sprintf("broker %d is cut off; %s", i, say()) }, f.everyKeyMoves(20))
		if err := h.Up(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, time.Minute, say, moved(500))
	}
	f.judge(t, 2*time.Minute)
}
