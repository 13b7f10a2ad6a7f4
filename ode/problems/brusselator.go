package problems

import (
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// brusselatorPoints is the number of grid points of the Brusselator with a reference solution.
const brusselatorPoints = 40

// Brusselator is the reaction A → X, B + X → Y + D, 2X + Y → 3X, X → E with diffusion along a line, on a grid of n inner
// points (2n states u_1, v_1, u_2, …, a Jacobian with two diagonals to each side):
//
//	u_i' = A + u_i² v_i − (B + 1) u_i + α (n+1)² (u_{i−1} − 2u_i + u_{i+1}),
//	v_i' = B u_i − u_i² v_i + α (n+1)² (v_{i−1} − 2v_i + v_{i+1}),
//
// u = 1 and v = 3 at both ends. Diffusion is the implicit part of the split right-hand side, reaction the explicit one. n
// below 1 counts as 1. There is a reference solution for n = 40.
func Brusselator(n int) *Problem {
	n = max(n, 1)
	params := []Param{{"A", 1}, {"B", 3}, {"alpha", 1. / 50}}
	p := &Problem{
		Name: "Brusselator", Title: fmt.Sprintf("Brusselator with diffusion in one dimension, %d points", n),
		Source: "Lefever and Nicolis, Chemical instabilities and sustained oscillations, J. Theor. Biol. 30, 267 (1971); Hairer and Wanner II, eq. IV.10.13",
		T0:     0, T1: 10, Params: params,
		Stiff: true, Times: linear(0, 10, 41),
		ATol: uniform(2*n, 1), Checks: []float64{10},
	}
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("u%d", i+1), fmt.Sprintf("v%d", i+1))
		p.Y0 = append(p.Y0, 1+math.Sin(2*math.Pi*float64(i+1)/float64(n+1)), 3)
	}
	p.IVP = &ode.Problem{
		Dim: 2 * n, Names: names, Autonomous: true, Scale: uniform(2*n, 4), Jacobian: ode.BandedJacobian(min(2, 2*n-1), min(2, 2*n-1)),
		New: func() ode.Field {
			f := &brusselatorField{n: n, y: make([]float64, 2*n)}
			f.Bind(p.values())
			return f
		},
	}
	if n == brusselatorPoints {
		p.Reference, p.ReferenceNote = reference("brusselator")
	}
	return p
}

// The boundary values of u and v.
const edgeU, edgeV = 1, 3

type brusselatorField struct {
	n       int
	a, b, d float64 // A, B, α(n+1)²
	y       []float64
}

var (
	_ ode.ParamField = (*brusselatorField)(nil)
	_ ode.SplitField = (*brusselatorField)(nil)
)

// NumParams implements ode.ParamField.
func (f *brusselatorField) NumParams() int { return 3 }

// Bind implements ode.ParamField.
func (f *brusselatorField) Bind(p []float64) {
	f.a, f.b, f.d = p[0], p[1], p[2]*f.square()
}

// square is 1/Δx².
func (f *brusselatorField) square() float64 { return float64(f.n+1) * float64(f.n+1) }

// laplacian adds d times the second difference of y, with boundary values eu and ev, to dst.
func (f *brusselatorField) laplacian(dst, y []float64, d, eu, ev float64) {
	left := [2]float64{eu, ev}
	for i := range y {
		right := [2]float64{eu, ev}[i&1]
		if i+2 < len(y) {
			right = y[i+2]
		}
		dst[i] += d * (left[i&1] - 2*y[i] + right)
		left[i&1] = y[i]
	}
}

// react writes the reaction terms into dst.
func (f *brusselatorField) react(dst, y []float64) {
	for i := 0; i < len(y); i += 2 {
		u, v := y[i], y[i+1]
		r := u * (u*v - f.b)
		dst[i], dst[i+1] = f.a+r-u, -r
	}
}

// Eval implements ode.Field.
func (f *brusselatorField) Eval(dst []float64, _ float64, y []float64) error {
	copy(f.y, y)
	f.react(dst, y)
	f.laplacian(dst, y, f.d, edgeU, edgeV)
	return nil
}

// diffuse adds the derivative of the diffusion terms to jac.
func (f *brusselatorField) diffuse(jac *ode.Jacobian) {
	for i := range 2 * f.n {
		jac.Add(i, i, -2*f.d)
		if i >= 2 {
			jac.Set(i, i-2, f.d)
		}
		if i+2 < 2*f.n {
			jac.Set(i, i+2, f.d)
		}
	}
}

// EvalJacobian implements ode.Field.
func (f *brusselatorField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	jac.Zero()
	clear(dfdt)
	for i := 0; i < len(y); i += 2 {
		ru, rv := 2*y[i]*y[i+1]-f.b, y[i]*y[i]
		jac.Set(i, i, ru-1)
		jac.Set(i, i+1, rv)
		jac.Set(i+1, i, -ru)
		jac.Set(i+1, i+1, -rv)
	}
	f.diffuse(jac)
	return f.Eval(dst, t, y)
}

// EvalImplicit implements ode.SplitField.
func (f *brusselatorField) EvalImplicit(dst []float64, jac *ode.Jacobian, _ float64, y []float64) error {
	clear(dst)
	f.laplacian(dst, y, f.d, edgeU, edgeV)
	if jac != nil {
		jac.Zero()
		f.diffuse(jac)
	}
	return nil
}

