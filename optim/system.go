package optim

import (
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// dampedSystem solves, for one Jacobian and many right-hand sides and dampings μ,
//
//	min over d̂ of  ½‖Ĵ d̂ + r̂‖² + ½ μ ‖d̂‖²,     Ĵ = W^½ J D⁻¹  (R×P),
//
// through the smaller of two Gram matrices. Where R ≥ P it is the primal one, d̂ = −(ĴᵀĴ + μI)⁻¹ Ĵᵀ r̂; where R < P the dual one,
// d̂ = −Ĵᵀ (ĴĴᵀ + μI)⁻¹ r̂, equal by the push-through identity. A Jacobian thus costs max(R, P)·min(R, P)²
// floating-point operations, a damping min(R, P)³/3, a right-hand side O(R P).
//
// A Gram matrix squares the condition number; a step of iterative refinement with Ĵ itself wins back what that loses (the corrected
// seminormal equations of Björck, "Stability analysis of the method of seminormal equations for linear least squares problems", Linear
// Algebra and its Applications 88/89, 1987, 31–48).
type dampedSystem struct {
	rows, cols int
	dual       bool
	n, k       int       // the smaller and the larger of rows and cols
	s          []float64 // n×k: Ĵ where dual, else Ĵᵀ
	g          []float64 // S Sᵀ, n×n, lower triangle
	largest    float64   // largest diagonal element of g
	mu         float64   // of the current factor
	chol       cholesky
	x          []float64 // n: solution of the smaller system
	res        []float64 // n: its residual
	tmpN       []float64 // n
	tmpK       []float64 // k
	stop       stopped   // after it says so, what is computed is undefined
}

func newDampedSystem(rows, cols int) *dampedSystem {
	n, k := min(rows, cols), max(rows, cols)
	return &dampedSystem{
		rows: rows, cols: cols, dual: rows < cols, n: n, k: k,
		s: make([]float64, n*k), g: make([]float64, n*n), chol: newCholesky(n),
		x: make([]float64, n), res: make([]float64, n), tmpN: make([]float64, n), tmpK: make([]float64, k),
	}
}

// stopRows is the number of rows between two looks at whether to stop.
const stopRows = 128

// set takes the Jacobian (R×P), the roots of the weights (R) and the scaling D (P, above 0).
func (d *dampedSystem) set(jac, rootW, scale []float64) {
	p := d.cols
	for i, w := range rootW {
		if i%stopRows == 0 && d.stop.now() {
			return
		}
		row := jac[i*p : (i+1)*p]
		if d.dual {
			dst := d.s[i*p : (i+1)*p]
			for j, v := range row {
				dst[j] = w * v / scale[j]
			}
			continue
		}
		for j, v := range row {
			d.s[j*d.k+i] = w * v / scale[j]
		}
	}
	gram(d.g, d.s, d.tmpN, d.n, d.k, d.stop)
	d.largest = 0
	for i := range d.n {
		d.largest = math.Max(d.largest, d.g[i*d.n+i])
	}
}

// gramLimit bounds the elements of a Gram matrix that can be factorised, dampingLimit the damping added to it, without overflow.
const (
	gramLimit    = 1e280
	dampingLimit = 1e290
)

// usable reports whether the Gram matrix can be factorised: whether no square in it has come near to overflow.
func (d *dampedSystem) usable() bool { return d.largest <= gramLimit }

// factor prepares for damping mu, or for a damping above it with which the matrix is positive definite to working precision, and
// returns the damping taken.
func (d *dampedSystem) factor(mu float64) float64 {
	for mu = math.Min(math.Max(mu, d.least()), dampingLimit); !d.chol.factor(d.g, mu, d.stop); {
		mu *= 4
	}
	d.mu = mu
	return mu
}

// least returns the damping below which any is lost in rounding errors: those of the Gram matrix and, in dual form, of Ĵᵀ times a vector
// that grows as 1/μ where the Jacobian has not full rank.
func (d *dampedSystem) least() float64 {
	switch {
	case d.largest == 0:
		return 1 // the Jacobian is zero, and so is the step
	case d.dual:
		return 0x1p-46 * d.largest
	}
	return 0x1p-52 * d.largest
}

// largestColumn returns the largest diagonal element of ĴᵀĴ.
func (d *dampedSystem) largestColumn() float64 {
	if !d.dual {
		return d.largest
	}
	clear(d.tmpK)
	for i := range d.n {
		for j, v := range d.s[i*d.k : (i+1)*d.k] {
			d.tmpK[j] += v * v
		}
	}
	return slices.Max(d.tmpK)
}

// solve computes the step d̂ (P) and its image Ĵ d̂ (R) for the right-hand side r̂ (R).
func (d *dampedSystem) solve(step, image, rhs []float64) {
	if d.dual {
		copy(d.x, rhs)
	} else {
		mulMatrix(d.x, d.s, rhs)
		negate(d.x)
	}
	size := Norm(d.x)
	d.chol.solve(d.x)
	before := math.Inf(1)
	for range 3 {
		if d.stop.now() {
			return
		}
		d.expand(step, image)
		// The residual of the smaller system, by products with Ĵ and not with the Gram matrix.
		if d.dual {
			for i, r := range rhs {
				d.res[i] = r + image[i] - d.mu*d.x[i]
			}
		} else {
			for i, r := range rhs {
				d.tmpK[i] = r + image[i]
			}
			mulMatrix(d.res, d.s, d.tmpK)
			for i, x := range d.x {
				d.res[i] = -d.res[i] - d.mu*x
			}
		}
		left := Norm(d.res)
		if !(left > 1e-14*size) || left > 0.5*before {
			return
		}
		before = left
		d.chol.solve(d.res)
		for i, v := range d.res {
			d.x[i] += v
		}
	}
	d.expand(step, image)
}

// expand computes d̂ and Ĵ d̂ from the solution of the smaller system.
func (d *dampedSystem) expand(step, image []float64) {
	if d.dual {
		mulTransposed(step, d.s, d.x)
		negate(step)
		mulMatrix(image, d.s, step)
		return
	}
	copy(step, d.x)
	mulTransposed(image, d.s, step)
}

// bend returns d̂ᵀ (ĴᵀĴ + μI)⁻¹ d̂ for the step and image last solved for: −½ of the derivative of ‖d̂‖² by μ.
func (d *dampedSystem) bend(step, image []float64) float64 {
	if !d.dual {
		copy(d.tmpN, step)
		d.chol.forward(d.tmpN)
		return kernel.Dot(d.tmpN, d.tmpN)
	}
	// In dual form it is xᵀ (G + μI)⁻¹ G x with G x = −Ĵ d̂.
	copy(d.tmpN, d.x)
	d.chol.forward(d.tmpN)
	copy(d.res, image)
	d.chol.forward(d.res)
	return -kernel.Dot(d.tmpN, d.res)
}

func negate(v []float64) {
	for i := range v {
		v[i] = -v[i]
	}
}
