package virtual

import (
	"container/heap"
	"time"
)

// Backend is what stands behind the admission control: it takes jobs and
// finishes them on the world's time.
type Backend interface {
	Start(w *World, j Job)
	// Resize changes how many workers, cores or slots it has.
	Resize(w *World, n int)
}

// Job is one request's work.
type Job struct {
	Kind Kind
	Work time.Duration
	Done func(Outcome)
}

// Pool is a fixed number of workers behind one queue, first come, first
// served: threads of a server, connections to a database. Workers that are
// taken away leave when they have finished what they are at.
type Pool struct {
	Workers int
	// Queue is how many may wait for a worker, 0 without a bound; whoever finds
	// it full is told so at once.
	Queue int
	busy  int
	queue []Job
	head  int
	// Refuses makes the pool answer "overloaded" at once to a job of this kind
	// that would hold more than Most workers: a dependency with a limit of its
	// own, that saturates without slowing anyone.
	Refuses Kind
	Most    int
	own     int
	// FailFast makes jobs of this kind fail after a moment: a broken
	// dependency.
	FailFast func(Kind) bool
}

// Start implements Backend.
func (p *Pool) Start(w *World, j Job) {
	if p.Most > 0 && j.Kind == p.Refuses {
		if p.own >= p.Most {
			w.After(500*time.Microsecond, func() { j.Done(Overloaded) })
			return
		}
		p.own++
		done := j.Done
		j.Done = func(o Outcome) { p.own--; done(o) }
	}
	if p.busy < p.Workers {
		p.run(w, j)
		return
	}
	if p.Queue > 0 && len(p.queue)-p.head >= p.Queue {
		w.After(500*time.Microsecond, func() { j.Done(Overloaded) })
		return
	}
	p.queue = append(p.queue, j)
}

func (p *Pool) run(w *World, j Job) {
	p.busy++
	work, outcome := j.Work, Served
	if p.FailFast != nil && p.FailFast(j.Kind) {
		work, outcome = time.Millisecond, Failed
	}
	w.After(work, func() {
		p.busy--
		j.Done(outcome)
		p.next(w)
	})
}

func (p *Pool) next(w *World) {
	for p.busy < p.Workers && p.head < len(p.queue) {
		j := p.queue[p.head]
		p.queue[p.head] = Job{}
		if p.head++; p.head == len(p.queue) {
			p.queue, p.head = p.queue[:0], 0
		}
		p.run(w, j)
	}
}

// Resize implements Backend.
func (p *Pool) Resize(w *World, n int) { p.Workers = n; p.next(w) }

// idle is the share of the workers that have nothing to do.
func (p *Pool) idle() float64 { return 1 - float64(p.busy)/float64(p.Workers) }

// Cores is a processor shared by all jobs at once: n jobs on c cores each run
// at the speed min(1, c/n).
//
// Served counts the work done for each job since the start; a job that enters
// at served s with work x leaves when served reaches s+x, so one heap by that
// number gives the next to finish, whatever the speed does in between.
type Cores struct {
	N      int
	jobs   jobHeap
	served float64 // seconds
	at     time.Duration
	timer  int // generation of the next wake-up
}

type coreJob struct {
	until float64
	job   Job
}

type jobHeap []coreJob

func (h jobHeap) Len() int           { return len(h) }
func (h jobHeap) Less(i, j int) bool { return h[i].until < h[j].until }
func (h jobHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *jobHeap) Push(x any)        { *h = append(*h, x.(coreJob)) }
func (h *jobHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

func (c *Cores) speed() float64 {
	if n := len(c.jobs); n > c.N {
		return float64(c.N) / float64(n)
	}
	return 1
}

func (c *Cores) advance(w *World) {
	c.served += (w.Now() - c.at).Seconds() * c.speed()
	c.at = w.Now()
}

// Start implements Backend.
func (c *Cores) Start(w *World, j Job) {
	c.advance(w)
	heap.Push(&c.jobs, coreJob{c.served + j.Work.Seconds(), j})
	c.plan(w)
}

func (c *Cores) plan(w *World) {
	c.timer++
	if len(c.jobs) == 0 {
		return
	}
	gen := c.timer
	left := max(c.jobs[0].until-c.served, 0) / c.speed()
	w.After(time.Duration(left*float64(time.Second))+1, func() {
		if gen == c.timer {
			c.finish(w)
		}
	})
}

func (c *Cores) finish(w *World) {
	c.advance(w)
	var done []Job
	for len(c.jobs) > 0 && c.jobs[0].until <= c.served+1e-9 {
		done = append(done, heap.Pop(&c.jobs).(coreJob).job)
	}
	c.plan(w)
	for _, j := range done {
		j.Done(Served)
	}
}

// Resize implements Backend.
func (c *Cores) Resize(w *World, n int) {
	c.advance(w)
	c.N = n
	c.plan(w)
}

// Lock is a service whose every job ends with a piece under one lock: a table,
// a ledger, a global interpreter. Jobs wait for it in turn; before it they
// take their time in parallel.
type Lock struct {
	Hold  [numKinds]time.Duration // time under the lock
	held  bool
	queue []Job
}

// Start implements Backend.
func (l *Lock) Start(w *World, j Job) {
	w.After(max(j.Work-l.Hold[j.Kind], 0), func() {
		l.queue = append(l.queue, j)
		l.next(w)
	})
}

func (l *Lock) next(w *World) {
	if l.held || len(l.queue) == 0 {
		return
	}
	j := l.queue[0]
	l.queue = l.queue[1:]
	l.held = true
	w.After(l.Hold[j.Kind], func() {
		l.held = false
		j.Done(Served)
		l.next(w)
	})
}

// Resize implements Backend. A lock has no size.
func (l *Lock) Resize(*World, int) {}
