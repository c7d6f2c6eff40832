package daero

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// Source says what a signal reads now. Read is called ten times a second and
// must not wait. A Source that is also a [Runner] is run while it is in use.
type Source interface {
	Read(now time.Time) level.Reading
}

// Runner is a Source that has to be run, until ctx ends, to know anything.
type Runner interface {
	Run(ctx context.Context) error
}

// Effect tells somebody outside: a webhook or a channel.
type Effect interface {
	Do(ctx context.Context, n playbook.Notice) error
}

// Signal is a signal with where its readings come from.
type Signal struct {
	level.Signal
	Source Source
}

// Response describes the automatic response: signals, levels and a playbook.
// The zero Response measures nothing and does nothing.
type Response struct {
	Signals []Signal
	// Dwell, Below and Forget are those of [level.Config].
	Dwell  time.Duration
	Below  float64
	Forget time.Duration
	// Playbook is what happens at which level.
	Playbook playbook.Config
	// Effects are the webhooks and channels that the playbook names.
	Effects map[string]Effect
	// Node names this gateway in what is told outside.
	Node string
	// Agree is where several gateways agree on a level. It is given what this
	// one found and returns what to act on, ten times a second: it must not wait,
	// and must not ask the Control. Default: what it found. See level/fleet.
	Agree func(now time.Time, found level.Standing) level.Standing
}

func (r Response) levels() level.Config {
	cfg := level.Config{Dwell: r.Dwell, Below: r.Below, Forget: r.Forget}
	for _, s := range r.Signals {
		cfg.Signals = append(cfg.Signals, s.Signal)
	}
	return cfg
}

// Validate reports every mistake at once, joined.
func (r Response) Validate() error {
	errs := []error{r.levels().Validate(), r.Playbook.Validate()}
	for _, s := range r.Signals {
		if s.Source == nil {
			errs = append(errs, fmt.Errorf("signal %s: has no source", s.Name))
		}
	}
	for _, a := range r.Playbook.Actions {
		if a.Kind.Tells() && r.Effects[a.Target] == nil {
			errs = append(errs, playbook.Mistake{Where: a.Where, What: fmt.Sprintf("%s: no %s of that name", a.Slot(), a.Kind)})
		}
	}
	return errors.Join(errs...)
}

// Control is the way from readings to what lanes are told, ten times a second:
// readings, ladder, playbook, orders. It is safe for concurrent use.
type Control struct {
	d *Daero

	apply sync.Mutex // held while responses change, taken before mu
	loop  owned      // steps while a response is in force

	mu      sync.Mutex
	entries []*responding // the newest last; that one is in force
	ladder  *level.Ladder
	runner  *playbook.Runner
	traffic traffic
	habits  habits
	read    []level.Reading
	orders  []playbook.Order
	stood   level.Standing
	heard   map[string]bool // signals, whether they were fresh
	leaving *responding     // while it is withdrawn
	drained drained
	work    time.Duration // that the CAPTCHA's proof of work takes at least
	last    time.Time     // of the last step

	revision atomic.Uint64 // changed with mu held
	changes  changes
	turned   Changed // the last configuration that came or went
	lanes    laneOrders

	runs runs
}

// responding is a response that was applied and not yet undone.
type responding struct {
	r       Response
	book    *playbook.Playbook
	runs    owned
	tellers map[string]*teller
}

// owned is goroutines that end, and are waited for, together.
type owned struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func (o *owned) start() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	o.cancel = cancel
	return ctx
}

func (o *owned) end() {
	if o.cancel != nil {
		o.cancel()
	}
	o.wg.Wait()
}

// Control returns the automatic response of d. There is one.
func (d *Daero) Control() *Control { return d.control }

func newControl(d *Daero) *Control {
	ladder, err := level.New(level.Config{})
	book, err2 := playbook.New(playbook.Config{})
	if err := errors.Join(err, err2); err != nil {
		panic(err) // the empty configurations are valid
	}
	c := &Control{
		d: d, ladder: ladder, runner: playbook.NewRunner(book), heard: map[string]bool{}, habits: habits{}, drained: newDrained(),
		changes: changes{last: map[Held]uint64{}}, lanes: laneOrders{}, runs: runs{going: map[string]*Run{}},
	}
	c.revision.Store(firstRevision())
	return c
}

// firstRevision begins somewhere: what was seen of a process before must not be
// taken for what this one shows. It stays below 2^53, so that browsers read it.
func firstRevision() uint64 {
	var b [8]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return 1 + binary.LittleEndian.Uint64(b[:])>>16
}

// Apply puts r in force instead of the response before, and returns what
// withdraws it: then the one before is in force again, and with the last one
// nothing is. The level, a pin and a pause outlive both. Apply runs what has to
// run; undo waits until it has ended. On error nothing changes.
func (c *Control) Apply(r Response) (undo func(), err error) {
	undo, start, err := c.Load(r)
	if err != nil {
		return nil, err
	}
	start()
	return undo, nil
}

// Load is Apply for callers that have a clock of their own: nothing runs until
// start is called, and they call [Control.Step] themselves.
func (c *Control) Load(r Response) (undo, start func(), err error) {
	if err := r.Validate(); err != nil {
		return nil, nil, err
	}
	book, err := playbook.New(r.Playbook)
	if err != nil {
		return nil, nil, err
	}
	e := &responding{r: r, book: book, tellers: map[string]*teller{}}
	for name, effect := range r.Effects {
		e.tellers[name] = newTeller(name, effect, c.effectFailed)
	}
	c.apply.Lock()
	defer c.apply.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.turnTo(e); err != nil {
		return nil, nil, err
	}
	c.entries = append(c.entries, e)
	c.turn(audit.PlanApplied)
	return sync.OnceFunc(func() { c.withdraw(e) }), sync.OnceFunc(func() { c.start(e) }), nil
}

