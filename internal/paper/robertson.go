package paper

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// robertsonEnd is the end of the interval on which the paper solves Robertson's problem.
const robertsonEnd = 1e5

// Newton constants: how small Newton's iteration makes its error, as a part of the tolerance. The paper's solver, CVODE, takes 0.1 (Hindmarsh et al.
// 2005, sec. 2.1); ours takes 0.01.
const (
	newtonCVODE = 0.1
	newtonOurs  = 0.01
)

// maxReverseSteps ends a reverse solve that goes nowhere.
const maxReverseSteps = 200_000

// reversal is a solve to the end and back.
type reversal struct {
	tol float64
	// forward and back are the states at times, the latter as far as the reverse solve came.
	forward, back []float64
	reached       int // number of times that the reverse solve reached, from the end
	y0            []float64
	err           error
}

// reverseRobertson solves Robertson's problem at rtol = atol = tol to the end and, from there, back to 0.
func reverseRobertson(ctx context.Context, method ode.Method, newton, tol float64, times []float64) (*reversal, error) {
	p, err := problems.ByName("ROBER")
	if err != nil {
		return nil, err
	}
	opt := ode.Options{Method: method, RTol: tol, ATol: []float64{tol}, SaveAt: times, NewtonTol: newton, MaxSteps: maxReverseSteps}
	fwd, err := ode.Solve(ctx, p.IVP, 0, robertsonEnd, p.Y0, opt)
	if err != nil {
		return nil, err
	}
	back := slices.Clone(times)
	slices.Reverse(back)
	opt.SaveAt = back
	rev, err := ode.Solve(ctx, p.IVP, robertsonEnd, 0, fwd.YEnd, opt)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return &reversal{tol: tol, forward: fwd.Y, back: rev.Y, reached: len(rev.Times), y0: rev.YEnd, err: err}, nil
}

// blowUp is the error of y1(0) from which a reverse solve counts as blown up: y1 is 1.
const blowUp = 1e3

// reversals solves to the end and back at n tolerances spread over a decade about tol: the errors of y1(0), +Inf where the reverse
// solve failed or blew up.
func reversals(ctx context.Context, method ode.Method, newton, tol float64, n int) (tols, errs []float64, err error) {
	for i := range n {
		t := tol * math.Pow(10, float64(i-n/2)/float64(n))
		rev, err := reverseRobertson(ctx, method, newton, t, nil)
		if err != nil {
			return nil, nil, err
		}
		e := math.Abs(rev.y0[0] - 1)
		if rev.err != nil || !(e < blowUp) {
			e = math.Inf(1)
		}
		tols, errs = append(tols, t), append(errs, e)
	}
	return tols, errs, nil
}

// finite are the values that are.
func finite(v []float64) []float64 {
	var out []float64
	for _, x := range v {
		if !math.IsInf(x, 0) && !math.IsNaN(x) {
			out = append(out, x)
		}
	}
	return out
}

