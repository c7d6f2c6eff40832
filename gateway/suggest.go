package gateway

import "strings"

// didYouMean returns what to add to "unknown word": the closest known word, if
// one is close, and all that are known.
func didYouMean(word string, known []string) string {
	if len(known) == 0 {
		return " (none is declared)"
	}
	best, least := "", 1+len(word)/3 // a third of the letters may be wrong
	for _, k := range known {
		if d := distance(strings.ToLower(word), k); d <= least {
			if best == "" || d < least {
				best, least = k, d
			}
		}
	}
	s := ""
	if best != "" {
		s = `: did you mean "` + best + `"?`
	}
	return s + " (known: " + strings.Join(known, ", ") + ")"
}

// distance counts the letters to insert, delete, change or swap with their
// neighbour to get from a to b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
