package deferred

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// place is where requests wait for each other.
type place struct {
	lane string
	user uint64
}

// kept is a request that this process has taken and not seen delivered.
type kept struct {
	id, ticket string
	place      place
	seq        uint64 // of the lane
	taken      time.Time
	until      time.Time
	forget     time.Time     // when it has surely ended, wherever that was
	state      State         // Waiting, Delivering, or Unknown while nobody knows whether it was taken
	ended      chan struct{} // closed when it has ended; nil while nobody waits for that
	looked     time.Time     // when the Store was last asked about it
}

// lines are the requests that wait, of all lanes.
type lines struct {
	n atomic.Int64 // how many there are: what is empty costs nobody a lock

	mu      sync.Mutex
	max     int
	perUser int
	byID    map[string]*kept
	byPlace map[place][]*kept // in the order in which they were taken
	lanes   map[string]*line
}

// line is one lane's.
type line struct {
	taken, ended uint64
	rate         rate
}

func newLines() *lines {
	return &lines{byID: map[string]*kept{}, byPlace: map[place][]*kept{}, lanes: map[string]*line{}}
}

// errFull says that no more may wait here.
var errFull = errors.New("as many requests wait as may")

// waiting reports whether requests wait in a place.
func (l *lines) waiting(p place) bool {
	if l.n.Load() == 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.byPlace[p]) > 0
}

// bound sets how many may wait.
func (l *lines) bound(all, perUser int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.max, l.perUser = all, perUser
}

// join puts a request at the end. Of one that is there already it returns how
// far that is; else the state is "".
func (l *lines) join(k kept, now time.Time) (old standing, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if old := l.byID[k.id]; old != nil {
		return l.standing(old, now), nil
	}
	if len(l.byID) >= l.max || k.place.user != 0 && len(l.byPlace[k.place]) >= l.perUser {
		return old, errFull
	}
	k.forget = k.until.Add(overdue)
	l.add(&k)
	return old, nil
}

func (l *lines) add(k *kept) {
	ln := l.lane(k.place.lane)
	ln.taken++
	k.seq = ln.taken
	l.byID[k.id] = k
	if k.place.user != 0 {
		l.byPlace[k.place] = append(l.byPlace[k.place], k)
	}
	l.n.Add(1)
}

func (l *lines) lane(name string) *line {
	ln := l.lanes[name]
	if ln == nil {
		ln = &line{}
		l.lanes[name] = ln
	}
	return ln
}

// leave takes a request out: it has ended, or was not taken after all.
func (l *lines) leave(id string, now time.Time, delivered bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.byID[id]
	if k == nil {
		return
	}
	delete(l.byID, id)
	if all := l.byPlace[k.place]; len(all) == 1 {
		delete(l.byPlace, k.place)
	} else {
		rest := make([]*kept, 0, len(all))
		for _, other := range all {
			if other != k {
				rest = append(rest, other)
			}
		}
		if l.byPlace[k.place] = rest; len(rest) == 0 {
			delete(l.byPlace, k.place)
		}
	}
	l.n.Add(-1)
	ln := l.lane(k.place.lane)
	if ln.ended++; delivered {
		ln.rate.note(now)
	}
	if k.ended != nil {
		close(k.ended)
	}
}

// accepted says that a request is safe.
func (l *lines) accepted(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.byID[id]; k != nil && k.state == Unknown {
		k.state, k.forget = Waiting, k.until.Add(overdue)
	}
}

// mark says how far a request is that is in delivery.
func (l *lines) mark(id string, s State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.byID[id]; k != nil {
		k.state, k.forget = s, k.until.Add(overdue)
	}
}

// doubted is how long a request that may or may not have been kept holds up
// later ones of its user. Its sender was told to send it again.
const doubted = 30 * time.Second

// doubt says that nobody knows whether a request was kept.
func (l *lines) doubt(id string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.byID[id]; k != nil && k.state == Unknown {
		k.forget = now.Add(doubted)
	}
}

