package relay_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
)

// weather is a log that comes and goes by chance.
type weather struct {
	mu    sync.Mutex
	r     *rand.Rand
	calm  bool
	storm bool
}

func (w *weather) fate(*relay.Message) fate {
	w.mu.Lock()
	defer w.mu.Unlock()
	quick := time.Duration(w.r.IntN(20)) * time.Millisecond
	if w.calm {
		return fate{kept: true, after: quick}
	}
	worst := 12 // of a hundred
	if w.storm {
		worst = 90
	}
	slow := time.Duration(w.r.IntN(9000)) * time.Millisecond
	if w.r.IntN(100) >= worst {
		return fate{kept: true, after: quick}
	}
	switch w.r.IntN(7) {
	case 0:
		return fate{kept: true, after: slow}
	case 1:
		return fate{kept: true, after: quick, reply: slow}
	case 2:
		return fate{kept: true, after: quick, err: relay.ErrUnknown}
	case 3:
		return fate{after: slow, err: relay.ErrUnknown}
	case 4:
		return fate{after: quick, err: relay.ErrFull}
	case 5:
		return fate{after: slow, err: relay.ErrAway}
	}
	return fate{after: quick, err: relay.ErrAway}
}

func (w *weather) set(calm, storm bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calm, w.storm = calm, storm
}

// world is writers, a relay that is restarted now and then, a log and a spool.
type world struct {
	t     *testing.T
	seed  uint64
	log   *fakeLog
	sky   *weather
	store *fakeStore
	cfg   relay.Config

	mu    sync.Mutex
	relay *accepting
	acked map[string][]string // ids by key, in the order in which they were acknowledged
}

func (w *world) now() *accepting {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.relay
}

// write is one writer: the next message comes when the one before is
// acknowledged. Who is refused tries again, with the same id.
func (w *world) write(key string, n int, r *rand.Rand) {
	for i := range n {
		id := fmt.Sprintf("%s-%03d", key, i)
		for try := 0; ; try++ {
			ctx, cancel := context.WithCancel(context.Background())
			if r.IntN(10) == 0 {
				ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(3000))*time.Millisecond)
			}
			got, err := w.now().Accept(ctx, order(key, id, id))
			cancel()
			if err == nil {
				if got.ID != id {
					w.t.Errorf("seed %d: receipt %+v for %s", w.seed, got, id)
				}
				break
			}
			if bad := new(relay.InvalidError); errors.As(err, &bad) {
				w.t.Errorf("seed %d: %v", w.seed, err)
			}
			time.Sleep(time.Duration(r.IntN(2000)) * time.Millisecond)
		}
		w.mu.Lock()
		w.acked[key] = append(w.acked[key], id)
		w.mu.Unlock()
		if r.IntN(3) == 0 {
			time.Sleep(time.Duration(r.IntN(500)) * time.Millisecond)
		}
	}
}

// check compares what was acknowledged with the first time that each id is in
// the log: that is what a receiver that remembers keys acts on.
func (w *world) check() {
	first := map[string]int{}
	for i, id := range w.log.values() {
		if _, seen := first[id]; !seen {
			first[id] = i
		}
	}
	for key, ids := range w.acked {
		last := -1
		for _, id := range ids {
			at, there := first[id]
			if !there {
				w.t.Errorf("seed %d: %s was acknowledged and is lost", w.seed, id)
				continue
			}
			if at < last {
				w.t.Errorf("seed %d: key %s: %s came before one that was acknowledged earlier", w.seed, key, id)
			}
			last = at
		}
	}
	if n := w.store.depth(); n != 0 {
		w.t.Errorf("seed %d: %d are left in the spool", w.seed, n)
	}
	if w.store.mistake != "" {
		w.t.Errorf("seed %d: %s", w.seed, w.store.mistake)
	}
}

// restart ends the relay as a process ends: what it remembers is gone, what the
// log has of it arrives.
func (w *world) restart() {
	w.now().stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.relay = newAccepting(w.t, w.cfg, w.log)
}

func play(t *testing.T, seed uint64) {
	r := seeded(seed)
	w := &world{t: t, seed: seed, store: newFakeStore(), acked: map[string][]string{}}
	w.sky = &weather{r: seeded(seed + 1<<32)}
	w.log = newFakeLog(w.sky.fate)
	w.store.took = time.Duration(r.IntN(3)) * time.Millisecond
	w.cfg = relay.Config{Spool: w.store, AcceptWithin: time.Duration(500+r.IntN(4000)) * time.Millisecond, Remember: 5 + r.IntN(200), Seed: seed + 1}
	w.relay = newAccepting(t, w.cfg, w.log)
	var writers sync.WaitGroup
	keys := 1 + r.IntN(6)
	for k := range keys {
		own := rand.New(rand.NewPCG(seed, uint64(k)+10))
		writers.Go(func() { w.write(fmt.Sprintf("k%d", k), 20, own) })
	}
	over := make(chan struct{})
	var seasons sync.WaitGroup
	seasons.Go(func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(time.Duration(r.IntN(8000)) * time.Millisecond):
			}
			switch r.IntN(5) {
			case 0:
				w.restart()
			case 1, 2:
				w.sky.set(false, true)
			default:
				w.sky.set(false, false)
			}
		}
	})
	writers.Wait()
	close(over)
	seasons.Wait()
	w.sky.set(true, false)
	time.Sleep(10 * time.Minute)
	w.relay.stop()
	w.check()
}

// Nothing that was acknowledged is lost or out of order, whatever the log does
// and whenever the relay is restarted.
func TestModelNothingLostNothingOutOfOrder(t *testing.T) {
	seeds := 1500
	if testing.Short() {
		seeds = 50
	}
	for seed := range uint64(seeds) {
		synctest.Test(t, func(t *testing.T) { play(t, seed) })
		if t.Failed() {
			return
		}
	}
}
