package problems

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// central writes the derivative of g along a line at 0 by the central difference of order 6 with step h: exact for
// polynomials of degree 6, which most right-hand sides here are.
func central(n int, h float64, g func(dst []float64, s float64)) []float64 {
	out, tmp := make([]float64, n), make([]float64, n)
	for k, c := range []float64{0, 3. / 4, -3. / 20, 1. / 60} {
		for _, sign := range []float64{1, -1} {
			if k == 0 {
				continue
			}
			g(tmp, sign*float64(k)*h)
			for i, v := range tmp {
				out[i] += sign * c * v / h
			}
		}
	}
	return out
}

// bench is a problem at a generic point.
type bench struct {
	t      *testing.T
	p      *Problem
	f      ode.ParamField
	k, m   int
	time   float64
	y, par []float64
	// v and q are a direction of the size of the point
	v, q []float64
	size []float64 // of f, per row
}

func newBench(t *testing.T, p *Problem, rng *rand.Rand) *bench {
	b := &bench{t: t, p: p, f: p.IVP.New().(ode.ParamField), k: p.IVP.Dim}
	b.m = b.f.NumParams()
	if b.m != len(p.Params) {
		t.Fatalf("the field has %d parameters, the problem %d", b.m, len(p.Params))
	}
	b.time = p.T0 + (0.1+0.2*rng.Float64())*min(1, p.T1-p.T0)
	b.y, b.v, b.par, b.q = make([]float64, b.k), make([]float64, b.k), make([]float64, b.m), make([]float64, b.m)
	for i := range b.y {
		b.y[i] = p.IVP.Scale[i] * (0.3 + 0.5*rng.Float64())
		b.v[i] = p.IVP.Scale[i] * 0.02 * (2*rng.Float64() - 1)
	}
	for i, a := range p.Params {
		b.par[i] = a.Value * (0.8 + 0.4*rng.Float64())
		b.q[i] = a.Value * (2*rng.Float64() - 1)
	}
	b.size = make([]float64, b.k)
	f := b.at(0, 0, 0)
	for i, x := range f {
		b.size[i] = math.Abs(x)
	}
	return b
}

// at evaluates f at the point shifted by st in time, sy·v and sp·q, and leaves the field there.
func (b *bench) at(st, sy, sp float64) []float64 {
	y, par, dst := slices.Clone(b.y), slices.Clone(b.par), make([]float64, b.k)
	for i, v := range b.v {
		y[i] += sy * v
	}
	for i, v := range b.q {
		par[i] += sp * v
	}
	b.f.Bind(par)
	if err := b.f.Eval(dst, b.time+st, y); err != nil {
		b.t.Fatal(err)
	}
	return dst
}

// jacobian is (∂f/∂y) u + ∂f/∂t τ at the shifted point.
func (b *bench) jacobian(sy, sp float64, u []float64, tau float64) []float64 {
	b.at(0, sy, sp)
	y := slices.Clone(b.y)
	for i, v := range b.v {
		y[i] += sy * v
	}
	jac := ode.NewJacobian(b.k, b.p.IVP.Jacobian)
	f, ft, out := make([]float64, b.k), make([]float64, b.k), make([]float64, b.k)
	if err := b.f.EvalJacobian(f, jac, ft, b.time, y); err != nil {
		b.t.Fatal(err)
	}
	jac.MulVec(out, u)
	for i, x := range ft {
		out[i] += tau * x
	}
	return out
}

func (b *bench) same(what string, got, want []float64, tol float64) {
	b.t.Helper()
	for i := range got {
		if scale := b.size[i] + math.Abs(want[i]); math.Abs(got[i]-want[i]) > tol*scale {
			b.t.Errorf("%s, row %d: %.12g, want %.12g", what, i, got[i], want[i])
		}
	}
}

const step = 5e-3

// differentiated are all problems and grids so small that they are nothing but boundary.
func differentiated() []*Problem { return append(All(), Brusselator(1), Brusselator(2)) }

