package accuracy

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// A Summary counts cells.
type Summary struct {
	Cells, Right, Wrong, Failed, Untyped int
	// Kinds are the numbers of failures by kind.
	Kinds map[string]int
}

// Summarise counts verdicts.
func Summarise(cells []Cell) Summary {
	s := Summary{Cells: len(cells), Kinds: map[string]int{}}
	for i := range cells {
		switch c := &cells[i]; c.Verdict {
		case Right:
			s.Right++
		case Wrong:
			s.Wrong++
		case Failed:
			s.Failed++
			s.Kinds[c.Kind]++
		case Untyped:
			s.Untyped++
		}
	}
	return s
}

// Bad says whether the cells do not show what they must: no success that is wrong, and no failure without a type.
func (s Summary) Bad() bool { return s.Wrong+s.Untyped > 0 }

// String is what a cell came to, on one line.
func (c *Cell) String() string {
	s := fmt.Sprintf("%s\t%s\t%s\t%s\t", c.Problem, c.Method, c.Setting, c.Verdict)
	switch c.Verdict {
	case Right, Wrong:
		s += fmt.Sprintf("error %.3g of what is allowed", c.Ratio)
		if c.State != "" {
			s += fmt.Sprintf(" (%s at t = %.6g)", c.State, c.Time)
		}
	default:
		s += c.Message
	}
	return s
}

// Write prints what is wrong, or every cell, then the counts.
func Write(w io.Writer, cells []Cell, every bool) error {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	for i := range cells {
		if c := &cells[i]; every || c.Verdict == Wrong || c.Verdict == Untyped {
			fmt.Fprintln(tw, c)
		}
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	s := Summarise(cells)
	fmt.Fprintf(&b, "%d cells: %d right, %d wrong successes, %d typed failures, %d untyped failures\n", s.Cells, s.Right, s.Wrong, s.Failed, s.Untyped)
	for _, k := range slices.Sorted(maps.Keys(s.Kinds)) {
		fmt.Fprintf(&b, "  %6d  %s\n", s.Kinds[k], k)
	}
	if s.Bad() {
		b.WriteString("FAIL: a success that is wrong, or a failure without a type\n")
	} else {
		b.WriteString("agrees: every success is right and every failure typed\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
