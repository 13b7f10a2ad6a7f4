package sens

import (
	"math/cmplx"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// complexReplay executes the recorded steps in complex arithmetic, written from the formulas of the families and not from their rules.
func complexReplay(t *testing.T, prob *ode.Problem, tape *ode.Tape, f twin, p, y0 []complex128) []complex128 {
	t.Helper()
	k := prob.Dim
	y := append([]complex128(nil), y0...)
	out := make([]complex128, 0, len(tape.Outputs)*k)
	o := 0
	for ; o < len(tape.Outputs) && tape.Outputs[o].Step < 0; o++ {
		out = append(out, y...)
	}
	for i := range tape.Steps {
		s := &tape.Steps[i]
		var u [][]complex128
		var endw []float64
		var d [][]float64
		scale := complex(s.H, 0)
		switch tab := s.Formula.(type) {
		case *ode.ExplicitTableau:
			u, endw, d = complexExplicit(tab, s, f, p, y), tab.B, tab.D
		case *ode.RosenbrockTableau:
			u, endw, d = complexRosenbrock(prob, tab, s, f, p, y), tab.B, tab.D
			scale = 1
		default:
			t.Fatalf("no complex twin for %T", tab)
		}
		for ; o < len(tape.Outputs) && tape.Outputs[o].Step == i && !tape.Outputs[o].End; o++ {
			row := append([]complex128(nil), y...)
			for j, weights := range d {
				power, w := 1.0, 0.0
				for _, c := range weights {
					power *= tape.Outputs[o].Theta
					w += c * power
				}
				for l := range row {
					row[l] += scale * complex(w, 0) * u[j][l]
				}
			}
			out = append(out, row...)
		}
		for j, b := range endw {
			for l := range y {
				y[l] += scale * complex(b, 0) * u[j][l]
			}
		}
		for ; o < len(tape.Outputs) && tape.Outputs[o].Step == i; o++ {
			out = append(out, y...)
		}
	}
	return out
}

func complexExplicit(tab *ode.ExplicitTableau, s *ode.TapeStep, f twin, p, y []complex128) (u [][]complex128) {
	for i := range tab.B {
		arg := append([]complex128(nil), y...)
		for j, a := range tab.A[i] {
			for l := range arg {
				arg[l] += complex(s.H*a, 0) * u[j][l]
			}
		}
		ki := make([]complex128, len(y))
		f.eval(ki, nil, nil, complex(s.T+tab.C[i]*s.H, 0), arg, p)
		u = append(u, ki)
	}
	return u
}

func complexRosenbrock(prob *ode.Problem, tab *ode.RosenbrockTableau, s *ode.TapeStep, f twin, p, y []complex128) (u [][]complex128) {
	k := len(y)
	hg := complex(s.H*tab.Gamma, 0)
	jac, dfdt, fv := make([]complex128, k*k), make([]complex128, k), make([]complex128, k)
	f.eval(fv, jac, dfdt, complex(s.T, 0), y, p)
	mass := complexMass(prob)
	for i := range tab.B {
		arg := append([]complex128(nil), y...)
		sum := make([]complex128, k)
		for j, a := range tab.A[i] {
			for l := range arg {
				arg[l] += complex(a, 0) * u[j][l]
				sum[l] += complex(tab.C[i][j]*tab.Gamma, 0) * u[j][l]
			}
		}
		f.eval(fv, nil, nil, complex(s.T+tab.Alpha[i]*s.H, 0), arg, p)
		w, b := make([]complex128, k*k), make([]complex128, k)
		for r := range k {
			b[r] = hg * fv[r]
			if !prob.Autonomous {
				b[r] += hg * complex(s.H*tab.GammaI[i], 0) * dfdt[r]
			}
			for c := range k {
				w[r*k+c] = mass[r*k+c] - hg*jac[r*k+c]
				b[r] += mass[r*k+c] * sum[c]
			}
		}
		complexSolve(w, b)
		u = append(u, b)
	}
	return u
}

func complexMass(prob *ode.Problem) []complex128 {
	k := prob.Dim
	m := make([]complex128, k*k)
	for i := range k {
		e := make([]float64, k)
		e[i] = 1
		col := make([]float64, k)
		prob.Mass.MulVec(col, e)
		for r, v := range col {
			m[r*k+i] = complex(v, 0)
		}
	}
	return m
}

// complexSolve overwrites b with a⁻¹b by Gaussian elimination with partial pivoting.
func complexSolve(a, b []complex128) {
	n := len(b)
	for c := range n {
		p := c
		for r := c + 1; r < n; r++ {
			if cmplx.Abs(a[r*n+c]) > cmplx.Abs(a[p*n+c]) {
				p = r
			}
		}
		for j := range n {
			a[c*n+j], a[p*n+j] = a[p*n+j], a[c*n+j]
		}
		b[c], b[p] = b[p], b[c]
		for r := c + 1; r < n; r++ {
			l := a[r*n+c] / a[c*n+c]
			for j := c; j < n; j++ {
				a[r*n+j] -= l * a[c*n+j]
			}
			b[r] -= l * b[c]
		}
	}
	for r := n - 1; r >= 0; r-- {
		for j := r + 1; j < n; j++ {
			b[r] -= a[r*n+j] * b[j]
		}
		b[r] /= a[r*n+r]
	}
}

// twinGradient is the derivative of Σ wᵀ(saved states) with respect to (p, y0) by complex steps.
func twinGradient(t *testing.T, prob *ode.Problem, tape *ode.Tape, p, y0, w []float64) []float64 {
	t.Helper()
	f := prob.New()
	if b, ok := f.(batchField); ok {
		f = b.netField
	}
	const h = 1e-100
	x := make([]complex128, len(p)+len(y0))
	for i, v := range p {
		x[i] = complex(v, 0)
	}
	for i, v := range y0 {
		x[len(p)+i] = complex(v, 0)
	}
	g := make([]float64, len(x))
	for i := range x {
		size := max(cmplx.Abs(x[i]), 1)
		x[i] += complex(0, h*size)
		for j, v := range complexReplay(t, prob, tape, f.(twin), x[:len(p)], x[len(p):]) {
			g[i] += w[j] * imag(v) / (h * size)
		}
		x[i] = complex(real(x[i]), 0)
	}
	return g
}
