package fleetlog_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/level"
	"github.com/daero/daero/level/fleet"
	"github.com/daero/daero/relay/fleetlog"
)

// wire is a gateway's way to the brokers, which can be cut.
type wire struct {
	net *kfake.VirtualNetwork
	cut atomic.Bool

	mu    sync.Mutex
	conns []net.Conn
}

func (w *wire) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if w.cut.Load() {
		return nil, errors.New("cut")
	}
	c, err := w.net.DialContext(ctx, network, addr)
	if err == nil {
		w.mu.Lock()
		w.conns = append(w.conns, c)
		w.mu.Unlock()
	}
	return c, err
}

func (w *wire) sever() {
	w.cut.Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

// TestOverKafka: five gateways, a cluster of three brokers, the driver as it is
// used. A majority raises the others; who is cut off from the cluster acts alone,
// and the others go on; then all agree again.
func TestOverKafka(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network kfake.VirtualNetwork
		cluster, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.Ports(9092, 9093, 9094), kfake.ListenFn(network.Listen))
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Close()
		if err := cluster.CreateTopic(fleetlog.Topic, 3, nil); err != nil {
			t.Fatal(err)
		}
		w := &world{t: t}
		wires := make([]*wire, 5)
		for i := range wires {
			wires[i] = &wire{net: &network}
			log, err := kafka.Open(kafka.Config{Brokers: cluster.ListenAddrs(), Dial: wires[i].dial})
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			w.all = append(w.all, &gateway{})
			w.start(i, func(i int, c *fleetlog.Config) {
				c.Log, c.Fleet.Hold = log, 5*time.Second
			})
		}
		defer func() {
			for _, g := range w.all {
				g.end()
			}
		}()
		time.Sleep(10 * time.Second)
		for i, g := range w.all {
			if st := g.m.State(time.Now()); st.Heard != 4 || st.Error != "" {
				t.Fatalf("gateway %d: %+v", i, st)
			}
		}
		for _, g := range w.all[:3] {
			g.find(level.Alert)
		}
		began := time.Now()
		for w.all[3].acting() != level.Alert || w.all[4].acting() != level.Alert {
			time.Sleep(level.Interval)
			if time.Since(began) > 2*time.Second {
				t.Fatalf("not raised after %s", time.Since(began))
			}
		}
		t.Logf("raised after %s", time.Since(began))

		wires[4].sever()
		time.Sleep(fleet.DefaultStale + 6*time.Second)
		if got := w.all[4].acting(); got != level.Normal {
			t.Errorf("cut off, and acts on %s", got)
		}
		if got := w.all[3].acting(); got != level.Alert {
			t.Errorf("another was cut off, and this one acts on %s", got)
		}
		wires[4].cut.Store(false)
		time.Sleep(15 * time.Second)
		if got := w.all[4].acting(); got != level.Alert {
			t.Errorf("back, and acts on %s: %+v", got, w.all[4].m.State(time.Now()))
		}
		for i, g := range w.all {
			st := g.m.State(time.Now())
			if st.Log.Malformed+st.Log.Unsigned != 0 || st.Heard != 4 || st.Error != "" {
				t.Errorf("gateway %d: %+v", i, st)
			}
			if lost := st.Log.Failed; i < 4 && lost != 0 {
				t.Errorf("gateway %d: %s", i, fmt.Sprint(st.Log))
			}
		}
	})
}
