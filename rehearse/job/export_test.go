package job

import "time"

// ParseJob and ParseReport read what was kept and what a process said, for
// fuzzing.
var (
	ParseJob    = parseJob
	ParseReport = parseReport
)

// EndsIn is how long a process may take to end.
func (h *Host) EndsIn(d time.Duration) { h.endsIn = d }

// Lines cuts what is written to it into lines of progress and the rest.
func Lines(chunks [][]byte) (lines []Line, said string) {
	l := &listening{told: func(l Line) { lines = append(lines, l) }}
	for _, c := range chunks {
		_, _ = l.Write(c)
	}
	return lines, l.last()
}
