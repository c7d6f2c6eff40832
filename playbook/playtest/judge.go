package playtest

import (
	"strings"
	"time"

	"github.com/daero/daero/level"
)

// judge watches one expectation while a test is played.
type judge struct {
	e       expectation
	after   int // the judge before whose moment it does not begin; -1 for none
	done    bool
	met     time.Duration // when it was so, of sometime
	failure *Failure
}

// judgesOf makes the judges of a test.
func judgesOf(t *Test) []judge {
	judges := make([]judge, len(t.expects))
	for i, e := range t.expects {
		if e.ends {
			e.to = t.Lasts
		}
		if e.from == e.to { // the step that holds at that moment
			e.from -= e.from % level.Interval
		}
		judges[i] = judge{e: e, after: -1}
		if !e.by {
			continue
		}
		for k := i - 1; k >= 0; k-- {
			if before := &judges[k].e; before.mode != never && before.to <= e.to {
				judges[i].after = k
				break
			}
		}
	}
	return judges
}

// see looks at a step; last says that no other comes.
func (j *judge) see(all []judge, f *frame, last bool) {
	if j.done || j.failure != nil || f.at < j.e.from || f.at > j.e.to {
		return
	}
	var unmet []want
	for _, w := range j.e.wants {
		if !w.met(f) {
			unmet = append(unmet, w)
		}
	}
	ending := last || f.at+level.Interval > j.e.to
	switch j.e.mode {
	case always:
		if len(unmet) > 0 {
			j.fail(f, unmet)
		}
	case never:
		if len(unmet) == 0 {
			j.fail(f, j.e.wants)
		}
	case sometime:
		switch {
		case len(unmet) == 0 && j.begun(all, f.at):
			j.done, j.met = true, f.at
		case ending:
			if len(unmet) == 0 {
				unmet = j.e.wants
			}
			j.fail(f, unmet)
		}
	}
}

// begun reports whether what is expected before it was so.
func (j *judge) begun(all []judge, at time.Duration) bool {
	if j.after < 0 {
		return true
	}
	before := &all[j.after]
	if before.e.mode == sometime && before.done {
		return at >= before.met
	}
	return at >= before.e.to
}

func (j *judge) fail(f *frame, wants []want) {
	var expected, got []string
	not := ""
	if j.e.mode == never {
		not = "not "
	}
	for _, w := range wants {
		expected = append(expected, not+w.String())
		if g := w.got(f); len(got) == 0 || got[len(got)-1] != g {
			got = append(got, g)
		}
	}
	j.failure = &Failure{Where: j.e.where, At: f.at, When: j.when(), Expected: strings.Join(expected, "; "), Got: strings.Join(got, "; ")}
}

// when says in words when it must be so.
func (j *judge) when() string {
	from, to := clock(j.e.from), clock(j.e.to)
	switch {
	case j.e.by:
		return "by " + to
	case j.e.mode == never && j.e.from == 0 && j.e.ends:
		return "never"
	case j.e.mode == never:
		return "never from " + from + " to " + to
	case j.e.from == j.e.to || from == to:
		return "at " + to
	case j.e.mode == sometime:
		return "between " + from + " and " + to
	}
	return "from " + from + " to " + to
}
