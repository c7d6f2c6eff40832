package strength

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Table is what was measured.
type Table struct {
	// Date is when, "" where the bench was not told; With is what with.
	Date string
	With string
	Seed uint64
	// Short says that attackers made too few tries for their rows to say much.
	Short     bool
	Bars      []Bar
	Classes   []Class
	Attackers []Attacker
}

// Bar is a bound that was set, and what was found.
type Bar struct {
	Name, Wanted, Found string
	Held                bool
}

// Class is a kind of attacker.
type Class struct {
	Name string // A0 to A6
	What string
}

// Attacker is one row: who attacked which kind of question, how hard, in which
// language.
type Attacker struct {
	Class, Name, Kind string
	Level             string // a number, or "all"
	Lang              string // a language, or "all"
	N                 int
	// Rate is the share of tries that worked; below 0 where it was assumed and
	// not measured. Low and High bound it: 95 % of the time, or as assumed.
	Rate, Low, High float64
	// Seconds are of one try, at most that long; below 0 where not measured.
	Seconds float64
	// Told is what the attacker is told beyond what a visitor sees.
	Told string
}

// Bounds of what is read.
const (
	maxText = 1 << 20
	maxRows = 1000
)

// heads of the tables that are read.
var (
	barHead      = []string{"bar", "wanted", "found", ""}
	attackerHead = []string{"", "attacker", "kind", "level", "lang", "n", "solved", "95 %", "s a try", "core-s", "within 1, 3, 10 tries"}
)

var (
	headLine  = regexp.MustCompile(`^Seed (\d{1,20}), (\d{1,5} cores of [a-z0-9]{1,20})(?:, ([^;]{1,40}))?; (.{1,400})\. Seconds are of this machine`)
	classLine = regexp.MustCompile(`^- (A\d): (.+)\.$`)
	toldLine  = regexp.MustCompile("^- `([a-z0-9-]+)` is told more than a visitor sees: (.+)\\.$")
	percents  = regexp.MustCompile(`^(\d{1,3}(?:\.\d{1,3})?) %$`)
	interval  = regexp.MustCompile(`^(\d{1,3}\.\d)–(\d{1,3}\.\d)$`)
	assumed   = regexp.MustCompile(`^assume (\d{1,3})–(\d{1,3}) %$`)
	shortRuns = []string{"**A short run.**", "A quick run:"}
)

// Parse reads the text of STRENGTH.md.
func Parse(text string) (Table, error) {
	var t Table
	if len(text) > maxText {
		return t, fmt.Errorf("strength: %d bytes: at most %d", len(text), maxText)
	}
	p := &parser{t: &t}
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, maxText)
	for n := 1; lines.Scan(); n++ {
		if err := p.line(lines.Text()); err != nil {
			return Table{}, fmt.Errorf("strength: line %d: %w", n, err)
		}
	}
	if err := errors.Join(lines.Err(), p.whole()); err != nil {
		return Table{}, fmt.Errorf("strength: %w: write it with daero captcha bench --write", err)
	}
	return t, nil
}

// parser knows in which section and which table a line stands.
type parser struct {
	t       *Table
	section string
	rows    func([]string) error // of the table that is being read, nil outside of one
	head    bool                 // the line after the head is next
	seen    bool                 // the line that says when and with what
}

func (p *parser) line(s string) error {
	switch {
	case strings.HasPrefix(s, "## "):
		p.section, p.rows = strings.TrimPrefix(s, "## "), nil
		return nil
	case strings.HasPrefix(s, "|"):
		return p.row(cells(s))
	}
	p.rows = nil
	if p.section == "" {
		return p.before(s)
	}
	if p.section != "Attackers" {
		return nil
	}
	if m := classLine.FindStringSubmatch(s); m != nil {
		p.t.Classes = append(p.t.Classes, Class{Name: m[1], What: strings.ReplaceAll(m[2], "**", "")})
	} else if m := toldLine.FindStringSubmatch(s); m != nil {
		for i := range p.t.Attackers {
			if p.t.Attackers[i].Name == m[1] {
				p.t.Attackers[i].Told = m[2]
			}
		}
	}
	return nil
}

// before is a line before all sections.
func (p *parser) before(s string) error {
	for _, beginning := range shortRuns {
		p.t.Short = p.t.Short || strings.HasPrefix(s, beginning)
	}
	m := headLine.FindStringSubmatch(s)
	if m == nil {
		return nil
	}
	seed, err := strconv.ParseUint(m[1], 10, 64)
	if err != nil {
		return fmt.Errorf("seed %s: is none", m[1])
	}
	p.t.Seed, p.t.Date, p.t.With, p.seen = seed, m[3], m[2]+"; "+m[4], true
	return nil
}