func reverseEntry() *Entry {
	const perDecade = 21
	published := []struct{ tol, err float64 }{{1e-6, 0.72}, {1e-7, 0.38}, {1e-8, 0.05}, {1e-10, 0.001}}
	others := []ode.Method{ode.BDF, ode.Radau, ode.Rodas5P, ode.KenCarp4, ode.TRBDF2, ode.Rosenbrock23}
	return &Entry{
		ID: "fig1", Title: "Robertson's problem forward and backward", Place: "Fig. 1", Threads: 1,
		Config: fmt.Sprintf("BDF with Newton constant %g, and others, rtol=atol, %d tolerances per decade around 1e-6, 1e-7, 1e-8, 1e-10", newtonCVODE, perDecade),
		Run: func(ctx context.Context, _ *Env) (*Result, error) {
			r := &Result{}
			r.say("Robertson's problem is solved to t = 10⁵ by BDF with rtol = atol = tol and the Newton constant of the paper's solver, CVODE (%g), then the same equation from the end back to 0. The solve is repeated at %d tolerances within half a decade of each of the paper's, and the median of those that finished is compared; a claim agrees if more than half finish and their median is within a factor of 10 of the paper's figure. A solve has blown up if it failed, or if it misses y1(0) = 1 by more than %g.", newtonCVODE, perDecade, blowUp)
			r.say("Backward, the fast mode grows like e^{10⁴ t}, so that no method can follow the reverse flow: one that comes back at all owes it to its own damping of growing modes at large steps. What is returned is thus a property of the method and of its Newton iteration, and chaotic in the tolerance: the second table has other methods, and BDF with the Newton constant that stiffnode takes by itself (%g).", newtonOurs)
			table := Table{Name: "fig1-solves", Header: []string{"tol", "error in y1(0)", "outcome"}}
			summary := Table{Name: "fig1-summary", Caption: fmt.Sprintf("BDF, Newton constant %g.", newtonCVODE), Shown: true, Header: []string{"tol", "paper", "median of finished", "blow-ups"}}
			scatter := plots.Series{Name: "one solve each", Style: plots.Style{Dash: plots.NoLine, Marker: plots.Disc, Size: 3}}
			failed := plots.Series{Name: "failed or blown up", Style: plots.Style{Dash: plots.NoLine, Marker: plots.TriangleDown, Size: 6}}
			medians := plots.Series{Name: "median of finished", Style: plots.Style{Marker: plots.Diamond, Size: 8}}
			theirs := plots.Series{Name: "paper", Style: plots.Style{Dash: plots.NoLine, Marker: plots.Cross, Size: 8}}
			methods := Table{Name: "fig1-methods", Caption: fmt.Sprintf("Other methods, Newton constant %g.", newtonOurs), Shown: true, Header: []string{"tol"}}
			for _, m := range others {
				methods.Header = append(methods.Header, m.Info().Name)
			}
			for _, c := range published {
				tols, all, err := reversals(ctx, ode.BDF, newtonCVODE, c.tol, perDecade)
				if err != nil {
					return nil, err
				}
				for i, e := range all {
					outcome := "finished"
					if math.IsInf(e, 1) {
						outcome = "blow-up"
						failed.X, failed.Y = append(failed.X, tols[i]), append(failed.Y, blowUp)
					} else {
						scatter.X, scatter.Y = append(scatter.X, tols[i]), append(scatter.Y, e)
					}
					table.Rows = append(table.Rows, []string{num(tols[i]), num(e), outcome})
				}
				errs := finite(all)
				m := median(errs)
				medians.X, medians.Y = append(medians.X, c.tol), append(medians.Y, m)
				theirs.X, theirs.Y = append(theirs.X, c.tol), append(theirs.Y, c.err)
				summary.Rows = append(summary.Rows, []string{num(c.tol), percent(c.err), finished(m, len(errs), perDecade), fmt.Sprintf("%d of %d", perDecade-len(errs), perDecade)})
				row := []string{num(c.tol)}
				f := reverseFinding{tol: c.tol, paper: c.err, errs: all, otherNewton: newtonOurs}
				for i, method := range others {
					_, all, err := reversals(ctx, method, newtonOurs, c.tol, perDecade)
					if err != nil {
						return nil, err
					}
					if i == 0 {
						f.other = all
					}
					errs := finite(all)
					row = append(row, finished(median(errs), len(errs), perDecade))
				}
				methods.Rows = append(methods.Rows, row)
				f.judge(r)
			}
			r.Tables = append(r.Tables, table, summary, methods)
			top, errors, err := reverseProfiles(ctx)
			if err != nil {
				return nil, err
			}
			eigen, err := eigenvaluePanel(ctx)
			if err != nil {
				return nil, err
			}
			r.Figures = append(r.Figures,
				Figure{"fig1", "Top: y1 forward and backward at several tolerances; a curve ends in a cross where the reverse solve failed. Middle: how far the reverse solve is from the forward one. Bottom: largest magnitude of an eigenvalue of the Jacobian along the solution.", &plots.Figure{Panels: [][]plots.Panel{{top}, {errors}, {eigen}}}},
				Figure{"fig1-tolerances", "Error of the reverse solve in y1(0) over the tolerance; a triangle at the top is a solve that failed or blew up.", &plots.Figure{Panels: [][]plots.Panel{{{
					X: plots.Axis{Label: "rtol = atol", Log: true}, Y: plots.Axis{Label: "error in y1(0)", Log: true}, Series: []plots.Series{scatter, medians, theirs, failed},
				}}}}})
			return r, nil
		},
	}
}

