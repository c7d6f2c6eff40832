package relay_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/memlog"
)

// workshop is a target that works on so many messages at once, 5 ms each, and
// lets the others wait.
type workshop struct {
	mu      sync.Mutex
	cond    *sync.Cond
	rnd     *rand.Rand
	workers int
	busy    int
	served  int
	// refuses says that it answers "too much" instead of letting them wait.
	refuses bool
	refused int
}

func newWorkshop(workers int) *workshop {
	w := &workshop{workers: workers, rnd: rand.New(rand.NewPCG(1, 1))}
	w.cond = sync.NewCond(&w.mu)
	return w
}

func (w *workshop) handle(context.Context, *relay.Message) relay.Result {
	w.mu.Lock()
	if w.refuses && w.busy >= w.workers {
		w.refused++
		w.mu.Unlock()
		time.Sleep(time.Millisecond)
		r := relay.Retry(0)
		r.Overloaded = true
		return r
	}
	for w.busy >= w.workers {
		w.cond.Wait()
	}
	w.busy++
	took := 5*time.Millisecond + time.Duration(w.rnd.NormFloat64()*float64(time.Millisecond))
	w.mu.Unlock()
	time.Sleep(max(took, time.Millisecond))
	w.mu.Lock()
	w.busy--
	w.served++
	w.cond.Signal()
	w.mu.Unlock()
	return relay.Ack()
}

// share is what part of its capacity it uses over a while.
func (w *workshop) share(during time.Duration) float64 {
	w.mu.Lock()
	from := w.served
	workers := w.workers
	w.mu.Unlock()
	time.Sleep(during)
	w.mu.Lock()
	defer w.mu.Unlock()
	return float64(w.served-from) / (float64(workers) * during.Seconds() / 0.005)
}

func (w *workshop) set(workers int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.workers = workers
	w.cond.Broadcast()
}

// backlog is a log with so many messages without keys.
func backlog(n int) *memlog.Log {
	l := memlog.New(memlog.Config{}).Topic("orders", 8)
	for range n {
		l.Put(relay.Message{Topic: "orders", Value: []byte("x")})
	}
	return l
}

// TestFindsWhatTheTargetBears: nobody says how much a target bears; the relay
// uses all of it, and does not pile much more onto it.
func TestFindsWhatTheTargetBears(t *testing.T) {
	for _, c := range []int{4, 16, 64, 200} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorkshop(c)
			e := start(t, backlog(c*200*4), "one", relay.Delivery{Order: relay.NoOrder, Handler: w.handle})
			defer e.stop()
			begin := w.share(time.Second)
			share := w.share(2 * time.Second)
			limit := e.snapshot().Limit
			if begin < 0.7 || share < 0.88 || limit > max(c*8/5, 30) {
				t.Errorf("%d at once: %.0f %% used in the first second, %.0f %% in the next two, limit %d", c, 100*begin, 100*share, limit)
			}
		})
	}
}

// TestFollowsTheTarget: the target loses three quarters of its workers, and
// gets them back.
func TestFollowsTheTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorkshop(200)
		e := start(t, backlog(400_000), "one", relay.Delivery{Order: relay.NoOrder, Handler: w.handle})
		defer e.stop()
		time.Sleep(time.Second)
		w.set(50)
		time.Sleep(3 * time.Second)
		share, sum := 0.0, 0
		for range 100 {
			share += w.share(30*time.Millisecond) / 100
			sum += e.snapshot().Limit
		}
		if share < 0.85 || sum/100 > 170 {
			t.Errorf("with 50 left: %.0f %% used, limit %d on average", 100*share, sum/100)
		}
		w.set(200)
		time.Sleep(4 * time.Second)
		if share := w.share(2 * time.Second); share < 0.85 {
			t.Errorf("with 200 again: %.0f %% used, limit %d", 100*share, e.snapshot().Limit)
		}
	})
}

// TestHeedsOverload: a target that says "too much" instead of slowing down is
// heard.
func TestHeedsOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorkshop(50)
		w.refuses = true
		e := start(t, backlog(250_000), "one", relay.Delivery{Order: relay.NoOrder, Handler: w.handle, Retry: relay.RetryPolicy{InPlace: -1}})
		defer e.stop()
		time.Sleep(3 * time.Second)
		w.mu.Lock()
		w.refused, w.served = 0, 0
		w.mu.Unlock()
		share := w.share(12 * time.Second)
		w.mu.Lock()
		defer w.mu.Unlock()
		if part := float64(w.refused) / float64(w.refused+w.served); part > 0.2 || share < 0.8 {
			t.Errorf("%.0f %% of attempts are refused, %.0f %% of its capacity is used, limit %d", 100*part, 100*share, e.snapshot().Limit)
		}
	})
}
