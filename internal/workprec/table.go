package workprec

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// What the accuracy matrix must show.
const (
	// mostFailures is the share of cells that may fail.
	mostFailures = 0.05
	// completeMethods is the number of methods that must solve every problem at every tolerance.
	completeMethods = 3
)

// A Summary counts verdicts.
type Summary struct {
	Cells, Passed, Wrong, Failed, Reported int
	// Complete are the methods that passed on every problem at every tolerance.
	Complete []string
}

// Summary counts the verdicts of all cells.
func (r *Result) Summary() Summary {
	s := Summary{Cells: len(r.Cells)}
	passed := map[string]int{}
	for i := range r.Cells {
		c := &r.Cells[i]
		switch c.Verdict {
		case Passed:
			s.Passed++
			passed[c.Method]++
		case Wrong:
			s.Wrong++
		case Failed:
			s.Failed++
		case Reported:
			s.Reported++
			passed[c.Method]++
		}
	}
	for _, m := range r.Methods {
		if passed[m] == len(r.Problems)*len(r.RTols) {
			s.Complete = append(s.Complete, m)
		}
	}
	return s
}

// Failed says whether the matrix does not show what it must: no success without the digits due, at most 5 % of failures, and at
// least three methods that solve everything.
func (r *Result) Failed() bool {
	s := r.Summary()
	return s.Wrong > 0 || float64(s.Failed+s.Wrong) > mostFailures*float64(s.Cells) || len(s.Complete) < completeMethods
}

// cell finds a cell.
func (r *Result) cell(problem, method string, rtol float64) *Cell {
	i := slices.IndexFunc(r.Cells, func(c Cell) bool { return c.Problem == problem && c.Method == method && c.RTol == rtol })
	if i < 0 {
		return nil
	}
	return &r.Cells[i]
}

// WriteTable prints the matrix: for every problem the correct digits of every method at every tolerance, then the cells that
// did not pass with the cause, then the counts.
func (r *Result) WriteTable(w io.Writer) error {
	var b strings.Builder
	b.WriteString("Correct digits: −log10 of the largest error/(atol/rtol + |reference|). *: fewer than are due; x: the solver failed; (): reported only; –: not claimed.\n")
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "\n%s: %s\nat t = %s, atol = rtol × %s\n", p.Name, p.Title, list(p.Times), list(p.Ratios))
		tw := tabwriter.NewWriter(&b, 0, 8, 2, ' ', tabwriter.AlignRight)
		fmt.Fprint(tw, "rtol\t")
		for _, t := range r.RTols {
			fmt.Fprintf(tw, "%.3g\t", t)
		}
		fmt.Fprint(tw, "\n")
		for _, m := range r.Methods {
			row := []string{}
			claimed := false
			for _, t := range r.RTols {
				c := r.cell(p.Name, m, t)
				claimed = claimed || c != nil
				row = append(row, c.short())
			}
			if claimed {
				fmt.Fprintf(tw, "%s\t%s\t\n", m, strings.Join(row, "\t"))
			}
		}
		if err := tw.Flush(); err != nil {
			return err
		}
	}
	s := r.Summary()
	if s.Wrong+s.Failed > 0 {
		b.WriteString("\nNot passed:\n")
		tw := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
		for i := range r.Cells {
			c := &r.Cells[i]
			switch c.Verdict {
			case Wrong:
				fmt.Fprintf(tw, "%s\t%s\trtol %.3g\t%s\t%.2f digits, %.2f due\n", c.Problem, c.Method, c.RTol, c.Verdict, c.Digits, c.Floor)
			case Failed:
				fmt.Fprintf(tw, "%s\t%s\trtol %.3g\t%s\t%s\n", c.Problem, c.Method, c.RTol, c.Verdict, c.Cause)
			}
		}
		if err := tw.Flush(); err != nil {
			return err
		}
	}
	share := 0.0
	if s.Cells > 0 {
		share = 100 * float64(s.Failed+s.Wrong) / float64(s.Cells)
	}
	fmt.Fprintf(&b, "\n%d cells: %d passed, %d wrong successes, %d failures (%.1f %% not passed, at most %.0f %% allowed), %d reported only.\n",
		s.Cells, s.Passed, s.Wrong, s.Failed, share, 100*mostFailures, s.Reported)
	fmt.Fprintf(&b, "Methods that solve every problem at every tolerance (at least %d): %s.\n", completeMethods, orNone(s.Complete))
	_, err := io.WriteString(w, b.String())
	return err
}

