package job

import (
	"maps"
	"slices"
	"time"
)

// State is how far a job is, or how it ended.
type State string

// The states.
const (
	Queued    State = "queued"
	Running   State = "running"
	Passed    State = "passed"    // every bar held
	Missed    State = "missed"    // a bar did not
	Noisy     State = "noisy"     // the machine was too noisy to judge
	Failed    State = "failed"    // it could not be held
	Cancelled State = "cancelled" // by a person, or by the gateway's end
)

var states = []State{Queued, Running, Passed, Missed, Noisy, Failed, Cancelled}

// Ended reports whether nothing more will happen.
func (s State) Ended() bool { return s != Queued && s != Running }

// Job is one rehearsal, held or being held.
type Job struct {
	ID       string   `json:"id"`
	Scenario string   `json:"scenario"`
	Arms     []string `json:"arms"`
	Target   string   `json:"target"`
	URL      string   `json:"url,omitempty"` // of the target; missing for the sample
	Seed     uint64   `json:"seed"`
	Seconds  float64  `json:"duration_seconds"` // of one arm
	Bars     string   `json:"bars"`             // which are judged: all, or correctness
	State    State    `json:"state"`
	By       string   `json:"by"`
	Reason   string   `json:"reason"`
	// Began and Ended are times of this gateway's clock.
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended,omitzero"`
	// Load is what is planned to be sent.
	Load *Load `json:"load,omitempty"`
	// Progress is where it is, or was when it ended.
	Progress Progress `json:"progress"`
	// Error says why it could not be held.
	Error string `json:"error,omitempty"`
	// Noisy says why the machine was too noisy.
	Noisy []string `json:"noisy,omitempty"`
	// Verdicts are those of the report.
	Verdicts []Verdict `json:"verdicts"`
	// NotJudged are the bars of the report that say nothing against this target.
	NotJudged []NotJudged `json:"not_judged,omitempty"`
	// Report says that there is one to read.
	Report bool `json:"report"`
	// Last is the newest second, while it runs.
	Last *Second `json:"last,omitempty"`
	// Series are what was felt second by second; missing in lists.
	Series *Series `json:"series,omitempty"`
}

// Load is what a rehearsal is planned to send, in all its arms. Those who try
// again are not in it, and are held to Most as well.
type Load struct {
	Peak    float64 `json:"peak_per_s"` // requests, in the busiest second
	Planned float64 `json:"planned"`    // requests, in all
	// Most is how many requests a second are sent, never more; missing for the
	// sample.
	Most float64 `json:"most_per_s,omitempty"`
	// Scaled is what is planned, as a share of what the sample would be sent.
	Scaled float64 `json:"scaled"`
}

// Progress is where a job is. Seconds are those of its arms: what starting and
// ending processes takes is not in them.
type Progress struct {
	Arm     string  `json:"arm"`
	Phase   string  `json:"phase"`
	Done    float64 `json:"done"`    // seconds, over all arms
	Of      float64 `json:"of"`      // seconds, over all arms
	Seconds float64 `json:"seconds"` // into this arm
	Left    float64 `json:"left_seconds"`
}

// Verdict is one bar of the report.
type Verdict struct {
	Bar    string   `json:"bar"`
	Wanted string   `json:"wanted"`
	Found  *float64 `json:"found"` // null where there was nothing to judge
	OK     bool     `json:"ok"`
	Note   string   `json:"note,omitempty"` // where it was worst
}

// NotJudged is a bar that says nothing, and why.
type NotJudged struct {
	Bar string `json:"bar"`
	Why string `json:"why"`
}

// Second is what was felt in one second.
type Second struct {
	Arm   string          `json:"arm"`
	At    float64         `json:"at"`
	Lanes map[string]Felt `json:"lanes"`
}

// Series are what was felt, arm by arm.
type Series struct {
	Step float64                      `json:"step_seconds"`
	Arms map[string]map[string]*Curve `json:"arms"` // by arm, by lane
}

// Curve is one lane of one arm, a value for each second.
type Curve struct {
	OK      []int      `json:"ok"`
	Refused []int      `json:"refused"`
	Failed  []int      `json:"failed"`
	P99     []*float64 `json:"p99"` // ms; null where nothing was answered
}

// note puts a line of progress into the job.
func (j *Job) note(l Line) {
	at := min(l.At, l.Of)
	j.Progress = Progress{
		Arm: l.Arm, Phase: l.Phase, Seconds: at,
		Done: float64(l.Index)*l.Of + at, Of: float64(l.Arms) * l.Of,
	}
	j.Progress.Left = max(j.Progress.Of-j.Progress.Done, 0)
	if len(l.Lanes) == 0 {
		return
	}
	again := j.Last != nil && j.Last.Arm == l.Arm && l.At < j.Last.At
	j.Last = &Second{Arm: l.Arm, At: l.At, Lanes: l.Lanes}
	if j.Series == nil {
		j.Series = &Series{Step: 1, Arms: map[string]map[string]*Curve{}}
	}
	j.Series.add(l, again)
}

// add appends a second. An arm that begins again, because the machine was too
// noisy, begins again here.
func (s *Series) add(l Line, again bool) {
	arm := s.Arms[l.Arm]
	if arm == nil && len(s.Arms) >= maxArms {
		return
	}
	if arm == nil || again {
		arm = map[string]*Curve{}
		s.Arms[l.Arm] = arm
	}
	for name, f := range l.Lanes {
		c := arm[name]
		if c == nil && len(arm) < maxLanes {
			c = &Curve{}
			arm[name] = c
		}
		if c == nil || len(c.OK) >= maxSeconds {
			continue
		}
		c.OK, c.Refused, c.Failed, c.P99 = append(c.OK, f.OK), append(c.Refused, f.Refused), append(c.Failed, f.Failed), append(c.P99, f.P99)
	}
}

// clone returns a copy that nobody else changes.
func (j *Job) clone() Job {
	c := j.brief()
	if j.Series != nil {
		s := &Series{Step: j.Series.Step, Arms: make(map[string]map[string]*Curve, len(j.Series.Arms))}
		for name, lanes := range j.Series.Arms {
			arm := make(map[string]*Curve, len(lanes))
			for lane, c := range lanes {
				// What stands in a slice is never changed, only added to.
				arm[lane] = &Curve{OK: slices.Clip(c.OK), Refused: slices.Clip(c.Refused), Failed: slices.Clip(c.Failed), P99: slices.Clip(c.P99)}
			}
			s.Arms[name] = arm
		}
		c.Series = s
	}
	return c
}

// brief is a copy without the series.
func (j *Job) brief() Job {
	c := *j
	c.Series = nil
	c.Arms, c.Noisy, c.Verdicts = slices.Clone(j.Arms), slices.Clone(j.Noisy), slices.Clone(j.Verdicts)
	c.NotJudged = slices.Clone(j.NotJudged)
	if c.Verdicts == nil {
		c.Verdicts = []Verdict{}
	}
	if j.Load != nil {
		load := *j.Load
		c.Load = &load
	}
	if j.Last != nil {
		last := *j.Last
		last.Lanes = maps.Clone(j.Last.Lanes)
		c.Last = &last
	}
	return c
}
