package observe_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// selector is a metric in an expression.
type selector struct {
	metric string
	labels []string // that it is selected by
	inside []string // the functions it stands in, the innermost last
}

// expression is what the checks need to know of one in PromQL. Whether it is
// PromQL at all is promtool's to say.
type expression struct {
	selectors []selector
	grouped   []string // labels after by, without, on, ignoring and group_left
}

var lexeme = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'[^']*'|[a-zA-Z_:][a-zA-Z0-9_:]*|\[[^\]]*\]|[0-9][0-9a-zA-Z_.]*|=~|!~|!=|==|>=|<=|[^\s]`)

var (
	word = regexp.MustCompile(`^[a-zA-Z_:]`)
	// listed are words that a list of labels follows.
	listed = []string{"by", "without", "on", "ignoring", "group_left", "group_right"}
	// operators are words that are no names.
	operators = []string{"and", "or", "unless", "bool", "offset", "atan2", "inf", "nan"}
)

// read takes an expression apart.
func read(expr string) (e expression, err error) {
	tokens := lexeme.FindAllString(expr, -1)
	var inside []string
	at := func(i int) string {
		if i < len(tokens) {
			return tokens[i]
		}
		return ""
	}
	for i := 0; i < len(tokens); i++ {
		switch t := tokens[i]; {
		case t == "(":
			inside = append(inside, "")
		case t == ")":
			if len(inside) == 0 {
				return e, fmt.Errorf("a ) too many in %s", expr)
			}
			inside = inside[:len(inside)-1]
		case !word.MatchString(t) || slices.Contains(operators, strings.ToLower(t)):
		case slices.Contains(listed, t):
			if at(i+1) != "(" {
				continue
			}
			for i += 2; i < len(tokens) && tokens[i] != ")"; i++ {
				if tokens[i] != "," {
					e.grouped = append(e.grouped, tokens[i])
				}
			}
		case at(i+1) == "(":
			inside = append(inside, t)
			i++
		case slices.Contains(listed, at(i+1)): // sum by (…) (…)
		default:
			s := selector{metric: t, inside: slices.Clone(inside)}
			if at(i+1) == "{" {
				for i += 2; i < len(tokens) && tokens[i] != "}"; i++ {
					if word.MatchString(tokens[i]) {
						s.labels = append(s.labels, tokens[i])
					}
				}
			}
			e.selectors = append(e.selectors, s)
		}
	}
	if len(inside) > 0 {
		return e, fmt.Errorf("a ( too many in %s", expr)
	}
	return e, nil
}

// metrics are the names in an expression.
func (e expression) metrics() (names []string) {
	for _, s := range e.selectors {
		names = append(names, s.metric)
	}
	return names
}
