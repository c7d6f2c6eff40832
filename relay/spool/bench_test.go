package spool_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/spool"
)

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 64, 512} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := open(b, spool.Config{MaxBytes: 8 << 30})
			rec := make([]byte, 300)
			b.ReportAllocs()
			b.SetBytes(int64(len(rec)))
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			b.ResetTimer()
			for range writers {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if err := s.Append(b.Context(), rec); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rec/s")
		})
	}
}

// BenchmarkAgainstDisk compares, by turns in one run, how long 64 writers wait
// for their records with how long the disk itself takes to sync one write: by
// the spool alone, and through a relay whose log is away. The bar is p99 over
// p99, at most 4.
func BenchmarkAgainstDisk(b *testing.B) {
	rec := make([]byte, 300)
	b.Run("spool", func(b *testing.B) {
		s := open(b, spool.Config{MaxBytes: 8 << 30})
		againstDisk(b, func() error { return s.Append(b.Context(), rec) })
	})
	b.Run("relay", func(b *testing.B) {
		r, err := relay.New(relay.Config{
			Log: awayLog{}, Spool: open(b, spool.Config{MaxBytes: 8 << 30}),
			Topics: []relay.Topic{{Name: "orders", Outage: relay.Spool}},
		})
		if err != nil {
			b.Fatal(err)
		}
		againstDisk(b, func() error {
			_, err := r.Accept(b.Context(), &relay.Message{Topic: "orders", Key: []byte("k"), Value: rec})
			return err
		})
	})
}

func againstDisk(b *testing.B, write func() error) {
	const writers, turns = 64, 40
	f, err := os.Create(filepath.Join(b.TempDir(), "plain"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for b.Loop() {
		var disk, ours []time.Duration
		records := 0
		spent := time.Duration(0)
		for range turns {
			disk = append(disk, syncs(b, f, make([]byte, 300), 100*time.Millisecond)...)
			start := time.Now()
			got := writes(b, write, writers, 100*time.Millisecond)
			spent += time.Since(start)
			records += len(got)
			ours = append(ours, got...)
		}
		d, o := p99(disk), p99(ours)
		b.ReportMetric(float64(d.Microseconds()), "disk-p99-us")
		b.ReportMetric(float64(o.Microseconds()), "ours-p99-us")
		b.ReportMetric(float64(o)/float64(d), "ratio")
		b.ReportMetric(float64(records)/spent.Seconds(), "rec/s")
	}
}

// syncs writes and syncs one record after the other, as the spool would for one
// writer.
func syncs(b *testing.B, f *os.File, rec []byte, long time.Duration) (took []time.Duration) {
	for end := time.Now().Add(long); ; {
		start := time.Now()
		if start.After(end) {
			return took
		}
		if _, err := f.Write(rec); err != nil {
			b.Fatal(err)
		}
		if err := spool.Datasync(f); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
}

func writes(b *testing.B, write func() error, writers int, long time.Duration) (took []time.Duration) {
	ctx, cancel := context.WithTimeout(b.Context(), long)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			var mine []time.Duration
			for ctx.Err() == nil {
				start := time.Now()
				if err := write(); err != nil {
					b.Error(err)
					return
				}
				mine = append(mine, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	wg.Wait()
	return took
}

func p99(ds []time.Duration) time.Duration {
	slices.Sort(ds)
	return ds[len(ds)*99/100]
}

// prompt keeps nothing and says at once that it has.
type prompt struct{ q chan func() }

func (p *prompt) Append(m *relay.Message, done func(relay.Position, error)) {
	at := relay.Position{Topic: m.Topic}
	p.q <- func() { done(at, nil) }
}

func (p *prompt) Consume(context.Context, relay.Group, relay.Consumer) error { return relay.ErrAway }

// BenchmarkDrain takes a backlog of 10,000 keys out of the spool. What it holds
// in memory does not grow with the backlog.
func BenchmarkDrain(b *testing.B) {
	dir := b.TempDir()
	s := open(b, spool.Config{Dir: dir, MaxBytes: 8 << 30})
	log := &prompt{q: make(chan func(), 4096)}
	topics := []relay.Topic{{Name: "orders", Outage: relay.Spool}}
	away, err := relay.New(relay.Config{Log: awayLog{}, Spool: s, Topics: topics, Remember: 1000})
	if err != nil {
		b.Fatal(err)
	}
	var wg sync.WaitGroup
	var n atomic.Int64
	for range 512 {
		wg.Go(func() {
			for {
				i := n.Add(1)
				if i > int64(b.N) {
					return
				}
				m := &relay.Message{Topic: "orders", Key: fmt.Append(nil, i%10_000), Value: make([]byte, 300)}
				if _, err := away.Accept(context.Background(), m); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	r, err := relay.New(relay.Config{Log: log, Spool: s, Topics: topics})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	b.ReportAllocs()
	b.ResetTimer()
	over := make(chan struct{})
	go func() {
		defer close(over)
		r.Run(ctx)
	}()
	for range b.N {
		(<-log.q)()
	}
	b.StopTimer()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	b.ReportMetric(float64(mem.Sys)/(1<<20), "MiB-of-process")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rec/s")
	cancel()
	<-over
}

// awayLog is a log that is away.
type awayLog struct{}

func (awayLog) Append(m *relay.Message, done func(relay.Position, error)) {
	go done(relay.Position{Topic: m.Topic}, relay.ErrAway)
}

func (awayLog) Consume(context.Context, relay.Group, relay.Consumer) error { return relay.ErrAway }
