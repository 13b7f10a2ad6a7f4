// Package names finds what a mistyped name was meant to be.
package names

import (
	"strings"
)

// Nearest returns the known name that is most like the one given, by Levenshtein's distance without regard to case, and whether it is near
// enough to have been meant.
func Nearest(name string, known []string) (string, bool) {
	best, found := len([]rune(name))/2+1, ""
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < best {
			best, found = d, k
		}
	}
	return found, found != ""
}

// distance is Levenshtein's: the least number of insertions, deletions and replacements that make b of a.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			replaced := diagonal
			if x[i] != y[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
