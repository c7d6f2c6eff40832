package httptarget

import (
	"sync"
	"time"
)

// pool keeps idle connections. The one used last is used next, so that those
// that are too many grow old at the other end.
type pool struct {
	max int

	mu    sync.Mutex
	idle  []*conn // by when they were used, the latest last
	sweep *time.Timer
}

func newPool(most int) *pool { return &pool{max: most} }

// get returns a connection that is alive, with its deadline set, or nil.
func (p *pool) get(now, deadline time.Time) *conn {
	for {
		p.mu.Lock()
		n := len(p.idle)
		if n == 0 {
			p.mu.Unlock()
			return nil
		}
		c := p.idle[n-1]
		p.idle[n-1], p.idle = nil, p.idle[:n-1]
		p.mu.Unlock()
		if now.Sub(c.used) < idleFor && c.nc.SetDeadline(deadline) == nil && c.alive() {
			return c
		}
		c.nc.Close()
	}
}

// put keeps c for later, unless it is old or there are enough.
func (p *pool) put(c *conn, now time.Time) {
	c.used = now
	if now.Sub(c.born) > connectionLife {
		c.nc.Close()
		return
	}
	p.mu.Lock()
	full := len(p.idle) >= p.max
	if !full {
		p.idle = append(p.idle, c)
		if p.sweep == nil {
			p.sweep = time.AfterFunc(idleFor, p.closeOld)
		}
	}
	p.mu.Unlock()
	if full {
		c.nc.Close()
	}
}

// closeOld closes what has been idle for too long, and comes back as long as
// there is anything.
func (p *pool) closeOld() {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for n < len(p.idle) && now.Sub(p.idle[n].used) >= idleFor {
		p.idle[n].nc.Close()
		n++
	}
	p.idle = append(p.idle[:0], p.idle[n:]...)
	clear(p.idle[len(p.idle):cap(p.idle)][:n])
	p.sweep = nil
	if len(p.idle) > 0 {
		p.sweep = time.AfterFunc(idleFor, p.closeOld)
	}
}

func (p *pool) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sweep != nil {
		p.sweep.Stop()
		p.sweep = nil
	}
	for _, c := range p.idle {
		c.nc.Close()
	}
	p.idle = nil
}
