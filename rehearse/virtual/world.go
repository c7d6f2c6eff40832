package virtual

import (
	"container/heap"
	"sort"
	"sync"
	"time"
)

// World is virtual time and what is to happen in it. All methods but send are
// for the goroutine that runs it.
type World struct {
	start  time.Time
	events events
	seq    int
	timer  *time.Timer
	settle func() // returns when every other goroutine is blocked

	mu      sync.Mutex
	inbox   []message
	wake    chan struct{}
	outside int // goroutines out in Enter
}

type event struct {
	at  time.Duration
	seq int
	do  func()
}

type message struct {
	id int
	do func()
}

type events []event

func (h events) Len() int { return len(h) }
func (h events) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h events) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *events) Push(x any)   { *h = append(*h, x.(event)) }
func (h *events) Pop() any {
	old := *h
	x := old[len(old)-1]
	old[len(old)-1] = event{}
	*h = old[:len(old)-1]
	return x
}

// NewWorld returns a world at time zero. settle is synctest.Wait.
func NewWorld(settle func()) *World {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &World{start: time.Now(), timer: t, settle: settle, wake: make(chan struct{}, 1)}
}

// Now is the time since the world began.
func (w *World) Now() time.Duration { return time.Since(w.start) }

// After plans do for d from now.
func (w *World) After(d time.Duration, do func()) { w.At(w.Now()+d, do) }

// At plans do for time t.
func (w *World) At(t time.Duration, do func()) {
	w.seq++
	heap.Push(&w.events, event{t, w.seq, do})
}

// Go runs ask on a goroutine of its own; what it returns is done in the world.
func (w *World) Go(ask func() func()) {
	w.seq++
	id := w.seq
	w.outside++
	go func() { w.send(id, ask()) }()
}

func (w *World) send(id int, do func()) {
	w.mu.Lock()
	w.inbox = append(w.inbox, message{id, do})
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run lets the world happen until time end.
func (w *World) Run(end time.Duration) {
	for {
		w.receive()
		if len(w.events) == 0 {
			return
		}
		next := w.events[0].at
		if next > end {
			return
		}
		if left := next - w.Now(); left > 0 {
			w.sleep(left)
			continue
		}
		e := heap.Pop(&w.events).(event)
		e.do()
	}
}

// receive does what goroutines outside brought back, in the order in which
// they left, so that the same seed gives the same story.
func (w *World) receive() {
	for w.outside > 0 {
		w.settle()
		w.mu.Lock()
		got := w.inbox
		w.inbox = nil
		w.mu.Unlock()
		if len(got) == 0 {
			return
		}
		sort.Slice(got, func(i, j int) bool { return got[i].id < got[j].id })
		for _, m := range got {
			w.outside--
			m.do()
		}
	}
}

func (w *World) sleep(d time.Duration) {
	select {
	case <-w.wake: // may be an old token: the loop looks again
		return
	default:
	}
	w.timer.Reset(d)
	select {
	case <-w.timer.C:
	case <-w.wake:
		w.timer.Stop()
	}
}
