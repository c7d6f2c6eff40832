package verify_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay/verify"
)

// TestClusterWithAPassword runs against a broker that asks who is there, and is
// not killed.
func TestClusterWithAPassword(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "daero", "secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cfg := verify.Config{
		Records: 600, Kills: 3, Seed: 5, Brokers: c.ListenAddrs(),
		SASL: kafka.SASL{Mechanism: "scram-sha-256", User: "daero", Password: "secret"},
	}
	if res := play(t, cfg); !res.OK || res.Killed[verify.Broker] != 0 || res.Broker != "kafka" {
		t.Errorf("not kept, or the broker was killed: %+v", res)
	}
}

func TestMistakesOfARun(t *testing.T) {
	for name, cfg := range map[string]verify.Config{
		"records":    {Records: -1},
		"kills":      {Kills: -1},
		"keys":       {Keys: 1 << 20},
		"partitions": {Partitions: -1},
		"brokers":    {Cluster: cluster{}},
	} {
		if _, err := verify.Run(t.Context(), cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
