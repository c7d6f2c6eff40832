package spool_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
// for their records with how long the disk itself takes to sync one write. The
// bar is p99 over p99, at most 4.
func BenchmarkAgainstDisk(b *testing.B) {
	const writers, turns = 64, 40
	dir := b.TempDir()
	s := open(b, spool.Config{Dir: filepath.Join(dir, "spool"), MaxBytes: 8 << 30})
	f, err := os.Create(filepath.Join(dir, "plain"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	rec := make([]byte, 300)
	for b.Loop() {
		var disk, ours []time.Duration
		records := 0
		spent := time.Duration(0)
		for range turns {
			disk = append(disk, syncs(b, f, rec, 100*time.Millisecond)...)
			start := time.Now()
			got := appends(b, s, rec, writers, 100*time.Millisecond)
			spent += time.Since(start)
			records += len(got)
			ours = append(ours, got...)
		}
		d, o := p99(disk), p99(ours)
		b.ReportMetric(float64(d.Microseconds()), "disk-p99-us")
		b.ReportMetric(float64(o.Microseconds()), "append-p99-us")
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

func appends(b *testing.B, s *spool.Spool, rec []byte, writers int, long time.Duration) (took []time.Duration) {
	ctx, cancel := context.WithTimeout(b.Context(), long)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			var mine []time.Duration
			for ctx.Err() == nil {
				start := time.Now()
				if err := s.Append(b.Context(), rec); err != nil {
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