func TestFirstDerivatives(t *testing.T) {
	for _, p := range differentiated() {
		t.Run(p.Name, func(t *testing.T) {
			b := newBench(t, p, rand.New(rand.NewPCG(1, 2)))
			wantY := central(b.k, step, func(dst []float64, s float64) { copy(dst, b.at(0, s, 0)) })
			wantP := central(b.k, step, func(dst []float64, s float64) { copy(dst, b.at(0, 0, s)) })
			wantT := central(b.k, step, func(dst []float64, s float64) { copy(dst, b.at(s, 0, 0)) })
			b.same("EvalJacobian", b.jacobian(0, 0, b.v, 0), wantY, 1e-9)
			b.same("∂f/∂t", b.jacobian(0, 0, make([]float64, b.k), 1), wantT, 1e-8)
			if p.IVP.Autonomous {
				b.same("autonomous ∂f/∂t", wantT, make([]float64, b.k), 1e-10)
			}

			b.at(0, 0, 0)
			got := make([]float64, 2*b.k)
			v2, q2 := interleave(b.v), interleave(b.q)
			b.f.JVP(got, v2, nil, 2)
			b.same("JVP in y", column(got, 1), wantY, 1e-9)
			b.f.JVP(got, nil, q2, 2)
			b.same("JVP in p", column(got, 1), wantP, 1e-9)
			b.f.JVP(got, v2, q2, 2)
			both := make([]float64, b.k)
			for i := range both {
				both[i] = 2 * (wantY[i] + wantP[i])
			}
			b.same("JVP", column(got, 0), both, 1e-9)

			pj := make([]float64, b.k*b.m)
			for c0 := 0; c0 < b.m; c0 += 3 {
				c1 := min(c0+3, b.m)
				part := make([]float64, b.k*(c1-c0))
				b.f.ParamJacobian(part, c0, c1)
				for i := range b.k {
					copy(pj[i*b.m+c0:i*b.m+c1], part[i*(c1-c0):])
				}
			}
			sum := make([]float64, b.k)
			for i := range sum {
				for j, q := range b.q {
					sum[i] += pj[i*b.m+j] * q
				}
			}
			b.same("ParamJacobian", sum, wantP, 1e-9)

			w := make([]float64, b.k)
			rng := rand.New(rand.NewPCG(3, 4))
			left, size := 0.0, 0.0
			for i := range w {
				w[i] = (2*rng.Float64() - 1) / (b.size[i] + 1e-300)
				left += w[i] * both[i] / 2
				size += math.Abs(w[i]) * (math.Abs(wantY[i]) + math.Abs(wantP[i]) + b.size[i])
			}
			gy, gp := make([]float64, b.k), make([]float64, b.m)
			b.f.VJP(gy, nil, w)
			b.f.VJP(nil, gp, w)
			b.f.VJP(gy, gp, w)
			right := (dot(gy, b.v) + dot(gp, b.q)) / 2
			if math.Abs(left-right) > 1e-9*size {
				t.Errorf("VJP: wᵀ(J v + P q) = %.12g but (Jᵀw)ᵀv + (Pᵀw)ᵀq = %.12g", left, right)
			}
		})
	}
}

func TestSecondDerivatives(t *testing.T) {
	for _, p := range differentiated() {
		t.Run(p.Name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(5, 6))
			b := newBench(t, p, rng)
			const n = 2
			u, w, tau := make([]float64, n*b.k), make([]float64, n*b.k), make([]float64, n)
			for i := range u {
				u[i] = p.IVP.Scale[i%b.k] * (2*rng.Float64() - 1)
				w[i] = (2*rng.Float64() - 1) / (b.size[i%b.k] + 1e-300)
			}
			if !p.IVP.Autonomous {
				tau[0], tau[1] = 0.7, -0.3
			}
			left, size := 0.0, 0.0
			for i := range n {
				ui, wi := u[i*b.k:(i+1)*b.k], w[i*b.k:(i+1)*b.k]
				wantY := central(b.k, step, func(dst []float64, s float64) { copy(dst, b.jacobian(s, 0, ui, tau[i])) })
				wantP := central(b.k, step, func(dst []float64, s float64) { copy(dst, b.jacobian(0, s, ui, tau[i])) })
				for j, x := range b.jacobian(0, 0, ui, tau[i]) {
					b.size[j] = max(b.size[j], math.Abs(x))
				}
				b.at(0, 0, 0)
				dy, dp := make([]float64, b.k*b.k), make([]float64, b.k*b.m)
				b.f.SecondOrderJacobian(dy, dp, ui, tau[i], 0, b.m)
				b.same("∂(Ju)/∂y", times(dy, b.v), wantY, 1e-8)
				b.same("∂(Ju)/∂p", times(dp, b.q), wantP, 1e-8)
				if b.m > 1 {
					part := make([]float64, b.k*(b.m-1))
					b.f.SecondOrderJacobian(dy, part, ui, tau[i], 1, b.m)
					for r := range b.k {
						if !slices.Equal(part[r*(b.m-1):(r+1)*(b.m-1)], dp[r*b.m+1:(r+1)*b.m]) {
							t.Errorf("row %d of the columns from 1 on differs from the whole", r)
						}
					}
				}
				b.f.SecondOrderJacobian(dy, nil, ui, tau[i], 0, 0)
				for j := range wi {
					left += wi[j] * (wantY[j] + wantP[j])
					size += math.Abs(wi[j]) * (math.Abs(wantY[j]) + math.Abs(wantP[j]) + b.size[j])
				}
			}
			gy, gp := make([]float64, b.k), make([]float64, b.m)
			b.f.SecondOrder(gy, gp, w, u, tau, n)
			b.f.SecondOrder(gy, nil, w, u, tau, n)
			b.f.SecondOrder(nil, gp, w, u, tau, n)
			if right := (dot(gy, b.v) + dot(gp, b.q)) / 2; math.Abs(left-right) > 1e-8*size {
				t.Errorf("SecondOrder: %.12g, want %.12g", right, left)
			}
		})
	}
}