// row takes a line of a table: its head, the line below that, or a row.
func (p *parser) row(c []string) error {
	switch {
	case p.rows == nil:
		p.head = true
		p.rows = func([]string) error { return nil }
		switch {
		case p.section == "Bars" && slices.Equal(c, barHead):
			p.rows = p.bar
		case p.section == "Attackers" && slices.Equal(c, attackerHead):
			p.rows = p.attacker
		case p.section == "Bars" || p.section == "Attackers":
			return fmt.Errorf("a table with the columns %q: want those that the bench writes", c)
		}
		return nil
	case p.head:
		p.head = false
		if slices.ContainsFunc(c, func(s string) bool { return s != "---" }) {
			return errors.New("no line of dashes below a table's head")
		}
		return nil
	}
	return p.rows(c)
}

func (p *parser) bar(c []string) error {
	if len(c) != len(barHead) || len(p.t.Bars) >= maxRows {
		return fmt.Errorf("a bar of %d columns: want %d", len(c), len(barHead))
	}
	b := Bar{Name: c[0], Wanted: c[1], Found: c[2], Held: c[3] == "held"}
	if !b.Held && c[3] != "**missed**" || b.Name == "" {
		return fmt.Errorf("a bar that is %q: want held or **missed**", c[3])
	}
	p.t.Bars = append(p.t.Bars, b)
	return nil
}

func (p *parser) attacker(c []string) error {
	if len(c) != len(attackerHead) || len(p.t.Attackers) >= maxRows {
		return fmt.Errorf("an attacker of %d columns: want %d", len(c), len(attackerHead))
	}
	a := Attacker{Class: c[0], Name: c[1], Kind: c[2], Level: c[3], Lang: c[4], Seconds: seconds(c[8])}
	var err error
	if a.N, err = strconv.Atoi(c[5]); err != nil || a.N < 0 {
		return fmt.Errorf("n %q: is no number", c[5])
	}
	if _, err := strconv.Atoi(a.Level); err != nil && a.Level != "all" {
		return fmt.Errorf("level %q: is none", a.Level)
	}
	if len(a.Class) != 2 || a.Class[0] != 'A' || a.Name == "" || a.Kind == "" || a.Lang == "" {
		return fmt.Errorf("a row %q: a name is missing", c)
	}
	if m := assumed.FindStringSubmatch(c[6]); m != nil {
		a.Rate, a.Low, a.High = -1, hundredth(m[1]), hundredth(m[2])
		return p.add(a)
	}
	solved, bounds := percents.FindStringSubmatch(c[6]), interval.FindStringSubmatch(c[7])
	if solved == nil || bounds == nil {
		return fmt.Errorf("solved %q, 95 %% %q: want the like of 0.8 %% and 0.3–2.2", c[6], c[7])
	}
	a.Rate, a.Low, a.High = hundredth(solved[1]), hundredth(bounds[1]), hundredth(bounds[2])
	return p.add(a)
}

// add takes an attacker whose shares can be.
func (p *parser) add(a Attacker) error {
	if a.Rate > 1 || a.Low < 0 || a.Low > a.High || a.High > 1 {
		return fmt.Errorf("%s: %g between %g and %g: is not possible", a.Name, a.Rate, a.Low, a.High)
	}
	p.t.Attackers = append(p.t.Attackers, a)
	return nil
}

// whole says what is missing at the end.
func (p *parser) whole() error {
	switch {
	case !p.seen:
		return errors.New("nothing says with which seed and on what it was measured")
	case len(p.t.Bars) == 0 || len(p.t.Attackers) == 0 || len(p.t.Classes) == 0:
		return fmt.Errorf("%d bars, %d classes, %d attackers", len(p.t.Bars), len(p.t.Classes), len(p.t.Attackers))
	}
	return nil
}

// cells are what stands between the bars of a line.
func cells(s string) []string {
	s = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), "|"), "|")
	all := strings.Split(s, "|")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// hundredth reads per cent as a share, to a thousandth of a per cent; the
// pattern that found it says that it is a number.
func hundredth(s string) float64 {
	v, _ := strconv.ParseFloat(s, 64)
	return math.Round(v*1000) / 1e5
}

// seconds reads how long a try takes, at most; -1 where it says something else.
func seconds(s string) float64 {
	v, err := strconv.ParseFloat(strings.TrimPrefix(s, "<"), 64)
	if err != nil || !(v >= 0 && v < 1e6) {
		return -1
	}
	return v
}