// EvalExplicit implements ode.SplitField.
func (f *brusselatorField) EvalExplicit(dst []float64, _ float64, y []float64) error {
	f.react(dst, y)
	return nil
}

// VJP implements ode.ParamField.
func (f *brusselatorField) VJP(gy, gp, w []float64) {
	if gy != nil {
		for i := 0; i < len(w); i += 2 {
			d := w[i] - w[i+1]
			gy[i] += (2*f.y[i]*f.y[i+1]-f.b)*d - w[i]
			gy[i+1] += f.y[i] * f.y[i] * d
		}
		f.laplacian(gy, w, f.d, 0, 0)
	}
	if gp != nil {
		f.addParams(gp, w, f.y, edgeU, edgeV, 1)
	}
}

// addParams adds the derivative with respect to the parameters of wᵀ(c A − B y + α Δy) to gp, with boundary values eu, ev.
func (f *brusselatorField) addParams(gp, w, y []float64, eu, ev, c float64) {
	left := [2]float64{eu, ev}
	for i := range y {
		right := [2]float64{eu, ev}[i&1]
		if i+2 < len(y) {
			right = y[i+2]
		}
		gp[2] += w[i] * f.square() * (left[i&1] - 2*y[i] + right)
		left[i&1] = y[i]
		if i&1 == 0 {
			gp[0] += c * w[i]
			gp[1] += (w[i+1] - w[i]) * y[i]
		}
	}
}

// JVP implements ode.ParamField.
func (f *brusselatorField) JVP(dst, v, q []float64, n int) {
	k := 2 * f.n
	clear(dst[:k*n])
	for i := range k {
		row := dst[i*n : (i+1)*n]
		e := i &^ 1 // the row of u at this point
		sign := 1.0
		if i&1 == 1 {
			sign = -1
		}
		if v != nil {
			ru, rv := sign*(2*f.y[e]*f.y[e+1]-f.b), sign*f.y[e]*f.y[e]
			for l := range row {
				row[l] = ru*v[e*n+l] + rv*v[(e+1)*n+l] - 2*f.d*v[i*n+l]
				if i == e {
					row[l] -= v[i*n+l]
				}
				if i >= 2 {
					row[l] += f.d * v[(i-2)*n+l]
				}
				if i+2 < k {
					row[l] += f.d * v[(i+2)*n+l]
				}
			}
		}
		if q != nil {
			var g [3]float64
			f.paramRow(&g, i)
			for l := range row {
				row[l] += g[0]*q[l] + g[1]*q[n+l] + g[2]*q[2*n+l]
			}
		}
	}
}

// paramRow writes the derivative of f_i with respect to the parameters into g.
func (f *brusselatorField) paramRow(g *[3]float64, i int) {
	left, right := float64(edgeU), float64(edgeU)
	*g = [3]float64{1, -f.y[i&^1], 0}
	if i&1 == 1 {
		left, right = edgeV, edgeV
		*g = [3]float64{0, f.y[i-1], 0}
	}
	if i >= 2 {
		left = f.y[i-2]
	}
	if i+2 < len(f.y) {
		right = f.y[i+2]
	}
	g[2] = f.square() * (left - 2*f.y[i] + right)
}

// ParamJacobian implements ode.ParamField.
func (f *brusselatorField) ParamJacobian(dst []float64, c0, c1 int) {
	var g [3]float64
	for i := range 2 * f.n {
		f.paramRow(&g, i)
		copy(dst[i*(c1-c0):(i+1)*(c1-c0)], g[c0:c1])
	}
}

// SecondOrder implements ode.ParamField; f does not depend on t, so tau has no effect.
func (f *brusselatorField) SecondOrder(gy, gp, w, u, _ []float64, n int) {
	k := 2 * f.n
	for r := range n {
		wr, ur := w[r*k:(r+1)*k], u[r*k:(r+1)*k]
		if gy != nil {
			for i := 0; i < k; i += 2 {
				d := wr[i] - wr[i+1]
				gy[i] += 2 * d * (f.y[i+1]*ur[i] + f.y[i]*ur[i+1])
				gy[i+1] += 2 * d * f.y[i] * ur[i]
			}
		}
		if gp != nil {
			f.addParams(gp, wr, ur, 0, 0, 0)
		}
	}
}

// SecondOrderJacobian implements ode.ParamField.
func (f *brusselatorField) SecondOrderJacobian(dy, dp, u []float64, _ float64, c0, c1 int) {
	k := 2 * f.n
	clear(dy[:k*k])
	for i := 0; i < k; i += 2 {
		du, dv := 2*(f.y[i+1]*u[i]+f.y[i]*u[i+1]), 2*f.y[i]*u[i]
		dy[i*k+i], dy[i*k+i+1] = du, dv
		dy[(i+1)*k+i], dy[(i+1)*k+i+1] = -du, -dv
	}
	if dp == nil {
		return
	}
	cols := c1 - c0
	for i := range k {
		left, right := 0.0, 0.0
		if i >= 2 {
			left = u[i-2]
		}
		if i+2 < k {
			right = u[i+2]
		}
		g := [3]float64{0, -u[i&^1], f.square() * (left - 2*u[i] + right)}
		if i&1 == 1 {
			g[1] = u[i-1]
		}
		copy(dp[i*cols:(i+1)*cols], g[c0:c1])
	}
}
