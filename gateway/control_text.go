package gateway

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
)

// columns is how wide what commands write is at most.
const columns = 80

// plain takes out what a terminal would obey: names and notes come from
// outside.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || r == '\n' {
			return r
		}
		return -1
	}, s)
}

// width is how many columns a text takes: letters of Korean, Chinese and
// Japanese take two.
func width(s string) (n int) {
	for _, r := range s {
		n++
		if r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
			r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0x1f300) {
			n++
		}
	}
	return n
}

// fit cuts a text to a width.
func fit(s string, most int) string {
	if width(s) <= most {
		return s
	}
	for width(s) > most-1 && s != "" {
		r := []rune(s)
		s = string(r[:len(r)-1])
	}
	return s + "…"
}

// field writes "name   text", the text in lines of its own column.
func field(w io.Writer, name, text string) {
	if text = strings.TrimSpace(plain(text)); text == "" {
		return
	}
	const indent = 9
	head := fmt.Sprintf("%-*s", indent, name)
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case indent+width(line)+1+width(word) > columns:
			fmt.Fprintln(w, head+line)
			head, line = strings.Repeat(" ", indent), word
		default:
			line += " " + word
		}
	}
	fmt.Fprintln(w, head+line)
}

// inLines breaks a text into lines that fit, between words.
func inLines(text string) string {
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		words := strings.Split(line, " ") // what is set in stays so
		line = words[0]
		for _, word := range words[1:] {
			if width(line)+1+width(word) > columns && strings.TrimSpace(line) != "" {
				lines, line = append(lines, line), word
				continue
			}
			line += " " + word
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// table writes rows in columns, the first being their names. What does not fit
// is cut in the last column, or in the widest if that is not enough.
func table(w io.Writer, rows [][]string) {
	if len(rows) < 2 {
		return
	}
	wide := make([]int, len(rows[0]))
	for _, row := range rows {
		for i := range row {
			row[i] = plain(strings.ReplaceAll(row[i], "\n", " "))
			wide[i] = max(wide[i], width(row[i]))
		}
	}
	shrink(wide)
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			cell = fit(cell, wide[i])
			line.WriteString(cell + strings.Repeat(" ", wide[i]-width(cell)+2))
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// shrink makes columns fit a line.
func shrink(wide []int) {
	const least = 8
	for {
		total := -2
		widest, last := 0, len(wide)-1
		for i, n := range wide {
			total += n + 2
			if n > wide[widest] {
				widest = i
			}
		}
		over := total - columns
		if over <= 0 {
			return
		}
		if wide[last] > 2*least {
			widest = last
		}
		if wide[widest] <= least {
			return
		}
		wide[widest] = max(least, wide[widest]-over)
	}
}

// clock is a time of day, with the day if it is not today's.
func clock(t, now time.Time) string {
	t = t.Local()
	if y, m, d := now.Local().Date(); t.Year() == y && t.Month() == m && t.Day() == d {
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04:05")
}

func percent(v float64) string { return fmt.Sprintf("%.0f%%", v*100) }
