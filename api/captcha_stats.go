package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/daero/daero/captcha"
)

// StatisticsDoc is what was counted about a site. Times are in seconds.
type StatisticsDoc struct {
	Site  string    `json:"site"`
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`

	Issued   int64                  `json:"issued"`
	Passed   int64                  `json:"passed"`
	Solved   map[captcha.Kind]int64 `json:"solved"` // passes, by what was asked; "work": nothing
	Missed   map[captcha.Kind]int64 `json:"missed"`
	Shown    map[captcha.Mode]int64 `json:"shown"`
	Unsolved int64                  `json:"unsolved"` // questions that nobody came back to
	Switched int64                  `json:"switched"`
	Waits    int64                  `json:"waits"`
	Valid    int64                  `json:"valid"` // tokens that were verified
	Invalid  int64                  `json:"invalid"`
	Asked    float64                `json:"asked_share"` // of passes
	Audio    float64                `json:"audio_share"` // of questions
	// SolveTime is the mean; within SolveMost nine of ten were solved, 0 if that
	// is more than 80 s or not known.
	SolveTime float64 `json:"solve_seconds"`
	SolveMost float64 `json:"solve_most_seconds"`

	Warnings []string `json:"warnings"`
	// Warned are the same, for programs that say them in other words.
	Warned []captcha.Warning `json:"warned"`
	// Hours are those in which something was counted.
	Hours []StatisticsHourDoc `json:"hours"`
}

// StatisticsHourDoc is an hour of it.
type StatisticsHourDoc struct {
	Hour    time.Time `json:"hour"`
	Issued  int64     `json:"issued"`
	Passed  int64     `json:"passed"`
	Asked   float64   `json:"asked_share"`
	Valid   int64     `json:"valid"`
	Invalid int64     `json:"invalid"`
}

// Bounds of what is looked at.
const (
	defaultStatistics = 24 * time.Hour
	maxStatistics     = 400 * 24 * time.Hour
)

// statisticsSpan reads the hours that are wanted from a query: whole ones.
func statisticsSpan(q url.Values, now time.Time) (from, to time.Time, err error) {
	for key, values := range q {
		if key != "since" && key != "until" || len(values) != 1 {
			return from, to, bad(clip(key) + `: only "since" and "until" may be given, each once`)
		}
	}
	if from, err = when("since", q.Get("since"), now); err != nil {
		return from, to, err
	}
	if to, err = when("until", q.Get("until"), now); err != nil {
		return from, to, err
	}
	if to.IsZero() {
		to = now
	}
	if from.IsZero() {
		from = to.Add(-defaultStatistics)
	}
	from, to = from.UTC().Truncate(time.Hour), to.UTC().Add(time.Hour-time.Nanosecond).Truncate(time.Hour)
	switch {
	case !from.Before(to):
		return from, to, bad("since must be before until")
	case to.Sub(from) > maxStatistics+time.Hour:
		return from, to, bad(fmt.Sprintf("since and until are more than %d days apart: ask for a part", maxStatistics/(24*time.Hour)))
	}
	return from, to, nil
}

func showSiteStatistics(c *call) error {
	from, to, err := statisticsSpan(c.r.URL.Query(), c.Now())
	if err != nil {
		return err
	}
	p, s, err := c.site()
	if err != nil {
		return err
	}
	counts, err := p.Sites.Counts(c.r.Context(), s.Key, from, to)
	if err != nil {
		return err
	}
	doc := statisticsDoc(counts)
	doc.Site, doc.Name, doc.Since, doc.Until = s.Key, s.Name, from, to
	return c.send(http.StatusOK, doc)
}

// statisticsDoc adds counts up, which come in the order of their hours.
func statisticsDoc(counts []captcha.Count) StatisticsDoc {
	sum := captcha.Summarise(counts)
	doc := StatisticsDoc{
		Issued: sum.Issued, Passed: sum.Passed, Solved: sum.Solved, Missed: sum.Missed, Shown: sum.Shown, Unsolved: sum.Unsolved,
		Switched: sum.Switched, Waits: sum.Waits, Valid: sum.Valid, Invalid: sum.Invalid, Asked: sum.Asked, Audio: sum.Audio,
		SolveTime: sum.SolveTime.Seconds(), SolveMost: sum.SolveMost.Seconds(), Warnings: sum.Warnings, Warned: sum.Warned, Hours: []StatisticsHourDoc{},
	}
	if doc.Warnings == nil {
		doc.Warnings, doc.Warned = []string{}, []captcha.Warning{}
	}
	for len(counts) > 0 {
		hour := counts[0].Hour
		n := slices.IndexFunc(counts, func(c captcha.Count) bool { return !c.Hour.Equal(hour) })
		if n < 0 {
			n = len(counts)
		}
		h := captcha.Summarise(counts[:n])
		doc.Hours = append(doc.Hours, StatisticsHourDoc{hour, h.Issued, h.Passed, h.Asked, h.Valid, h.Invalid})
		counts = counts[n:]
	}
	return doc
}
