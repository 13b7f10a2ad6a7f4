package ode

import (
	"context"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/internal/linalg"
)

// On ROBER to 1e5 the work must not exceed that of a published implementation of the same method: SciPy 1.10's Radau takes 1842 and 5459
// evaluations of f at these tolerances, for errors of 7e-8 and 9e-10.
func TestRadauWork(t *testing.T) {
	p := robertson()
	ref, err := Solve(context.Background(), p, 0, 1e5, []float64{1, 0, 0}, Options{Method: Rodas5P, RTol: 1e-12, ATol: []float64{1e-19}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rtol, most float64
		evals      int
	}{{1e-6, 7e-8, 1842}, {1e-8, 9e-10, 5459}} {
		sol, err := Solve(context.Background(), p, 0, 1e5, []float64{1, 0, 0}, Options{Method: Radau, RTol: c.rtol, ATol: []float64{1e-6 * c.rtol}})
		if err != nil {
			t.Fatal(err)
		}
		if sol.Stats.Evals > c.evals {
			t.Errorf("rtol %g: %d evaluations, published %d", c.rtol, sol.Stats.Evals, c.evals)
		}
		for i, scale := range []float64{1, 3.65e-5, 1} {
			if e := math.Abs(sol.YEnd[i]-ref.YEnd[i]) / scale; e > c.most {
				t.Errorf("rtol %g: y%d has the error %.2g, published %g", c.rtol, i+1, e, c.most)
			}
		}
	}
}

// The error estimate is (1 − hγ0 λ)⁻¹ times the difference between the step and the quadrature formula at 0, c_1, …, c_s that has the weight γ0 at 0 and is of order s
// (Hairer and Wanner II, eqs. IV.8.16 to 19), whatever constants stand for that in the program: computed here from the nodes, for y' = λy.
func TestRadauErrorEstimate(t *testing.T) {
	const lambda, h, y0, rtol = -2., 0.3, 1., 1e-3
	for _, c := range []struct {
		m   Method
		tab *collocation
	}{{Radau, Radau.(radauMethod).tab.collocation()}, {Radau9, radauIIA9()}} {
		s := len(c.tab.nodes)
		gamma0 := 1 / c.tab.real
		// stages of the collocation polynomial 1 + Σ a_k t^k: its slope is λ times itself at the nodes
		polynomial := linalg.NewLU(s)
		a, rhs := polynomial.Matrix(), make([]float64, s)
		for i, node := range c.tab.nodes {
			x, power := h*node, 1.0
			for k := range s {
				a[i*s+k] = float64(k+1)*power - lambda*power*x
				power *= x
			}
			rhs[i] = lambda * y0
		}
		if err := polynomial.FactorInPlace(); err != nil {
			t.Fatal(err)
		}
		polynomial.Solve(rhs)
		at := func(x float64) float64 {
			v := 0.0
			for k := s - 1; k >= 0; k-- {
				v = (v + rhs[k]) * x
			}
			return y0 + v
		}
		// weights b with Σ b_i c_i^k = 1/(k+1) less γ0 at k = 0
		weights := linalg.NewLU(s)
		w, b := weights.Matrix(), make([]float64, s)
		for k := range s {
			for i, node := range c.tab.nodes {
				w[k*s+i] = math.Pow(node, float64(k))
			}
			b[k] = 1 / float64(k+1)
		}
		b[0] -= gamma0
		if err := weights.FactorInPlace(); err != nil {
			t.Fatal(err)
		}
		weights.Solve(b)
		e := gamma0*h*lambda*y0 - (at(h) - y0)
		for i, node := range c.tab.nodes {
			e += h * b[i] * lambda * at(h*node)
		}
		e /= 1 - h*gamma0*lambda
		want := math.Abs(e) / (rtol + rtol*max(y0, math.Abs(at(h))))
		if c.tab.relaxation != nil {
			want *= c.tab.relaxation(rtol)
		}
		p := FuncJacobian(1, func(dst []float64, _ float64, y []float64) { dst[0] = lambda * y[0] }, func(j *Jacobian, _ float64, _ []float64) { j.Set(0, 0, lambda) })
		heard := &firstError{}
		opt := Options{Method: c.m, RTol: rtol, ATol: []float64{rtol}, NewtonTol: 1e-10, FirstStep: h, Controller: heard}
		if _, err := Solve(context.Background(), p, 0, 10*h, []float64{y0}, opt); err != nil {
			t.Fatal(err)
		}
		if !(want > 0) || want > 1 || math.Abs(heard.err-want) > 1e-4*want {
			t.Errorf("%s: the error norm of the first step is %.8g, by its definition %.8g", c.m.Info().Name, heard.err, want)
		}
	}
}

// firstError is a Controller that remembers the error norm of the first step.
type firstError struct {
	PI
	err float64
}

func (c *firstError) Accept(a *Attempt) float64 {
	if c.err == 0 {
		c.err = a.Err
	}
	return c.PI.Accept(a)
}
