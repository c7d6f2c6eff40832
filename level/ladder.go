package level

import (
	"math"
	"time"
)

// Reading is what a signal said last.
type Reading struct {
	// Value is what was measured. Not a number or infinite: nothing was.
	Value float64
	// At is when. The zero time: nothing was measured yet. A time more than a
	// second ahead is not believed.
	At time.Time
	// Until is how long an outside warning holds.
	Until time.Time
	// Note is what the source says: what a warning is about, or why there is no
	// value.
	Note string
}

// Ladder is the level and what it remembers to find the next one. It is not
// safe for concurrent use.
type Ladder struct {
	cfg     Config
	signals []signal

	measured Level
	entered  time.Time        // when measured became what it is
	left     [Count]time.Time // when each level was last left downwards
	patience [Count]int       // how many dwells each level is kept
	calm     time.Time        // since when nothing holds the level; zero: something does
	held     float64          // the load, falling slowly
	pressed  time.Time        // when held was last moved
	ease     Level

	armed      Level
	armedUntil time.Time
	pin        Pin

	shown   Level     // what the step before returned
	since   time.Time // when shown became what it is
	because Change    // the last change
	current []cause   // reused
	stepped time.Time // when the last step was
}

// signal is a configured signal and what was read of it.
type signal struct {
	Signal
	last   Reading
	fresh  bool
	height float64   // of the last fresh reading
	before float64   // and of the step before it
	over   time.Time // since when it asks for its level
	asks   Level
	gone   time.Time // since when there is no fresh reading; zero: there is
}

// New returns a Ladder at Normal. The error names every mistake in cfg.
func New(cfg Config) (*Ladder, error) {
	l := &Ladder{}
	for i := range l.patience {
		l.patience[i] = 1
	}
	return l, l.Reload(cfg)
}

// Reload puts cfg in force. The level and what it remembers stay; signals keep
// what was read of them by name. On error nothing changes.
func (l *Ladder) Reload(cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	l.cfg = cfg.withDefaults()
	kept := make(map[string]signal, len(l.signals))
	for _, s := range l.signals {
		kept[s.Name] = s
	}
	l.signals = make([]signal, len(l.cfg.Signals))
	for i, cfg := range l.cfg.Signals {
		l.signals[i] = kept[cfg.Name]
		s := &l.signals[i]
		s.Signal = cfg
		if s.asks = Normal; s.Arms == Normal {
			s.weigh() // what was read counts by the thresholds that hold now
		}
	}
	l.current = make([]cause, 0, len(l.signals))
	return nil
}

// Step moves the ladder: readings are in the order of the configured signals;
// what is missing at the end was not read. It returns the level to act on, and
// what changed, nil if nothing did. Without a change it allocates nothing.
func (l *Ladder) Step(now time.Time, readings []Reading) (Level, *Change) {
	if l.entered.IsZero() {
		l.entered, l.since, l.pressed = now, now, now
	}
	if back := l.stepped.Sub(now); back > 0 {
		l.rewind(back)
	}
	l.stepped = now
	l.read(now, readings)
	l.arm(now)
	load, ease, fresh := l.load(now)
	l.ease = ease
	l.press(now, load, fresh)
	l.raise(now, load)
	l.lower(now, ease, fresh)
	if !l.pin.Until.IsZero() && !now.Before(l.pin.Until) {
		l.pin = Pin{}
	}
	return l.show(now)
}

// rewind moves what is remembered back with a clock that was set back, so that
// no level lasts as long as the clock takes to come back to where it was.
func (l *Ladder) rewind(by time.Duration) {
	back := func(t *time.Time) {
		if !t.IsZero() {
			*t = t.Add(-by)
		}
	}
	for _, t := range []*time.Time{&l.entered, &l.calm, &l.pressed, &l.since} {
		back(t)
	}
	for i := range l.left {
		back(&l.left[i])
	}
	for i := range l.signals {
		back(&l.signals[i].gone)
		back(&l.signals[i].over)
	}
}

