package paper

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/bench"
	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
	"github.com/stiffnode/stiffnode/sens"
)

// tables turns those of a study into tables of this report.
func tables(name string, r *bench.Report) []Table {
	var out []Table
	for i, t := range r.Tables {
		n := name
		if i > 0 {
			n = fmt.Sprintf("%s-%d", name, i+1)
		}
		out = append(out, Table{Name: n, Caption: t.Title, Header: t.Rows[0], Rows: t.Rows[1:], Shown: true})
	}
	return out
}

func reversedAdjointEntry() *Entry {
	return &Entry{
		ID: "reversed", Title: "The reversed adjoint fails", Place: "Sec. III A", Threads: 1, Config: "backsolve, BDF, tol 1e-6…1e-14",
		Run: func(ctx context.Context, _ *Env) (*Result, error) {
			study, err := bench.BacksolveGradients(ctx)
			if err != nil {
				return nil, err
			}
			r := &Result{Tables: tables("reversed", study)}
			r.say("The adjoint of L = Σ y1(tᵢ) with the state solved backward together with it (Eq. 6), and the same code on problems that can be reversed.")
			for i, c := range study.Claims {
				paper := "the reversed adjoint ends in a Newton divergence near the start of the reverse pass at every tol = 1e-6 … 1e-14"
				if i > 0 {
					paper = "it is usable where the problem is not stiff"
				}
				r.claim(c.Agrees, paper, c.Text, "")
			}
			return r, nil
		},
	}
}

// sumOfY1 is L = Σ y1(tᵢ).
func sumOfY1(_ int, _ float64, y, grad []float64) float64 {
	if grad != nil {
		clear(grad)
		grad[0] = 1
	}
	return y[0]
}

func agreementEntry() *Entry {
	exact := []float64{-91.9127227, -5.26308296e-8, 3.15797532e-4}
	return &Entry{
		ID: "agreement", Title: "Interpolating and discrete gradients agree", Place: "Sec. III A", Threads: 1, Config: "BDF and Radau, rtol 1e-6, atol 1e-6 and 1e-12",
		Run: func(ctx context.Context, _ *Env) (*Result, error) {
			r := &Result{}
			r.say("dL/d(k1, k2, k3) of L = Σ y1(tᵢ) by methods that never reverse the equation. y2 is of size 10⁻⁵, so that atol = 10⁻⁶ leaves it all but uncontrolled; the table has both that setting and atol = 10⁻¹².")
			p, err := problems.ByName("ROBER")
			if err != nil {
				return nil, err
			}
			var params []float64
			for _, q := range p.Params {
				params = append(params, q.Value)
			}
			times := data.LogSpace(1e-5, robertsonEnd, 50)
			table := Table{Name: "agreement", Shown: true, Header: []string{"solver", "atol", "gradient", "dL/dk1", "dL/dk2", "dL/dk3", "largest error"}}
			worst := 0.0
			for _, solver := range []ode.Method{ode.BDF, ode.Radau} {
				for _, atol := range []float64{1e-6, 1e-12} {
					for _, m := range []sens.Method{sens.DiscreteReverse{}, sens.DiscreteForward{}, sens.InterpolatingAdjoint{}, sens.QuadratureAdjoint{}, sens.GaussAdjoint{}, sens.IMEXAdjoint{}} {
						ev, err := m.New(sens.Setup{Problem: p.IVP, Options: ode.Options{Method: solver, RTol: 1e-6, ATol: []float64{atol}}})
						if err != nil {
							return nil, err
						}
						var g sens.Gradient
						if err := ev.Gradient(ctx, &g, params, p.Y0, 0, robertsonEnd, times, sens.LossFunc(sumOfY1)); err != nil {
							if ctx.Err() != nil {
								return nil, context.Cause(ctx)
							}
							table.Rows = append(table.Rows, []string{solver.Info().Name, num(atol), m.Info().Name, "failed", "", "", err.Error()})
							continue
						}
						e := 0.0
						for i, w := range exact {
							e = max(e, math.Abs(g.Params[i]/w-1))
						}
						if atol == 1e-12 {
							worst = max(worst, e)
						}
						table.Rows = append(table.Rows, []string{solver.Info().Name, num(atol), m.Info().Name, fmt.Sprintf("%.9g", g.Params[0]), fmt.Sprintf("%.9g", g.Params[1]), fmt.Sprintf("%.9g", g.Params[2]), num(e)})
					}
				}
			}
			r.Tables = append(r.Tables, table)
			r.claim(worst <= 5e-4, "interpolating and discrete gradients agree to at least three decimals on all derivatives at tol = 1e-6", "largest relative error against 30-digit arithmetic, atol 1e-12: "+num(worst), "")
			return r, nil
		},
	}
}

