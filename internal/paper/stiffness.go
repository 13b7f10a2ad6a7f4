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

// zeros is the number of eigenvalues below 1e-12 of the largest.
func (s *spectra) zeros(i int) int {
	largest, _, _ := s.measures(i)
	n := 0
	for _, v := range s.values[i] {
		if cmplx.Abs(v) < 1e-12*largest {
			n++
		}
	}
	return n
}

// eigenvaluePanel is the lower half of Fig. 1.
func eigenvaluePanel(ctx context.Context) (plots.Panel, error) {
	s, err := spectraAlong(ctx, "ROBER", data.LogSpace(1e-5, robertsonEnd, 101))
	if err != nil {
		return plots.Panel{}, err
	}
	series := plots.Series{}
	for i, t := range s.times {
		l, _, _ := s.measures(i)
		series.X, series.Y = append(series.X, t), append(series.Y, l)
	}
	return plots.Panel{X: plots.Axis{Label: "t [s]", Log: true, Min: 1e-5, Max: robertsonEnd}, Y: plots.Axis{Label: "largest |λ| [1/s]", Log: true}, Series: []plots.Series{series}}, nil
}

// stiffnessFinding is how many of Robertson's eigenvalues are zero, and how fast the fastest modes are beside the length of the interval.
type stiffnessFinding struct {
	// zeros is the number of eigenvalues below 1e-12 of the largest, at t = 0 and at least along the solution.
	zerosAtStart, zeros int
	// fast is the largest |Re λ|·(t1 − t0) of each problem.
	fast map[string]float64
}

func (f stiffnessFinding) judge(r *Result) {
	r.claim(f.zerosAtStart >= 2 && f.zeros >= 1, "the classic Robertson problem has two zero eigenvalues, so that a ratio of eigenvalues says nothing of it",
		fmt.Sprintf("%d of its 3 eigenvalues are below 1e-12 of the largest at t = 0, at least %d along the solution", f.zerosAtStart, f.zeros), "it is a property of the Jacobian at the initial state and of the conserved sum")
	for _, name := range []string{"ROBER", "POLLU"} {
		// an explicit method of order 5 covers about 3 of these units in a step
		r.claim(f.fast[name] >= 1e5, name+" is highly stiff", "fastest rate times interval: "+num(f.fast[name]), "an explicit method would need few steps")
	}
}

func stiffnessEntry() *Entry {
	return &Entry{
		ID: "stiffness", Title: "How stiff the problems are", Place: "Sec. II B, Eq. 5", Threads: 1, Config: "101 points along ROBER and POLLU",
		Run: func(ctx context.Context, _ *Env) (*Result, error) {
			r := &Result{}
			r.say("The stiffness index of Eq. 5, the ratio of the largest to the smallest real part, breaks down where eigenvalues are zero: Robertson's problem conserves mass, so that one always is. Two measures that do not: the fastest rate times the length of the interval, and the ratio over the eigenvalues above 10⁻¹⁰ of the largest.")
			table := Table{Name: "stiffness-summary", Shown: true, Header: []string{"problem", "largest |Re λ|·(t1 − t0)", "largest ratio of real parts", "smallest |λ| / largest |λ|"}}
			found := stiffnessFinding{zeros: 3, fast: map[string]float64{}}
			var panels []plots.Panel
			for i, c := range []struct {
				name  string
				times []float64
				log   bool
				unit  string
			}{{"ROBER", append([]float64{0}, data.LogSpace(1e-5, robertsonEnd, 101)...), true, "s"}, {"POLLU", data.LinSpace(0, 60, 101), false, "min"}} {
				s, err := spectraAlong(ctx, c.name, c.times)
				if err != nil {
					return nil, err
				}
				if c.name == "ROBER" {
					found.zerosAtStart = s.zeros(0)
					for i := range s.times {
						found.zeros = min(found.zeros, s.zeros(i))
					}
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
				panel := plots.Panel{Title: c.name, X: plots.Axis{Label: "t [" + c.unit + "]", Log: c.log}, Y: plots.Axis{Label: "stiffness (no unit)", Log: true}, Series: []plots.Series{fast, rat}}
				if i > 0 {
					panel.Legend = plots.LegendNone
				}
				panels = append(panels, panel)
				table.Rows = append(table.Rows, []string{c.name, num(mostFast), num(mostRatio), num(zero)})
				found.fast[c.name] = mostFast
			}
			r.Tables = append(r.Tables, table)
			found.judge(r)
			r.Figures = append(r.Figures, Figure{"stiffness", "Stiffness along the solutions.", &plots.Figure{Panels: [][]plots.Panel{panels}}})
			return r, nil
		},
	}
}
