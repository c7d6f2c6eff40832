package calendar

import (
	"errors"
	"fmt"
	"strings"
	"time"

	rrule "github.com/teambition/rrule-go"
)

// What a rule may be. The library searches each period up to the year 9999 for
// a match, cannot be stopped, and loops for ever where a step overflows or
// where an hourly rule meets none of its hours; a rule within these bounds
// ends in 0.2 s even if it never matches.
const (
	maxRule     = 512 // bytes
	maxInterval = 1000
	maxTimes    = 24 // times a day
	maxSetPos   = 31
	maxSteps    = 50_000 // occurrences stepped over to reach the window
)

// rule is a checked RRULE with its DTSTART.
type rule struct{ opt rrule.ROption }

// parseRule reads an RRULE. It refuses one that never matches.
func parseRule(text string, start time.Time) (r rule, err error) {
	defer recovered(&err)
	text = strings.ToUpper(strings.TrimSpace(text))
	if len(text) > maxRule {
		return rule{}, fmt.Errorf("a rule of %d bytes: at most %d", len(text), maxRule)
	}
	opt, err := rrule.StrToROptionInLocation(strings.TrimRight(text, ";"), start.Location())
	if err != nil {
		return rule{}, fmt.Errorf("the rule %q: %s", clean(text, 60), clean(err.Error(), 80))
	}
	if err := checkRule(opt); err != nil {
		return rule{}, err
	}
	if _, until, ok := strings.Cut(text, "UNTIL="); ok && strings.IndexByte(until+";", ';') == len("20270101") {
		opt.Until = opt.Until.AddDate(0, 0, 1).Add(-time.Second) // a date: all of that day
	}
	opt.Dtstart = start
	r = rule{opt: *opt}
	first, err := steps(r.opt)
	if err != nil {
		return rule{}, err
	}
	if _, ok := first(); !ok {
		return rule{}, fmt.Errorf("the rule %q never happens", clean(text, 60))
	}
	return r, nil
}

func checkRule(o *rrule.ROption) error {
	switch {
	case o.Freq > rrule.DAILY:
		return errors.New("a rule by the hour, minute or second: write FREQ=DAILY with BYHOUR and BYMINUTE")
	case o.Interval < 0 || o.Interval > maxInterval:
		return fmt.Errorf("a rule with an interval of %d: at most %d", o.Interval, maxInterval)
	case o.Count < 0 || o.Count > maxSteps:
		return fmt.Errorf("a rule that counts to %d: at most %d; end it with UNTIL", o.Count, maxSteps)
	case max(1, len(o.Byhour))*max(1, len(o.Byminute))*max(1, len(o.Bysecond)) > maxTimes:
		return fmt.Errorf("a rule with more than %d times a day", maxTimes)
	case len(o.Bysetpos) > maxSetPos:
		return fmt.Errorf("a rule with %d positions: at most %d", len(o.Bysetpos), maxSetPos)
	case len(o.Byeaster) > 0:
		return errors.New("a rule with BYEASTER, which is not of RFC 5545")
	}
	return nil
}

// steps returns the iterator of a rule.
func steps(o rrule.ROption) (func() (time.Time, bool), error) {
	r, err := rrule.NewRRule(o)
	if err != nil {
		return nil, errors.New(clean(err.Error(), 80))
	}
	return r.Iterator(), nil
}

// between returns the occurrences from from to to.
func (r rule) between(from, to time.Time) (out []time.Time, err error) {
	defer recovered(&err)
	o := r.opt
	if !o.Until.IsZero() && o.Until.Before(from) {
		return nil, nil
	}
	if o.Until.IsZero() || o.Until.After(to) {
		o.Until = to
	}
	if o.Count == 0 {
		o = forward(o, from)
	}
	next, err := steps(o)
	if err != nil {
		return nil, err
	}
	for range maxSteps + maxOccurrences {
		t, ok := next()
		if !ok || t.After(to) {
			return out, nil
		}
		if !t.Before(from) {
			out = append(out, t)
		}
		if len(out) > maxOccurrences {
			break
		}
	}
	return nil, errors.New("it happens too often to be worked out")
}

// forward moves the start of a rule that does not count to shortly before from,
// by whole intervals: a daily event of the year 1970 would else be stepped
// through day by day. What the rule takes from its start is written into it
// first.
func forward(o rrule.ROption, from time.Time) rrule.ROption {
	start, n := o.Dtstart, max(1, o.Interval)
	if days := from.Sub(start).Hours() / 24; days < 3*366 {
		return o
	}
	plain := len(o.Byweekno)+len(o.Byyearday)+len(o.Bymonthday)+len(o.Byweekday) == 0
	o.Byhour = orElse(o.Byhour, start.Hour())
	o.Byminute = orElse(o.Byminute, start.Minute())
	o.Bysecond = orElse(o.Bysecond, start.Second())
	days := int(from.Sub(start).Hours() / 24)
	switch o.Freq {
	case rrule.DAILY:
		o.Dtstart = start.AddDate(0, 0, (days-3)/n*n)
	case rrule.WEEKLY:
		o.Dtstart = start.AddDate(0, 0, (days-14)/(7*n)*7*n) // the same day of the week
	case rrule.MONTHLY:
		if plain {
			o.Bymonthday = []int{start.Day()}
		}
		months := (from.Year()-start.Year())*12 + int(from.Month()) - int(start.Month())
		o.Dtstart = time.Date(start.Year(), start.Month()+time.Month((months-2)/n*n), 1, 0, 0, 0, 0, start.Location())
	case rrule.YEARLY:
		if plain {
			o.Bymonth = orElse(o.Bymonth, int(start.Month()))
			o.Bymonthday = []int{start.Day()}
		}
		o.Dtstart = time.Date(start.Year()+(from.Year()-start.Year()-2)/n*n, 1, 1, 0, 0, 0, 0, start.Location())
	}
	if o.Dtstart.Before(start) {
		o.Dtstart = start // an interval longer than the way
	}
	return o
}

func orElse(list []int, v int) []int {
	if len(list) > 0 {
		return list
	}
	return []int{v}
}

// recovered turns a panic of a library into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("it cannot be read: %s", clean(fmt.Sprint(p), 80))
	}
}
