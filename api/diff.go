package api

import (
	"fmt"
	"strings"
)

// around is how many lines stand around a difference.
const around = 3

// maxDiffed bounds the work: a table of as many cells as both texts have lines,
// multiplied. A playbook has a few hundred.
const maxDiffed = 4 << 20

// edit is a line that stays (' '), goes ('-') or comes ('+').
type edit struct {
	op   byte
	line string
}

// unified writes how one text becomes another, "" if they are the same.
func unified(nameA, nameB, a, b string) string {
	if a == b {
		return ""
	}
	edits := edits(lines(a), lines(b))
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", nameA, nameB)
	for begin := 0; begin < len(edits); {
		first := next(edits, begin)
		if first < 0 {
			break
		}
		from, to := max(begin, first-around), first
		for i := first; i >= 0 && i <= to+2*around; i = next(edits, to) {
			to = i + 1
		}
		end := min(len(edits), to+around)
		hunk(&out, edits, from, end)
		begin = end
	}
	return out.String()
}

// next is where the next line differs, from a place on, -1 if none does.
func next(edits []edit, from int) int {
	for i := from; i < len(edits); i++ {
		if edits[i].op != ' ' {
			return i
		}
	}
	return -1
}

// hunk writes the edits of one place.
func hunk(out *strings.Builder, edits []edit, from, to int) {
	lineA, lineB, nA, nB := 1, 1, 0, 0
	for i, e := range edits[:to] {
		inA, inB := e.op != '+', e.op != '-'
		switch {
		case i < from:
			lineA, lineB = lineA+number(inA), lineB+number(inB)
		default:
			nA, nB = nA+number(inA), nB+number(inB)
		}
	}
	if nA == 0 {
		lineA-- // as diff has it: the line before
	}
	if nB == 0 {
		lineB--
	}
	fmt.Fprintf(out, "@@ -%d,%d +%d,%d @@\n", lineA, nA, lineB, nB)
	for _, e := range edits[from:to] {
		out.WriteByte(e.op)
		out.WriteString(e.line + "\n")
	}
}

func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// edits finds the longest lines that stay. What would be too much work is
// replaced as a whole.
func edits(a, b []string) (all []edit) {
	if len(a)*len(b) > maxDiffed {
		for _, l := range a {
			all = append(all, edit{'-', l})
		}
		for _, l := range b {
			all = append(all, edit{'+', l})
		}
		return all
	}
	// stay[i][j] is how many lines of a[i:] and b[j:] stay.
	stay := make([][]int32, len(a)+1)
	for i := range stay {
		stay[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				stay[i][j] = stay[i+1][j+1] + 1
			} else {
				stay[i][j] = max(stay[i+1][j], stay[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			all = append(all, edit{' ', a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && stay[i+1][j] >= stay[i][j+1]:
			all = append(all, edit{'-', a[i]})
			i++
		default:
			all = append(all, edit{'+', b[j]})
			j++
		}
	}
	return all
}