// read takes the readings in.
func (l *Ladder) read(now time.Time, readings []Reading) {
	for i := range l.signals {
		s := &l.signals[i]
		var r Reading
		if i < len(readings) {
			r = readings[i]
		}
		valid := !r.At.IsZero() && r.At.Sub(now) <= time.Second && !math.IsNaN(r.Value) && !math.IsInf(r.Value, 0)
		s.before = s.height
		if s.Arms > Normal {
			// A source that falls silent has not taken its warning back.
			if s.fresh = valid; valid {
				s.last = r
			}
			continue
		}
		if !valid || now.Sub(r.At) > s.Stale {
			if s.fresh || s.gone.IsZero() {
				s.gone = now
			}
			s.fresh = false
			s.last.Note = r.Note
			continue
		}
		if !s.fresh {
			s.before = 0 // what came back must be seen twice like anything else
		}
		asked := s.asks
		s.fresh, s.gone, s.last = true, time.Time{}, r
		if s.weigh(); s.asks > Normal && asked == Normal {
			s.over = now
		}
	}
}

// weigh finds where the last reading stands among the thresholds.
func (s *signal) weigh() {
	s.height = s.Signal.height(s.last.Value)
	s.asks = Level(math.Min(s.height, float64(Serious)))
}

// arm finds the highest outside warning that stands, and how long it will.
func (l *Ladder) arm(now time.Time) {
	l.armed, l.armedUntil = Normal, time.Time{}
	for i := range l.signals {
		s := &l.signals[i]
		until, ok := s.warns(now)
		if !ok {
			continue
		}
		if s.Arms > l.armed || s.Arms == l.armed && until.After(l.armedUntil) {
			l.armed, l.armedUntil = s.Arms, until
		}
	}
}

// warns returns until when the signal warns; ok is false if it does not.
func (s *signal) warns(now time.Time) (until time.Time, ok bool) {
	until = s.last.Until
	if most := s.last.At.Add(MaxArmed); until.After(most) {
		until = most
	}
	return until, s.Arms > Normal && now.Before(until)
}

// load is the highest height that two steps agree on (one, while armed), the
// lowest level that the readings would permit, and whether any was fresh. The
// last word of a signal that vanished holds the level and does not raise it.
func (l *Ladder) load(now time.Time) (load float64, ease Level, fresh bool) {
	var best, second, bestHold, secondHold float64
	alone, aloneHold, measures := false, false, false
	below := l.below()
	for i := range l.signals {
		s := &l.signals[i]
		if s.Arms > Normal {
			continue
		}
		measures = true
		h := s.height
		switch {
		case s.fresh:
			fresh = true
			if l.armed == Normal {
				h = math.Min(h, s.before)
			}
			alone = alone || s.Alone && h >= 4
			best, second = two(best, second, h)
		case s.gone.IsZero() || now.Sub(s.gone) > l.cfg.Forget:
			continue
		}
		hold := math.Min(s.height+1-below, float64(s.most()))
		aloneHold = aloneHold || s.Alone && hold >= 4
		bestHold, secondHold = two(bestHold, secondHold, hold)
	}
	if !alone && second < float64(Caution) {
		best = math.Min(best, math.Nextafter(4, 0))
	}
	if !aloneHold && secondHold < float64(Caution) {
		bestHold = math.Min(bestHold, math.Nextafter(4, 0))
	}
	// Where nothing measures, nothing is waited for.
	return best, Level(math.Min(bestHold, float64(Serious))), fresh || !measures
}

// below is how far on the way to a level signals must be under to leave it.
func (l *Ladder) below() float64 {
	if l.armed > Normal {
		return math.Min(l.cfg.Below, earlyBelow)
	}
	return l.cfg.Below
}

// two keeps the two greatest.
func two(best, second, h float64) (float64, float64) {
	if h > best {
		return h, best
	}
	return best, math.Max(second, h)
}

// most is the highest level that the signal asks for.
func (s *signal) most() Level {
	for i, t := range s.At {
		if math.IsInf(t, 1) {
			return Level(i)
		}
	}
	return Serious
}

