package sqlite

import (
	"strings"

	"github.com/daero/daero/api/store"
)

// conditions turns a filter into SQL. Only what is written here gets into the
// statement; what was asked for goes beside it.
func conditions(f store.Filter) (where string, args []any) {
	var all []string
	add := func(condition string, v ...any) { all, args = append(all, condition), append(args, v...) }
	if !f.Since.IsZero() {
		add("at >= ?", nanos(f.Since))
	}
	if !f.Until.IsZero() {
		add("at < ?", nanos(f.Until))
	}
	if f.Who != "" {
		add("who = ?", f.Who)
	}
	if f.Target != "" {
		add("target = ?", f.Target)
	}
	if beginning, ok := strings.CutSuffix(f.What, "*"); ok {
		add("substr(what, 1, length(?)) = ?", beginning, beginning)
	} else if f.What != "" {
		add("what = ?", f.What)
	}
	if f.After > 0 {
		add("id > ?", f.After)
	}
	if f.Before > 0 {
		add("id < ?", f.Before)
	}
	if f.Text != "" {
		holds(f.Text, add)
	}
	if len(all) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(all, " AND "), args
}

// searched are the columns that a text is looked for in.
var searched = []string{"who", "what", "target", "before", "after", "why"}

// holds wants a text in one of the columns. SQLite's lower knows A to Z alone,
// so what is looked for is made small in the same way.
func holds(text string, add func(condition string, args ...any)) {
	small := strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
	either, args := make([]string, len(searched)), make([]any, len(searched))
	for i, column := range searched {
		either[i], args[i] = "instr(lower("+column+"), ?) > 0", small
	}
	add("("+strings.Join(either, " OR ")+")", args...)
}
