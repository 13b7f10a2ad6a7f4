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

// gradientTargets are the errors at which the cheapest settings are compared.
var gradientTargets = [4]float64{1e-2, 1e-4, 1e-6, 1e-8}

// A peerGradient is what CVODES' cheapest settings take in seconds, by adjoint and forward sensitivities, for each of gradientTargets.
type peerGradient struct{ adjoint, forward [4]float64 }

// publishedPeers were measured on another machine: landmarks, not to be divided by.
var publishedPeers = map[string]peerGradient{
	"rober": {[4]float64{0.73e-3, 2.6e-3, 4.7e-3, 8.4e-3}, [4]float64{4.6e-3, 19.6e-3, 43.5e-3, 95.7e-3}},
	"pollu": {[4]float64{0.58e-3, 1.2e-3, 2.3e-3, 4.0e-3}, [4]float64{16.7e-3, 16.7e-3, 31e-3, 60e-3}},
}

// measuredPeers runs the C baseline built in a folder.
func measuredPeers(ctx context.Context, references, build string, repeats int) (map[string]peerGradient, error) {
	adjoint, err := runBaseline(ctx, references, build, "adjoint", repeats)
	if err != nil {
		return nil, err
	}
	forward, err := runBaseline(ctx, references, build, "sens", repeats)
	if err != nil {
		return nil, err
	}
	out := map[string]peerGradient{}
	for _, name := range []string{"rober", "pollu"} {
		var p peerGradient
		for i, target := range gradientTargets {
			p.adjoint[i], p.forward[i] = math.Inf(1), math.Inf(1)
			if b := cheapest(adjoint, name, target); b != nil {
				p.adjoint[i] = b.time()
			}
			if b := cheapest(forward, name, target); b != nil {
				p.forward[i] = b.time()
			}
		}
		out[name] = p
	}
	return out, nil
}

// NetworkGradients is the error of every gradient method on the published networks against long double arithmetic, and what it
// costs: the work–precision diagram of gradients. With the folder of a built C baseline CVODES is measured in the same run, every setting repeated that
// often; otherwise its times stand there as landmarks from another machine.
func NetworkGradients(ctx context.Context, references, build string, repeats int, during time.Duration) (*Report, error) {
	peers, where := publishedPeers, "measured on another machine"
	if build != "" {
		var err error
		if peers, err = measuredPeers(ctx, references, build, repeats); err != nil {
			return nil, err
		}
		where = "in this run"
	}
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
		best := Table{Title: name + ": milliseconds of processor time of the cheapest setting tried, by error of the gradient", Rows: [][]string{{"gradient", "≤ 1e-2", "≤ 1e-4", "≤ 1e-6", "≤ 1e-8"}}}
		for _, m := range gradientMethods() {
			reached := math.Inf(1)
			least := [4]float64{math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1)}
			series := plots.Series{Name: m.Info().Name, Style: plots.Style{Marker: plots.MarkerAt(len(panel.Series)), Size: 3}}
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
						for t, target := range gradientTargets {
							if e <= target {
								least[t] = min(least[t], run.seconds)
							}
						}
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
			best.Rows = append(best.Rows, cheapestRow(m.Info().Name, least))
			r.claim(reached <= 1e-6, "%s, %s reaches error %s at its best setting, floor 1e-6", name, m.Info().Name, sci(reached))
			if len(series.X) > 0 {
				panel.Series = append(panel.Series, series)
			}
		}
		peer := peers[name]
		for _, p := range []struct {
			label string
			times [4]float64
			style plots.Style
		}{
			{"CVODES adjoint, " + where, peer.adjoint, plots.Style{Color: plots.Black, Dash: plots.Dashed, Marker: plots.Cross, Size: 7, Width: 2}},
			{"CVODES forward, " + where, peer.forward, plots.Style{Color: plots.Grey, Dash: plots.Dotted, Marker: plots.Plus, Size: 7, Width: 2}},
		} {
			best.Rows = append(best.Rows, cheapestRow(p.label, p.times))
			series := plots.Series{Name: p.label, Style: p.style}
			for i, t := range p.times {
				if !math.IsInf(t, 1) {
					series.X, series.Y = append(series.X, 1e3*t), append(series.Y, gradientTargets[i])
				}
			}
			panel.Series = append(panel.Series, series)
		}
		r.Tables = append(r.Tables, table, best)
		fig.Panels[0] = append(fig.Panels[0], panel)
	}
	r.Figures = append(r.Figures, NamedFigure{Name: "gradients-work-precision", Figure: fig})
	return r, nil
}

// cheapestRow is a row of times in milliseconds.
func cheapestRow(name string, seconds [4]float64) []string {
	row := []string{name}
	for _, t := range seconds {
		if math.IsInf(t, 1) {
			row = append(row, "–")
		} else {
			row = append(row, milliseconds(t))
		}
	}
	return row
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