// press moves the load that strengths follow: up at once, down by at most one
// level per dwell, so that an action which works does not undo itself. Without
// a fresh reading it stays.
func (l *Ladder) press(now time.Time, load float64, fresh bool) {
	fall := now.Sub(l.pressed).Seconds() / l.cfg.Dwell.Seconds()
	l.pressed = now
	if fresh {
		l.held = math.Max(load, l.held-math.Max(fall, 0))
	}
}

const (
	// early is how much of a level's way counts as reached while armed.
	early = 0.2
	// earlyBelow is how far below it signals must be then to leave the level:
	// farther than where it is raised, or it would flap.
	earlyBelow = 1 - early - 0.1
)

// raise goes up as far as the load asks, at once.
func (l *Ladder) raise(now time.Time, load float64) {
	if l.armed > Normal {
		whole := math.Floor(load)
		if load-whole >= 1-early && whole < 3 {
			load = whole + 1
		}
	}
	to := Level(math.Min(load, float64(Serious)))
	if to <= l.measured {
		return
	}
	for lv := l.measured + 1; lv <= to; lv++ {
		// Back again soon after it was left: it was left too soon.
		dwell := l.dwell(lv)
		if !l.left[lv].IsZero() && now.Sub(l.left[lv]) < 2*dwell {
			l.patience[lv] = min(2*l.patience[lv], maxPatience)
		} else {
			l.patience[lv] = 1
		}
	}
	l.measured, l.entered, l.calm = to, now, time.Time{}
}

// maxPatience bounds how many dwells a level is kept that keeps coming back.
const maxPatience = 8

func (l *Ladder) dwell(lv Level) time.Duration {
	return time.Duration(l.patience[lv]) * l.cfg.Dwell
}

// lower goes down one level once nothing has held it for its dwell.
func (l *Ladder) lower(now time.Time, ease Level, fresh bool) {
	if l.measured == Normal || ease >= l.measured || !fresh {
		l.calm = time.Time{}
		return
	}
	if l.calm.IsZero() {
		l.calm = now
	}
	if d := l.dwell(l.measured); now.Sub(l.calm) < d || now.Sub(l.entered) < d {
		return
	}
	l.left[l.measured] = now
	l.measured--
	l.entered = now
}

// show is the level to act on: the pin, or what is measured or armed.
func (l *Ladder) show(now time.Time) (Level, *Change) {
	to := max(l.measured, l.armed)
	switch {
	case !l.pin.Until.IsZero():
		to = l.pin.Level
	case to < l.shown && !l.because.Pinned && now.Sub(l.since) < l.cfg.Dwell:
		to = l.shown // warnings that come and go do not make it flap
	}
	if to == l.shown {
		return to, nil
	}
	c := l.change(now, l.shown, to)
	l.shown, l.since, l.because = to, now, c
	return to, &c
}

// Standing is where the ladder stands: all that a playbook needs.
type Standing struct {
	// Level is what is shown and acted on.
	Level Level `json:"level"`
	// Acting is the part of it that was measured or pinned. What only an
	// outside warning asks for refuses nothing.
	Acting Level `json:"acting"`
	// Armed is the level of outside warnings.
	Armed Level `json:"armed"`
	// Pressure is how far the load is inside Acting, 0 to 1.
	Pressure float64 `json:"pressure"`
	// Ease is the lowest level that the readings of this moment permit.
	Ease Level `json:"ease"`
	// Pinned says that a person set the level.
	Pinned bool `json:"pinned"`
}

// Standing returns where the ladder stands since the last step.
func (l *Ladder) Standing() Standing {
	s := Standing{Level: l.shown, Acting: l.measured, Armed: l.armed, Ease: l.ease}
	if !l.pin.Until.IsZero() {
		s.Acting, s.Pinned = l.pin.Level, true
	}
	s.Pressure = math.Min(math.Max(l.held-float64(s.Acting), 0), 1)
	return s
}

// Stale returns the age from which readings of the i-th signal say nothing.
func (l *Ladder) Stale(i int) time.Duration { return l.signals[i].Stale }
