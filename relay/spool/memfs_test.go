package spool_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/daero/daero/relay/spool"
)

// memFS is a disk in memory that knows what has been synced, so that the power
// can fail, and of which any operation can fail.
type memFS struct {
	mu     sync.Mutex
	now    map[string]*inode
	synced map[string]*inode
	locked bool
	free   int64

	ops    int
	failAt int   // the operation that fails, counted from 1; 0 none
	err    error // with what
	failed string
}

type inode struct {
	data, synced []byte
	bad          error // what writing to it says
}

func newMemFS() *memFS {
	return &memFS{now: map[string]*inode{}, synced: map[string]*inode{}, free: math.MaxInt64}
}

// op counts an operation, and says whether it is the one that fails.
func (m *memFS) op(what string) error {
	m.ops++
	if m.ops == m.failAt {
		m.failed = what
		return fmt.Errorf("%s: %w", what, m.err)
	}
	return nil
}

func (m *memFS) Open(name string, flag int) (spool.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.op("open " + filepath.Base(name)); err != nil {
		return nil, err
	}
	n := m.now[name]
	switch {
	case n == nil && flag&os.O_CREATE == 0:
		return nil, os.ErrNotExist
	case n != nil && flag&os.O_EXCL != 0:
		return nil, os.ErrExist
	case n == nil:
		n = &inode{}
		m.now[name] = n
	case flag&os.O_TRUNC != 0:
		n.data = nil
	}
	return &memFile{m, n, filepath.Base(name)}, nil
}

func (m *memFS) List(dir string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for name := range m.now {
		if filepath.Dir(name) == dir {
			names = append(names, filepath.Base(name))
		}
	}
	return names, m.op("list")
}

func (m *memFS) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.op("remove " + filepath.Base(name)); err != nil {
		return err
	}
	if m.now[name] == nil {
		return os.ErrNotExist
	}
	delete(m.now, name)
	return nil
}

func (m *memFS) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.op("rename"); err != nil {
		return err
	}
	m.now[to] = m.now[from]
	delete(m.now, from)
	return nil
}

func (m *memFS) MakeDir(string) error { return nil }

func (m *memFS) SyncDir(string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.op("sync directory"); err != nil {
		return err
	}
	m.synced = maps.Clone(m.now)
	return nil
}

func (m *memFS) Free(string) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.free, m.op("free")
}

func (m *memFS) Lock(string) (io.Closer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locked {
		return nil, errors.New("another process has this spool open")
	}
	m.locked = true
	return unlock{m}, nil
}

type unlock struct{ m *memFS }

func (u unlock) Close() error {
	u.m.mu.Lock()
	defer u.m.mu.Unlock()
	u.m.locked = false
	return nil
}

type memFile struct {
	m    *memFS
	n    *inode
	name string
}

func (f *memFile) ReadAt(b []byte, off int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.op("read " + f.name); err != nil {
		return 0, err
	}
	if off >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.n.data[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(b []byte, off int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	err := f.m.op("write " + f.name)
	if f.n.bad != nil {
		return 0, f.n.bad
	}
	if err != nil {
		b = b[:len(b)/2] // half of it got there
	}
	if end := int(off) + len(b); end > len(f.n.data) {
		f.n.data = append(f.n.data, make([]byte, end-len(f.n.data))...)
	}
	return copy(f.n.data[off:], b), err
}

func (f *memFile) Close() error { return nil }

func (f *memFile) Size() (int64, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return int64(len(f.n.data)), f.m.op("size")
}

func (f *memFile) Truncate(size int64) error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.op("truncate"); err != nil {
		return err
	}
	f.n.data = f.n.data[:size]
	return nil
}

func (f *memFile) Sync() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.op("sync " + f.name); err != nil {
		return err
	}
	f.n.synced = slices.Clone(f.n.data)
	return nil
}

// killed returns the disk as the next process finds it when this one is killed.
func (m *memFS) killed() *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := newMemFS()
	for name, i := range m.now {
		n.now[name] = &inode{data: slices.Clone(i.data), synced: slices.Clone(i.synced)}
	}
	for name, i := range m.synced {
		n.synced[name] = &inode{data: slices.Clone(i.data), synced: slices.Clone(i.synced)}
		if m.now[name] == i {
			n.synced[name] = n.now[name]
		}
	}
	return n
}

// powerless returns the disk as it is found after the power has failed: of what
// was not synced, some is there.
func (m *memFS) powerless(r *rand.Rand) *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := newMemFS()
	keep := func(name string, i *inode) {
		data := torn(i, r)
		n.now[name] = &inode{data: data, synced: slices.Clone(data)}
		n.synced[name] = n.now[name]
	}
	for name, i := range m.synced {
		if m.now[name] == i || r.IntN(2) == 0 { // else it was removed
			keep(name, i)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.now)) {
		if m.synced[name] != m.now[name] && r.IntN(2) == 0 {
			keep(name, m.now[name])
		}
	}
	return n
}

// torn returns a file of which each sector is the old or the new one.
func torn(i *inode, r *rand.Rand) []byte {
	const sector = 512
	size := len(i.data)
	if r.IntN(2) == 0 {
		size = len(i.synced)
	}
	out := make([]byte, size)
	copy(out, i.synced)
	for at := 0; at < size; at += sector {
		if r.IntN(2) == 0 && at < len(i.data) {
			end := min(at+sector, len(i.data), size)
			copy(out[at:end], i.data[at:end])
		}
	}
	return out
}