func TestSplitFields(t *testing.T) {
	for _, p := range differentiated() {
		b := newBench(t, p, rand.New(rand.NewPCG(7, 8)))
		s, ok := b.f.(ode.SplitField)
		if !ok {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			b.t = t
			sum := b.at(0, 0, 0)
			fi, fe := make([]float64, b.k), make([]float64, b.k)
			jac := ode.NewJacobian(b.k, p.IVP.Jacobian)
			if err := s.EvalImplicit(fi, jac, b.time, b.y); err != nil {
				t.Fatal(err)
			}
			if err := s.EvalExplicit(fe, b.time, b.y); err != nil {
				t.Fatal(err)
			}
			got, size := make([]float64, b.k), b.size
			for i := range got {
				got[i] = fi[i] + fe[i]
				size[i] = max(math.Abs(fi[i]), math.Abs(fe[i]))
			}
			b.same("fI + fE", got, sum, 1e-13)
			want := central(b.k, step, func(dst []float64, x float64) {
				y := slices.Clone(b.y)
				for i, v := range b.v {
					y[i] += x * v
				}
				if err := s.EvalImplicit(dst, nil, b.time, y); err != nil {
					t.Fatal(err)
				}
			})
			jac.MulVec(got, b.v)
			b.same("∂fI/∂y", got, want, 1e-9)
		})
	}
}

// The Jacobian's layout must hold every entry: a banded matrix may not lose one.
func TestJacobianLayoutIsComplete(t *testing.T) {
	for _, p := range differentiated() {
		b := newBench(t, p, rand.New(rand.NewPCG(9, 10)))
		jac := ode.NewJacobian(b.k, p.IVP.Jacobian)
		f := make([]float64, b.k)
		if err := b.f.EvalJacobian(f, jac, nil, b.time, b.y); err != nil {
			t.Fatal(err)
		}
		unit := make([]float64, b.k*b.k)
		for i := range b.k {
			unit[i*b.k+i] = 1
		}
		full := make([]float64, b.k*b.k)
		b.f.JVP(full, unit, nil, b.k)
		for i := range b.k {
			for j := range b.k {
				if got, want := jac.At(i, j), full[i*b.k+j]; math.Abs(got-want) > 1e-13*math.Abs(want) {
					t.Errorf("%s: entry (%d, %d) is %g, want %g", p.Name, i, j, got, want)
				}
			}
		}
	}
}

func TestEvaluationDoesNotAllocate(t *testing.T) {
	for _, p := range differentiated() {
		b := newBench(t, p, rand.New(rand.NewPCG(11, 12)))
		jac := ode.NewJacobian(b.k, p.IVP.Jacobian)
		f, ft := make([]float64, b.k), make([]float64, b.k)
		gy, gp := make([]float64, b.k), make([]float64, b.m)
		dy, dp := make([]float64, b.k*b.k), make([]float64, b.k*b.m)
		tau := []float64{0}
		if n := testing.AllocsPerRun(20, func() {
			_ = b.f.Eval(f, b.time, b.y)
			_ = b.f.EvalJacobian(f, jac, ft, b.time, b.y)
			b.f.VJP(gy, gp, b.v)
			b.f.JVP(f, b.v, b.q, 1)
			b.f.ParamJacobian(dp, 0, b.m)
			b.f.SecondOrder(gy, gp, b.v, b.v, tau, 1)
			b.f.SecondOrderJacobian(dy, dp, b.v, 0, 0, b.m)
			b.f.Bind(b.par)
			if s, ok := b.f.(ode.SplitField); ok {
				_ = s.EvalImplicit(f, jac, b.time, b.y)
				_ = s.EvalExplicit(f, b.time, b.y)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations per evaluation", p.Name, n)
		}
	}
}

// interleave makes the two-column block (2x, x).
func interleave(x []float64) []float64 {
	out := make([]float64, 0, 2*len(x))
	for _, v := range x {
		out = append(out, 2*v, v)
	}
	return out
}

func column(block []float64, c int) []float64 {
	out := make([]float64, len(block)/2)
	for i := range out {
		out[i] = block[2*i+c]
	}
	return out
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

// times is the product of a row-major matrix and a vector.
func times(a, x []float64) []float64 {
	n := len(x)
	if n == 0 {
		return nil
	}
	out := make([]float64, len(a)/n)
	for i := range out {
		out[i] = dot(a[i*n:(i+1)*n], x)
	}
	return out
}
