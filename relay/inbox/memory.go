package inbox

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Memory is a Store in this process: for tests, and for services where a
// restart may do a message again.
type Memory struct {
	max int
	now func() time.Time

	mu      sync.Mutex
	keys    map[Sum]*memory
	order   []Sum // about as they were first seen
	evicted uint64
}

type memory struct {
	content Sum
	token   Token
	done    bool
	answer  Answer
	until   time.Time // the lease, or the time of the answer
	forget  time.Time // if done
}

// NewMemory returns a Store of at most most keys, 100,000 if that is 0: then the
// oldest that is not being worked on goes before its time. now is the clock,
// nil is time.Now.
func NewMemory(most int, now func() time.Time) *Memory {
	if most <= 0 {
		most = 100_000
	}
	if now == nil {
		now = time.Now
	}
	return &Memory{max: most, now: now, keys: map[Sum]*memory{}}
}

var _ Store = (*Memory)(nil)

// Evicted is how many keys were forgotten before their time, for room.
func (m *Memory) Evicted() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.evicted
}

// Len is how many keys are remembered.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.keys)
}

// Claim implements Store.
func (m *Memory) Claim(_ context.Context, w Want) (Found, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	k := m.keys[w.Key]
	if k != nil && k.done && !now.Before(k.forget) {
		k.done, k.until = false, time.Time{} // as if it had never been
		k.content = w.Content
	}
	var f Found
	switch {
	case k == nil:
		m.makeRoom(now)
		k = &memory{}
		m.keys[w.Key] = k
		m.order = append(m.order, w.Key)
	case now.Before(k.until) && k.content != w.Content:
		return Found{State: Other}, nil
	case now.Before(k.until) && k.done:
		return Found{State: Done, Answer: k.answer}, nil
	case now.Before(k.until):
		return Found{State: Busy, Left: k.until.Sub(now)}, nil
	case k.done:
		f.Late = true
	case !k.until.IsZero():
		f.Lapsed = true
	}
	*k = memory{content: w.Content, token: w.Token, until: now.Add(w.Lease)}
	return f, nil
}

// Finish implements Store.
func (m *Memory) Finish(_ context.Context, key Sum, t Token, a Answer, keep time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	k := m.keys[key]
	if k == nil || k.done || k.token != t {
		return ErrLost
	}
	a.Body = slices.Clone(a.Body)
	k.done, k.answer, k.until, k.forget = true, a, now.Add(keep), now.Add(2*keep)
	return nil
}

// Release implements Store.
func (m *Memory) Release(_ context.Context, key Sum, t Token) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.keys[key]; k != nil && !k.done && k.token == t {
		k.until = time.Time{}
	}
	return nil
}

// makeRoom forgets what may be forgotten at the old end, and if need be the
// oldest that is not being worked on.
func (m *Memory) makeRoom(now time.Time) {
	for range 4 { // more than one comes in, so that a full store shrinks
		if len(m.order) == 0 || !m.keys[m.order[0]].gone(now) {
			break
		}
		delete(m.keys, m.order[0])
		m.order = m.order[1:]
	}
	for tries := len(m.order); len(m.keys) >= m.max && tries > 0; tries-- {
		key := m.order[0]
		m.order = m.order[1:]
		if k := m.keys[key]; !k.done && now.Before(k.until) {
			m.order = append(m.order, key)
			continue
		}
		delete(m.keys, key)
		m.evicted++
	}
}

// gone reports whether nothing has to be remembered.
func (k *memory) gone(now time.Time) bool {
	if k.done {
		return !now.Before(k.forget)
	}
	return k.until.IsZero()
}