func linearEntry() *Entry {
	rates := data.LogSpace(1, 1e4, 61)
	return &Entry{
		ID: "fig3", Title: "A linear equation forward and backward", Place: "Fig. 3", Threads: 1, Config: "Tsit5, u' = -λu, 61 rates 1…1e4, rtol 1e-6, atol 1e-6 and 0",
		Run: func(ctx context.Context, _ *Env) (*Result, error) {
			r := &Result{}
			r.say("u' = −λu, u(0) = 1, is solved by Tsit5 to t = 1 and back. The reverse problem grows like e^{λt}, so an error at the end comes back multiplied by e^λ. What one sees depends on atol: with atol = 10⁻⁶ the forward solution is noise once e^{−λ} is below it; with atol = 0 every digit of the decayed solution is kept, and the reverse solve works until e^{−λ} leaves the range of numbers.")
			panel := plots.Panel{X: plots.Axis{Label: "λ", Log: true}, Y: plots.Axis{Label: "|u(0) − 1| after the return", Log: true, Min: 1e-9, Max: 1e30}}
			table := Table{Name: "fig3", Header: []string{"λ", "atol", "error"}}
			at := map[float64][]float64{}
			for _, atol := range []float64{1e-6, 0} {
				s := plots.Series{Name: "atol = " + num(atol), Style: plots.Style{Marker: plots.Disc, Size: 3}}
				for _, rate := range rates {
					e, err := roundTrip(ctx, rate, atol)
					if err != nil {
						return nil, err
					}
					s.X, s.Y = append(s.X, rate), append(s.Y, e)
					table.Rows = append(table.Rows, []string{num(rate), num(atol), num(e)})
				}
				at[atol] = s.Y
				panel.Series = append(panel.Series, s)
			}
			r.Tables = append(r.Tables, table)
			// the exponent of growth, over rates where the forward solution has decayed into atol
			i, j := nearest(rates, 20), nearest(rates, 60)
			growth := math.Log(at[1e-6][j]/at[1e-6][i]) / (rates[j] - rates[i])
			r.claim(growth > 0.5 && growth < 1.5, "the error at t = 0 explodes exponentially in |λ|", fmt.Sprintf("log error grows by %.2f per unit of λ between λ = 20 and 60 (atol 1e-6)", growth), "")
			e100 := at[0][nearest(rates, 100)]
			r.claim(e100 <= 0.1, "about 1 % at λ = 100 (quoted from another paper)", percent(e100)+" with atol = 0, "+num(at[1e-6][nearest(rates, 100)])+" with atol = 1e-6", "it depends on the tolerances, which are not given")
			last := at[0][len(rates)-1]
			r.claim(!(last <= 0.5), "not reversible at λ = 10 000", "error "+num(last), "")
			r.Figures = append(r.Figures, Figure{"fig3", "Error at t = 0 after solving u' = −λu forward and backward; what is not drawn failed or overflowed.", &plots.Figure{Panels: [][]plots.Panel{{panel}}}})
			return r, nil
		},
	}
}

// roundTrip is the error at t = 0 after a solve to t = 1 and back; +Inf where the solve failed.
func roundTrip(ctx context.Context, rate, atol float64) (float64, error) {
	p := ode.Func(1, func(dst []float64, _ float64, y []float64) { dst[0] = -rate * y[0] })
	opt := ode.Options{Method: ode.Tsit5, RTol: 1e-6, ATol: []float64{atol}}
	fwd, err := ode.Solve(ctx, p, 0, 1, []float64{1}, opt)
	if err != nil {
		return math.Inf(1), context.Cause(ctx)
	}
	rev, err := ode.Solve(ctx, p, 1, 0, fwd.YEnd, opt)
	if err != nil {
		return math.Inf(1), context.Cause(ctx)
	}
	return math.Abs(rev.YEnd[0] - 1), nil
}

