package ode

import (
	"context"
	"math"
	"testing"
)

// split is a stiff linear oscillation around cos t with a non-stiff part, fI = −K (y − cos t, …), fE = nonlinear coupling.
type coupled struct{}

const coupledRate = 200

func (coupled) implicit(dst []float64, t float64, y []float64) {
	dst[0] = -coupledRate * (y[0] - math.Cos(t))
	dst[1] = -coupledRate*y[1]*y[1]*y[1] + y[0]
}

func (coupled) explicit(dst []float64, t float64, y []float64) {
	dst[0] = math.Sin(y[1])
	dst[1] = y[0]*y[0] - math.Sin(t)
}

func (c coupled) jacobian(jac *Jacobian, y []float64, all bool) {
	jac.Zero()
	jac.Set(0, 0, -coupledRate)
	jac.Set(1, 0, 1)
	jac.Set(1, 1, -3*coupledRate*y[1]*y[1])
	if all {
		jac.Set(0, 1, math.Cos(y[1]))
		jac.Add(1, 0, 2*y[0])
	}
}

func (c coupled) Eval(dst []float64, t float64, y []float64) error {
	var e [2]float64
	c.implicit(dst, t, y)
	c.explicit(e[:], t, y)
	dst[0] += e[0]
	dst[1] += e[1]
	return nil
}

func (c coupled) EvalJacobian(dst []float64, jac *Jacobian, dfdt []float64, t float64, y []float64) error {
	c.jacobian(jac, y, true)
	if dfdt != nil {
		dfdt[0], dfdt[1] = -coupledRate*math.Sin(t), -math.Cos(t)
	}
	return c.Eval(dst, t, y)
}

func (c coupled) EvalImplicit(dst []float64, jac *Jacobian, t float64, y []float64) error {
	c.implicit(dst, t, y)
	if jac != nil {
		c.jacobian(jac, y, false)
	}
	return nil
}

func (c coupled) EvalExplicit(dst []float64, t float64, y []float64) error {
	c.explicit(dst, t, y)
	return nil
}

// residuals returns the largest residuals of the stage equations of a recorded solve, as the documentation of the tableaus states them, in the
// error weights.
func residuals(t *testing.T, tape *Tape, p *Problem, weight float64) float64 {
	t.Helper()
	n := tape.Dim
	f := p.New()
	worst := 0.0
	note := func(lhs, rhs float64) { worst = max(worst, math.Abs(lhs-rhs)/weight) }
	arg, val, other := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range tape.Steps {
		s, y, u := &tape.Steps[i], tape.Y(i), tape.Stages(i)
		switch tab := s.Formula.(type) {
		case *DIRKTableau:
			stages := len(tab.B)
			for k := 1; k < stages; k++ {
				copy(arg, y)
				addScaled(arg, 1, tab.A[k], u[:stages*n])
				if tab.AE == nil {
					if err := f.Eval(val, s.T+tab.C[k]*s.H, arg); err != nil {
						t.Fatal(err)
					}
				} else {
					addScaled(arg, 1, tab.AE[k], u[stages*n:])
					c := f.(SplitField)
					if err := c.EvalImplicit(val, nil, s.T+tab.C[k]*s.H, arg); err != nil {
						t.Fatal(err)
					}
					if err := c.EvalExplicit(other, s.T+tab.C[k]*s.H, arg); err != nil {
						t.Fatal(err)
					}
					for j := range n {
						note(u[(stages+k)*n+j], s.H*other[j])
					}
				}
				for j := range n {
					note(u[k*n+j], s.H*val[j])
				}
			}
		case *FIRKTableau:
			var rhs [3][]float64
			for k := range 3 {
				for j := range n {
					arg[j] = y[j] + u[k*n+j]
				}
				rhs[k] = make([]float64, n)
				if err := f.Eval(rhs[k], s.T+tab.C[k]*s.H, arg); err != nil {
					t.Fatal(err)
				}
			}
			for k := range 3 {
				for j := range n {
					sum := 0.0
					for l := range 3 {
						sum += tab.A[k][l] * rhs[l][j]
					}
					note(u[k*n+j], s.H*sum)
				}
			}
		default:
			t.Fatalf("unexpected formula %T", tab)
		}
	}
	return worst
}

