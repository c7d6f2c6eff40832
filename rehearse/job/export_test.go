package job

import "time"

// ParseJob reads what was kept.
var ParseJob = parseJob

// ParseReport reads the verdict out of a report.
func ParseReport(data []byte) (state State, verdicts []Verdict, not []NotJudged, err error) {
	j, err := parseReport(data)
	return j.state, j.verdicts, j.not, err
}

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
