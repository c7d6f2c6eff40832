package faultproxy

import (
	"net"
	"sync"
	"time"
)

// link is one connection through the proxy: both ways of it.
type link struct {
	proxy          *Proxy
	client, server *net.TCPConn
	once           sync.Once
	done           chan struct{} // closed when it is reset
}

// chunk is bytes under way.
type chunk struct {
	bytes []byte // nil is the end of the stream
	read  time.Time
}

const (
	chunkSize = 16 << 10
	// underway bounds what is kept while it is delayed, per way: 64 × 16 KiB.
	underway = 64
)

// run returns when both ways have ended.
func (l *link) run() {
	var ways sync.WaitGroup
	ways.Go(func() { l.way(l.client, l.server, func(f Faults) Way { return f.Up }) })
	ways.Go(func() { l.way(l.server, l.client, func(f Faults) Way { return f.Down }) })
	ways.Wait()
	l.close()
}

// reset ends the link as with a lost machine.
func (l *link) reset() {
	l.once.Do(func() {
		close(l.done)
		reset(l.client)
		reset(l.server)
	})
}

// close ends a link whose ways have both ended.
func (l *link) close() {
	l.once.Do(func() {
		close(l.done)
		_ = l.client.Close() // both ends have been told the end already
		_ = l.server.Close()
	})
}

// way carries one direction until it ends. Reading goes on while bytes wait for
// their time, so that a delay does not bound the throughput.
func (l *link) way(from, to *net.TCPConn, of func(Faults) Way) {
	queue := make(chan chunk, underway)
	var reader sync.WaitGroup
	reader.Go(func() { l.read(from, queue) })
	l.write(to, queue, of)
	reader.Wait()
}

func (l *link) read(from *net.TCPConn, queue chan<- chunk) {
	defer close(queue)
	for {
		b := make([]byte, chunkSize)
		n, err := from.Read(b)
		if n > 0 && !l.put(queue, chunk{b[:n], time.Now()}) {
			return
		}
		if err != nil {
			if !endOfStream(err) {
				l.reset() // a reset on one side is one on the other
				return
			}
			l.put(queue, chunk{nil, time.Now()})
			return
		}
	}
}

func (l *link) put(queue chan<- chunk, c chunk) bool {
	select {
	case queue <- c:
		return true
	case <-l.done:
		return false
	}
}

// write forwards what comes, as the faults of the moment let it.
func (l *link) write(to *net.TCPConn, queue <-chan chunk, of func(Faults) Way) {
	state := wayState{link: l, of: of}
	for c := range queue { // to its end, also when the link is dead: the reader waits for it
		if !l.forward(to, c, &state) {
			l.reset()
		}
	}
}

// forward writes c piece by piece; false says that the link is dead.
func (l *link) forward(to *net.TCPConn, c chunk, state *wayState) bool {
	end := c.bytes == nil
	for end || len(c.bytes) > 0 {
		n, ok := state.pass(c)
		if !ok {
			return false
		}
		if end {
			_ = to.CloseWrite() // if it is closed already, the end is told
			return true
		}
		if _, err := to.Write(c.bytes[:n]); err != nil || state.cut {
			return false
		}
		c.bytes = c.bytes[n:]
	}
	return true
}