func nearest(v []float64, x float64) int {
	best := 0
	for i, a := range v {
		if math.Abs(a-x) < math.Abs(v[best]-x) {
			best = i
		}
	}
	return best
}

func costEntry() *Entry {
	return &Entry{
		ID: "cost", Title: "Cost of a gradient as k and m grow", Place: "Sec. III B", Threads: 2, Config: "Rosenbrock23, 16 equal steps",
		Run: func(ctx context.Context, _ *Env) (*Result, error) {
			study, err := bench.GradientCost(ctx, 20*time.Millisecond)
			if err != nil {
				return nil, err
			}
			r := &Result{Timing: tables("cost", study)}
			r.say("Operations and time per step of one gradient, for a growing number m of parameters at k = 4 states and for a growing k, at a fixed number of steps. The exponents are those of the last two decades of m and the upper half of k.")
			for _, c := range study.Claims {
				// what stands in brackets is a time, which differs from run to run: it stands in the table
				text, _, _ := strings.Cut(c.Text, " (from time")
				r.claim(c.Agrees, "O(k³ + m) for the separated methods", text, "")
			}
			for _, f := range study.Figures {
				r.Figures = append(r.Figures, Figure{"cost", "Time per step over m and over k.", f.Figure})
			}
			return r, nil
		},
	}
}

func daeEntry() *Entry {
	return &Entry{
		ID: "dae", Title: "Robertson's problem as a differential-algebraic equation", Place: "Eqs. 18–20", Threads: 1, Config: "Rodas5P, Radau, BDF at rtol 1e-8",
		Run: func(ctx context.Context, _ *Env) (*Result, error) {
			r := &Result{}
			r.say("The third equation is replaced by 0 = y1 + y2 + y3 − 1 with M = diag(1, 1, 0), and solved beside the ordinary form.")
			odeForm, err := problems.ByName("ROBER")
			if err != nil {
				return nil, err
			}
			dae, err := problems.ByName("ROBER-DAE")
			if err != nil {
				return nil, err
			}
			times := data.LogSpace(1e-5, robertsonEnd, 50)
			ref, err := ode.Solve(ctx, odeForm.IVP, 0, robertsonEnd, odeForm.Y0, ode.Options{Method: ode.Radau, RTol: 1e-11, ATol: []float64{1e-16}, SaveAt: times})
			if err != nil {
				return nil, err
			}
			table := Table{Name: "dae", Shown: true, Header: []string{"method", "largest relative difference from the ordinary form", "largest |y1 + y2 + y3 − 1|"}}
			worst, violation := 0.0, 0.0
			for _, m := range []ode.Method{ode.Rodas5P, ode.Radau, ode.BDF} {
				sol, err := ode.Solve(ctx, dae.IVP, 0, robertsonEnd, dae.Y0, ode.Options{Method: m, RTol: 1e-8, ATol: []float64{1e-14}, SaveAt: times})
				if err != nil {
					return nil, err
				}
				d, v := 0.0, 0.0
				for i, y := range sol.Y {
					if y > 1e-6 || i%3 == 1 && y > 1e-11 {
						d = max(d, math.Abs(y/ref.Y[i]-1))
					}
				}
				for i := range times {
					row := sol.State(i)
					v = max(v, math.Abs(row[0]+row[1]+row[2]-1))
				}
				worst, violation = max(worst, d), max(violation, v)
				table.Rows = append(table.Rows, []string{m.Info().Name, num(d), num(v)})
			}
			r.Tables = append(r.Tables, table)
			r.claim(worst <= 1e-5, "the DAE form has the same solution", "largest relative difference "+num(worst), "")
			r.claim(violation <= 1e-8, "the constraint is kept by the algebraic equation", "largest violation "+num(violation), "")
			return r, nil
		},
	}
}
