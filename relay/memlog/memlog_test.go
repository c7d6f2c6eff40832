package memlog_test

import (
	"testing"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/logtest"
	"github.com/daero/daero/relay/memlog"
)

// TestIsALog: it does all that the real ones must do.
func TestIsALog(t *testing.T) {
	logs := map[relay.Log]*memlog.Log{}
	logtest.Run(t, func(t *testing.T) relay.Log {
		l := memlog.New(memlog.Config{})
		t.Cleanup(l.Close)
		n := l.Node("one")
		logs[n] = l
		return n
	}, logtest.Options{
		Topic: func(_ *testing.T, l relay.Log, name string, partitions int32) { logs[l].Topic(name, int(partitions)) },
		Trim: func(_ *testing.T, l relay.Log, p relay.Partition, before int64) {
			logs[l].Trim(p, before)
		},
		Forget:   func(_ *testing.T, l relay.Log, group string, p relay.Partition) { logs[l].Forget(group, p) },
		TooLarge: 2 << 20,
		Bubble:   true,
	})
}
