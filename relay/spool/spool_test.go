package spool_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/spool"
)

func open(tb testing.TB, cfg spool.Config) *spool.Spool {
	tb.Helper()
	if cfg.Dir == "" {
		cfg.Dir = tb.TempDir()
	}
	s, err := spool.Open(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return s
}

func add(tb testing.TB, s *spool.Spool, recs ...string) {
	tb.Helper()
	for _, r := range recs {
		if err := s.Append(tb.Context(), []byte(r)); err != nil {
			tb.Fatalf("append %q: %v", r, err)
		}
	}
}

// there returns what is there, without waiting.
func there(tb testing.TB, s *spool.Spool, most int) []string {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	cancel()
	recs, err := s.Next(ctx, most)
	if err != nil && !errors.Is(err, context.Canceled) {
		tb.Fatalf("next: %v", err)
	}
	out := make([]string, len(recs))
	for i, r := range recs {
		out[i] = string(r)
	}
	return out
}

func same(tb testing.TB, got []string, want ...string) {
	tb.Helper()
	if strings.Join(got, "|") != strings.Join(want, "|") {
		tb.Fatalf("got %q, want %q", got, want)
	}
}

func TestKeepsInOrderAcrossRestarts(t *testing.T) {
	dir := t.TempDir()
	s := open(t, spool.Config{Dir: dir})
	add(t, s, "a", "b", "", "c")
	same(t, there(t, s, 10), "a", "b", "", "c")
	same(t, there(t, s, 2), "a", "b")
	if err := s.Done(1); err != nil {
		t.Fatal(err)
	}
	if err := s.Done(9); err == nil {
		t.Error("more is done than was handed out, and nobody objects")
	}
	s.Close()

	s = open(t, spool.Config{Dir: dir})
	same(t, there(t, s, 10), "b", "", "c")
	add(t, s, "d")
	same(t, there(t, s, 10), "b", "", "c", "d")
	if v := s.Snapshot(); v.Depth != 4 || v.Oldest.IsZero() || v.Bytes == 0 || v.Poisoned != "" {
		t.Errorf("snapshot %+v: want 4 records, their bytes and the time of the oldest", v)
	}
	if err := s.Done(4); err != nil {
		t.Fatal(err)
	}
	same(t, there(t, s, 10))
	if v := s.Snapshot(); v.Depth != 0 || v.Bytes != 0 || !v.Oldest.IsZero() {
		t.Errorf("snapshot %+v: want nothing", v)
	}
}

func TestNextWaits(t *testing.T) {
	s := open(t, spool.Config{})
	got := make(chan []string, 1)
	go func() {
		recs, err := s.Next(t.Context(), 5)
		if err != nil {
			t.Error(err)
		}
		out := make([]string, len(recs))
		for i := range recs {
			out[i] = string(recs[i])
		}
		got <- out
	}()
	add(t, s, "x")
	select {
	case r := <-got:
		same(t, r, "x")
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
	}
}

func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	open(t, spool.Config{Dir: dir})
	_, err := spool.Open(spool.Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "another process") {
		t.Fatalf("a second one opens the same spool: %v", err)
	}
}

func TestSegmentsGoWhenDone(t *testing.T) {
	dir := t.TempDir()
	s := open(t, spool.Config{Dir: dir, SegmentBytes: 4096, MaxBytes: 1 << 20})
	rec := strings.Repeat("r", 1000)
	segments := func() int {
		names, _ := filepath.Glob(filepath.Join(dir, "*.seg"))
		return len(names)
	}
	for range 40 {
		add(t, s, rec)
	}
	if n := segments(); n < 10 {
		t.Fatalf("%d segments: want at least 10 of 4 KiB for 40 kB", n)
	}
	for left := 40; left > 0; {
		n := len(there(t, s, 7))
		if err := s.Done(n); err != nil {
			t.Fatal(err)
		}
		left -= n
	}
	if n := segments(); n > 1 {
		t.Errorf("%d segments are left: want the last one", n)
	}
}

// F11: a full spool refuses, says why, and takes more once there is room.
func TestF11FullAtItsBound(t *testing.T) {
	s := open(t, spool.Config{MaxBytes: 8 << 10, SegmentBytes: 4 << 10})
	rec := []byte(strings.Repeat("r", 1000))
	n := 0
	for ; ; n++ {
		err := s.Append(t.Context(), rec)
		if err == nil {
			continue
		}
		if !errors.Is(err, relay.ErrFull) || !strings.Contains(err.Error(), "8192") {
			t.Fatalf("got %v, want %v with the bound", err, relay.ErrFull)
		}
		break
	}
	if n != 7 { // 7 x (32 + 1000) is the most below 8192
		t.Errorf("%d records were kept, want 7", n)
	}
	there(t, s, 10)
	s.Done(3)
	if err := s.Append(t.Context(), rec); err != nil {
		t.Errorf("there is room again: %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	s := open(t, spool.Config{MaxRecord: 2000})
	if err := s.Append(t.Context(), make([]byte, 2001)); !errors.Is(err, relay.ErrTooLarge) {
		t.Errorf("got %v, want %v", err, relay.ErrTooLarge)
	}
	add(t, s, "a")
	same(t, there(t, s, 5), "a")
}

func TestMistakes(t *testing.T) {
	_, err := spool.Open(spool.Config{MaxBytes: 1, SegmentBytes: 1, MaxRecord: 1, LowWater: -2})
	if err == nil {
		t.Fatal("nothing is wrong with it")
	}
	for _, want := range []string{"no directory", "max bytes", "segment bytes", "max record", "low water"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: does not name %s", err, want)
		}
	}
}

func TestManyWriters(t *testing.T) {
	s := open(t, spool.Config{SegmentBytes: 64 << 10})
	const writers, each = 32, 100
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := s.Append(t.Context(), fmt.Appendf(nil, "%d/%d", w, i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var next [writers]int
	for got := 0; got < writers*each; {
		recs, err := s.Next(t.Context(), 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range recs {
			var w, i int
			fmt.Sscanf(string(r), "%d/%d", &w, &i)
			if i != next[w] {
				t.Fatalf("writer %d: got %d, want %d", w, i, next[w])
			}
			next[w]++
		}
		got += len(recs)
		if err := s.Done(len(recs)); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
}

func TestClosed(t *testing.T) {
	s := open(t, spool.Config{})
	add(t, s, "a")
	waits := make(chan error, 1)
	there(t, s, 1)
	s.Done(1)
	go func() {
		_, err := s.Next(t.Context(), 1)
		waits <- err
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waits; !errors.Is(err, spool.ErrClosed) {
		t.Errorf("who waited got %v, want %v", err, spool.ErrClosed)
	}
	if err := s.Append(t.Context(), nil); !errors.Is(err, spool.ErrClosed) {
		t.Errorf("append: got %v, want %v", err, spool.ErrClosed)
	}
	if err := s.Done(0); err != nil {
		t.Errorf("nothing is done: %v", err)
	}
}

func TestSetAside(t *testing.T) {
	dir := t.TempDir()
	s := open(t, spool.Config{Dir: dir})
	s.SetAside([]byte(`{"a":1}`))
	s.Close()
	name := filepath.Join(dir, "rejected.jsonl")
	f, _ := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString(`{"cut`)
	f.Close()
	s = open(t, spool.Config{Dir: dir})
	if err := s.SetAside([]byte(`{"b":2}`)); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(name)
	if want := "{\"a\":1}\n{\"cut\n{\"b\":2}\n"; string(b) != want {
		t.Errorf("got %q, want %q", b, want)
	}
	info, _ := os.Stat(name)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v", info.Mode())
	}
}
