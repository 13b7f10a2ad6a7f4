package sens

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// complexReplay executes the recorded steps in complex arithmetic, written from the formulas of the families and not from their rules.
func complexReplay(t *testing.T, prob *ode.Problem, tape *ode.Tape, f twin, p, y0 []complex128) []complex128 {
	t.Helper()
	k := prob.Dim
	y := append([]complex128(nil), y0...)
	complexProject(prob, f, complex(tape.T0, 0), y, p)
	var history complexHistory
	var slope []complex128 // with which a diagonally implicit step ended
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
		if b, ok := s.Formula.(*ode.BDFFormula); ok {
			y = history.step(prob, b, s, f, p, y, tape.Stages(i))
			for ; o < len(tape.Outputs) && tape.Outputs[o].Step == i; o++ {
				row := append([]complex128(nil), y...)
				for j := 1; j <= b.Order; j++ {
					w := complex(math.Pow(tape.Outputs[o].Theta-1, float64(j)), 0)
					for l := range row {
						row[l] += w * history[j][l]
					}
				}
				out = append(out, row...)
			}
			continue
		}
		switch tab := s.Formula.(type) {
		case *ode.ExplicitTableau:
			u, endw, d = complexExplicit(tab, s, f, p, y), tab.B, tab.D
		case *ode.RosenbrockTableau:
			u, endw, d = complexRosenbrock(prob, tab, s, f, p, y), tab.B, tab.D
			scale = 1
		case *ode.DIRKTableau:
			scale = 1
			if tab.AE != nil {
				u = complexIMEX(tab, s, f.(*splitField), p, y, tape.Stages(i))
				endw, d = append(append([]float64(nil), tab.B...), tab.B...), append(append([][]float64(nil), tab.D...), tab.D...)
				break
			}
			first := complexSlope(prob, f, complex(s.T, 0), y, p)
			if slope != nil && singular(prob) {
				// with a singular mass matrix the algebraic part of the slope is not a function of the state alone
				first = slope
			}
			u, endw, d = complexDIRK(prob, tab, s, f, p, y, tape.Stages(i), first), tab.B, tab.D
			slope = make([]complex128, k)
			for l, v := range u[len(u)-1] {
				slope[l] = v / complex(s.H, 0)
			}
		case *ode.FIRKTableau:
			u, endw, d = complexFIRK(prob, tab, s, f, p, y, tape.Stages(i)), []float64{0, 0, 1}, tab.D
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
	for i := range tab.A {
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

// complexDIRK solves every stage; the first one is h times the slope at the start.
func complexDIRK(prob *ode.Problem, tab *ode.DIRKTableau, s *ode.TapeStep, f twin, p, y []complex128, guess []float64, slope []complex128) (u [][]complex128) {
	k := len(y)
	h := complex(s.H, 0)
	mass := complexMass(prob)
	first := make([]complex128, k)
	for l, v := range slope {
		first[l] = h * v
	}
	u = append(u, first)
	for i := 1; i < len(tab.B); i++ {
		base := append([]complex128(nil), y...)
		for j, a := range tab.A[i][:i] {
			for l := range base {
				base[l] += complex(a, 0) * u[j][l]
			}
		}
		z := make([]complex128, k)
		for l, v := range guess[i*k : (i+1)*k] {
			z[l] = complex(v, 0)
		}
		gamma := complex(tab.A[i][i], 0)
		complexNewton(z, func(res, w []complex128) {
			arg, jac, ft := make([]complex128, k), make([]complex128, k*k), make([]complex128, k)
			for l := range arg {
				arg[l] = base[l] + gamma*z[l]
			}
			f.eval(res, jac, ft, complex(s.T+tab.C[i]*s.H, 0), arg, p)
			for r := range k {
				res[r] *= h
				for c := range k {
					res[r] -= mass[r*k+c] * z[c]
					w[r*k+c] = mass[r*k+c] - h*gamma*jac[r*k+c]
				}
			}
		})
		u = append(u, z)
	}
	return u
}

// complexNewton makes Newton's iterations w·δ = res, z += δ. The guess is converged in its real part, and then the imaginary part, which
// solves a linear equation, converges in one iteration; a few more do away with roundoff.
func complexNewton(z []complex128, system func(res, w []complex128)) {
	n := len(z)
	for range 4 {
		res, w := make([]complex128, n), make([]complex128, n*n)
		system(res, w)
		complexSolve(w, res)
		for i, d := range res {
			z[i] += d
		}
	}
}

func complexFIRK(prob *ode.Problem, tab *ode.FIRKTableau, s *ode.TapeStep, f twin, p, y []complex128, guess []float64) [][]complex128 {
	k := len(y)
	n := 3 * k
	h := complex(s.H, 0)
	mass := complexMass(prob)
	z := make([]complex128, n)
	for l, v := range guess {
		z[l] = complex(v, 0)
	}
	// M Z_i − h Σ_j a_ij f(Y_j) = 0, as the method is written
	complexNewton(z, func(res, w []complex128) {
		for j := range 3 {
			arg, fv, jac, ft := make([]complex128, k), make([]complex128, k), make([]complex128, k*k), make([]complex128, k)
			for l := range arg {
				arg[l] = y[l] + z[j*k+l]
			}
			f.eval(fv, jac, ft, complex(s.T+tab.C[j]*s.H, 0), arg, p)
			for i := range 3 {
				a := h * complex(tab.A[i][j], 0)
				for r := range k {
					res[i*k+r] += a * fv[r]
					for c := range k {
						w[(i*k+r)*n+j*k+c] = -a * jac[r*k+c]
						if i == j {
							w[(i*k+r)*n+j*k+c] += mass[r*k+c]
							res[i*k+r] -= mass[r*k+c] * z[i*k+c]
						}
					}
				}
			}
		}
	})
	return [][]complex128{z[:k], z[k : 2*k], z[2*k:]}
}

func complexIMEX(tab *ode.DIRKTableau, s *ode.TapeStep, f *splitField, p, y []complex128, guess []float64) [][]complex128 {
	k := len(y)
	h := complex(s.H, 0)
	var zs, ws [][]complex128
	for i := range tab.B {
		base := append([]complex128(nil), y...)
		for j := range i {
			for l := range base {
				base[l] += complex(tab.A[i][j], 0)*zs[j][l] + complex(tab.AE[i][j], 0)*ws[j][l]
			}
		}
		t, gamma := complex(s.T+tab.C[i]*s.H, 0), complex(tab.A[i][i], 0)
		z, arg := make([]complex128, k), make([]complex128, k)
		for l, v := range guess[i*k : (i+1)*k] {
			z[l] = complex(v, 0)
		}
		complexNewton(z, func(res, w []complex128) {
			jac, ft := make([]complex128, k*k), make([]complex128, k)
			for l := range arg {
				arg[l] = base[l] + gamma*z[l]
			}
			f.implicit.eval(res, jac, ft, t, arg, p)
			for r := range k {
				res[r] = h*res[r] - z[r]
				for c := range k {
					w[r*k+c] = -h * gamma * jac[r*k+c]
				}
				w[r*k+r]++
			}
		})
		for l := range arg {
			arg[l] = base[l] + gamma*z[l]
		}
		w := make([]complex128, k)
		f.explicit.eval(w, nil, nil, t, arg, p)
		for l := range w {
			w[l] *= h
		}
		zs, ws = append(zs, z), append(ws, w)
	}
	return append(zs, ws...)
}

// complexHistory is a Nordsieck array and the correction of the latest step.
type complexHistory [7][]complex128

func (h *complexHistory) step(prob *ode.Problem, b *ode.BDFFormula, s *ode.TapeStep, f twin, p, y []complex128, guess []float64) []complex128 {
	k := len(y)
	if b.Restart {
		fv := make([]complex128, k)
		f.eval(fv, nil, nil, complex(s.T, 0), y, p)
		for j := range h {
			h[j] = make([]complex128, k)
		}
		copy(h[0], y)
		for l, v := range complexInverse(prob, fv) {
			h[1][l] = complex(s.H, 0) * v
		}
	}
	var z complexHistory
	for i := range z {
		z[i] = make([]complex128, k)
		if i > b.Order {
			continue
		}
		for j, c := range b.Predict[i] {
			for l, v := range h[j] {
				z[i][l] += complex(c, 0) * v
			}
		}
	}
	mass, gamma := complexMass(prob), complex(b.Gamma, 0)
	e := z[6]
	for l, v := range guess {
		e[l] = complex(v, 0) - z[0][l]
	}
	complexNewton(e, func(res, w []complex128) {
		arg, jac, ft := make([]complex128, k), make([]complex128, k*k), make([]complex128, k)
		for l := range arg {
			arg[l] = z[0][l] + e[l]
		}
		f.eval(res, jac, ft, complex(s.T+s.H, 0), arg, p)
		for r := range k {
			res[r] *= gamma
			for c := range k {
				res[r] -= mass[r*k+c] * (z[1][c]/complex(b.L[1], 0) + e[c])
				w[r*k+c] = mass[r*k+c] - gamma*jac[r*k+c]
			}
		}
	})
	for i := range b.Order + 1 {
		for l, v := range e {
			z[i][l] += complex(b.L[i], 0) * v
		}
	}
	*h = z
	return z[0]
}

// complexInverse applies what stands for M⁻¹ at a start.
func complexInverse(prob *ode.Problem, v []complex128) []complex128 {
	if prob.Mass.IsIdentity() {
		return v
	}
	s := ode.NewMassInverse(prob.Mass, len(v))
	re, im, a, b := make([]float64, len(v)), make([]float64, len(v)), make([]float64, len(v)), make([]float64, len(v))
	for i, x := range v {
		re[i], im[i] = real(x), imag(x)
	}
	s.Apply(a, re)
	s.Apply(b, im)
	out := make([]complex128, len(v))
	for i := range out {
		out[i] = complex(a[i], b[i])
	}
	return out
}

// twinError holds the derivative g of Σ wᵀ(saved states) with respect to (p, y0) against complex steps in random directions d, whose components
// are of the sizes of the parameters. It returns the largest difference relative to the root of Σ (d_i g_i)².
func twinError(t *testing.T, prob *ode.Problem, tape *ode.Tape, p, y0, w, g []float64) float64 {
	t.Helper()
	f := prob.New()
	if b, ok := f.(batchField); ok {
		f = b.netField
	}
	const h = 1e-100
	rng := rand.New(rand.NewPCG(11, uint64(len(g))))
	x := make([]complex128, len(g))
	worst := 0.0
	for range 3 {
		scale, want := 0.0, 0.0
		for i := range x {
			v := 0.0
			if i < len(p) {
				v = p[i]
			} else {
				v = y0[i-len(p)]
			}
			d := (1 + rng.Float64()) * max(math.Abs(v), 1)
			if rng.IntN(2) == 0 {
				d = -d
			}
			x[i] = complex(v, h*d)
			want += d * g[i]
			scale += d * g[i] * d * g[i]
		}
		got := 0.0
		for j, v := range complexReplay(t, prob, tape, f.(twin), x[:len(p)], x[len(p):]) {
			got += w[j] * imag(v) / h
		}
		worst = max(worst, math.Abs(got-want)/math.Sqrt(scale))
	}
	return worst
}
