package optim

import (
	"context"
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// cgPath is the polygon that conjugate gradients trace from 0 towards the solution of
//
//	min over d of ½‖A d + b‖²,    A = W^½ J,  b = W^½ r.
//
// The distance from 0 grows along it (Steihaug 1983, Theorem 2.1), so that the trial point of any trust region is where the polygon leaves
// it: a region made smaller costs no further product. The directions are kept for that.
type cgPath struct {
	cols  int
	dirs  []float64 // direction k in elements k·cols to (k+1)·cols
	alpha []float64 // length of segment k in units of its direction
	slope []float64 // decrease of the model per unit at the start of segment k
	curve []float64 // its second derivative along segment k
	count int       // segments; 0: not built

	rows  []float64 // R: scratch
	q     []float64 // R: A times a direction
	res   []float64 // R: −b − A d
	z     []float64 // P: Aᵀ res
	d     []float64 // P: the end of the polygon
	saved []float64 // P: scratch
}

func newCGPath(rows, cols, maxCG int) cgPath {
	vec := func(n int) []float64 { return make([]float64, n) }
	return cgPath{
		cols: cols, dirs: vec(maxCG * cols), alpha: vec(maxCG), slope: vec(maxCG), curve: vec(maxCG),
		rows: vec(rows), q: vec(rows), res: vec(rows), z: vec(cols), d: vec(cols), saved: vec(cols),
	}
}

func (c *cgPath) dir(k int) []float64 { return c.dirs[k*c.cols : (k+1)*c.cols] }

// build traces the polygon until the residual of the normal equations has fallen by the factor eta or the polygon has left the
// trust region. It works on A rather than AᵀA (CGLS: Björck, Numerical Methods for Least Squares Problems, SIAM, 1996, Algorithm 7.4.1).
func (c *cgPath) build(ctx context.Context, m *GaussNewtonCG, eta float64) error {
	c.count = 0
	clear(c.d)
	for i, w := range m.rootW {
		c.res[i] = -w * m.r[i]
	}
	copy(c.z, m.grad)
	negate(c.z)
	gamma := kernel.Dot(c.z, c.z)
	target := eta * eta * gamma
	for k := range c.alpha {
		dir := c.dir(k)
		copy(dir, c.z)
		if k > 0 {
			kernel.AddScaled(dir, gamma/c.slope[k-1], c.dir(k-1))
		}
		if err := m.product(ctx, m.problem.JVP, c.q, dir); err != nil {
			c.count = 0
			return err
		}
		for i, w := range m.rootW {
			c.q[i] *= w
		}
		curve := kernel.Dot(c.q, c.q)
		alpha := gamma / curve
		if !(curve > 0) || math.IsInf(alpha, 0) {
			// No curvature left to working precision: the model falls along the direction as far as the region goes.
			alpha = math.MaxFloat64
		}
		c.alpha[k], c.slope[k], c.curve[k] = alpha, gamma, curve
		c.count = k + 1
		if alpha == math.MaxFloat64 {
			return nil
		}
		kernel.AddScaled(c.d, alpha, dir)
		if Norm(c.d) >= m.radius {
			return nil
		}
		kernel.AddScaled(c.res, -alpha, c.q)
		for i, w := range m.rootW {
			c.rows[i] = w * c.res[i]
		}
		if err := m.product(ctx, m.problem.VJP, c.z, c.rows); err != nil {
			c.count = 0
			return err
		}
		if gamma = kernel.Dot(c.z, c.z); gamma <= target {
			return nil
		}
	}
	return nil
}

// walk writes the point where the polygon leaves the trust region, or its end, and returns the reduction of the model there.
func (c *cgPath) walk(d []float64, radius float64) (predicted float64, onBoundary bool) {
	clear(d)
	for k := range c.count {
		dir := c.dir(k)
		dd, dp, pp := kernel.Dot(d, d), kernel.Dot(d, dir), kernel.Dot(dir, dir)
		// The positive root τ of ‖d + τ dir‖ = Δ.
		disc := math.Sqrt(math.Max(0, dp*dp+pp*(radius*radius-dd)))
		tau := (radius*radius - dd) / (dp + disc)
		if dp < 0 {
			tau = (disc - dp) / pp
		}
		t := c.alpha[k]
		onBoundary = tau <= t
		if onBoundary {
			t = math.Max(tau, 0)
		}
		kernel.AddScaled(d, t, dir)
		predicted += t*c.slope[k] - 0.5*t*t*c.curve[k]
		if onBoundary {
			break
		}
	}
	return predicted, onBoundary
}
