package relay_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/memlog"
)

var seeds = flag.Int("relay.seeds", 500, "how many random schedules to play")

// stage is what a schedule happens in: a log, processes that come and go, one
// target, and the book of what the target got.
type stage struct {
	t     *testing.T
	seed  uint64
	rnd   *rand.Rand
	fates *rand.Rand // of messages at the target, under mu
	log   *memlog.Log
	d     relay.Delivery

	mu       sync.Mutex
	sent     map[string][]int // by key, in order
	taken    map[string][]int // by key, first successes in order
	done     map[string]bool  // messages that were taken
	dead     map[string]bool
	busy     map[attempt]int // attempts under way
	epochs   map[int32]int64 // the highest seen, by partition: the target fences
	repeats  int             // taken again
	down     bool
	bad      string // the first thing that is wrong
	poisoned map[string]bool
	procs    []*process
	n        int
	sum      sums
}

type attempt struct {
	key   string
	epoch int64
}

type process struct {
	name  string
	node  *memlog.Node
	relay *relay.Relay
	stop  context.CancelFunc
	done  chan struct{}
	dead  bool
}

func (w *stage) wrong(format string, args ...any) {
	if w.bad == "" {
		w.bad = fmt.Sprintf(format, args...)
	}
}

// begin starts a process.
func (w *stage) begin() {
	p := &process{name: fmt.Sprintf("p%d", len(w.procs)), done: make(chan struct{})}
	p.node = w.log.Node(p.name)
	d := w.d
	d.Handler = w.handle(p)
	r, err := relay.New(relay.Config{Log: p.node, Deliveries: []relay.Delivery{d}, Seed: w.seed + uint64(len(w.procs))})
	if err != nil {
		w.t.Fatal(err)
	}
	p.relay = r
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = cancel
	go func() {
		defer close(p.done)
		_ = r.Run(ctx)
	}()
	w.procs = append(w.procs, p)
}

func (w *stage) alive() (ps []*process) {
	for _, p := range w.procs {
		if !p.dead {
			ps = append(ps, p)
		}
	}
	return ps
}

func (w *stage) any() *process {
	ps := w.alive()
	return ps[w.rnd.IntN(len(ps))]
}

// end takes a process away: shut down, or killed.
func (w *stage) end(p *process, kill bool) {
	w.mu.Lock()
	p.dead = kill
	w.mu.Unlock()
	if kill {
		p.node.Kill()
	}
	p.stop()
	<-p.done
	w.mu.Lock()
	p.dead = true
	w.mu.Unlock()
}

// send writes a few messages.
func (w *stage) send() {
	for range 1 + w.rnd.IntN(20) {
		m := relay.Message{Topic: "orders", Value: []byte(strconv.Itoa(w.n))}
		if k := w.rnd.IntN(12); k < 10 {
			m.Key = []byte{'k', byte('0' + k)}
		}
		if w.rnd.IntN(10) == 0 {
			w.log.Skip(relay.Partition{Topic: "orders", ID: int32(w.rnd.IntN(3))}, int64(w.rnd.IntN(5)))
		}
		at := w.log.Put(m)
		m.Partition = at.Partition
		w.mu.Lock()
		if key := w.keyOf(&m); key != "" {
			w.sent[key] = append(w.sent[key], w.n)
		}
		if w.rnd.IntN(60) == 0 {
			w.poisoned[strconv.Itoa(w.n)] = true
		}
		w.mu.Unlock()
		w.n++
	}
}

// faults sets by chance how appends and commits fail for a while.
func (w *stage) faults() {
	appends, commits := w.rnd.IntN(4) == 0, w.rnd.IntN(4) == 0
	rnd := rand.New(rand.NewPCG(w.seed, uint64(w.n)))
	var mu sync.Mutex
	chance := func(on bool) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		switch n := rnd.IntN(10); {
		case !on || n < 5:
			return true, nil
		case n < 7:
			return true, relay.ErrUnknown
		case n < 9:
			return false, relay.ErrUnknown
		}
		return false, relay.ErrAway
	}
	w.log.OnAppend(func(_ string, _ *relay.Message) (bool, error) { return chance(appends) })
	w.log.OnCommit(func(string, string, []relay.Mark) (bool, error) { return chance(commits) })
}

// step does one thing that happens to relays.
func (w *stage) step() {
	switch k := w.rnd.IntN(20); {
	case k < 9:
		w.send()
	case k < 11:
		w.log.Rebalance("daero.shop")
	case k < 12:
		w.log.Lose("daero.shop", w.any().node, time.Duration(w.rnd.IntN(500))*time.Millisecond)
	case k < 14:
		w.begin()
		w.end(w.alive()[0], w.rnd.IntN(2) == 0)
	case k < 15:
		if len(w.alive()) < 4 {
			w.begin()
		}
	case k < 16:
		w.mu.Lock()
		w.down = !w.down
		w.mu.Unlock()
	case k < 18:
		w.faults()
	}
	time.Sleep(time.Duration(w.rnd.IntN(1500)) * time.Millisecond)
}

