package workprec

import (
	"github.com/stiffnode/stiffnode/internal/plots"
)

// Figure is the work–precision diagram of one problem: time and evaluations over the error.
func (r *Result) Figure(problem string) *plots.Figure {
	f := &plots.Figure{Title: problem}
	for _, p := range r.Problems {
		if p.Name == problem {
			f.Title = problem + ": " + p.Title
		}
	}
	x := plots.Axis{Label: "error", Log: true}
	time := plots.Panel{X: x, Y: plots.Axis{Label: "time (s)", Log: true}}
	evals := plots.Panel{X: x, Y: plots.Axis{Label: "evaluations of f", Log: true}}
	for i, m := range r.Methods {
		s := plots.Series{Name: m, Style: plots.Style{Marker: plots.MarkerAt(i), Color: plots.Palette(i)}}
		n := s
		for _, c := range r.Cells {
			if c.Problem != problem || c.Method != m || c.Verdict == Failed {
				continue
			}
			s.X, s.Y = append(s.X, c.Error), append(s.Y, c.Seconds)
			n.X, n.Y = append(n.X, c.Error), append(n.Y, float64(c.Stats.Evals+c.Stats.JacobianEvals))
		}
		if len(s.X) > 0 {
			time.Series, evals.Series = append(time.Series, s), append(evals.Series, n)
		}
	}
	f.Panels = [][]plots.Panel{{time, evals}}
	return f
}
