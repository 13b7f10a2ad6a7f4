package sens

import (
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// adaptiveKronrod integrates ωᵀ ∂f/∂p over panels with the 7–15 Gauss–Kronrod pair, halving a panel until the difference of the two
// formulas is small against the gradient (QUADPACK, Piessens et al., Springer 1983, without extrapolation).
type adaptiveKronrod struct {
	c          *continuous
	fine, both []float64 // the panel by 15 points, and by 7
	y, w       []float64
	depth      int
}

// maxHalvings bounds the number of times that a panel is cut in two.
const maxHalvings = 30

func newKronrod(c *continuous) *adaptiveKronrod {
	return &adaptiveKronrod{c: c, fine: make([]float64, c.m), both: make([]float64, c.m), y: make([]float64, c.k), w: make([]float64, c.k)}
}

// integrate adds the integral over the part of reverse step i between θ and θ+width.
func (a *adaptiveKronrod) integrate(d *ode.Dense, i int, theta, width float64) error {
	t, h := d.Step(i)
	clear(a.fine)
	clear(a.both)
	for j, x := range kronrod.x {
		for _, sign := range [2]float64{-1, 1} {
			if x == 0 && sign > 0 {
				break
			}
			if err := a.node(d, i, theta+width*(1+sign*x)/2, -h*width/2, j); err != nil {
				return err
			}
		}
	}
	diff, size := 0.0, 0.0
	for j, v := range a.fine {
		e := v - a.both[j]
		g := a.c.pairs.gp[j] + v
		diff += e * e
		size += g * g
	}
	if math.Sqrt(diff) > a.c.rev.RTol*math.Sqrt(size) {
		if a.depth == maxHalvings {
			return fmt.Errorf("the quadrature does not converge: panel of size %.3g at t = %.10g", h*width, t+theta*h)
		}
		a.depth++
		if err := a.integrate(d, i, theta, width/2); err != nil {
			return err
		}
		if err := a.integrate(d, i, theta+width/2, width/2); err != nil {
			return err
		}
		a.depth--
		return nil
	}
	for j, v := range a.fine {
		a.c.pairs.gp[j] += v
	}
	return nil
}

// node evaluates one node of both formulas; scale is minus half the size of the panel, which runs from later to earlier.
func (a *adaptiveKronrod) node(d *ode.Dense, i int, theta, scale float64, j int) error {
	f := a.c.field
	t, h := d.Step(i)
	a.c.stats.Evals++
	if err := f.visit(t + theta*h); err != nil {
		return err
	}
	d.AtTheta(a.w, i, theta)
	scaleVector(a.w, scale*kronrod.w[j])
	f.VJP(nil, a.fine, a.w)
	if j%2 == 1 {
		scaleVector(a.w, kronrod.g[j/2]/kronrod.w[j])
		f.VJP(nil, a.both, a.w)
	}
	return nil
}
