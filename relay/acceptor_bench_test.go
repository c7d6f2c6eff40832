package relay_test

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/daero/daero/relay"
)

// readyLog keeps everything at once, on a goroutine of its own.
type readyLog struct{ q chan func() }

func (l *readyLog) Append(m *relay.Message, done func(relay.Position, error)) {
	at := relay.Position{Topic: m.Topic}
	l.q <- func() { done(at, nil) }
}

func (l *readyLog) Consume(context.Context, relay.Group, relay.Consumer) error { return relay.ErrAway }

func BenchmarkAccept(b *testing.B) {
	for name, own := range map[string]bool{"id=own": true, "id=made": false} {
		b.Run(name, func(b *testing.B) {
			log := &readyLog{q: make(chan func(), 64)}
			over := make(chan struct{})
			go func() {
				defer close(over)
				for f := range log.q {
					f()
				}
			}()
			r, err := relay.New(relay.Config{Log: log, Topics: []relay.Topic{{Name: "orders"}}, Remember: 1000})
			if err != nil {
				b.Fatal(err)
			}
			n := uint64(0)
			id := make([]byte, 8)
			b.ReportAllocs()
			for b.Loop() {
				m := &relay.Message{Topic: "orders", Key: []byte("k"), Value: make([]byte, 300), Headers: []relay.Header{
					{Name: "content-type", Value: []byte("application/json")}, {Name: relay.HeaderWriter, Value: []byte("shop")},
				}}
				if own {
					n++
					binary.BigEndian.PutUint64(id, n)
					m.Headers = append(m.Headers, relay.Header{Name: relay.HeaderID, Value: []byte{
						'a' + id[7]&15, 'a' + id[7]>>4, 'a' + id[6]&15, 'a' + id[6]>>4, 'a' + id[5]&15, 'a' + id[5]>>4, 'a' + id[4]&15,
					}})
				}
				if _, err := r.Accept(context.Background(), m); err != nil {
					b.Fatal(err)
				}
			}
			close(log.q)
			<-over
		})
	}
}

// BenchmarkRepeat answers from memory.
func BenchmarkRepeat(b *testing.B) {
	log := &readyLog{q: make(chan func(), 1)}
	r, err := relay.New(relay.Config{Log: log, Topics: []relay.Topic{{Name: "orders"}}})
	if err != nil {
		b.Fatal(err)
	}
	go func() { (<-log.q)() }()
	m := order("k", "1", "v")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Accept(context.Background(), m); err != nil {
			b.Fatal(err)
		}
	}
}
