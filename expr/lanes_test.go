package expr_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stiffnode/stiffnode/expr"
	"github.com/stiffnode/stiffnode/internal/formulas"
	"github.com/stiffnode/stiffnode/ode"
)

// wave is an input that is sin t.
type wave struct{}

func (wave) At(u, du []float64, t float64) { u[0], du[0] = math.Sincos(t) }

// TestLanes holds lanes to one point at a time.
func TestLanes(t *testing.T) {
	p, err := expr.Trace([]string{"x", "y"}, []string{"k", "e"}, []string{"u"}, func(s expr.Symbols) []expr.Expr {
		f := make([]expr.Expr, 2)
		for i, text := range []string{"-k*x*y*exp(-e/u) + piecewise(x, x < y, y^3) + sqrt(x) + k*e*t", "x^5/y - y - x - k + min(x, u) + x*y*k*e*u*t + log(y)"} {
			e, err := s.G.Parse(text, nil)
			if err != nil {
				t.Fatal(err)
			}
			f[i] = e
		}
		return f
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := p.NewLanes(wave{})
	if err != nil {
		t.Fatal(err)
	}
	par := []float64{1.5, 0.3}
	l.Bind(par)
	const n = ode.Lanes
	rng := rand.New(rand.NewPCG(2, 2))
	at, y := make([]float64, n), make([]float64, 2*n)
	for i := range y {
		y[i] = rng.Float64() + 0.1
	}
	for i := range at {
		at[i] = 0.1 + rng.Float64()
	}
	y[5] = math.NaN()
	f, jac, dfdt := make([]float64, 2*n), make([]float64, 4*n), make([]float64, 2*n)
	l.EvalJacobianLanes(f, jac, dfdt, at, y)
	if a := testing.AllocsPerRun(10, func() { l.Bind(par); l.EvalJacobianLanes(f, jac, dfdt, at, y) }); a != 0 {
		t.Errorf("%g allocations", a)
	}
	e := p.NewEvaluator()
	e.Bind(par)
	u, du, dst, j := []float64{0}, []float64{0}, make([]float64, 2), make([]float64, 4)
	for lane := range n {
		wave{}.At(u, du, at[lane])
		same := func(what string, got, want float64) {
			t.Helper()
			if math.IsNaN(want) != math.IsNaN(got) || math.Abs(got-want) > 1e-14*math.Abs(want) {
				t.Errorf("lane %d, %s: %g, want %g", lane, what, got, want)
			}
		}
		e.Eval(dst, at[lane], []float64{y[lane], y[n+lane]}, u)
		for i, v := range dst {
			same("f", f[i*n+lane], v)
		}
		e.Jacobian(j)
		for k, v := range j {
			pattern := p.JacobianPattern()
			same("J", jac[(pattern.Cols[k]*2+pattern.Rows[k])*n+lane], v)
		}
		e.TimeDerivative(dst, du)
		for i, v := range dst {
			same("df/dt", dfdt[i*n+lane], v)
		}
	}
}

// TestLanesRefuse: programs with networks are evaluated at one point at a time.
func TestLanesRefuse(t *testing.T) {
	p, _, err := formulas.Program("LotkaVolterra")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.NewLanes(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := hybrid(t, false).NewLanes(nil); err == nil {
		t.Error("networks in lanes")
	}
}
