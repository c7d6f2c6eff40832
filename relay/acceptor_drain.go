package relay

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// drain takes the spool's messages to the log.
//
// Many are under way at once, but of one key only one: a log keeps the order of
// what it keeps, and a message that fails while the next one of its key is
// already on its way would come after it. So a key drains at one message per
// answer of the log, and the spool as a whole at window messages per answer.
type drain struct {
	s   *spooler
	rnd *rand.Rand

	window []*entry // from the spool's head on
	chains map[string]*chain
	ready  []*entry // may go now
	stuck  []*entry // have failed and wait until they are due
	flying int
	whole  bool          // the window holds all there is
	wait   time.Duration // above 0 while the log is away
	until  time.Time     // nothing goes before

	mu      sync.Mutex
	answers []answer
	signal  chan struct{}
}

type entry struct {
	heldMessage
	raw     []byte
	chain   *chain // nil if nothing waits for it
	done    bool
	failed  time.Time     // the last time
	wait    time.Duration // since then
	refused time.Time     // when the log first said that it will not have it
}

func (e *entry) due() time.Time { return e.failed.Add(e.wait) }

// chain are the messages in the window that wait for each other.
type chain struct {
	name string
	rest []*entry // the first of them is the next
}

type answer struct {
	e   *entry
	at  Position
	err error
}

const (
	window               = 1024 // entries, of what the store returns at once
	probes               = 16   // how many ask whether the log is back
	minRetreat           = 100 * time.Millisecond
	maxRetreat           = 10 * time.Second
	poisonAfter          = time.Minute // a log that has just come back may not know its topics yet
	errEntry, errGivenUp = "the entry cannot be read", "the log refuses it: "
)

func newDrain(s *spooler) *drain {
	return &drain{s: s, rnd: s.rand(), chains: map[string]*chain{}, signal: make(chan struct{}, 1)}
}

// run drains until ctx ends, and then waits for what is under way, for as long
// as an acceptance may take.
func (d *drain) run(ctx context.Context) {
	defer d.s.ways.shut()
	d.s.damage()
	for ctx.Err() == nil {
		d.reap()
		if !d.refill(ctx) {
			continue
		}
		now := time.Now()
		d.wake(now)
		if !now.Before(d.until) {
			d.launch()
		}
		d.rest(ctx, now)
	}
	timer := time.NewTimer(d.s.within)
	defer timer.Stop()
	for d.flying > 0 {
		select {
		case <-d.signal:
			d.reap()
		case <-timer.C:
			return
		}
	}
}

// wake makes ready what is due again.
func (d *drain) wake(now time.Time) {
	still := d.stuck[:0]
	for _, e := range d.stuck {
		if e.due().After(now) {
			still = append(still, e)
		} else {
			d.ready = append(d.ready, e)
		}
	}
	clear(d.stuck[len(still):])
	d.stuck = still
}

// rest waits until there is something to do.
func (d *drain) rest(ctx context.Context, now time.Time) {
	var next time.Time
	if len(d.ready) > 0 {
		next = d.until // it waits for nothing else, or for answers
	}
	for _, e := range d.stuck {
		if due := e.due(); next.IsZero() || due.Before(next) {
			next = due
		}
	}
	var timer <-chan time.Time
	if next.After(now) {
		t := time.NewTimer(next.Sub(now))
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-d.signal:
	case <-timer:
	case <-d.s.more:
		d.whole = false
	case <-ctx.Done():
	}
}

// refill reads more into the window, waiting for an entry when it is empty. It
// reports whether there is anything.
func (d *drain) refill(ctx context.Context) bool {
	empty := len(d.window) == 0
	if !empty && (d.whole || len(d.window) > window/2) {
		return true
	}
	if empty {
		if there, err := d.s.store.Next(ended(), 1); len(there) == 0 && errors.Is(err, context.Canceled) {
			d.s.inherited.Store(false)
		}
	}
	raws, err := d.s.store.Next(ctx, window)
	if err != nil {
		if ctx.Err() == nil {
			d.s.poison(err)
			d.retreat(time.Now())
			d.pause(ctx)
		}
		return false
	}
	if d.whole = len(raws) <= len(d.window); !d.whole {
		d.s.damage()
	}
	for _, raw := range raws[min(len(d.window), len(raws)):] {
		d.admit(raw)
	}
	return true
}

