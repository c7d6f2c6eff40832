package captcha

import (
	"context"
	"errors"
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ErrFull is what a ledger says that has no room. It takes no new challenges
// then, and forgets nothing that it must know: a token that was redeemed stays
// so.
var ErrFull = errors.New("the ledger is full: try again in a few seconds")

// DefaultMemory is how many bytes a [Memory] may take unless told otherwise.
const DefaultMemory = 512 << 20

const (
	shards = 64
	// overhead is about what one entry takes besides its key and value: two
	// strings' headers and the time (40), their place in a map that is between
	// 7/16 and 7/8 full (about 40), and what the allocator rounds up (about 16).
	overhead = 96
)

// Memory is a Ledger for one gateway. It ends with the process: what was open is
// gone then, and with it the tokens that were not redeemed.
//
// Three eighths of its bytes are for what is open, a half for claims, an eighth
// for budgets: so a flood of challenges leaves room to redeem tokens. An open
// question takes about 750 bytes, a claim 140 for six minutes, a budget 150: the
// default has room for 260,000 questions, for 5,000 tokens redeemed every second,
// and for 450,000 budgets. For 10,000 tokens a second all day it is 1 GiB.
type Memory struct {
	now    func() time.Time
	seed   maphash.Seed
	opens  space[string]
	claims space[string]
	spent  space[int]
	swept  atomic.Uint32 // the shard that is swept next
}

// space is one kind of entries, with its share of the bytes.
type space[V any] struct {
	most, used atomic.Int64
	cleared    atomic.Int64 // when it was swept for want of room, in seconds
	shards     [shards]shard[V]
}

type shard[V any] struct {
	sync.Mutex
	m map[string]entry[V]
}

type entry[V any] struct {
	value V
	size  int32
	until int64 // UnixNano
}

// NewMemory returns a ledger that takes up to most bytes, 0 for [DefaultMemory].
// Its clock may be nil: then it is the machine's.
func NewMemory(now func() time.Time, most int64) *Memory {
	if now == nil {
		now = time.Now
	}
	if most <= 0 {
		most = DefaultMemory
	}
	m := &Memory{now: now, seed: maphash.MakeSeed()}
	m.opens.most.Store(most / 8 * 3)
	m.claims.most.Store(most / 2)
	m.spent.most.Store(most / 8)
	return m
}

// Put implements Ledger.
func (m *Memory) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := m.now().UnixNano()
	s := m.opens.lock(m.seed, key)
	defer s.Unlock()
	return m.opens.put(s, key, string(value), len(value), now, now+int64(ttl))
}

// Get implements Ledger.
func (m *Memory) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := m.opens.lock(m.seed, key)
	defer s.Unlock()
	e, ok := m.opens.get(s, key, m.now().UnixNano())
	if !ok {
		return nil, nil
	}
	return []byte(e.value), nil
}

// Take implements Ledger.
func (m *Memory) Take(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := m.opens.lock(m.seed, key)
	defer s.Unlock()
	e, ok := m.opens.get(s, key, m.now().UnixNano())
	if !ok {
		return nil, nil
	}
	m.opens.drop(s, key, e)
	return []byte(e.value), nil
}

// Touch implements Ledger.
func (m *Memory) Touch(ctx context.Context, key string, ttl time.Duration) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	now := m.now().UnixNano()
	s := m.opens.lock(m.seed, key)
	defer s.Unlock()
	e, ok := m.opens.get(s, key, now)
	if ok {
		e.until = now + int64(ttl)
		s.m[key] = e
	}
	return ok, nil
}

// Claim implements Ledger.
func (m *Memory) Claim(ctx context.Context, key, by string, ttl time.Duration) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	now := m.now().UnixNano()
	s := m.claims.lock(m.seed, key)
	defer s.Unlock()
	if e, ok := m.claims.get(s, key, now); ok {
		return e.value, nil
	}
	if err := m.claims.put(s, key, strings.Clone(by), len(by), now, now+int64(ttl)); err != nil {
		return "", err
	}
	return by, nil
}