// finished says what the solves that finished have in common.
func finished(m float64, n, all int) string {
	if n == 0 {
		return fmt.Sprintf("none of %d finished", all)
	}
	return fmt.Sprintf("%s, median of %d of %d", percent(m), n, all)
}

// reverseProfiles is y1 forward and backward over time, and the difference of the two.
func reverseProfiles(ctx context.Context) (profiles, errors plots.Panel, err error) {
	points := data.LogSpace(1e-5, robertsonEnd, 120)
	profiles = plots.Panel{X: plots.Axis{Bare: true, Log: true, Min: 1e-5, Max: robertsonEnd}, Y: plots.Axis{Label: "y1"}}
	errors = plots.Panel{X: plots.Axis{Bare: true, Log: true, Min: 1e-5, Max: robertsonEnd}, Y: plots.Axis{Label: "|y1 back − forward|", Log: true}, Legend: plots.LegendNone}
	for i, tol := range []float64{1e-6, 1e-7, 1e-8, 1e-10} {
		rev, err := reverseRobertson(ctx, ode.BDF, newtonCVODE, tol, points)
		if err != nil {
			return profiles, errors, err
		}
		forward := column(rev.forward, 3, 0)
		if i == 0 {
			profiles.Series = append(profiles.Series, plots.Series{Name: "forward", X: points, Y: forward, Style: plots.Style{Width: 2.5, Color: plots.Black}})
		}
		style := plots.Style{Dash: plots.Dashed, Color: plots.Palette(i), Marker: plots.MarkerAt(i), Size: 3}
		back, off := plots.Series{Name: "backward, tol " + num(tol), Style: style}, plots.Series{Style: style}
		for j := range rev.reached {
			k := len(points) - 1 - j
			y := rev.back[3*j]
			off.X, off.Y = append(off.X, points[k]), append(off.Y, math.Abs(y-forward[k]))
			if math.Abs(y) > 10 {
				continue // far outside of what the upper panel can show beside y1; the panel below has it
			}
			back.X, back.Y = append(back.X, points[k]), append(back.Y, y)
		}
		profiles.Series, errors.Series = append(profiles.Series, back), append(errors.Series, off)
		if n := len(back.X); rev.err != nil && n > 0 {
			end := plots.Style{Dash: plots.NoLine, Marker: plots.Cross, Size: 9, Color: plots.Palette(i)}
			profiles.Series = append(profiles.Series, plots.Series{X: back.X[n-1:], Y: back.Y[n-1:], Style: end})
		}
	}
	return profiles, errors, nil
}

