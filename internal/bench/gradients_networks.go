package bench

import (
	"context"
	"math"
	"time"

	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
	"github.com/stiffnode/stiffnode/sens"
)

// peerGradients are the times in milliseconds of CVODES' cheapest setting whose gradient error is at most 1e-2, 1e-4, 1e-6 and 1e-8,
// on the machine on which they were measured: a landmark, not a ratio.
var peerGradients = map[string][2][4]float64{
	"rober": {{0.73, 2.6, 4.7, 8.4}, {4.6, 19.6, 43.5, 95.7}},
	"pollu": {{0.58, 1.2, 2.3, 4.0}, {16.7, 16.7, 31, 60}},
}

// NetworkGradients is the error of every gradient method on the published networks against long double arithmetic, and what it
// costs: the work–precision diagram of gradients.
func NetworkGradients(ctx context.Context, references string, during time.Duration) (*Report, error) {
	r := &Report{Title: "Gradient of Eq. 14 on the published networks, residual signs fixed, atol = 1e-3·rtol·y_scale: relative L2 error against long double arithmetic, milliseconds"}
	floors := map[string][3]float64{"rober": {1e-2, 3e-4, 5e-5}, "pollu": {1e-3, 1e-6, 1e-7}}
	tols := []float64{1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11}
	fig := &plots.Figure{Title: "Gradients of the published networks: error against time", Panels: [][]plots.Panel{{}}}
	for _, name := range []string{"rober", "pollu"} {
		n, err := loadNetwork(references, name)
		if err != nil {
			return nil, err
		}
		header := []string{"gradient", "solver"}
		for _, tol := range tols {
			header = append(header, sci(tol))
		}
		table := Table{Title: name, Rows: [][]string{header}}
		panel := plots.Panel{Title: name, X: plots.Axis{Label: "time [ms]", Log: true}, Y: plots.Axis{Label: "relative error of the gradient", Log: true}}
		for _, m := range gradientMethods() {
			reached := math.Inf(1)
			series := plots.Series{Name: m.Info().Name}
			for _, solver := range n.solvers() {
				row := []string{m.Info().Name, solver.Info().Name}
				for i, tol := range tols {
					if reached <= 1e-9 || solver.Info().Order <= 2 && tol < 1e-8 || m.Info().Forward && reached <= 1e-6 {
						row = append(row, "")
						continue
					}
					run := n.measure(ctx, m, n.options(solver, tol), during)
					if ctx.Err() != nil {
						return nil, context.Cause(ctx)
					}
					e := math.Inf(1)
					if run.err == nil {
						e = relativeL2(run.gradient, n.exact)
						reached = min(reached, e)
						if solver.Info().Name == "Radau" {
							series.X, series.Y = append(series.X, 1e3*run.seconds), append(series.Y, e)
						}
					}
					cell := outcome(&run, e)
					if run.err == nil {
						cell += " " + milliseconds(run.seconds)
					}
					row = append(row, cell)
					if _, ok := m.(sens.DiscreteReverse); ok && solver.Info().Name == "Radau" {
						if at := map[float64]int{1e-3: 0, 1e-6: 1, 1e-8: 2}; tols[i] == 1e-3 || tols[i] == 1e-6 || tols[i] == 1e-8 {
							floor := floors[name][at[tols[i]]]
							r.claim(e <= floor, "%s, discrete reverse with Radau at rtol %g: error %s, floor %g", name, tol, sci(e), floor)
						}
					}
				}
				table.Rows = append(table.Rows, row)
				if reached <= 1e-9 || m.Info().Forward && reached <= 1e-6 {
					break
				}
			}
			r.claim(reached <= 1e-6, "%s, %s reaches error %s at its best setting, floor 1e-6", name, m.Info().Name, sci(reached))
			if len(series.X) > 0 {
				panel.Series = append(panel.Series, series)
			}
		}
		peer := peerGradients[name]
		for i, label := range []string{"CVODES adjoint (elsewhere)", "CVODES forward (elsewhere)"} {
			panel.Series = append(panel.Series, plots.Series{Name: label, X: peer[i][:], Y: []float64{1e-2, 1e-4, 1e-6, 1e-8}})
		}
		r.Tables = append(r.Tables, table)
		fig.Panels[0] = append(fig.Panels[0], panel)
	}
	r.Figures = append(r.Figures, NamedFigure{Name: "gradients-work-precision", Figure: fig})
	return r, nil
}

// solvers are those tried on a network, the most accurate first.
func (n *publishedNetwork) solvers() []ode.Method {
	var out []ode.Method
	for _, name := range []string{"Radau", "Rodas5P", "KenCarp4", "BDF", "Rosenbrock23"} {
		if m, err := ode.MethodByName(name); err == nil {
			out = append(out, m)
		}
	}
	return out
}

// DAEGradients compares gradients through Robertson's problem as a differential-algebraic equation with each other and with the
// form as an ordinary one.
func DAEGradients(ctx context.Context) (*Report, error) {
	r := &Report{Title: "Gradient of Σ y1(tᵢ) on Robertson's problem as y1', y2' and 0 = y1 + y2 + y3 − 1: largest relative error of a component"}
	c, err := robertsonGradient(1e5)
	if err != nil {
		return nil, err
	}
	dae, err := problems.ByName("ROBER-DAE")
	if err != nil {
		return nil, err
	}
	c.problem, c.y0 = dae.IVP, dae.Y0
	rtols := []float64{1e-6, 1e-8, 1e-10}
	header := []string{"gradient", "solver"}
	for _, tol := range rtols {
		header = append(header, sci(tol))
	}
	table := Table{Rows: [][]string{header}}
	for _, m := range gradientMethods() {
		best := math.Inf(1)
		refused := 0
		for _, name := range []string{"Rodas5P", "Radau", "BDF"} {
			solver, err := ode.MethodByName(name)
			if err != nil {
				return nil, err
			}
			row := []string{m.Info().Name, name}
			for _, tol := range rtols {
				run := c.measure(ctx, m, c.options(solver, tol), 0)
				e := math.Inf(1)
				if run.err == nil {
					e = worstComponent(run.gradient, c.exact)
					best = min(best, e)
				}
				if run.refused() {
					refused++
				}
				row = append(row, outcome(&run, e))
			}
			table.Rows = append(table.Rows, row)
		}
		if refused < 9 {
			r.claim(best <= 1e-6, "%s through the DAE agrees with the exact gradient of the ODE form to %s, six digits asked for", m.Info().Name, sci(best))
		} else {
			r.claim(true, "%s is refused for a singular mass matrix when built", m.Info().Name)
		}
	}
	r.Tables = append(r.Tables, table)
	return r, nil
}
