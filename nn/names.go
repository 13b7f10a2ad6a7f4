package nn

import (
	"fmt"
	"slices"
	"strings"
)

// unknownName is the error for a name that is not among the known ones: it suggests those that are nearest, or all where none is near.
func unknownName(what, name string, known []string) error {
	best := len(name)/2 + 1
	var near []string
	for _, k := range known {
		d := editDistance(strings.ToLower(name), k)
		if strings.HasPrefix(k, strings.ToLower(name)) && name != "" {
			d = min(d, 1)
		}
		switch {
		case d < best:
			best, near = d, []string{k}
		case d == best:
			near = append(near, k)
		}
	}
	all := slices.Clone(known)
	slices.Sort(all)
	if len(near) == 0 {
		return fmt.Errorf("unknown %s %q; known are %s", what, name, strings.Join(all, ", "))
	}
	return fmt.Errorf("unknown %s %q; did you mean %s? Known are %s", what, name, strings.Join(near, " or "), strings.Join(all, ", "))
}

// editDistance is the Levenshtein distance between two strings, in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitution := diagonal
			if a[i] != b[j] {
				substitution++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitution, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
