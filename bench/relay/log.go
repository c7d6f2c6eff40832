package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/driver/kafka/embedded"
	"github.com/daero/daero/relay"
)

// runBroker is the broker of the program, in a process of its own.
func runBroker(ctx context.Context, cfg childConfig) error {
	_, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	l, err := embedded.Open(embedded.Config{Dir: cfg.Dir, Port: n, MaxBytes: 4 << 30})
	if err != nil {
		return err
	}
	err = serve(ctx, cfg.Control, http.NotFoundHandler())
	if err2 := l.Close(); err == nil {
		err = err2
	}
	return err
}

func (b *bench) openLog() (*kafka.Log, error) {
	return kafka.Open(kafka.Config{Brokers: b.brokers, ClientID: "bench"})
}

// makeTopic makes a topic of its own for this run.
func (b *bench) makeTopic(ctx context.Context, l *kafka.Log, name string) (string, error) {
	topic := fmt.Sprintf("bench-%s-%d", name, os.Getpid())
	var specs []kafka.TopicSpec
	for _, t := range []string{topic, topic + ".dead"} {
		s := kafka.TopicSpec{Name: t, Partitions: partitions}
		if len(b.brokers) > 1 {
			s.Replicas, s.Settings = 3, map[string]string{"min.insync.replicas": "2"}
		}
		specs = append(specs, s)
	}
	_, err := l.EnsureTopics(ctx, specs...)
	return topic, err
}

// text is 200 bytes that hardly compress.
func text(r *rand.Rand) []byte {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789:,\"{} ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	b := make([]byte, 200)
	for i := range b {
		b[i] = letters[r.IntN(len(letters))]
	}
	return b
}

// spaces is 200 bytes of which next to nothing is left in the log: a fetch
// brings ten times as many messages.
func spaces(*rand.Rand) []byte { return bytes.Repeat([]byte(" "), 200) }

// fill makes a topic and writes records of 200 bytes into it.
func (b *bench) fill(ctx context.Context, name string, records, keys int, value func(*rand.Rand) []byte) (string, error) {
	l, err := b.openLog()
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }() // every record was answered
	topic, err := b.makeTopic(ctx, l, name)
	if err != nil {
		return "", err
	}
	random := rand.New(rand.NewPCG(b.seed, 0))
	var waiting sync.WaitGroup
	var failed atomic.Value
	room := make(chan struct{}, 10_000) // the log takes up to 20,000 at once
	for i := range records {
		room <- struct{}{}
		waiting.Add(1)
		m := &relay.Message{
			Topic: topic, Key: fmt.Appendf(nil, "key-%d", i%keys), Value: value(random), Partition: -1,
			Headers: []relay.Header{{Name: relay.HeaderID, Value: fmt.Appendf(nil, "id-%d", i)}},
		}
		l.Append(m, func(_ relay.Position, err error) {
			if err != nil {
				failed.Store(err)
			}
			<-room
			waiting.Done()
		})
	}
	waiting.Wait()
	if err, ok := failed.Load().(error); ok {
		return "", err
	}
	return topic, nil
}

// runProducer accepts messages as fast as the log takes them.
func runProducer(ctx context.Context, cfg childConfig) error {
	log, err := kafka.Open(kafka.Config{Brokers: cfg.Brokers, ClientID: "bench-producer"})
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // every record was answered
	r, err := relay.New(relay.Config{Log: log, Topics: []relay.Topic{{Name: cfg.Topic}}})
	if err != nil {
		return err
	}
	var accepted atomic.Int64
	writers := func(ctx context.Context) {
		var all sync.WaitGroup
		for w := range cfg.Writers {
			all.Go(func() {
				value := []byte(strings.Repeat("x", 200))
				for n := 0; ctx.Err() == nil; n++ {
					m := &relay.Message{Topic: cfg.Topic, Key: fmt.Appendf(nil, "writer-%d", w), Value: value, Partition: -1}
					if _, err := r.Accept(ctx, m); err == nil {
						accepted.Add(1)
					}
				}
			})
		}
		all.Wait()
	}
	work := func(ctx context.Context) error {
		var running sync.WaitGroup
		running.Go(func() { _ = r.Run(ctx) }) // it may have nothing to do
		writers(ctx)
		running.Wait()
		return nil
	}
	return beside(ctx, work, func(ctx context.Context) error {
		return serve(ctx, cfg.Control, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode(accepted.Load()) // whoever asked has gone
		}))
	})
}

// deadConsumer measures what writers get while the topic is delivered, and
// while its target takes requests and never answers.
func (b *bench) deadConsumer(ctx context.Context, window time.Duration) error {
	kept := len(b.procs)
	defer b.stopAll(kept)
	t, err := b.target(ctx, targetDelay)
	if err != nil {
		return err
	}
	var ratios []float64
	for n := range b.rounds {
		before, err := b.accepts(ctx, t, fmt.Sprintf("producer-%d-alive", n), window, "dead=false")
		if err != nil {
			return err
		}
		after, err := b.accepts(ctx, t, fmt.Sprintf("producer-%d-dead", n), window, "dead=true")
		if err != nil {
			return err
		}
		b.say("round %d: %.0f accepted/s, and %.0f/s with a dead consumer", n+1, before, after)
		ratios = append(ratios, after/before)
	}
	b.report.add(bar{Name: "one dead consumer: writers keep", Want: wantIsolation, Unit: "of before", Note: "16 writers; the consumer's target never answers"}, ratios...)
	return nil
}

func (b *bench) accepts(ctx context.Context, t service, name string, window time.Duration, set string) (float64, error) {
	if _, err := t.tell(ctx, set); err != nil {
		return 0, err
	}
	l, err := b.openLog()
	if err != nil {
		return 0, err
	}
	topic, err := b.makeTopic(ctx, l, name)
	_ = l.Close() // it has written nothing
	if err != nil {
		return 0, err
	}
	kept := len(b.procs)
	defer b.stopAll(kept)
	if _, err := b.relay(ctx, deliveryConfig{Name: "bench", Topic: topic, Group: b.group(), To: t.url, InFlight: 16}); err != nil {
		return 0, err
	}
	at, err := addresses(1)
	if err != nil {
		return 0, err
	}
	if _, err := b.start(ctx, "producer", childConfig{Control: at[0], Brokers: b.brokers, Topic: topic, Writers: 16}); err != nil {
		return 0, err
	}
	return measureRate(ctx, window, func() (n int64, err error) {
		err = ask(ctx, "http://"+at[0]+"/", &n)
		return n, err
	})
}
