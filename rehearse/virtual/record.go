package virtual

import (
	"math"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
	"github.com/daero/daero/surge"
)

// Record is what happened in one arm of a drill.
type Record struct {
	Drill *Drill
	Arm   Arm
	// Saturated is when for the first time more work came in 100 ms than the
	// service can do in them; below 0: never.
	Saturated time.Duration

	Messages, Answered int // sends, and those answered the first time
	LoggedOut          int // wanted to send and were not online
	Syncs, SyncsOK     int
	Logins             int // done, of all
	Lost               int // members whose session a failed send has cost
	Gone               int // members who were not online at the end, and had not lost theirs
	Kept               float64
	// Actions and Attempts are those of clients that honour Retry-After.
	Actions, Attempts int
	// Ordered is how many logins the playbook refused, Needless how many of
	// them while the service had room.
	Ordered, Needless int
	OrderedPeople     int // of them with a person waiting

	Levels []Moved
	Acts   []Did
	// Undone says that in the end no lane was told anything.
	Undone bool

	took, waits []float64 // of messages answered; of people until logged in; s
	demand      time.Duration
	demandBin   time.Duration
	seconds     []second
	acted       time.Duration // when a lane was first told something after it was told nothing
	wasOrdered  bool
	start       time.Time
}

// Moved is a change of the level.
type Moved struct {
	At time.Duration
	level.Change
}

// Did is something that the playbook did.
type Did struct {
	At time.Duration
	playbook.Event
	Share float64
}

// second is one second of an arm.
type second struct {
	sent, ok, logins, loggedOut int
	level                       level.Level
	strength                    map[string]float64
}

func newRecord(d *Drill, arm Arm) *Record {
	return &Record{Drill: d, Arm: arm, Saturated: -1, start: time.Now(), seconds: make([]second, int(d.End/time.Second)+1)}
}

func (r *Record) second(t time.Duration) *second {
	return &r.seconds[min(int(t/time.Second), len(r.seconds)-1)]
}

// listener notes what daero says of itself.
func (r *Record) listener(w *drilling) daero.Listener {
	return daero.Listener{
		LevelChanged: func(c level.Change) { r.Levels = append(r.Levels, Moved{w.Now(), c}) },
		Acted:        func(a daero.Acted) { r.Acts = append(r.Acts, Did{w.Now(), a.Event, a.Share}) },
	}
}

func honours(c surge.Client) bool {
	_, ok := c.(surge.Honouring)
	return ok
}

func (r *Record) action(p *person) {
	if honours(p.client) {
		r.Actions++
	}
}

// attempt notes that somebody knocks with so much work, whether or not it is
// let in: that is the demand.
func (r *Record) attempt(now time.Duration, p *person, work time.Duration) {
	if honours(p.client) {
		r.Attempts++
	}
	if bin := now / binWidth; bin != r.demandBin {
		r.demand, r.demandBin = 0, bin
	}
	if r.demand += work; r.Saturated < 0 && r.demand > time.Duration(r.Drill.Workers)*binWidth {
		r.Saturated = r.demandBin * binWidth
	}
}

func (r *Record) sent(began, now time.Duration, first, ok bool) {
	if !first {
		return
	}
	s := r.second(began)
	r.Messages++
	s.sent++
	if ok {
		r.Answered++
		s.ok++
		r.took = append(r.took, (now - began).Seconds())
	}
}

func (r *Record) unsent(now time.Duration) {
	r.LoggedOut++
	r.second(now).loggedOut++
}

func (r *Record) synced(ok bool) {
	r.Syncs++
	if ok {
		r.SyncsOK++
	}
}

func (r *Record) loggedIn(now, began time.Duration, p *person) {
	r.Logins++
	r.second(now).logins++
	if !p.background {
		r.waits = append(r.waits, (now - began).Seconds())
	}
}

// roomy is the share of idle workers from which on a refusal was not needed.
const roomy = 0.2

func (r *Record) ordered(background bool, p *Pool) {
	r.Ordered++
	if !background {
		r.OrderedPeople++
	}
	if p.idle() >= roomy {
		r.Needless++
	}
}

// stepped notes what is in force after a step.
func (r *Record) stepped(now time.Duration, st daero.ControlState, g *daeroGate) {
	s := r.second(now)
	s.level = max(s.level, st.Level.Level)
	for _, a := range st.Actions {
		if s.strength == nil {
			s.strength = map[string]float64{}
		}
		s.strength[a.ID] = math.Max(s.strength[a.ID], a.Strength)
	}
	if is := g.ordered(); is != r.wasOrdered {
		if r.wasOrdered = is; is {
			r.acted = now
		}
	}
}

// close counts who is online at the end.
func (r *Record) close(w *drilling) {
	for _, p := range w.all {
		switch {
		case p.lost:
			r.Lost++
		case !p.online:
			r.Gone++
		}
	}
	r.Kept = 1 - float64(r.Lost+r.Gone)/float64(max(len(w.all), 1))
	r.Undone = true
	if g, ok := w.gate.(*daeroGate); ok {
		for _, l := range g.lanes {
			r.Undone = r.Undone && l.Orders() == lane.Orders{}
		}
		r.Undone = r.Undone && g.polled == 0
	}
}

// Success is the share of messages that were answered the first time.
func (r *Record) Success() float64 { return share(r.Answered, r.Messages) }

// PerAction is attempts per action of clients that honour Retry-After.
func (r *Record) PerAction() float64 { return share(r.Attempts, r.Actions) }

func share(a, b int) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}
