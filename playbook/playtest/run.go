package playtest

import (
	"errors"
	"fmt"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// epoch is when virtual time begins: nothing depends on it but what sentences
// say of the hour.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Run plays a test. The configurations are those that would be in force; the
// clock is virtual, so that ten minutes take milliseconds.
func Run(l level.Config, p playbook.Config, t *Test) Result {
	res := Result{Name: t.Name, Where: t.Where, Lasted: t.Lasts}
	ladder, err := level.New(l)
	book, bookErr := playbook.New(p)
	if err = errors.Join(err, bookErr, t.Check(l, p)); err != nil {
		res.Err = err
		return res
	}
	r := &run{t: t, ladder: ladder, runner: playbook.NewRunner(book), res: &res}
	for _, s := range l.Signals {
		r.players = append(r.players, t.player(s))
	}
	r.readings = make([]level.Reading, len(r.players))
	r.judges = judgesOf(t)
	for at := time.Duration(0); at <= t.Lasts; at += level.Interval {
		r.step(at)
	}
	for i := range r.judges {
		if j := &r.judges[i]; j.failure != nil {
			res.Failures = append(res.Failures, *j.failure)
		}
	}
	return res
}

// player plays a signal; one that the test does not name is calm.
func (t *Test) player(s level.Signal) player {
	p := player{arms: s.Arms > level.Normal}
	for i := range t.signals {
		if t.signals[i].name == s.Name {
			p.points = t.signals[i].points
		}
	}
	return p
}

// run is a test that is being played.
type run struct {
	t        *Test
	ladder   *level.Ladder
	runner   *playbook.Runner
	players  []player
	readings []level.Reading
	judges   []judge
	acted    int // acts that were done
	frame    frame
	res      *Result
}

func (r *run) step(at time.Duration) {
	now := epoch.Add(at)
	for r.acted < len(r.t.acts) && r.t.acts[r.acted].at <= at {
		r.act(now, &r.t.acts[r.acted])
		r.acted++
	}
	for i := range r.players {
		r.readings[i] = r.players[i].read(at, now)
	}
	lv, change := r.ladder.Step(now, r.readings)
	f := &r.frame
	f.at, f.level = at, lv
	if change != nil {
		f.why, f.ko = change.Why, change.Korean
		r.res.say(at, "level", fmt.Sprintf("%s → %s: %s", change.From, change.To, change.Why))
	}
	f.orders, f.events = r.runner.Step(now, r.ladder.Standing())
	for _, e := range f.events {
		r.res.say(at, "action", eventText(e))
	}
	for i := range r.judges {
		r.judges[i].see(r.judges, f, at+level.Interval > r.t.Lasts)
	}
}

// act does what an operator does. What cannot be done is told in the story and
// shows in what is expected.
func (r *run) act(now time.Time, a *act) {
	what := actWords[a.kind]
	pause := playbook.Pause{Until: now.Add(a.last), By: a.by, Reason: a.reason}
	var err error
	switch a.kind {
	case pins:
		what += " " + a.level.String()
		err = r.ladder.Pin(now, level.Pin{Level: a.level, Until: pause.Until, By: a.by, Reason: a.reason})
	case unpins:
		r.ladder.Unpin()
	case pauses:
		err = r.runner.Pause(now, pause)
	case resumes:
		r.runner.Resume(now)
	case stops:
		err = r.runner.Stop(now, a.action, pause)
	case starts:
		r.runner.Start(now, a.action)
	}
	if a.action != "" {
		what += " " + a.action
	}
	if a.last > 0 {
		what += " for " + clock(a.last)
	}
	if err != nil {
		what += ": refused: " + err.Error()
	}
	r.res.say(now.Sub(epoch), "person", what)
}
