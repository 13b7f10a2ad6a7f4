package odetest

import (
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// A Smooth problem has a known smooth solution φ of three states, a non-linear right-hand side that depends on time, and any mass
// matrix M: with A = 1 for a diagonal M,
//
//	M y' = M φ'(t) + A (g(y) − g(φ(t))).
//
// A second matrix factor A makes the constraints of a dense singular M = A diag(1, 1, 0) B combinations of all equations. The part
// A g(y) is the implicit one of the split right-hand side.
type Smooth struct {
	// IVP is the problem; it starts from Y0 at t = 0.
	IVP *ode.Problem
	Y0  []float64
}

// smoothDim is the number of states of a Smooth problem.
const smoothDim = 3

// NewSmooth makes a problem with mass matrix m; mix is the matrix A above (row-major), or nil.
func NewSmooth(m ode.Mass, mix []float64) *Smooth {
	s := &Smooth{Y0: make([]float64, smoothDim)}
	s.At(s.Y0, 0)
	s.IVP = &ode.Problem{Dim: smoothDim, Mass: m, New: func() ode.Field { return &smoothField{mass: m, mix: mix} }}
	return s
}

// At writes the solution at time t into dst.
func (s *Smooth) At(dst []float64, t float64) {
	phi, _, _ := smoothPath(t)
	copy(dst, phi[:])
}

type vec [smoothDim]float64

// smoothPath returns φ and its first two derivatives.
func smoothPath(t float64) (phi, d, dd vec) {
	s, c := math.Sincos(t)
	e := math.Exp(-t / 2)
	s2, c2 := math.Sincos(2 * t)
	phi = vec{c, e, 1 + s2/2}
	d = vec{-s, -e / 2, c2}
	dd = vec{-c, e / 4, -2 * s2}
	return phi, d, dd
}

// smoothRate returns g(y) and its derivative: g = (y1 y2 − y3, y2²/2 − y1 y3 − y2, y1² − (2 + y2) y3).
func smoothRate(y vec) (g vec, j [smoothDim]vec) {
	a, b, c := y[0], y[1], y[2]
	g = vec{a*b - c, b*b/2 - a*c - b, a*a - (2+b)*c}
	j = [smoothDim]vec{{b, a, -1}, {-c, b - 1, -a}, {2 * a, -c, -(2 + b)}}
	return g, j
}

type smoothField struct {
	mass ode.Mass
	mix  []float64
	// scratch that is handed to interfaces and would escape
	v, w vec
}

var _ ode.SplitField = (*smoothField)(nil)

// blend returns A v.
func (f *smoothField) blend(v vec) vec {
	if f.mix == nil {
		return v
	}
	var out vec
	for i := range out {
		for j, x := range v {
			out[i] += f.mix[i*smoothDim+j] * x
		}
	}
	return out
}

// massTimes returns M v.
func (f *smoothField) massTimes(v vec) vec {
	f.v = v
	f.mass.MulVec(f.w[:], f.v[:])
	return f.w
}

// Eval implements ode.Field.
func (f *smoothField) Eval(dst []float64, t float64, y []float64) error {
	phi, d, _ := smoothPath(t)
	g, _ := smoothRate(vec(y))
	at, _ := smoothRate(phi)
	for i := range g {
		g[i] -= at[i]
	}
	g, d = f.blend(g), f.massTimes(d)
	for i := range dst {
		dst[i] = d[i] + g[i]
	}
	return nil
}

// EvalJacobian implements ode.Field.
func (f *smoothField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	_, j := smoothRate(vec(y))
	f.setJacobian(jac, j)
	if dfdt != nil {
		phi, d, dd := smoothPath(t)
		_, at := smoothRate(phi)
		var slope vec
		for i := range slope {
			for k, x := range d {
				slope[i] -= at[i][k] * x
			}
		}
		slope, dd = f.blend(slope), f.massTimes(dd)
		for i := range dfdt {
			dfdt[i] = dd[i] + slope[i]
		}
	}
	return f.Eval(dst, t, y)
}

func (f *smoothField) setJacobian(jac *ode.Jacobian, j [smoothDim]vec) {
	for k := range smoothDim {
		column := f.blend(vec{j[0][k], j[1][k], j[2][k]})
		for i, x := range column {
			jac.Set(i, k, x)
		}
	}
}

// EvalImplicit implements ode.SplitField.
func (f *smoothField) EvalImplicit(dst []float64, jac *ode.Jacobian, _ float64, y []float64) error {
	g, j := smoothRate(vec(y))
	g = f.blend(g)
	copy(dst, g[:])
	if jac != nil {
		f.setJacobian(jac, j)
	}
	return nil
}

// EvalExplicit implements ode.SplitField.
func (f *smoothField) EvalExplicit(dst []float64, t float64, _ []float64) error {
	phi, d, _ := smoothPath(t)
	at, _ := smoothRate(phi)
	at, d = f.blend(at), f.massTimes(d)
	for i := range dst {
		dst[i] = d[i] - at[i]
	}
	return nil
}
