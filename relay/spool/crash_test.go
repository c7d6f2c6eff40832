package spool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/spool"
)

// ledger knows what was acknowledged, and is not done, by writer.
type ledger struct {
	mu    sync.Mutex
	acked map[string]bool
	next  [4]int // of each writer
}

// record is WRITER/NUMBER and filling.
func (l *ledger) record(w int, r *rand.Rand) []byte {
	l.next[w]++
	return fmt.Appendf(nil, "%d/%d/%s", w, l.next[w], strings.Repeat("x", r.IntN(1500)))
}

// name is what a record is known by.
func name(rec []byte) string {
	return string(rec[:bytes.LastIndexByte(rec, '/')])
}

// round appends up to four records at once. It returns the errors.
func (l *ledger) round(s *spool.Spool, r *rand.Rand) (errs []error) {
	var wg sync.WaitGroup
	for w := range 1 + r.IntN(4) {
		rec := l.record(w, r)
		wg.Go(func() {
			err := s.Append(context.Background(), rec)
			l.mu.Lock()
			defer l.mu.Unlock()
			if err == nil {
				l.acked[name(rec)] = true
			} else {
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	return errs
}

func gone() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// done finishes some of the oldest records.
func (l *ledger) done(s *spool.Spool, r *rand.Rand) error {
	recs, err := s.Next(gone(), 1+r.IntN(6))
	if err != nil {
		return err
	}
	// What is done may come again when the head is lost, but need not.
	for _, rec := range recs {
		delete(l.acked, name(rec))
	}
	return s.Done(len(recs))
}

// check reads all that is there, and compares.
func (l *ledger) check(s *spool.Spool) error {
	if d := s.Damages(); len(d) > 0 || s.Snapshot().Lost > 0 {
		return fmt.Errorf("damage without any: %+v", d)
	}
	want, depth := len(l.acked), s.Snapshot().Depth
	var last [4]int
	seen := map[string]bool{}
	n := int64(0)
	for {
		recs, err := s.Next(gone(), 50)
		if errors.Is(err, context.Canceled) {
			break
		}
		if err != nil {
			return err
		}
		for _, rec := range recs {
			var w, i int
			if _, err := fmt.Sscanf(string(rec), "%d/%d/", &w, &i); err != nil {
				return fmt.Errorf("%.20q is no record: %w", rec, err)
			}
			if i <= last[w] {
				return fmt.Errorf("%d/%d comes after %d", w, i, last[w])
			}
			last[w] = i
			if l.acked[name(rec)] {
				seen[name(rec)] = true
			}
			n++
		}
		if err := s.Done(len(recs)); err != nil {
			return err
		}
	}
	if n != depth {
		return fmt.Errorf("depth said %d, and %d are there", depth, n)
	}
	if len(seen) != want {
		for id := range l.acked {
			if !seen[id] {
				return fmt.Errorf("%s was acknowledged and is lost (%d of %d)", id, want-len(seen), want)
			}
		}
	}
	if v := s.Snapshot(); v.Depth != 0 || v.Bytes != 0 {
		return fmt.Errorf("all is done, and the snapshot says %+v", v)
	}
	l.acked = map[string]bool{}
	return nil
}

func memConfig(fs *memFS) spool.Config {
	return spool.Config{Dir: "/spool", FS: fs, SegmentBytes: 4096, MaxBytes: 1 << 20, MaxRecord: 4096}
}

// The power fails at any moment: what was acknowledged is there, and nothing is
// taken for damage. Appends are under way when it does.
func TestF9PowerFails(t *testing.T) {
	seeds := 800
	if testing.Short() {
		seeds = 80
	}
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 2))
		fs := newMemFS()
		l := &ledger{acked: map[string]bool{}}
		for boot := range 4 {
			s, err := spool.Open(memConfig(fs))
			if err != nil {
				t.Fatalf("seed %d, boot %d: %v", seed, boot, err)
			}
			for range r.IntN(25) {
				if r.IntN(3) == 0 {
					if err := l.done(s, r); err != nil && !errors.Is(err, context.Canceled) {
						t.Fatalf("seed %d: %v", seed, err)
					}
				} else if errs := l.round(s, r); len(errs) > 0 {
					t.Fatalf("seed %d: %v", seed, errs)
				}
			}
			if r.IntN(4) == 0 {
				s.Close()
				continue
			}
			// One append has got as far as the sync.
			fs.mu.Lock()
			fs.failAt, fs.err = fs.ops+1+r.IntN(6), errors.New("it ends here")
			fs.mu.Unlock()
			l.round(s, r)
			if r.IntN(3) == 0 {
				fs = fs.killed()
			} else {
				fs = fs.powerless(r)
			}
		}
		s, err := spool.Open(memConfig(fs))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := l.check(s); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		s.Close()
	}
}

// scenario does a bit of everything, whatever fails. It returns what Append
// said, one after the other.
func scenario(fs *memFS, l *ledger, r *rand.Rand) (errs []error, opened bool) {
	s, err := spool.Open(memConfig(fs))
	if err != nil {
		return nil, false
	}
	defer s.Close()
	for i := range 14 {
		rec := l.record(0, r)
		err := s.Append(context.Background(), rec)
		if err == nil {
			l.acked[name(rec)] = true
		}
		errs = append(errs, err)
		if i%3 == 2 {
			_ = l.done(s, r)
		}
		if i == 5 {
			_ = s.SetAside([]byte("{}"))
		}
		s.Snapshot()
	}
	return errs, true
}

// F10, F11: each single operation fails once, with an error of the disk or for
// want of room. Nothing acknowledged is lost, and after an error of the disk
// nothing is acknowledged.
func TestF10EveryOperationFails(t *testing.T) {
	for name, cause := range map[string]error{"F10 EIO": syscall.EIO, "F11 ENOSPC": syscall.ENOSPC} {
		t.Run(name, func(t *testing.T) {
			total := 0
			for at := 1; at <= max(total, 1); at++ {
				for _, end := range []string{"killed", "power fails"} {
					r := rand.New(rand.NewPCG(uint64(at), 3))
					fs := newMemFS()
					l := &ledger{acked: map[string]bool{}}
					// Something is there from before, so that opening has work to do.
					scenario(fs, l, r)
					start := fs.ops
					if at == 1 {
						probe := fs.killed()
						scenario(probe, &ledger{acked: map[string]bool{}}, r)
						total = probe.ops + 10
					}
					fs.failAt, fs.err = start+at, cause
					errs, opened := scenario(fs, l, r)
					where := fmt.Sprintf("operation %d (%s) fails, then it is %s", at, fs.failed, end)
					refused(t, where, errs, opened, fs.failed != "", errors.Is(cause, syscall.EIO))
					if end == "killed" {
						fs = fs.killed()
					} else {
						fs = fs.powerless(r)
					}
					s, err := spool.Open(memConfig(fs))
					if err != nil {
						t.Fatalf("%s: %v", where, err)
					}
					if err := l.check(s); err != nil {
						t.Fatalf("%s: %v", where, err)
					}
					s.Close()
				}
			}
			if total < 60 {
				t.Errorf("only %d operations were tried", total)
			}
		})
	}
}

// refused checks what writers were told.
func refused(t *testing.T, where string, errs []error, opened, failed, fatal bool) {
	t.Helper()
	if !opened && !failed {
		t.Fatalf("%s: it does not open, and nothing failed", where)
	}
	down := false
	for i, err := range errs {
		poisoned := new(spool.PoisonedError)
		switch {
		case err == nil && down:
			t.Fatalf("%s: append %d is acknowledged after the disk has failed", where, i)
		case err == nil:
		case errors.Is(err, relay.ErrUnknown), errors.As(err, &poisoned):
			down = true
			if !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("%s: append %d: %v does not say why", where, i, err)
			}
		case errors.Is(err, relay.ErrFull) && !fatal:
		default:
			t.Fatalf("%s: append %d: %v", where, i, err)
		}
	}
}

// F11: a full disk refuses, and takes more once there is room: nothing has to be
// opened anew.
func TestF11DiskIsFull(t *testing.T) {
	fs := newMemFS()
	cfg := memConfig(fs)
	cfg.LowWater = 1 << 20
	s := open(t, cfg)
	add(t, s, "a")
	fs.free = 1 << 20
	if err := s.Append(t.Context(), []byte("b")); !errors.Is(err, relay.ErrFull) {
		t.Errorf("below low water: got %v, want %v", err, relay.ErrFull)
	}
	fs.free = 1 << 30
	fs.failAt, fs.err = fs.ops+2, syscall.ENOSPC // the write, after asking what is free
	if err := s.Append(t.Context(), []byte("c")); !errors.Is(err, relay.ErrFull) {
		t.Errorf("no space (%s): got %v, want %v", fs.failed, err, relay.ErrFull)
	}
	add(t, s, "d")
	same(t, there(t, s, 5), "a", "d")
	if !strings.HasPrefix(fs.failed, "write") {
		t.Errorf("what failed was %s", fs.failed)
	}
}