// Spend implements Ledger.
func (m *Memory) Spend(ctx context.Context, key string, n, limit int, per time.Duration) (ok bool, spent int, after time.Duration, err error) {
	if err := ctx.Err(); err != nil {
		return false, 0, 0, err
	}
	now := m.now().UnixNano()
	s := m.spent.lock(m.seed, key)
	defer s.Unlock()
	e, there := m.spent.get(s, key, now)
	if !there {
		e.until = now + int64(per)
	}
	after = time.Duration(e.until - now)
	if n > limit-e.value {
		return false, e.value, after, nil
	}
	if n <= 0 {
		return true, e.value, after, nil
	}
	e.value += n
	if there {
		s.m[key] = e
		return true, e.value, after, nil
	}
	if err := m.spent.put(s, key, e.value, 0, now, e.until); err != nil {
		return false, 0, 0, err
	}
	return true, e.value, after, nil
}

// Used is about how many bytes are taken.
func (m *Memory) Used() int64 {
	return m.opens.used.Load() + m.claims.used.Load() + m.spent.used.Load()
}

// Sweep forgets what is over in an eighth of the ledger: called every second, as
// [Platform.Run] does, nothing stays for more than eight seconds longer. A shard
// is locked while it is looked through, about a millisecond for 16,000 entries.
func (m *Memory) Sweep() {
	now := m.now().UnixNano()
	for range shards / 8 {
		i := m.swept.Add(1) % shards
		m.opens.sweep(i, now)
		m.claims.sweep(i, now)
		m.spent.sweep(i, now)
	}
}

func (p *space[V]) lock(seed maphash.Seed, key string) *shard[V] {
	s := &p.shards[maphash.String(seed, key)%shards]
	s.Lock()
	return s
}

// get returns what is there and not over. The shard is locked.
func (p *space[V]) get(s *shard[V], key string, now int64) (entry[V], bool) {
	e, ok := s.m[key]
	if ok && now >= e.until {
		p.drop(s, key, e)
		return entry[V]{}, false
	}
	return e, ok
}

func (p *space[V]) drop(s *shard[V], key string, e entry[V]) {
	delete(s.m, key)
	p.used.Add(-int64(e.size))
}

// put keeps a value if there is room for it. The shard is locked.
func (p *space[V]) put(s *shard[V], key string, v V, bytes int, now, until int64) error {
	size := int64(len(key) + bytes + overhead)
	old, _ := p.get(s, key, now) // of size 0 if there is none; one that is over is dropped
	if p.used.Add(size-int64(old.size)) > p.most.Load() && size > int64(old.size) {
		p.makeRoom(s, now)
		if p.used.Load() > p.most.Load() {
			p.used.Add(int64(old.size) - size)
			return ErrFull
		}
	}
	if s.m == nil {
		s.m = map[string]entry[V]{}
	}
	s.m[strings.Clone(key)] = entry[V]{value: v, size: int32(size), until: until}
	return nil
}

// makeRoom sweeps all shards, at most once a second. One of them is locked, and
// those that others have locked are left out: they wait for nobody.
func (p *space[V]) makeRoom(locked *shard[V], now int64) {
	second := now / int64(time.Second)
	if was := p.cleared.Load(); was == second || !p.cleared.CompareAndSwap(was, second) {
		return
	}
	for i := range p.shards {
		switch s := &p.shards[i]; {
		case s == locked:
			p.forget(s, now)
		case s.TryLock():
			p.forget(s, now)
			s.Unlock()
		}
	}
}

func (p *space[V]) sweep(shard uint32, now int64) {
	s := &p.shards[shard]
	s.Lock()
	defer s.Unlock()
	p.forget(s, now)
}

// forget drops what is over. The shard is locked.
func (p *space[V]) forget(s *shard[V], now int64) {
	for key, e := range s.m {
		if now >= e.until {
			p.drop(s, key, e)
		}
	}
	if len(s.m) == 0 {
		s.m = nil // a map keeps its room otherwise
	}
}
