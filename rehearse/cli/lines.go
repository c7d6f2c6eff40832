package cli

import (
	"encoding/json"
	"io"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/daero/daero/rehearse"
	"github.com/daero/daero/rehearse/job"
)

// lines tells programs where a rehearsal is: a line of JSON for each phase and
// each second. It is safe for concurrent use.
type lines struct {
	w    io.Writer
	arms []string
	of   time.Duration

	mu sync.Mutex
}

// show is told of each phase; of what is felt, moment is.
func (l *lines) show(arm, phase string, done float64) {
	i := slices.Index(l.arms, arm)
	// done is of all arms, as shares of the whole.
	at := max(done*float64(len(l.arms))-float64(i), 0) * l.of.Seconds()
	l.write(job.Line{Arm: arm, Index: i, Arms: len(l.arms), Phase: phase, At: tenth(at), Of: l.of.Seconds()})
}

func (l *lines) moment(m rehearse.Moment) {
	line := job.Line{
		Arm: m.Arm, Index: slices.Index(l.arms, m.Arm), Arms: len(l.arms), Phase: m.Phase,
		At: tenth(m.At.Seconds()), Of: m.Of.Seconds(), Lanes: map[string]job.Felt{},
	}
	for name, f := range m.Lanes {
		felt := job.Felt{OK: f.OK, Refused: f.Refused, Failed: f.Failed}
		if !math.IsNaN(f.P99) {
			p99 := tenth(f.P99)
			felt.P99 = &p99
		}
		line.Lanes[name] = felt
	}
	l.write(line)
}

// console is told where an arm can be looked at.
func (l *lines) console(arm, link string) {
	l.write(job.Line{Arm: arm, Index: slices.Index(l.arms, arm), Arms: len(l.arms), Phase: "console", Of: l.of.Seconds(), Console: link})
}

func (l *lines) write(line job.Line) {
	data, err := json.Marshal(line)
	if err != nil {
		return // numbers and words: it cannot fail
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.w.Write(append(data, '\n')) // who watched went away
}

func tenth(v float64) float64 { return math.Round(v*10) / 10 }