// settle ends what goes wrong, and waits until everything is finished.
func (w *stage) settle() {
	w.mu.Lock()
	w.down = false
	w.mu.Unlock()
	w.log.OnAppend(nil)
	w.log.OnCommit(nil)
	topics := []string{"orders"}
	if w.d.Order != relay.ByPartition && w.d.Retry.InPlace >= 0 {
		topics = append(topics, "orders.parked.daero.shop")
	}
	for range 2 * 3600 { // two hours
		time.Sleep(time.Second)
		if w.log.Lag("daero.shop", topics...) == 0 {
			return
		}
	}
	var ss []string
	for _, p := range w.alive() {
		d := p.relay.Snapshot(time.Now()).Deliveries[0]
		ss = append(ss, fmt.Sprintf("%s: %+v", p.name, d))
		for _, pt := range d.Partitions {
			place, _ := w.log.Place("daero.shop", pt.Partition)
			ss = append(ss, fmt.Sprintf("  %s: committed %d finished %d next %d end %d paused %v place %d", pt.Partition, pt.Committed, pt.Finished, pt.Next, pt.End, pt.Paused, place.Offset))
		}
	}
	ss = append(ss, fmt.Sprint(w.log.Holders("daero.shop")))
	if os.Getenv("RELAY_DUMP") != "" {
		buf := make([]byte, 1<<20)
		ss = append(ss, string(buf[:runtime.Stack(buf, true)]))
	}
	w.wrong("not everything is finished: %s", strings.Join(ss, "\n"))
}

func playOut(t *testing.T, seed uint64) (sum sums, bad string) {
	w := &stage{
		t: t, seed: seed, rnd: rand.New(rand.NewPCG(seed, 11)), fates: rand.New(rand.NewPCG(seed, 12)),
		sent: map[string][]int{}, taken: map[string][]int{}, done: map[string]bool{}, dead: map[string]bool{},
		busy: map[attempt]int{}, epochs: map[int32]int64{}, poisoned: map[string]bool{},
	}
	w.log = memlog.New(memlog.Config{Batch: 1 + w.rnd.IntN(50), Delay: time.Duration(w.rnd.IntN(30)) * time.Millisecond, CommitDelay: time.Duration(w.rnd.IntN(100)) * time.Millisecond})
	w.log.Topic("orders", 3).Topic("shop.dead", 2)
	w.d = relay.Delivery{
		Name: "shop", Topics: []string{"orders"}, Order: relay.Order(w.rnd.IntN(3)),
		InFlight: 1 + w.rnd.IntN(20), Fixed: w.rnd.IntN(2) == 0,
		Timeout: time.Second, Drain: 4 * time.Second,
		Retry: relay.RetryPolicy{InPlace: time.Duration(w.rnd.IntN(4)-1) * 2 * time.Second, Max: 5 * time.Second, Attempts: 6},
	}
	if w.d.Retry.InPlace == 0 {
		w.d.Retry.InPlace = time.Millisecond
	}
	w.begin()
	w.begin()
	for range 30 {
		w.step()
	}
	w.settle()
	for _, p := range w.alive() {
		w.end(p, false)
	}
	w.log.Close()
	for _, p := range w.procs {
		s := p.relay.Snapshot(time.Now()).Deliveries[0]
		w.sum.parkings += s.Parkings
		w.sum.retries += s.Retries
	}
	w.sum.sent, w.sum.dead = w.n, len(w.log.Messages("shop.dead"))
	for i := range w.n {
		if id := strconv.Itoa(i); !w.done[id] && !w.inDead(id) {
			w.wrong("message %d is lost", i)
		}
	}
	w.sum.repeats = w.repeats
	return w.sum, w.bad
}

// sums say that something happened at all.
type sums struct {
	sent, dead, repeats int
	parkings, retries   uint64
}

func (s *sums) add(o sums) {
	s.sent += o.sent
	s.dead += o.dead
	s.repeats += o.repeats
	s.parkings += o.parkings
	s.retries += o.retries
}

// TestSchedules plays random schedules in virtual time: processes come, go and
// are killed, partitions move and are lost, the target is down or breaks, appends
// and commits fail or have unknown outcomes. Whatever happens, nothing is lost,
// and no message of a key is attempted while an earlier one is unfinished.
func TestSchedules(t *testing.T) {
	if s := os.Getenv("RELAY_SEED"); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			if _, bad := playOut(t, seed); bad != "" {
				t.Fatal(bad)
			}
		})
		return
	}
	play := *seeds
	if testing.Short() {
		play = min(play, 100)
	}
	var errs []error
	var all sums
	for seed := range uint64(play) {
		synctest.Test(t, func(t *testing.T) {
			sum, bad := playOut(t, seed)
			all.add(sum)
			if bad != "" {
				errs = append(errs, fmt.Errorf("seed %d: %s", seed, bad))
			}
		})
		if len(errs) >= 5 {
			break
		}
	}
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	t.Logf("%d schedules: %+v", play, all)
}