// pause waits out a store that cannot be read.
func (d *drain) pause(ctx context.Context) {
	t := time.NewTimer(time.Until(d.until))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// admit takes one more entry into the window.
func (d *drain) admit(raw []byte) {
	e := &entry{raw: raw}
	d.window = append(d.window, e)
	h, err := decodeHeld(raw)
	e.heldMessage = h
	if h.run == d.s.run && d.window[0] == e {
		d.s.inherited.Store(false) // the spool gives the oldest first
	}
	name, ordered := d.orderOf(h.m)
	if err != nil || !ordered {
		d.ready = append(d.ready, e)
		return
	}
	c := d.chains[name]
	if c == nil {
		c = &chain{name: name}
		d.chains[name] = c
		d.ready = append(d.ready, e)
	}
	e.chain = c
	c.rest = append(c.rest, e)
}

// orderOf names what a message waits for. Which partition a key is in is not
// known here, so that a topic ordered by partition is drained one by one.
func (d *drain) orderOf(m *Message) (name string, ordered bool) {
	if m == nil {
		return "", false
	}
	order := ByKey
	if t := d.s.topics[m.Topic]; t != nil {
		order = t.Order
	}
	switch {
	case order == NoOrder, order == ByKey && len(m.Key) == 0:
		return "", false
	case order == ByPartition:
		return m.Topic, true
	}
	return m.Topic + "\x00" + string(m.Key), true
}

// launch sends what may go. While the log is away that is a few, to see
// whether it is back.
func (d *drain) launch() {
	n := len(d.ready)
	if d.wait > 0 {
		n = min(n, max(0, probes-d.flying))
	}
	for _, e := range d.ready[:n] {
		d.flying++
		if e.m == nil {
			d.answered(e, Position{}, errHeld)
			continue
		}
		if d.s.memory.has(scope(e.m), d.s.memory.fingerprint(e.m)) {
			d.answered(e, Position{Partition: -1}, nil)
			continue
		}
		m := *e.m
		d.s.log.Append(&m, func(at Position, err error) { d.answered(e, at, err) })
	}
	left := copy(d.ready, d.ready[n:])
	clear(d.ready[left:])
	d.ready = d.ready[:left]
}

// answered is called from any goroutine.
func (d *drain) answered(e *entry, at Position, err error) {
	d.mu.Lock()
	d.answers = append(d.answers, answer{e, at, err})
	d.mu.Unlock()
	select {
	case d.signal <- struct{}{}:
	default:
	}
}

// reap acts on what was answered, and takes what is finished out of the spool.
func (d *drain) reap() {
	d.mu.Lock()
	answers := d.answers
	d.answers = nil
	d.mu.Unlock()
	now := time.Now()
	came, away := false, false
	for _, a := range answers {
		d.flying--
		switch {
		case a.err == nil:
			if a.at.Partition >= 0 {
				came = true
				d.s.memory.drained(scope(a.e.m), d.s.memory.fingerprint(a.e.m), a.at)
			}
			d.finish(a.e)
		case d.final(a.e, a.err, now):
			d.finish(a.e)
		default:
			a.e.failed, a.e.wait = now, min(max(2*a.e.wait, minRetreat), maxRetreat)
			d.stuck = append(d.stuck, a.e)
			away = away || a.e.refused.IsZero()
		}
	}
	switch {
	case came:
		d.back()
	case away:
		d.retreat(now)
	}
	d.retire()
}

// back notes that the log answers: what failed because it did not goes soon.
func (d *drain) back() {
	d.wait, d.until = 0, time.Time{}
	d.s.ways.open.Store(true)
	for _, e := range d.stuck {
		if e.refused.IsZero() {
			e.wait = minRetreat
		}
	}
}

// finish lets go what waited for e.
func (d *drain) finish(e *entry) {
	e.done = true
	c := e.chain
	if c == nil {
		return
	}
	c.rest[0] = nil
	if c.rest = c.rest[1:]; len(c.rest) > 0 {
		d.ready = append(d.ready, c.rest[0])
		return
	}
	delete(d.chains, c.name)
}

// retire takes the finished ones at the head out of the spool. What it holds of
// a topic is counted down after that, so that nothing goes past it.
func (d *drain) retire() {
	n := 0
	for n < len(d.window) && d.window[n].done {
		n++
	}
	if n == 0 {
		return
	}
	if err := d.s.store.Done(n); err != nil {
		d.s.poison(err) // they will come again, in the next process
	}
	for _, e := range d.window[:n] {
		d.s.left(&e.heldMessage)
	}
	clear(d.window[:n])
	d.window = d.window[n:]
	d.whole = false
	if len(d.window) > 0 && d.window[0].run == d.s.run {
		d.s.inherited.Store(false)
	}
}

// retreat waits longer each time, and for a time that differs between
// processes.
func (d *drain) retreat(now time.Time) {
	d.s.ways.shut()
	d.wait = min(max(2*d.wait, minRetreat), maxRetreat)
	d.until = now.Add(d.wait/2 + time.Duration(d.rnd.Int64N(int64(d.wait/2)+1)))
}

// final reports whether the log will never take e, and it is put aside. What
// cannot be put aside stays, and holds up its own key.
func (d *drain) final(e *entry, err error, now time.Time) bool {
	why := errEntry
	switch {
	case errors.Is(err, errHeld):
	case errors.Is(err, ErrTooLarge):
		why = errGivenUp + err.Error()
	case errors.Is(err, ErrNoTopic), errors.Is(err, ErrDenied):
		if e.refused.IsZero() {
			e.refused = now
		}
		if now.Sub(e.refused) < poisonAfter {
			return false
		}
		why = errGivenUp + err.Error()
	default:
		e.refused = time.Time{}
		return false
	}
	store, ok := d.s.store.(Asider)
	if !ok {
		return false
	}
	line, err := rejectedLine(now, why, e.heldMessage, e.raw)
	if err == nil {
		err = store.SetAside(line)
	}
	if err != nil {
		return false
	}
	if d.s.aside.Add(1) == 1 {
		topic := ""
		if e.m != nil {
			topic = e.m.Topic
		}
		d.s.tell.tell(Event{At: now, What: SpoolRejected, Target: topic, Why: "a message was put aside in the spool's directory: " + why})
	}
	return true
}
