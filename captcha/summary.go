package captcha

import (
	"fmt"
	"strings"
	"time"
)

// Summary is what a site's counts come to.
type Summary struct {
	Issued   int64          `json:"issued"`
	Work     int64          `json:"work"` // proofs of work
	Shown    map[Mode]int64 `json:"shown"`
	Solved   map[Kind]int64 `json:"solved"` // passes, by what was asked
	Missed   map[Kind]int64 `json:"missed"`
	Switched int64          `json:"switched"`
	Unsolved int64          `json:"unsolved"` // questions that nobody came back to
	Waits    int64          `json:"waits"`
	Passed   int64          `json:"passed"`
	Valid    int64          `json:"valid"`
	Invalid  int64          `json:"invalid"`
	// Shares, 0 to 1: passes that were asked something, and sounds among questions.
	Asked float64 `json:"asked"`
	Audio float64 `json:"audio"`
	// SolveTime is the mean from shown to solved; within SolveMost nine of ten
	// were, 0 if it is more than 80 s.
	SolveTime time.Duration `json:"solve_time"`
	SolveMost time.Duration `json:"solve_most"`
	// Warnings are sentences for the one who owns the site; Warned are the same, in
	// their order, for programs that say them in other words.
	Warnings []string  `json:"warnings,omitempty"`
	Warned   []Warning `json:"warned,omitempty"`
}

// Warning is something that stands out at a site: N of Of.
type Warning struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
	N    int64  `json:"n"`
	Of   int64  `json:"of"`
}

// The kinds of warnings.
const (
	WarnNeverVerified  = "never-verified"  // N of Of tokens of those who passed
	WarnFewVerified    = "few-verified"    // likewise
	WarnManyInvalid    = "many-invalid"    // N of Of tokens were not valid
	WarnManyUnanswered = "many-unanswered" // N of Of questions
)

// Summarise adds counts up. Names that it does not know are left out.
func Summarise(all []Count) Summary {
	s := Summary{Shown: map[Mode]int64{}, Solved: map[Kind]int64{}, Missed: map[Kind]int64{}}
	var ms int64
	took := map[string]int64{}
	for _, c := range all {
		head, tail, dotted := strings.Cut(c.Name, ".")
		if dotted {
			head += "."
		}
		switch head {
		case CountIssued:
			s.Issued += c.N
		case CountWork:
			s.Work += c.N
		case CountShown:
			s.Shown[Mode(tail)] += c.N
		case CountSolved:
			s.Solved[Kind(tail)] += c.N
			s.Passed += c.N
		case CountMissed:
			s.Missed[Kind(tail)] += c.N
		case CountSwitched:
			s.Switched += c.N
		case CountWaits:
			s.Waits += c.N
		case CountTook:
			took[tail] += c.N
		case CountTookMS:
			ms += c.N
		case "verified.":
			switch c.Name {
			case CountValid:
				s.Valid += c.N
			case CountInvalid:
				s.Invalid += c.N
			}
		}
	}
	s.conclude(took, ms)
	return s
}

// conclude finds what follows from the sums.
func (s *Summary) conclude(took map[string]int64, ms int64) {
	var shown, missed int64
	for _, n := range s.Shown {
		shown += n
	}
	for k, n := range s.Missed {
		if k != KindWork {
			missed += n
		}
	}
	answered := s.Passed - s.Solved[KindWork]
	// What was open when the time began or ended may make it less than none.
	s.Unsolved = max(shown-answered-missed-s.Switched, 0)
	s.Asked, s.Audio = share(answered, s.Passed), share(s.Shown[Sound], shown)
	if answered > 0 {
		s.SolveTime = time.Duration(ms/answered) * time.Millisecond
	}
	var within, timed int64
	for _, n := range took {
		timed += n
	}
	for _, b := range tookBuckets {
		if within += took[b.name]; timed > 0 && within*10 >= timed*9 {
			s.SolveMost = b.below
			break
		}
	}
	s.warn(shown)
}

func share(part, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// few are too few to say anything.
const few = 20

func (s *Summary) warn(shown int64) {
	say := func(kind string, n, of int64, format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		s.Warnings, s.Warned = append(s.Warnings, text), append(s.Warned, Warning{kind, text, n, of})
	}
	verified := s.Valid + s.Invalid
	switch {
	case s.Passed >= few && verified == 0:
		say(WarnNeverVerified, 0, s.Passed, "%d visitors passed and no token was ever verified: nothing is protected until the site's server asks siteverify", s.Passed)
	case s.Passed >= few && s.Valid*2 < s.Passed:
		say(WarnFewVerified, s.Valid, s.Passed, "of %d visitors who passed, %d were verified: a form or a server may not ask siteverify", s.Passed, s.Valid)
	}
	if verified >= few && s.Invalid*2 > verified {
		say(WarnManyInvalid, s.Invalid, verified, "%d of %d tokens were not valid: somebody sends made-up ones, or the server sends each twice", s.Invalid, verified)
	}
	if shown >= few && s.Unsolved*2 > shown {
		say(WarnManyUnanswered, s.Unsolved, shown, "%d of %d questions were left unanswered: bots, or a level that is too high for people", s.Unsolved, shown)
	}
}
