package messenger_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/examples/messenger"
)

const ms = time.Millisecond

// finish starts n pieces of work at once and returns when each ended.
func finish(p *messenger.Pool, n int, d time.Duration) (ends []time.Duration) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	start := time.Now()
	for range n {
		wg.Go(func() {
			if p.Do(context.Background(), d) == nil {
				mu.Lock()
				ends = append(ends, time.Since(start))
				mu.Unlock()
			}
		})
		synctest.Wait() // they arrive one after another
	}
	wg.Wait()
	return ends
}

func TestPoolServesInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := messenger.NewPool(2, 10, false)
		ends := finish(p, 5, 100*ms)
		want := []time.Duration{100 * ms, 100 * ms, 200 * ms, 200 * ms, 300 * ms}
		for i := range want {
			if ends[i] != want[i] {
				t.Fatalf("ended at %v, want %v", ends, want)
			}
		}
		if s := p.Stats(); s.Busy != 0 || s.Queued != 0 {
			t.Errorf("not idle afterwards: %+v", s)
		}
	})
}

func TestPoolQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := messenger.NewPool(1, 2, false)
		if ends := finish(p, 5, 100*ms); len(ends) != 3 {
			t.Errorf("%d were served, want the one at work and two waiting", len(ends))
		}
	})
}

func TestPoolResize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := messenger.NewPool(4, 100, false)
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() { _ = p.Do(context.Background(), 100*ms) })
		}
		synctest.Wait()
		p.Resize(2)
		if s := p.Stats(); s.Busy != 4 || s.Workers != 2 {
			t.Errorf("busy workers do not finish what they do: %+v", s)
		}
		time.Sleep(100*ms + 1)
		synctest.Wait()
		if s := p.Stats(); s.Busy != 2 || s.Queued != 6 {
			t.Errorf("after the cut: %+v, want 2 busy and 6 queued", s)
		}
		p.Resize(6)
		if s := p.Stats(); s.Busy != 6 || s.Queued != 2 {
			t.Errorf("more workers do not start at once: %+v", s)
		}
		wg.Wait()
	})
}

func TestPoolAbandoned(t *testing.T) {
	for name, c := range map[string]struct {
		drop  bool
		end   time.Duration // of the work behind the abandoned one
		count uint64
	}{
		"work is done all the same": {false, 300 * ms, 0},
		"work is dropped":           {true, 200 * ms, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := messenger.NewPool(1, 10, c.drop)
				start := time.Now()
				var wg sync.WaitGroup
				wg.Go(func() { _ = p.Do(context.Background(), 100*ms) })
				synctest.Wait()
				ctx, cancel := context.WithTimeout(context.Background(), 50*ms)
				defer cancel()
				wg.Go(func() {
					if err := p.Do(ctx, 100*ms); c.drop != errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("the abandoned work ended with %v", err)
					}
				})
				synctest.Wait()
				_ = p.Do(context.Background(), 100*ms)
				if got := time.Since(start); got != c.end {
					t.Errorf("the next ended at %s, want %s", got, c.end)
				}
				wg.Wait()
				if got := p.Stats().Abandoned; got != c.count {
					t.Errorf("%d abandoned, want %d", got, c.count)
				}
			})
		})
	}
}
