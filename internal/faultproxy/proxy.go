package faultproxy

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// Proxy forwards connections to one address. It is safe for concurrent use.
type Proxy struct {
	target   string
	listener net.Listener
	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	tasks    sync.WaitGroup

	mu      sync.Mutex
	random  *rand.Rand
	faults  Faults
	setting uint64        // counts Set
	changed chan struct{} // closed by the next Set
	links   map[*link]struct{}
	total   int
}

// New listens on a free port of this machine and forwards to target,
// HOST:PORT. seed makes the jitter repeatable.
func New(target string, seed uint64) (*Proxy, error) {
	return Listen("127.0.0.1:0", target, seed)
}

// Listen is New on an address of the caller's choice.
func Listen(address, target string, seed uint64) (*Proxy, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("fault proxy: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &Proxy{
		target: target, listener: l, ctx: ctx, cancel: cancel,
		random: rand.New(rand.NewPCG(seed, 0)), changed: make(chan struct{}), links: map[*link]struct{}{},
	}
	p.tasks.Go(p.accept)
	return p, nil
}

// Addr is where clients connect.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Set puts faults in force, for open connections too.
func (p *Proxy) Set(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
	p.setting++
	close(p.changed)
	p.changed = make(chan struct{})
}

// Reset cuts every open connection, as a machine does that has been started
// anew (RST).
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.reset()
	}
}

// Open is how many connections there are, Total how many there have been.
func (p *Proxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

// Total is how many connections there have been, those refused included.
func (p *Proxy) Total() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.total
}

// Close ends every connection and returns when nothing of p runs any more.
func (p *Proxy) Close() error {
	p.cancel()
	err := p.listener.Close()
	p.Reset()
	p.tasks.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			if p.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			if !p.sleep(10 * time.Millisecond) { // out of descriptors, for one
				return
			}
			continue
		}
		p.tasks.Go(func() { p.serve(c.(*net.TCPConn)) })
	}
}

// serve is the life of one connection.
func (p *Proxy) serve(client *net.TCPConn) {
	p.mu.Lock()
	p.total++
	refuse := p.faults.Refuse
	p.mu.Unlock()
	if refuse {
		reset(client)
		return
	}
	dialer := net.Dialer{Timeout: 10 * time.Second}
	c, err := dialer.DialContext(p.ctx, "tcp", p.target)
	if err != nil {
		reset(client) // what the client would have seen itself
		return
	}
	l := &link{proxy: p, client: client, server: c.(*net.TCPConn), done: make(chan struct{})}
	if !p.add(l) {
		l.reset()
		return
	}
	l.run()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// add reports false when p has been closed: Reset would not reach l any more.
func (p *Proxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return false
	}
	p.links[l] = struct{}{}
	return true
}

// state returns what is in force, the number of the setting, and what tells of
// the next.
func (p *Proxy) state() (Faults, uint64, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults, p.setting, p.changed
}

// jitter draws up to j.
func (p *Proxy) jitter(j time.Duration) time.Duration {
	if j <= 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Duration(p.random.Int64N(int64(j)))
}

func (p *Proxy) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.ctx.Done():
		return false
	}
}

// reset closes c so that the other side sees RST, not an orderly end.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0) // the connection may be gone already: then it is as wanted
	_ = c.Close()
}
