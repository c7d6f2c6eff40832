package playtest

import "strings"

// didYouMean is what to add to "unknown word": the closest known word, if one is
// close, and all that are known.
func didYouMean(word string, known []string) string {
	best, least := "", 1+len(word)/3
	for _, k := range known {
		if d := distance(word, k); d < least || d == least && best == "" {
			best, least = k, d
		}
	}
	s := " (known: " + strings.Join(known, ", ") + ")"
	if best != "" {
		s = `: did you mean "` + best + `"?` + s
	}
	return s
}

// distance counts the letters to insert, delete or change to get from a to b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := diagonal
			if a[i-1] != b[j-1] {
				change++
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, change)
		}
	}
	return row[len(b)]
}
