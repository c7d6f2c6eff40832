package daero

// Listener is told what happens, on the goroutine where it happens: it must be
// quick. A nil func means "not interested". No func is called per request.
type Listener struct {
	PlanApplied   func(Plan)
	PlanWithdrawn func(Plan)
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