// standing is how far a request is, as it is told.
type standing struct {
	state  State
	ticket string
	taken  time.Time
	until  time.Time
	ahead  int           // requests before it in its lane, about
	each   time.Duration // what each of them takes, 0 if that is not known
	ended  <-chan struct{}
}

// look returns how far a request is; ok is false if it does not wait here.
func (l *lines) look(id string, now time.Time) (s standing, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.byID[id]
	if k == nil {
		return s, false
	}
	if k.ended == nil {
		k.ended = make(chan struct{})
	}
	return l.standing(k, now), true
}

func (l *lines) standing(k *kept, now time.Time) standing {
	ln := l.lane(k.place.lane)
	s := standing{state: k.state, ticket: k.ticket, taken: k.taken, until: k.until, ended: k.ended, each: ln.rate.each(now)}
	if before := k.seq - 1; before > ln.ended {
		s.ahead = int(before - ln.ended)
	}
	return s
}

// stale returns requests that the Store should be asked about, at most n: those
// of which nothing was heard for a while, the first to end first in each place.
func (l *lines) stale(now time.Time, after time.Duration, n int) (ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, k := range l.byID {
		if len(ids) == n {
			break
		}
		if now.Sub(k.taken) < after || now.Sub(k.looked) < after {
			continue
		}
		k.looked = now
		ids = append(ids, id)
	}
	return ids
}

// sweep takes out what should have ended long ago: it was delivered, or has
// expired, in another process.
func (l *lines) sweep(now time.Time) {
	var ids []string
	l.mu.Lock()
	for id, k := range l.byID {
		if now.After(k.forget) {
			ids = append(ids, id)
		}
	}
	l.mu.Unlock()
	for _, id := range ids {
		l.leave(id, now, false)
	}
}

// overdue is how long after its time a request is still expected to end: who
// delivers looks at the time before an attempt, and an attempt takes a while.
const overdue = time.Minute

// count returns how many wait, by lane, how many of them are with the service,
// and when the oldest was taken. It looks at each that waits: half a millisecond
// for a hundred thousand.
func (l *lines) count() (waiting, delivering map[string]int, oldest map[string]time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting, delivering, oldest = map[string]int{}, map[string]int{}, map[string]time.Time{}
	for name, ln := range l.lanes {
		waiting[name], delivering[name] = int(ln.taken-ln.ended), 0
	}
	for _, k := range l.byID {
		if k.state == Delivering {
			delivering[k.place.lane]++
		}
		if at, ok := oldest[k.place.lane]; !ok || k.taken.Before(at) {
			oldest[k.place.lane] = k.taken
		}
	}
	return waiting, delivering, oldest
}

// rate is how many requests ended per second over the last minute.
type rate struct {
	seconds [rateSeconds]uint32
	last    int64 // the second that was last noted
	first   int64 // the first second of this run of deliveries
}

const (
	rateSeconds = 60
	// rateFewest is how many must have ended, over at least rateLeast, before
	// anything is said: a time that is told should be about right.
	rateFewest = 5
	rateLeast  = 3
	// rateQuiet is how many seconds without any end a run of deliveries.
	rateQuiet = 20
)

func (r *rate) note(now time.Time) {
	s := now.Unix()
	if s < r.last { // the clock was set back
		*r = rate{}
	}
	if s-r.last > rateQuiet {
		*r = rate{first: s, last: s}
	}
	for ; r.last < s; r.last++ {
		r.seconds[(r.last+1)%rateSeconds] = 0
	}
	r.seconds[s%rateSeconds]++
}

// each is the time from one to the next, 0 if that is not known: nothing was
// delivered lately, or too few were.
func (r *rate) each(now time.Time) time.Duration {
	s := now.Unix()
	if s < r.last || s-r.last > rateQuiet {
		return 0
	}
	from := max(r.first, s-rateSeconds+1)
	n := uint32(0)
	for t := from; t <= r.last; t++ {
		n += r.seconds[t%rateSeconds]
	}
	over := s - from + 1
	if n < rateFewest || over < rateLeast {
		return 0
	}
	return time.Duration(over) * time.Second / time.Duration(n)
}