// short is the entry of a cell in the matrix.
func (c *Cell) short() string {
	if c == nil {
		return "–"
	}
	switch c.Verdict {
	case Failed:
		return "x"
	case Wrong:
		return fmt.Sprintf("*%.1f", c.Digits)
	case Reported:
		return fmt.Sprintf("(%.1f)", c.Digits)
	}
	return fmt.Sprintf("%.1f", c.Digits)
}

// list prints numbers, equal ones once and long lists by their ends.
func list(v []float64) string {
	if len(v) > 0 && !slices.ContainsFunc(v, func(x float64) bool { return x != v[0] }) {
		return fmt.Sprintf("%.4g", v[0])
	}
	var out []string
	for _, x := range v {
		out = append(out, fmt.Sprintf("%.4g", x))
	}
	return "(" + strings.Join(out, ", ") + ")"
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Targets are the errors at which methods are compared.
var Targets = []float64{1e-3, 1e-6, 1e-9}

// Best returns the fastest cell of a problem with at most the given error; ok is false when no method gets there.
func (r *Result) Best(problem string, target float64) (best Cell, ok bool) {
	best.Seconds = math.Inf(1)
	for _, c := range r.Cells {
		if c.Problem == problem && c.Verdict != Failed && c.Error <= target && c.Seconds < best.Seconds {
			best, ok = c, true
		}
	}
	return best, ok
}

// cheapest returns the fastest cell of one method.
func (r *Result) cheapest(problem, method string, target float64) (Cell, bool) {
	one := Result{}
	for _, c := range r.Cells {
		if c.Method == method {
			one.Cells = append(one.Cells, c)
		}
	}
	return one.Best(problem, target)
}

// WriteWork prints for every problem and target the work of every method at the cheapest tolerance that reaches it, the fastest first.
func (r *Result) WriteWork(w io.Writer) error {
	var b strings.Builder
	b.WriteString("Work at the cheapest tolerance that reaches an error (the largest error/(atol/rtol + |reference|)).\n")
	if r.LeftOut > 0 {
		fmt.Fprintf(&b, "%d of %d cells were left out, for taking too long.\n", r.LeftOut, r.LeftOut+len(r.Cells))
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "\n%s: %s\nat t = %s, atol = rtol × %s\n", p.Name, p.Title, list(p.Times), list(p.Ratios))
		tw := tabwriter.NewWriter(&b, 0, 8, 2, ' ', tabwriter.AlignRight)
		fmt.Fprint(tw, "error ≤\tmethod\trtol\terror\tsteps\trejected\tf\tJ\tLU\tsolves\tµs\t\n")
		for _, target := range Targets {
			var rows []Cell
			for _, m := range r.Methods {
				if c, ok := r.cheapest(p.Name, m, target); ok {
					rows = append(rows, c)
				}
			}
			slices.SortStableFunc(rows, func(a, b Cell) int {
				switch {
				case a.Seconds < b.Seconds:
					return -1
				case a.Seconds > b.Seconds:
					return 1
				}
				return 0
			})
			for _, c := range rows {
				s := &c.Stats
				fmt.Fprintf(tw, "%.0e\t%s\t%.1e\t%.1e\t%d\t%d\t%d\t%d\t%d\t%d\t%.0f\t\n", target, c.Method, c.RTol, c.Error, s.Steps, s.Rejected(),
					s.Evals+s.JacobianEvals, s.Jacobians, s.Factorisations, s.Solves, 1e6*c.Seconds)
			}
		}
		if err := tw.Flush(); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
