package live

import (
	"math"
	"sort"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/daero/daero/surge"
)

// Log is what happened in a run. It is complete when Run has returned.
type Log struct {
	Plan  *Plan
	Lanes []LaneLog // in the order of the plan
	// Sessions are those of sources that have them.
	Sessions SessionLog
	// PutOff counts the attempts that were sent a bin or more later than they
	// were due, to keep to the most that may be sent a second.
	PutOff int64

	starts []time.Duration
	lag    *Latencies
}

// LaneLog is what happened in one lane.
type LaneLog struct {
	Name               string
	Phases             []Stats // in the order of the plan
	Bins               []Bin
	Actions, Attempts  int64 // of users; an action is one or more attempts
	GaveUp, Unfinished int64 // actions
}

// Stats are the attempts that were meant to be sent in one stretch of time.
type Stats struct {
	Sent, OK, Refused, Failed, TimedOut int64
	// Latency is that of the answers that were wanted, and of the time-outs;
	// a refusal's is not in it.
	Latency *Latencies
	// Steady is Latency without what was sent while things settled.
	Steady *Latencies
}

// Add adds the attempts of another stretch.
func (s *Stats) Add(o Stats) {
	s.Sent, s.OK, s.Refused, s.Failed = s.Sent+o.Sent, s.OK+o.OK, s.Refused+o.Refused, s.Failed+o.Failed
	s.TimedOut += o.TimedOut
	s.Latency.hist.Merge(o.Latency.hist)
	s.Steady.hist.Merge(o.Steady.hist)
}

// NewStats returns empty Stats.
func NewStats() Stats { return Stats{Latency: newLatencies(), Steady: newLatencies()} }

// Latencies is a distribution of times.
type Latencies struct{ hist *hdrhistogram.Histogram }

// newLatencies covers 1 µs to 2 min at three digits.
func newLatencies() *Latencies {
	return &Latencies{hdrhistogram.New(1, (2 * time.Minute).Microseconds(), 3)}
}

func (l *Latencies) add(d time.Duration) {
	_ = l.hist.RecordValue(min(max(d.Microseconds(), 1), l.hist.HighestTrackableValue())) // never out of range
}

// Len returns how many there are.
func (l *Latencies) Len() int64 { return l.hist.TotalCount() }

// Quantile returns a quantile in ms; NaN if there is nothing.
func (l *Latencies) Quantile(q float64) float64 {
	if l.Len() == 0 {
		return math.NaN()
	}
	return float64(l.hist.ValueAtQuantile(q*100)) / 1000
}

// Bin is a short stretch of time.
type Bin struct {
	latency []float64 // ms; infinite where the attempt did not succeed
	sorted  bool
}

// Len returns how many attempts were meant for the bin.
func (b *Bin) Len() int { return len(b.latency) }

// Quantile returns a quantile of the latency in ms; NaN if nothing was sent.
// With n values it is the one at ⌈q·n⌉, so that of few values the larger counts.
func (b *Bin) Quantile(q float64) float64 {
	if len(b.latency) == 0 {
		return math.NaN()
	}
	if !b.sorted {
		sort.Float64s(b.latency)
		b.sorted = true
	}
	i := int(math.Ceil(q*float64(len(b.latency)))) - 1
	return b.latency[min(max(i, 0), len(b.latency)-1)]
}

func newLog(p *Plan) *Log {
	l := &Log{Plan: p, starts: p.Starts(), lag: newLatencies()}
	n := int((p.Total() + p.bin() - 1) / p.bin())
	for _, name := range p.Lanes {
		ll := LaneLog{Name: name, Bins: make([]Bin, n)}
		for range p.Phases {
			ll.Phases = append(ll.Phases, NewStats())
		}
		l.Lanes = append(l.Lanes, ll)
	}
	return l
}

// observation is one attempt that has ended.
type observation struct {
	lane         int
	first        bool
	at, lag, end time.Duration // meant for, sent so much later, ended
	outcome      surge.Outcome
	fate         fate
}

func (l *Log) record(o observation) {
	phase, since := l.phase(o.at)
	lane := &l.Lanes[o.lane]
	st := &lane.Phases[phase]
	st.Sent++
	lane.Attempts++
	if o.first {
		lane.Actions++
	}
	switch o.fate {
	case gaveUp:
		lane.GaveUp++
	case unfinished:
		lane.Unfinished++
	}
	l.lag.add(o.lag)
	took := o.end - o.at
	ms := math.Inf(1)
	switch o.outcome {
	case surge.OK:
		st.OK++
		ms = took.Seconds() * 1000
	case surge.Refused:
		st.Refused++
	case surge.TimedOut:
		st.TimedOut++
	default:
		st.Failed++
	}
	if o.outcome == surge.OK || o.outcome == surge.TimedOut {
		st.Latency.add(took)
		if !l.Plan.Phases[phase].Changed || since >= l.Plan.Settle {
			st.Steady.add(took)
		}
	}
	if b := int(o.at / l.Plan.bin()); b < len(lane.Bins) {
		lane.Bins[b].latency = append(lane.Bins[b].latency, ms)
	}
}

// phase returns the phase of a time, and how long it had lasted.
func (l *Log) phase(at time.Duration) (int, time.Duration) {
	for i := len(l.starts) - 1; i > 0; i-- {
		if at >= l.starts[i] {
			return i, at - l.starts[i]
		}
	}
	return 0, at
}

// close sorts what will be asked for.
func (l *Log) close() {
	for i := range l.Lanes {
		for b := range l.Lanes[i].Bins {
			l.Lanes[i].Bins[b].Quantile(0.5)
		}
	}
}

// Lane returns the log of a lane, nil if there is none of that name.
func (l *Log) Lane(name string) *LaneLog {
	for i := range l.Lanes {
		if l.Lanes[i].Name == name {
			return &l.Lanes[i]
		}
	}
	return nil
}

// Lag returns a quantile of how late the generator itself sent, in ms.
func (l *Log) Lag(q float64) float64 { return l.lag.Quantile(q) }

// Join returns the bins of [from, until) as one.
func (l *LaneLog) Join(from, until, width time.Duration) *Bin {
	all := &Bin{}
	for i := range l.Bins {
		if at := time.Duration(i) * width; at >= from && at < until {
			all.latency = append(all.latency, l.Bins[i].latency...)
		}
	}
	return all
}

// JoinBins returns several bins as one.
func JoinBins(bins ...*Bin) *Bin {
	all := &Bin{}
	for _, b := range bins {
		all.latency = append(all.latency, b.latency...)
	}
	return all
}

// OK returns how many of them succeeded.
func (b *Bin) OK() (n int) {
	for _, ms := range b.latency {
		if !math.IsInf(ms, 1) {
			n++
		}
	}
	return n
}
