package problems

import (
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

const stars = 7

// PLEIADES is the motion of seven stars in the plane under their gravity, not stiff, with several close encounters: states
// x_i, y_i, x_i', y_i' (seven each), masses m_i as parameters.
func PLEIADES() *Problem {
	var names []string
	for _, form := range []string{"x%d", "y%d", "x%d'", "y%d'"} {
		for i := range stars {
			names = append(names, fmt.Sprintf(form, i+1))
		}
	}
	var params []Param
	for i := range stars {
		params = append(params, Param{fmt.Sprintf("m%d", i+1), float64(i + 1)})
	}
	points, note := reference("pleiades")
	return &Problem{
		Name: "PLEIADES", Title: "seven stars in the plane",
		Source: "Hairer, Nørsett, Wanner I, sec. II.10; Mazzia and Magherini, Test Set for IVP Solvers 2.4 (2008)",
		IVP:    &ode.Problem{Dim: 4 * stars, Names: names, Autonomous: true, Scale: uniform(4*stars, 3), New: func() ode.Field { return newDenseField(pleiades{}, 4*stars, params) }},
		T0:     0, T1: 3,
		Y0:     []float64{3, 3, -1, -3, 2, -2, 2, 3, -3, 2, 0, 0, -4, 4, 0, 0, 0, 0, 0, 1.75, -1.5, 0, 0, 0, -1.25, 1, 0, 0},
		Params: params, Times: linear(0, 3, 31),
		ATol: uniform(4*stars, 1), Checks: []float64{3},
		Reference: points, ReferenceNote: note,
	}
}

type pleiades struct{}

// between returns the vector from star i to star j and its squared length.
func between(y []float64, i, j int) (dx, dy, r2 float64) {
	dx, dy = y[j]-y[i], y[stars+j]-y[stars+i]
	return dx, dy, dx*dx + dy*dy
}

func (pleiades) eval(dst []float64, at *point) error {
	copy(dst, at.y[2*stars:])
	ax, ay := dst[2*stars:3*stars], dst[3*stars:]
	clear(dst[2*stars:])
	for i := range stars {
		for j := range i {
			dx, dy, r2 := between(at.y, i, j)
			r3 := r2 * math.Sqrt(r2)
			dx, dy = dx/r3, dy/r3
			ax[i] += at.p[j] * dx
			ay[i] += at.p[j] * dy
			ax[j] -= at.p[i] * dx
			ay[j] -= at.p[i] * dy
		}
	}
	return nil
}

// The pull of a star at distance d is g(d) = d/|d|³, with G = ∂g/∂d = 1/r³ − 3 d dᵀ/r⁵.
func (pleiades) jacobian(jac, _, par []float64, at *point) {
	const k = 4 * stars
	for i := range 2 * stars {
		jac[i*k+2*stars+i] = 1
	}
	for i := range stars {
		for j := range stars {
			if i == j {
				continue
			}
			dx, dy, r2 := between(at.y, i, j)
			r := math.Sqrt(r2)
			r3 := 1 / (r2 * r)
			r5 := 3 * r3 / r2
			spread(jac, i, j, at.p[j], r3-r5*dx*dx, -r5*dx*dy, r3-r5*dy*dy)
			par[(2*stars+i)*stars+j] = dx * r3
			par[(3*stars+i)*stars+j] = dy * r3
		}
	}
}

// spread adds m times the symmetric 2×2 matrix (xx xy; xy yy), the derivative of star i's acceleration with respect to the
// distance to star j, to a k×k matrix.
func spread(a []float64, i, j int, m, xx, xy, yy float64) {
	const k = 4 * stars
	rx, ry := a[(2*stars+i)*k:], a[(3*stars+i)*k:]
	rx[j] += m * xx
	rx[i] -= m * xx
	rx[stars+j] += m * xy
	rx[stars+i] -= m * xy
	ry[j] += m * xy
	ry[i] -= m * xy
	ry[stars+j] += m * yy
	ry[stars+i] -= m * yy
}

// With e = u_j − u_i, ∂(G e)/∂d = −3 (e dᵀ + d eᵀ + (d·e) 1)/r⁵ + 15 (d·e) d dᵀ/r⁷.
func (pleiades) second(dy, dp, u []float64, _ float64, at *point) {
	for i := range stars {
		for j := range stars {
			if i == j {
				continue
			}
			x, y, r2 := between(at.y, i, j)
			ex, ey, _ := between(u, i, j)
			r := math.Sqrt(r2)
			r3 := 1 / (r2 * r)
			r5 := 3 * r3 / r2
			de := x*ex + y*ey
			r7 := 5 * r5 * de / r2
			spread(dy, i, j, at.p[j], -r5*(2*ex*x+de)+r7*x*x, -r5*(ex*y+x*ey)+r7*x*y, -r5*(2*ey*y+de)+r7*y*y)
			dp[(2*stars+i)*stars+j] = r3*ex - r5*de*x
			dp[(3*stars+i)*stars+j] = r3*ey - r5*de*y
		}
	}
}
