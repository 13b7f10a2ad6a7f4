package paper

import (
	"context"
	"fmt"
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/mat"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// spectra holds the eigenvalues of the Jacobian along a solution.
type spectra struct {
	times  []float64
	values [][]complex128
}

func spectraAlong(ctx context.Context, name string, times []float64) (*spectra, error) {
	p, err := problems.ByName(name)
	if err != nil {
		return nil, err
	}
	atol := p.AbsTol(1e-8)
	sol, err := ode.Solve(ctx, p.IVP, p.T0, times[len(times)-1], p.Y0, ode.Options{Method: ode.Radau, RTol: 1e-8, ATol: atol, SaveAt: times})
	if err != nil {
		return nil, err
	}
	n := p.IVP.Dim
	f := p.IVP.New()
	jac, dst := ode.NewJacobian(n, p.IVP.Jacobian), make([]float64, n)
	out := &spectra{times: times}
	for i, t := range times {
		if err := f.EvalJacobian(dst, jac, nil, t, sol.State(i)); err != nil {
			return nil, err
		}
		d := mat.NewDense(n, n, nil)
		for r := range n {
			for c := range n {
				d.Set(r, c, jac.At(r, c))
			}
		}
		var e mat.Eigen
		if !e.Factorize(d, mat.EigenNone) {
			return nil, fmt.Errorf("eigenvalues of %s at t = %g could not be computed", name, t)
		}
		out.values = append(out.values, e.Values(nil))
	}
	return out, nil
}

// largest is the largest magnitude, fastest the largest |Re λ|, and ratio the largest over the smallest magnitude of real parts among
// eigenvalues above 1e-10 of the largest.
func (s *spectra) measures(i int) (largest, fastest, ratio float64) {
	for _, v := range s.values[i] {
		largest = max(largest, cmplx.Abs(v))
		fastest = max(fastest, math.Abs(real(v)))
	}
	slowest := math.Inf(1)
	for _, v := range s.values[i] {
		if re := math.Abs(real(v)); cmplx.Abs(v) > 1e-10*largest && re > 1e-10*largest {
			slowest = min(slowest, re)
		}
	}
	return largest, fastest, fastest / slowest
}

// eigenvaluePanel is the lower half of Fig. 1.
func eigenvaluePanel(ctx context.Context) (plots.Panel, Table, error) {
	s, err := spectraAlong(ctx, "ROBER", data.LogSpace(1e-5, robertsonEnd, 101))
	if err != nil {
		return plots.Panel{}, Table{}, err
	}
	table := Table{Name: "fig1-eigenvalues", Header: []string{"t", "largest |λ|"}}
	series := plots.Series{}
	for i, t := range s.times {
		l, _, _ := s.measures(i)
		series.X, series.Y = append(series.X, t), append(series.Y, l)
		table.Rows = append(table.Rows, []string{num(t), num(l)})
	}
	return plots.Panel{X: plots.Axis{Label: "t [s]", Log: true}, Y: plots.Axis{Label: "largest |λ| [1/s]", Log: true}, Series: []plots.Series{series}}, table, nil
}

func stiffnessEntry() *Entry {
	return &Entry{
		ID: "stiffness", Title: "How stiff the problems are", Place: "Sec. II, Eq. 5", Threads: 1, Config: "101 points along ROBER and POLLU",
		Run: func(ctx context.Context, _ *Env) (*Result, error) {
			r := &Result{}
			r.say("The stiffness index of Eq. 5, the ratio of the largest to the smallest real part, breaks down where eigenvalues are zero: Robertson's problem conserves mass, so that one always is. Two measures that do not: the fastest rate times the length of the interval, and the ratio over the eigenvalues above 10⁻¹⁰ of the largest.")
			table := Table{Name: "stiffness", Shown: true, Header: []string{"problem", "largest |Re λ|·(t1 − t0)", "largest ratio of real parts", "smallest |λ| / largest |λ|"}}
			var panels []plots.Panel
			for _, c := range []struct {
				name  string
				times []float64
				log   bool
				unit  string
			}{{"ROBER", data.LogSpace(1e-5, robertsonEnd, 101), true, "s"}, {"POLLU", data.LinSpace(0, 60, 101), false, "min"}} {
				s, err := spectraAlong(ctx, c.name, c.times)
				if err != nil {
					return nil, err
				}
				fast := plots.Series{Name: "|Re λ|max·(t1 − t0)"}
				rat := plots.Series{Name: "ratio of real parts", Style: plots.Style{Dash: plots.Dashed}}
				span := c.times[len(c.times)-1] - c.times[0]
				mostFast, mostRatio, zero := 0.0, 0.0, math.Inf(1)
				for i, t := range s.times {
					largest, f, q := s.measures(i)
					mostFast, mostRatio = max(mostFast, f*span), max(mostRatio, q)
					for _, v := range s.values[i] {
						zero = min(zero, cmplx.Abs(v)/largest)
					}
					fast.X, fast.Y = append(fast.X, t), append(fast.Y, f*span)
					rat.X, rat.Y = append(rat.X, t), append(rat.Y, q)
				}
				panels = append(panels, plots.Panel{Title: c.name, X: plots.Axis{Label: "t [" + c.unit + "]", Log: c.log}, Y: plots.Axis{Label: "stiffness (no unit)", Log: true}, Series: []plots.Series{fast, rat}})
				table.Rows = append(table.Rows, []string{c.name, num(mostFast), num(mostRatio), num(zero)})
				if c.name == "ROBER" {
					r.claim(zero < 1e-12, "the ratio of Eq. 5 breaks down on ROBER, whose smallest eigenvalue is zero", "smallest |λ| is "+num(zero)+" of the largest", "")
					r.claim(mostFast >= 1e8, "ROBER's time scales are ten orders of magnitude apart", "fastest rate times interval: "+num(mostFast), "")
				} else {
					r.claim(mostFast >= 1e4, "POLLU is stiff", "fastest rate times interval: "+num(mostFast), "")
				}
			}
			r.Tables = append(r.Tables, table)
			r.Figures = append(r.Figures, Figure{"stiffness", "Stiffness along the solutions.", &plots.Figure{Panels: [][]plots.Panel{panels}}})
			return r, nil
		},
	}
}
