// Package names finds what a mistyped name was meant to be.
package names

import (
	"fmt"
	"slices"
	"strings"
)

// Nearest returns the known name that is most like the one given, by Levenshtein's distance without regard to case, and whether it is near
// enough to have been meant. Of several the first counts.
func Nearest(name string, known []string) (string, bool) {
	if near := Near(name, known); len(near) > 0 {
		return near[0], true
	}
	return "", false
}

// Near returns all known names that are as near as that. A name that begins with the one given is at most one letter away.
func Near(name string, known []string) (near []string) {
	name = strings.ToLower(name)
	best := len([]rune(name)) / 2
	for _, k := range known {
		key := strings.ToLower(k)
		d := distance(name, key)
		if name != "" && strings.HasPrefix(key, name) {
			d = min(d, 1)
		}
		switch {
		case d < best:
			best, near = d, []string{k}
		case d == best && name != "":
			near = append(near, k)
		}
	}
	return near
}

// Unknown words the complaint about a name that is not among the known ones: what may have been meant, and what there is.
func Unknown(name string, known []string) string {
	sorted := slices.Clone(known)
	slices.Sort(sorted)
	all := strings.Join(sorted, ", ")
	near := Near(name, known)
	if len(near) == 0 {
		return fmt.Sprintf("%q is not known; there are %s", name, all)
	}
	for i, n := range near {
		near[i] = fmt.Sprintf("%q", n)
	}
	return fmt.Sprintf("%q is not known; did you mean %s? There are %s", name, strings.Join(near, " or "), all)
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
