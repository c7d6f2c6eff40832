package fleetlog_test

import (
	"testing"
	"time"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/level"
	"github.com/daero/daero/relay/fleetlog"
	kafkatest "github.com/daero/daero/test/kafka"
)

// until waits for what a test is about, with a deadline.
func until(t *testing.T, within time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if ok() {
			break
		}
		if time.Since(began) > within {
			t.Fatalf("not within %s: %s", within, what)
		}
	}
	return time.Since(began)
}

// TestOverRealKafka: three gateways and a broker that is killed and comes back,
// against both series of Apache Kafka.
func TestOverRealKafka(t *testing.T) {
	for _, version := range []string{kafkatest.Newest, kafkatest.Old} {
		t.Run(version, func(t *testing.T) {
			c := kafkatest.Start(t, kafkatest.Options{Version: version})
			w := &world{t: t}
			for i := range 3 {
				log, err := kafka.Open(kafka.Config{Brokers: c.Addrs()})
				if err != nil {
					t.Fatal(err)
				}
				defer log.Close()
				if i == 0 {
					if _, err := log.EnsureTopics(t.Context(), kafka.TopicSpec{Name: fleetlog.Topic, Partitions: 1}); err != nil {
						t.Fatal(err)
					}
				}
				w.all = append(w.all, &gateway{})
				w.start(i, func(_ int, cfg *fleetlog.Config) {
					cfg.Log, cfg.Fleet.Hold = log, 2*time.Second
				})
			}
			defer func() {
				for _, g := range w.all {
					g.end()
				}
			}()
			heard := func(n int) func() bool {
				return func() bool {
					for _, g := range w.all {
						st := g.m.State(time.Now())
						settled := 0
						for _, m := range st.Members {
							if m.Settled {
								settled++
							}
						}
						if settled != n || st.Heard != n {
							return false
						}
					}
					return true
				}
			}
			t.Logf("all hear all after %s", until(t, time.Minute, "all hear all", heard(2)))
			w.all[0].find(level.Alert)
			w.all[1].find(level.Alert)
			acts := func(lv level.Level) func() bool { return func() bool { return w.all[2].acting() == lv } }
			t.Logf("raised after %s", until(t, 30*time.Second, "a majority is pressed, and the third acts", acts(level.Alert)))

			c.Kill(0)
			t.Logf("alone after %s", until(t, time.Minute, "nobody is heard", heard(0)))
			until(t, 30*time.Second, "alone, it acts on what it measures", acts(level.Normal))
			c.Restart(0)
			t.Logf("all hear all again after %s", until(t, 2*time.Minute, "all hear all again", heard(2)))
			until(t, 30*time.Second, "raised again", acts(level.Alert))
		})
	}
}
