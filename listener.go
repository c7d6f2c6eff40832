package daero

import (
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// Listener is told what happens, on the goroutine where it happens: it must be
// quick. A nil func means "not interested". No func is called per request.
type Listener struct {
	PlanApplied   func(Plan)
	PlanWithdrawn func(Plan)
	// LevelChanged, Acted and Recorded are called amid a step of the control,
	// so they must not call back into it.
	LevelChanged func(level.Change)
	Acted        func(Acted)
	Recorded     func(audit.Entry)
	// Drained is told when the speed changes at which what was deferred in a
	// lane, or a topic of the relay, is delivered. Like those it is called amid
	// a step.
	Drained func(Drain)
	// Pressed is told when the time changes that the CAPTCHA's proof of work takes
	// at least, 0 when no playbook asks for any. It is called amid a step as well.
	Pressed func(least time.Duration)
}

// Acted is something that the playbook did, or in shadow would have done.
type Acted struct {
	playbook.Event
	// Share is the predicted share (0 to 1) of all traffic that it refuses.
	Share float64
}

// Tee returns a Listener that tells all of ls, in their order.
func Tee(ls ...Listener) Listener {
	return Listener{
		PlanApplied: func(p Plan) {
			for _, l := range ls {
				l.planApplied(p)
			}
		},
		PlanWithdrawn: func(p Plan) {
			for _, l := range ls {
				l.planWithdrawn(p)
			}
		},
		LevelChanged: func(ch level.Change) {
			for _, l := range ls {
				l.levelChanged(ch)
			}
		},
		Acted: func(a Acted) {
			for _, l := range ls {
				l.acted(a)
			}
		},
		Recorded: func(e audit.Entry) {
			for _, l := range ls {
				l.recorded(e)
			}
		},
		Drained: func(dr Drain) {
			for _, l := range ls {
				l.drained(dr)
			}
		},
		Pressed: func(least time.Duration) {
			for _, l := range ls {
				l.pressed(least)
			}
		},
	}
}

func (l Listener) planApplied(p Plan) {
	if l.PlanApplied != nil {
		l.PlanApplied(p)
	}
}

func (l Listener) planWithdrawn(p Plan) {
	if l.PlanWithdrawn != nil {
		l.PlanWithdrawn(p)
	}
}

func (l Listener) levelChanged(ch level.Change) {
	if l.LevelChanged != nil {
		l.LevelChanged(ch)
	}
}

func (l Listener) acted(a Acted) {
	if l.Acted != nil {
		l.Acted(a)
	}
}

func (l Listener) recorded(e audit.Entry) {
	if l.Recorded != nil {
		l.Recorded(e)
	}
}

func (l Listener) pressed(least time.Duration) {
	if l.Pressed != nil {
		l.Pressed(least)
	}
}

func (l Listener) drained(dr Drain) {
	if l.Drained != nil {
		l.Drained(dr)
	}
}
