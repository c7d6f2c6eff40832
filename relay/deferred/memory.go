package deferred

import (
	"cmp"
	"container/heap"
	"context"
	"sync"
	"time"
)

// DefaultStoreBytes bounds what a Store of answers holds.
const DefaultStoreBytes = 64 << 20

// Memory keeps answers until the process ends. Where they would take more room
// than it has, those that are to be forgotten next are forgotten now.
type Memory struct {
	mu    sync.Mutex
	max   int64
	bytes int64
	byID  map[string]*remembered
	next  soonest
	early uint64
}

type remembered struct {
	Answer
	at int // in next
}

// NewMemory returns a Memory of at most maxBytes, 0 for DefaultStoreBytes.
func NewMemory(maxBytes int64) *Memory {
	return &Memory{max: cmp.Or(maxBytes, DefaultStoreBytes), byID: map[string]*remembered{}}
}

// Put implements [Store].
func (m *Memory) Put(_ context.Context, a Answer) (kept bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.byID[a.ID]; old != nil {
		if old.State == Done || a.State != Done {
			return false, nil
		}
		m.forget(old)
	}
	a.Header = a.Header.Clone()
	r := &remembered{Answer: a}
	m.byID[a.ID] = r
	m.bytes += r.size()
	heap.Push(&m.next, r)
	for m.bytes > m.max && len(m.next) > 1 {
		m.forget(m.next[0])
		m.early++
	}
	return true, nil
}

func (m *Memory) forget(r *remembered) {
	heap.Remove(&m.next, r.at)
	delete(m.byID, r.ID)
	m.bytes -= r.size()
}

// Get implements [Store].
func (m *Memory) Get(_ context.Context, id string) (Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.byID[id]
	if r == nil {
		return Answer{}, ErrNoAnswer
	}
	a := r.Answer
	a.Header = a.Header.Clone()
	return a, nil
}

// Expire implements [Store].
func (m *Memory) Expire(_ context.Context, now time.Time) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.next) > 0 && !m.next[0].Until.After(now) {
		m.forget(m.next[0])
		n++
	}
	return n, nil
}

// Forgotten counts answers that had to go before their time.
func (m *Memory) Forgotten() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.early
}

// soonest is a heap of answers, that to be forgotten next on top.
type soonest []*remembered

func (s soonest) Len() int           { return len(s) }
func (s soonest) Less(i, j int) bool { return s[i].Until.Before(s[j].Until) }
func (s soonest) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].at, s[j].at = i, j
}

// Push implements heap.Interface.
func (s *soonest) Push(x any) {
	r := x.(*remembered)
	r.at = len(*s)
	*s = append(*s, r)
}

// Pop implements heap.Interface.
func (s *soonest) Pop() any {
	old := *s
	r := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	return r
}
