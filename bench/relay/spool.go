package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/daero/daero/relay/spool"
)

const (
	spoolWriters = 64
	recordBytes  = 1000
	wantSpool    = 4.0 // times the disk's own p99
)

// spool compares how long accepting into the spool takes with how long the disk
// takes to keep the same bytes: 64 writers on one spool, and 64 on a file each.
// Beside it, for who wants to know, one writer alone.
func (b *bench) spool(ctx context.Context) error {
	each := 300
	if b.smoke {
		each = 20
	}
	var shared, alone []float64
	for n := range b.rounds {
		dir := filepath.Join(b.dir, fmt.Sprintf("spool-%d", n))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		disk, err := b.disk(dir, spoolWriters, each)
		if err != nil {
			return err
		}
		single, err := b.disk(dir, 1, each)
		if err != nil {
			return err
		}
		took, err := b.append(ctx, filepath.Join(dir, "spool"), each)
		if err != nil {
			return err
		}
		s, d, o := quantile(took, 0.99), quantile(disk, 0.99), quantile(single, 0.99)
		b.say("round %d: p99 of the spool %.2f ms, of fdatasync %.2f ms at 64 writers, %.2f ms alone", n+1, s, d, o)
		shared, alone = append(shared, s/d), append(alone, s/o)
	}
	b.report.add(bar{Name: "spool: p99 of accepting beside the disk's own", Want: wantSpool, AtMost: true, Unit: "x", Note: "64 writers of 1 kB on both sides; the disk's: write and fdatasync, a file each"}, shared...)
	b.report.add(bar{Name: "spool: the same beside one fdatasync at a time", Want: wantSpool, AtMost: true, Unit: "x", Note: "64 writers against a disk that serves one: the harder reading"}, alone...)
	return nil
}

// timed calls do from several goroutines and returns how long each call took,
// in ms.
func timed(writers, each int, do func(writer int) error) ([]float64, error) {
	took := make([][]float64, writers)
	errs := make([]error, writers)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for range each {
				begin := time.Now()
				if errs[w] = do(w); errs[w] != nil {
					return
				}
				took[w] = append(took[w], float64(time.Since(begin).Microseconds())/1000)
			}
		})
	}
	all.Wait()
	var joined []float64
	for _, t := range took {
		joined = append(joined, t...)
	}
	return joined, errors.Join(errs...)
}

func (b *bench) disk(dir string, writers, each int) ([]float64, error) {
	files := make([]*os.File, writers)
	for i := range files {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("disk-%d", i)))
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // it is of no use afterwards
		files[i] = f
	}
	record := make([]byte, recordBytes)
	return timed(writers, each, func(w int) error {
		if _, err := files[w].Write(record); err != nil {
			return err
		}
		return datasync(files[w])
	})
}

func (b *bench) append(ctx context.Context, dir string, each int) ([]float64, error) {
	s, err := spool.Open(spool.Config{Dir: dir})
	if err != nil {
		return nil, err
	}
	record := make([]byte, recordBytes)
	took, err := timed(spoolWriters, each, func(int) error { return s.Append(ctx, record) })
	return took, errors.Join(err, s.Close())
}
