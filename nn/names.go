package nn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/internal/names"
)

// unknownName is the error for a name that is not among the known ones: it suggests those that are nearest, or all where none is near.
func unknownName(what, name string, known []string) error {
	all := slices.Clone(known)
	slices.Sort(all)
	near := names.Near(name, known)
	if len(near) == 0 {
		return fmt.Errorf("unknown %s %q; known are %s", what, name, strings.Join(all, ", "))
	}
	return fmt.Errorf("unknown %s %q; did you mean %s? Known are %s", what, name, strings.Join(near, " or "), strings.Join(all, ", "))
}
