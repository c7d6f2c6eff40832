package gate

// state says where a queue stands.
type state uint8

const (
	idle state = iota
	ready
	out
	blocked
)

// queue is the messages of one key, the oldest first.
type queue[T any] struct {
	part       *Part[T]
	name       string
	id         uint64
	head, tail *Entry[T]
	n          int
	state      state
	door       Door
	named      bool // other messages can have the same key
	parked     bool

	at     int64 // when it is due, blocked
	index  int   // in the heap, blocked
	before *queue[T]
	after  *queue[T] // in the list of a door, ready

	older, newer *queue[T] // in the part
}

// Part is the messages of one partition. Make it with [Gate.Part].
type Part[T any] struct {
	gate    *Gate[T]
	order   Order
	keys    map[string]*queue[T]
	all     *queue[T]
	over    int
	bytes   int64
	stopped bool
	dropped bool
}

// Add puts a message behind those of its key. nil is no key: under [ByKey] such
// a message waits for none.
func (p *Part[T]) Add(key []byte, v T, bytes int64) *Entry[T] {
	g := p.gate
	q := p.queue(key)
	e := g.entry()
	e.Value, e.bytes, e.door, e.q = v, bytes, Fresh, q
	if q.tail == nil {
		q.head, q.tail = e, e
	} else {
		q.tail.next = e
		q.tail = e
	}
	g.count(q, q.n+1)
	g.bytes += bytes
	p.bytes += bytes
	g.n++
	if q.n == 1 {
		g.stand(q)
	}
	return e
}

// Full reports whether a key has as many messages as Config.PerKey.
func (p *Part[T]) Full() bool { return p.over > 0 }

// Bytes is what is held of the part.
func (p *Part[T]) Bytes() int64 { return p.bytes }

// Park sends the messages of e's key aside, those that come later too, until
// Unpark. e is the first of its key and stands at the door at once, unless it
// is out.
func (p *Part[T]) Park(e *Entry[T]) {
	q := e.q
	q.parked = true
	if q.state != out {
		p.gate.lift(q)
		p.gate.stand(q)
	}
}

// ParkKey parks a key that may have no messages here.
func (p *Part[T]) ParkKey(key []byte) {
	if p.order == ByKey && key != nil {
		q := p.queue(key)
		q.parked = true
		if q.state == ready {
			p.gate.lift(q)
			p.gate.stand(q)
		}
	}
}

// Unpark ends Park: what waits of the key goes to the target again.
func (p *Part[T]) Unpark(key []byte) {
	q := p.keys[string(key)]
	if key == nil || q == nil || !q.parked {
		return
	}
	q.parked = false
	switch {
	case q.head == nil:
		p.gate.forget(q)
	case q.state == ready:
		p.gate.lift(q)
		p.gate.stand(q)
	}
}

// Waiting counts messages of a key that are here.
func (p *Part[T]) Waiting(key []byte) int {
	if q := p.keys[string(key)]; key != nil && q != nil {
		return q.n
	}
	return 0
}

// Stop lets no more messages of p out; those that are out may end.
func (p *Part[T]) Stop() {
	p.stopped = true
	for q := p.all; q != nil; q = q.older {
		if q.state != out {
			p.gate.lift(q)
		}
	}
}

// Drop forgets all messages of p, those that are out too: Done of them does
// nothing.
func (p *Part[T]) Drop() {
	p.Stop()
	g := p.gate
	for q := p.all; q != nil; q = q.older {
		g.lift(q)
		for e := q.head; e != nil; e = e.next {
			g.bytes -= e.bytes
			g.n--
		}
		g.count(q, 0)
	}
	p.dropped, p.all, p.keys = true, nil, nil
}

// queue returns the queue of a key, new if there is none.
func (p *Part[T]) queue(key []byte) *queue[T] {
	named := p.order == ByPart || p.order == ByKey && key != nil
	if named {
		if p.order == ByPart {
			key = nil
		}
		if q := p.keys[string(key)]; q != nil {
			return q
		}
	}
	g := p.gate
	q := g.spareQ
	if q != nil {
		g.spareQ = q.after
		*q = queue[T]{}
	} else {
		q = new(queue[T])
	}
	g.seq++
	q.part, q.id, q.named = p, g.seq, named
	if q.older = p.all; p.all != nil {
		p.all.newer = q
	}
	p.all = q
	if named {
		q.name = string(key)
		p.keys[q.name] = q
	}
	return q
}

// forget takes an empty queue out of its part.
func (g *Gate[T]) forget(q *queue[T]) {
	p := q.part
	if q.newer != nil {
		q.newer.older = q.older
	} else {
		p.all = q.older
	}
	if q.older != nil {
		q.older.newer = q.newer
	}
	if q.named {
		delete(p.keys, q.name)
	}
	*q = queue[T]{after: g.spareQ}
	g.spareQ = q
}

// mostSpares bounds what is kept to be used again.
const mostSpares = 1 << 15

func (g *Gate[T]) entry() *Entry[T] {
	e := g.spareE
	if e == nil {
		return new(Entry[T])
	}
	g.spareE = e.next
	g.spares--
	e.next = nil
	return e
}

func (g *Gate[T]) recycle(e *Entry[T]) {
	*e = Entry[T]{}
	if g.spares < mostSpares {
		e.next = g.spareE
		g.spareE = e
		g.spares++
	}
}