// turnTo makes an entry's response the one that is stepped.
func (c *Control) turnTo(e *responding) error {
	if err := c.ladder.Reload(e.r.levels()); err != nil {
		return err
	}
	c.runner.Reload(e.book)
	c.read = make([]level.Reading, len(e.r.Signals))
	return nil
}

func (c *Control) start(e *responding) {
	c.apply.Lock()
	defer c.apply.Unlock()
	ctx := e.runs.start()
	for _, s := range e.r.Signals {
		if run, ok := s.Source.(Runner); ok {
			// How it fares shows in its readings.
			e.runs.wg.Go(func() { _ = run.Run(ctx) })
		}
	}
	for _, t := range e.tellers {
		e.runs.wg.Go(func() { t.run(ctx) })
	}
	if c.loop.cancel == nil {
		looping := c.loop.start()
		c.loop.wg.Go(func() { c.run(looping) })
	}
}

// run steps until ctx ends.
func (c *Control) run(ctx context.Context) {
	tick := time.NewTicker(level.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			c.Step(now)
		}
	}
}

func (c *Control) withdraw(e *responding) {
	c.apply.Lock()
	defer c.apply.Unlock()
	if c.leave(e) {
		c.loop.end()
		c.loop.cancel = nil
	}
	e.runs.end()
}

// leave takes an entry out, with a step that takes back what only it had
// ordered, and reports whether it was the last.
func (c *Control) leave(e *responding) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	inForce := c.entries[len(c.entries)-1] == e
	var rest []*responding
	for _, other := range c.entries {
		if other != e {
			rest = append(rest, other)
		}
	}
	c.entries = rest
	switch {
	case len(rest) == 0:
		empty, _ := playbook.New(playbook.Config{})
		_ = c.turnTo(&responding{book: empty}) // the empty response is valid
	case inForce:
		_ = c.turnTo(rest[len(rest)-1]) // it was in force before
	}
	c.turn(audit.PlanWithdrawn)
	c.leaving = e
	c.step(c.last)
	c.leaving = nil
	return len(rest) == 0
}

// Step makes one step. It is for callers with a clock of their own; otherwise
// [Control.Apply] sees to it.
func (c *Control) Step(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.step(now)
}

func (c *Control) step(now time.Time) {
	c.last = now
	if c.traffic.take(now, c.d) {
		c.habits.take(c.traffic.latest())
	}
	var e *responding
	if len(c.entries) > 0 {
		e = c.entries[len(c.entries)-1]
		for i, s := range e.r.Signals {
			c.read[i] = s.Source.Read(now)
		}
	}
	_, change := c.ladder.Step(now, c.read)
	c.stood = c.ladder.Standing()
	if e != nil && e.r.Agree != nil {
		c.stood = e.r.Agree(now, c.stood)
	}
	c.stepLanes(now)
	orders, events := c.runner.Step(now, c.stood)
	c.put(orders)
	if change != nil {
		c.changed(*change)
	}
	c.listen(now)
	for _, ev := range events {
		c.happened(ev)
	}
	c.tell(now, events)
}

// changed tells the listener that the level changed.
func (c *Control) changed(ch level.Change) {
	c.d.listener.levelChanged(ch)
	c.record(audit.Entry{
		At: ch.At, Who: audit.By, What: audit.LevelChanged, Target: ch.To.String(),
		Before: ch.From.String(), After: ch.To.String(), Why: ch.Why,
	})
}

// happened tells the listener what the playbook did.
func (c *Control) happened(ev playbook.Event) {
	a := Acted{Event: ev}
	if ev.Action != nil && ev.Action.Kind.Refuses() {
		a.Share = c.traffic.share(ev.Action, ev.To)
	}
	c.runs.happened(a)
	c.d.listener.acted(a)
	what := audit.ActionMoved
	switch {
	case ev.Left():
		what = audit.ActionLeft
	case ev.Entered():
		what = audit.ActionEntered
	}
	c.record(audit.Entry{
		At: ev.At, Who: audit.By, What: what, Target: ev.ID, Before: percent(ev.From), After: percent(ev.To),
		Why: "level " + ev.Level.String(), Shadow: ev.Shadow, Share: a.Share,
	})
}

// listen records signals that are lost and that come back.
func (c *Control) listen(now time.Time) {
	for i, r := range c.read {
		name := c.entries[len(c.entries)-1].r.Signals[i].Name
		heard := !r.At.IsZero() && now.Sub(r.At) <= c.ladder.Stale(i)
		was, known := c.heard[name]
		if !known && !heard {
			continue // what was never heard is not lost
		}
		c.heard[name] = heard
		switch {
		case known && was && !heard:
			c.record(audit.Entry{At: now, Who: audit.By, What: audit.SignalLost, Target: name, Why: r.Note})
		case known && !was && heard:
			c.record(audit.Entry{At: now, Who: audit.By, What: audit.SignalBack, Target: name})
		}
	}
}

func (c *Control) record(e audit.Entry) { c.d.listener.recorded(e) }

func percent(v float64) string { return fmt.Sprintf("%.0f%%", v*100) }
