package problems

import (
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// Linear is y' = Q Λ Qᵀ y with an orthogonal Q and a Λ that has the prescribed eigenvalues: a real one as a diagonal entry, one
// with an imaginary part b ≠ 0 as the block (a b; −b a) of a conjugate pair, of which one is to be given. The real parts and the
// imaginary parts that are not zero are its parameters.
func Linear(eigenvalues ...complex128) *Problem {
	l := &linearSystem{}
	var params []Param
	for i, e := range eigenvalues {
		b := block{at: l.k, re: len(params), im: -1}
		params = append(params, Param{fmt.Sprintf("re%d", i+1), real(e)})
		l.k++
		if imag(e) != 0 {
			b.im = len(params)
			params = append(params, Param{fmt.Sprintf("im%d", i+1), imag(e)})
			l.k++
		}
		l.blocks = append(l.blocks, b)
	}
	// Q = I − 2 v vᵀ/vᵀv mixes all components
	k := l.k
	l.q = make([]float64, k*k)
	norm := 0.0
	for i := range k {
		norm += float64((i + 1) * (i + 1))
	}
	for i := range k {
		for j := range k {
			l.q[i*k+j] = -2 * float64((i+1)*(j+1)) / norm
		}
		l.q[i*k+i]++
	}
	y0 := make([]float64, k)
	for i := range k {
		for j := range k {
			y0[i] += l.q[i*k+j]
		}
	}
	return &Problem{
		Name: "Linear", Title: "linear system with a prescribed spectrum", Source: "constructed: Q Λ Qᵀ with a Householder reflection Q",
		IVP: &ode.Problem{Dim: k, Names: numbered(k), Autonomous: true, Scale: uniform(k, 1), New: func() ode.Field { return newDenseField(l.clone(), k, params) }},
		T0:  0, T1: 5, Y0: y0, Params: params,
		Stiff: true, Times: linear(0, 5, 51),
		ATol: uniform(k, 1e-2), Checks: []float64{5},
		exact: l.solution,
	}
}

// A block of Λ starts at row at; re and im are its parameters (im −1 for a real eigenvalue).
type block struct{ at, re, im int }

// linearSystem is y' = Q Λ(p) Qᵀ y.
type linearSystem struct {
	k      int
	blocks []block
	q      []float64
	a, x   []float64 // scratch
}

func (l *linearSystem) clone() *linearSystem {
	return &linearSystem{k: l.k, blocks: l.blocks, q: l.q, a: make([]float64, l.k), x: make([]float64, l.k)}
}

// rotate writes Q x into dst; Q is symmetric and its own inverse.
func (l *linearSystem) rotate(dst, x []float64) {
	for i := range l.k {
		s := 0.0
		for j, v := range x {
			s += l.q[i*l.k+j] * v
		}
		dst[i] = s
	}
}

// apply writes Λ x into dst.
func (l *linearSystem) apply(dst, x, p []float64) {
	for _, b := range l.blocks {
		re := p[b.re]
		if b.im < 0 {
			dst[b.at] = re * x[b.at]
			continue
		}
		im, u, v := p[b.im], x[b.at], x[b.at+1]
		dst[b.at], dst[b.at+1] = re*u+im*v, -im*u+re*v
	}
}

func (l *linearSystem) eval(dst []float64, at *point) error {
	l.rotate(l.x, at.y)
	l.apply(l.a, l.x, at.p)
	l.rotate(dst, l.a)
	return nil
}

func (l *linearSystem) jacobian(jac, _, par []float64, at *point) {
	for j := range l.k {
		// column j: Q Λ Qᵀ e_j
		l.apply(l.a, l.q[j*l.k:(j+1)*l.k], at.p)
		for i := range l.k {
			s := 0.0
			for r, v := range l.a {
				s += l.q[i*l.k+r] * v
			}
			jac[i*l.k+j] = s
		}
	}
	l.byParams(par, at.y, len(at.p))
}

// byParams writes ∂(Q Λ Qᵀ y)/∂p into par (k×m).
func (l *linearSystem) byParams(par, y []float64, m int) {
	l.rotate(l.x, y)
	for _, b := range l.blocks {
		for i := range l.k {
			row := l.q[i*l.k : (i+1)*l.k]
			if b.im < 0 {
				par[i*m+b.re] = row[b.at] * l.x[b.at]
				continue
			}
			u, v := l.x[b.at], l.x[b.at+1]
			par[i*m+b.re] = row[b.at]*u + row[b.at+1]*v
			par[i*m+b.im] = row[b.at]*v - row[b.at+1]*u
		}
	}
}

func (l *linearSystem) second(_, dp, u []float64, _ float64, at *point) {
	l.byParams(dp, u, len(at.p))
}

// solution writes Q e^{Λt} Qᵀ y0 into dst.
func (l *linearSystem) solution(dst []float64, t float64, y0, p []float64) {
	x, e := make([]float64, l.k), make([]float64, l.k)
	l.rotate(x, y0)
	for _, b := range l.blocks {
		g := math.Exp(p[b.re] * t)
		if b.im < 0 {
			e[b.at] = g * x[b.at]
			continue
		}
		s, c := math.Sincos(p[b.im] * t)
		u, v := x[b.at], x[b.at+1]
		e[b.at], e[b.at+1] = g*(c*u+s*v), g*(c*v-s*u)
	}
	l.rotate(dst, e)
}