// What a tape holds solves the stage equations as documented, the better the smaller NewtonTol is: down to roundoff, which is what an exact
// derivative of the numerical solution stands on.
func TestStagesSolveTheirEquations(t *testing.T) {
	p := &Problem{Dim: 2, New: func() Field { return coupled{} }}
	const rtol = 1e-4
	for _, m := range Methods() {
		switch m.(type) {
		case dirkMethod, radauMethod:
		default:
			continue
		}
		// h f amplifies what is left in a stage by |h J|
		for _, c := range []struct{ tol, most float64 }{{0, 100}, {1e-9, 1e-5}} {
			tape := &Tape{}
			sol, err := Solve(context.Background(), p, 0, 3, []float64{0.5, 0.5}, Options{Method: m, RTol: rtol, ATol: []float64{rtol}, NewtonTol: c.tol, Tape: tape})
			if err != nil {
				t.Fatal(m.Info().Name, err)
			}
			if len(tape.Steps) != sol.Stats.Steps {
				t.Fatalf("%s: %d steps on the tape of %d", m.Info().Name, len(tape.Steps), sol.Stats.Steps)
			}
			if r := residuals(t, tape, p, rtol); r > c.most {
				t.Errorf("%s, Newton tolerance %g: residual %.3g of the tolerance", m.Info().Name, c.tol, r)
			}
		}
	}
}

// The factors that a tape keeps are those of M − hγJ for the Jacobian kept beside them.
func TestKeptFactors(t *testing.T) {
	p := &Problem{Dim: 2, New: func() Field { return coupled{} }}
	for _, c := range []struct {
		m     Method
		gamma float64
	}{{KenCarp4, KenCarp4.(dirkMethod).tab.Gamma}, {Radau, 1 / Radau.(radauMethod).tab.Real}, {Rodas5P, Rodas5P.(rosenbrockMethod).tab.Gamma}} {
		tape := &Tape{KeepFactors: true}
		if _, err := Solve(context.Background(), p, 0, 1, []float64{0.5, 0.5}, Options{Method: c.m, Tape: tape}); err != nil {
			t.Fatal(err)
		}
		solver := newLinearSolver(p, false).(*denseSolver)
		for i := range tape.Steps {
			x := tape.Extra(i)
			jac, lu := x[:4], x[4:]
			solver.lu.Load(lu)
			b := []float64{1, -2}
			solver.solve(b)
			hg := tape.Steps[i].H * c.gamma
			for r, want := range []float64{1, -2} {
				got := b[r] - hg*(jac[2*r]*b[0]+jac[2*r+1]*b[1])
				// the factors may belong to a slightly different hγ
				if math.Abs(got-want) > 2*dirkTolerance*3 {
					t.Fatalf("%s, step %d: (M − hγJ) x has %g in place of %g", c.m.Info().Name, i, got, want)
				}
			}
		}
	}
}

// A banded layout must change the work, not the solution.
func TestBandedIsDense(t *testing.T) {
	const n = 12
	diffusion := func(layout JacobianLayout) *Problem {
		p := FuncJacobian(n, func(dst []float64, t float64, y []float64) {
			for i := range dst {
				left, right := 0.0, 0.0
				if i > 0 {
					left = y[i-1]
				}
				if i < n-1 {
					right = y[i+1]
				}
				dst[i] = 50*(left-2*y[i]+right) + y[i]*y[i] + math.Sin(t)
			}
		}, func(j *Jacobian, _ float64, y []float64) {
			for i, v := range y {
				j.Set(i, i, -100+2*v)
				if i > 0 {
					j.Set(i, i-1, 50)
				}
				if i < n-1 {
					j.Set(i, i+1, 50)
				}
			}
		})
		p.Jacobian = layout
		return p
	}
	y0 := make([]float64, n)
	for i := range y0 {
		y0[i] = math.Sin(float64(i))
	}
	for _, m := range Methods() {
		if !m.Info().Implicit || m.Info().Split {
			continue
		}
		var ends [3][]float64
		band := diffusion(BandedJacobian(1, 1))
		if _, ok := newLinearSolver(band, false).(*bandSolver); !ok {
			t.Fatal("the banded problem is not solved with a banded solver")
		}
		for k, p := range []*Problem{diffusion(JacobianLayout{}), band, FiniteDifference(band)} {
			sol, err := Solve(context.Background(), p, 0, 2, y0, Options{Method: m, RTol: 1e-6})
			if err != nil {
				t.Fatal(m.Info().Name, err)
			}
			ends[k] = sol.YEnd
		}
		for k, tol := range []float64{0, 1e-9, 1e-4} {
			for i, v := range ends[k] {
				if math.Abs(v-ends[0][i]) > tol {
					t.Errorf("%s, variant %d: y%d = %.12g, want %.12g", m.Info().Name, k, i+1, v, ends[0][i])
				}
			}
		}
	}
}
