package api

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/history"
	"github.com/daero/daero/level"
	"github.com/daero/daero/live"
)

// Pulse looks at everything once a second, and at once when something that is
// controlled changes: for the screens of all who watch it is measured, and
// written as JSON, once. It keeps what happened lately, and two hours of what
// lanes did. There is one in a process; the APIs of its sites share it.
//
// It is made of the same Config as an API, and is given what happens by
// [Pulse.Heard] (every entry of the record) and [Pulse.Listener]. [Pulse.Run]
// makes it go.
type Pulse struct {
	api     *API
	node    string
	history *history.History
	pressed atomic.Int64 // nanoseconds
	byes    atomic.Uint32
	wake    chan struct{}

	// looking is held while what follows is used: by Run, and by whoever asks
	// first. It is taken before mu.
	looking sync.Mutex
	meter   live.Meter
	rates   [numCounts]live.Rate
	// coming is what was expected at comingAt, by the controls of revision comingOf.
	coming   []ComingDoc
	comingAt time.Time
	comingOf uint64

	mu     sync.Mutex
	feed   *live.Feed
	change level.Change // the last
	doc    *NowDoc      // the newest, nil before the first
	subs   map[*subscriber]struct{}
	closed bool
}

// What is counted beside lanes.
const (
	countDelivered = iota
	countIssued
	countPassed
	numCounts
)

// Bounds of looking.
const (
	pulseEvery = time.Second
	pulseLeast = 200 * time.Millisecond // between two looks: what changes shows within 250 ms
	pulseYoung = 1500 * time.Millisecond
	keptEvents = 1000
	// comingFresh is how old the list of what is to come may be.
	comingFresh = 10 * time.Second
)

// NewPulse returns a Pulse of what cfg describes, on a gateway of a name.
func NewPulse(cfg Config, node string) (*Pulse, error) {
	cfg.Local = true
	a, err := New(cfg)
	if err != nil {
		return nil, err
	}
	return &Pulse{
		api: a, node: node, history: history.New(), wake: make(chan struct{}, 1),
		feed: live.NewFeed(keptEvents, a.Now()), subs: map[*subscriber]struct{}{},
	}, nil
}

// Listener is told what the control does. To be teed into the Daero's.
func (p *Pulse) Listener() daero.Listener {
	return daero.Listener{
		LevelChanged: func(ch level.Change) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.change = ch
		},
		Pressed: func(least time.Duration) { p.pressed.Store(int64(least)) },
	}
}

// Heard takes an entry of the record. It never waits.
func (p *Pulse) Heard(e audit.Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ev := live.Event{At: e.At, Kind: live.KindOf(e), Entry: e, WhyKorean: koreanWhy(e), Said: audit.Say(e)}
	if ch := p.change; e.What == audit.LevelChanged && ch.At.Equal(e.At) && ch.Armed > level.Normal && ch.To <= ch.Armed && len(ch.Signals) == 0 {
		ev.Kind = live.Outside
	}
	p.sendEvent(p.feed.Add(ev))
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// newest returns the newest events, and the ID of the last.
func (p *Pulse) newest(n int) (id int64, events []live.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.feed.Last(), p.feed.Newest(n)
}

// Run looks until ctx ends; then it ends all streams.
func (p *Pulse) Run(ctx context.Context) {
	defer p.end()
	tick := time.NewTicker(pulseEvery)
	defer tick.Stop()
	ticked := true
	for {
		p.tell(p.look(p.api.Now(), ticked))
		// What changes in a burst is looked at once.
		select {
		case <-ctx.Done():
			return
		case <-time.After(pulseLeast):
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			ticked = true
		case <-p.wake:
			ticked = false
		}
	}
}

// look measures. With a tick what was measured is kept: looks in between see
// less than a second, which would make rates jump.
func (p *Pulse) look(now time.Time, tick bool) *NowDoc {
	p.looking.Lock()
	defer p.looking.Unlock()
	snap := p.api.Daero.Snapshot()
	doc := p.now(now, snap)
	if tick {
		p.keep(now, snap, doc.Level.Number)
		p.meter.Take(now, snap.Backends)
		for i := range p.rates {
			p.rates[i].Take(now)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doc = &doc
	return &doc
}

// rate is how fast a counter grows. looking is held.
func (p *Pulse) rate(now time.Time, counter int, n uint64) float64 {
	return p.rates[counter].Of(now, n)
}

// keep adds a second to the history.
func (p *Pulse) keep(now time.Time, snap daero.Snapshot, number int) {
	lanes, totals := p.meter.Second(now, snap.Backends)
	s := history.Sample{Level: number, Totals: totals, Lanes: make([]history.Lane, 0, len(lanes))}
	for _, l := range lanes {
		kept := history.Lane{Lane: l}
		for _, was := range snap.Backends[l.Backend].Lanes {
			if was.Name == l.Name {
				kept.Shed = max(was.Orders.Shed[0], was.Orders.Shed[1])
			}
		}
		s.Lanes = append(s.Lanes, kept)
	}
	p.history.Add(now, s)
}

// tell sends a document to who watches. It is written once, and not at all
// where nobody does.
func (p *Pulse) tell(doc *NowDoc) {
	if p.Streams() == 0 {
		return
	}
	data, err := json.Marshal(doc)
	if err != nil {
		return // nothing in it cannot be written; who watches sees that it grows old
	}
	f := frame("now", 0, data)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.send(topicNow, f)
}

// Now returns the newest document, or a newer one if what is controlled has
// changed since, or if Run does not run: who asks often costs little.
func (p *Pulse) Now(now time.Time) *NowDoc {
	p.mu.Lock()
	doc := p.doc
	p.mu.Unlock()
	if doc != nil && doc.Revision == p.api.Daero.Control().Revision() {
		if age := now.Sub(doc.At); age >= 0 && age < pulseYoung {
			return doc
		}
	}
	return p.look(now, false)
}

// pulse returns what looks at everything, or says that nothing does.
func (c *call) pulse() (*Pulse, error) {
	if c.Pulse == nil {
		return nil, notFound("nothing is measured here: this API was made without a pulse")
	}
	return c.Pulse, nil
}
