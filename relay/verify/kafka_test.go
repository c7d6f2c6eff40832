package verify_test

import (
	"context"
	"testing"

	"github.com/daero/daero/relay/verify"
	kafkatest "github.com/daero/daero/test/kafka"
)

// cluster is real brokers that a run may kill.
type cluster struct {
	*kafkatest.Cluster
	n int
}

func (c cluster) Size() int { return c.n }

func (c cluster) Kill(i int) error {
	c.Cluster.Kill(i)
	return nil
}

func (c cluster) Restart(_ context.Context, i int) error {
	c.Cluster.Restart(i)
	return nil
}

func startCluster(t *testing.T, version string) cluster {
	t.Helper()
	return cluster{kafkatest.Start(t, kafkatest.Options{Version: version, Brokers: 3}), 3}
}

func TestKillsWithThreeBrokers(t *testing.T) {
	c := startCluster(t, kafkatest.Newest)
	res := play(t, verify.Config{Records: recordsPerKill * *kills, Kills: *kills, Seed: 4, Brokers: c.Addrs(), Cluster: c})
	if !res.OK || res.Killed[verify.Broker] == 0 {
		t.Errorf("not kept, or no broker was killed: %+v", res)
	}
}