func zoomEntry() *Entry {
	const from, points = 99_999.98999, 200
	return &Entry{
		ID: "fig2", Title: "Where the reversed y2 departs", Place: "Fig. 2", Threads: 1, Config: fmt.Sprintf("BDF, Newton constant %g, rtol=atol=1e-6…1e-10, %d points from %v", newtonCVODE, points, from),
		Run: func(ctx context.Context, _ *Env) (*Result, error) {
			r := &Result{}
			r.say("y2 near the end of the interval, forward and from the end backward. Its error there is tiny in absolute terms, but the Jacobian entry 2 k2 y2 carries k2 = 3·10⁷ without the square that hides small errors in the equation: an error δ in y2 changes the adjoint's coefficient by 2 k2 δ = 6·10⁷ δ.")
			zoomTimes := data.LinSpace(from, robertsonEnd, points)
			all := data.LogSpace(1e-5, robertsonEnd, 120)
			table := Table{Name: "fig2-errors", Shown: true, Header: []string{"tol", "largest error of y2 in the zoom", "times 6e7"}}
			zoom := plots.Panel{Title: "zoom", X: plots.Axis{Label: "t − 10⁵ [s]"}, Y: plots.Axis{Label: "y2"}, Legend: plots.LegendNone}
			whole := plots.Panel{X: plots.Axis{Label: "t [s]", Log: true}, Y: plots.Axis{Label: "y2"}}
			p, err := problems.ByName("ROBER")
			if err != nil {
				return nil, err
			}
			worst := 0.0
			for i, tol := range []float64{1e-6, 1e-8, 1e-10} {
				fine := ode.Options{Method: ode.Radau, RTol: 1e-11, ATol: []float64{1e-16}, SaveAt: zoomTimes}
				ref, err := ode.Solve(ctx, p.IVP, 0, robertsonEnd, p.Y0, fine)
				if err != nil {
					return nil, err
				}
				rev, err := reverseRobertson(ctx, ode.BDF, newtonCVODE, tol, zoomTimes)
				if err != nil {
					return nil, err
				}
				profile, err := reverseRobertson(ctx, ode.BDF, newtonCVODE, tol, all)
				if err != nil {
					return nil, err
				}
				if i == 0 {
					zoom.Series = append(zoom.Series, plots.Series{Name: "forward", X: shifted(zoomTimes), Y: column(ref.Y, 3, 1), Style: plots.Style{Width: 2.5}})
					whole.Series = append(whole.Series, plots.Series{Name: "forward", X: all, Y: column(profile.forward, 3, 1), Style: plots.Style{Width: 2.5}})
				}
				name := "backward, tol " + num(tol)
				style := plots.Style{Dash: []plots.Dash{plots.Dashed, plots.Dotted, plots.DashDot}[i], Width: 2}
				z := plots.Series{Name: name, Style: style}
				e := 0.0
				for j := range rev.reached {
					k := len(zoomTimes) - 1 - j
					y := rev.back[3*j+1]
					z.X, z.Y = append(z.X, zoomTimes[k]-robertsonEnd), append(z.Y, y)
					e = max(e, math.Abs(y-ref.Y[3*k+1]))
				}
				zoom.Series = append(zoom.Series, z)
				w := plots.Series{Name: name, Style: style}
				for j := range profile.reached {
					w.X, w.Y = append(w.X, all[len(all)-1-j]), append(w.Y, profile.back[3*j+1])
				}
				whole.Series = append(whole.Series, w)
				table.Rows = append(table.Rows, []string{num(tol), num(e), num(6e7 * e)})
				if tol == 1e-6 {
					worst = e
				}
			}
			r.Tables = append(r.Tables, table)
			zoomFinding{worst}.judge(r)
			r.Figures = append(r.Figures, Figure{"fig2", "y2 forward and backward, and a zoom on t ∈ (99 999.989 99, 10⁵).", &plots.Figure{Panels: [][]plots.Panel{{whole, zoom}}}})
			return r, nil
		},
	}
}

func shifted(times []float64) []float64 {
	out := make([]float64, len(times))
	for i, t := range times {
		out[i] = t - robertsonEnd
	}
	return out
}

// column is one state of rows of k.
func column(y []float64, k, j int) []float64 {
	var out []float64
	for i := j; i < len(y); i += k {
		out = append(out, y[i])
	}
	return out
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	s := slices.Clone(v)
	slices.Sort(s)
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// num is a number with three digits, its exponent without leading zeros: 1e-6.
func num(v float64) string {
	s := fmt.Sprintf("%.3g", v)
	return strings.Replace(strings.Replace(s, "e-0", "e-", 1), "e+0", "e+", 1)
}

func percent(v float64) string { return num(100*v) + " %" }
