package optim

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// formOf makes a system that uses the given form whatever the shape.
func formOf(dual bool, rows, cols int) *dampedSystem {
	sys := newDampedSystem(rows, cols)
	if sys.dual == dual {
		return sys
	}
	n, k := cols, rows
	if dual {
		n, k = rows, cols
	}
	return &dampedSystem{
		rows: rows, cols: cols, dual: dual, n: n, k: k,
		s: make([]float64, n*k), g: make([]float64, n*n), chol: newCholesky(n),
		x: make([]float64, n), res: make([]float64, n), tmpN: make([]float64, n), tmpK: make([]float64, k),
	}
}

// randomSystem is a weighted, scaled problem with the matrix Ĵ and the vector r̂ that it stands for.
type randomSystem struct {
	jac, rootW, scale []float64
	hat, rhs          []float64
}

func newRandomSystem(rng *rand.Rand, rows, cols int) randomSystem {
	s := randomSystem{
		jac: randomVector(rng, rows*cols), rootW: make([]float64, rows), scale: make([]float64, cols),
		hat: make([]float64, rows*cols), rhs: randomVector(rng, rows),
	}
	for i := range s.rootW {
		s.rootW[i] = 0.1 + rng.Float64()
	}
	for j := range s.scale {
		s.scale[j] = 0.1 + rng.Float64()
	}
	for i := range rows {
		for j := range cols {
			s.hat[i*cols+j] = s.rootW[i] * s.jac[i*cols+j] / s.scale[j]
		}
	}
	return s
}

var systemShapes = []struct{ rows, cols int }{{1, 1}, {3, 8}, {8, 3}, {20, 20}, {45, 61}, {61, 45}}

// The step is where the gradient of the damped model, Ĵᵀ(Ĵ d̂ + r̂) + μ d̂, vanishes.
func TestDampedSystemSolvesTheNormalEquations(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for _, d := range systemShapes {
		sys := newDampedSystem(d.rows, d.cols)
		for _, mu := range []float64{1e-6, 1e-2, 1, 1e4} {
			p := newRandomSystem(rng, d.rows, d.cols)
			sys.set(p.jac, p.rootW, p.scale)
			if got := sys.factor(mu); got != mu {
				t.Errorf("%d×%d: damping %g became %g", d.rows, d.cols, mu, got)
			}
			step, image := make([]float64, d.cols), make([]float64, d.rows)
			sys.solve(step, image, p.rhs)
			gradient, size := make([]float64, d.cols), make([]float64, d.cols)
			for i := range image {
				row := p.hat[i*d.cols : (i+1)*d.cols]
				if v := kernel.Dot(row, step); math.Abs(v-image[i]) > 1e-11*(1+math.Abs(v)) {
					t.Errorf("%d×%d, μ = %g: image %d is %v, want %v", d.rows, d.cols, mu, i, image[i], v)
				}
				kernel.AddScaled(gradient, image[i]+p.rhs[i], row)
				kernel.AddScaled(size, p.rhs[i], row)
			}
			kernel.AddScaled(gradient, mu, step)
			if Norm(gradient) > 1e-11*Norm(size) {
				t.Errorf("%d×%d, μ = %g: gradient of the damped model %g, %g at 0", d.rows, d.cols, mu, Norm(gradient), Norm(size))
			}
		}
	}
}

func TestDualAndPrimalStepsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	for _, d := range systemShapes {
		for _, mu := range []float64{1e-2, 1, 1e4} {
			p := newRandomSystem(rng, d.rows, d.cols)
			var steps [2][]float64
			var bends [2]float64
			for i, dual := range []bool{false, true} {
				sys := formOf(dual, d.rows, d.cols)
				sys.set(p.jac, p.rootW, p.scale)
				sys.factor(mu)
				step, image := make([]float64, d.cols), make([]float64, d.rows)
				sys.solve(step, image, p.rhs)
				steps[i], bends[i] = step, sys.bend(step, image)
			}
			// The form that is too large is singular but for μ: its rounding errors grow as 1/μ.
			tol := 1e-13 * (1 + 100/mu)
			kernel.AddScaled(steps[1], -1, steps[0])
			if diff, size := Norm(steps[1]), Norm(steps[0]); diff > tol*size {
				t.Errorf("%d×%d, μ = %g: steps of norm %g differ by %g", d.rows, d.cols, mu, size, diff)
			}
			if math.Abs(bends[0]-bends[1]) > tol*bends[0] {
				t.Errorf("%d×%d, μ = %g: bend %g primal, %g dual", d.rows, d.cols, mu, bends[0], bends[1])
			}
		}
	}
}

// bend is −½ d‖d̂‖²/dμ, against a central difference.
func TestBendIsADerivative(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	for _, d := range systemShapes {
		p := newRandomSystem(rng, d.rows, d.cols)
		sys := newDampedSystem(d.rows, d.cols)
		sys.set(p.jac, p.rootW, p.scale)
		step, image := make([]float64, d.cols), make([]float64, d.rows)
		norm2 := func(mu float64) float64 {
			sys.factor(mu)
			sys.solve(step, image, p.rhs)
			return kernel.Dot(step, step)
		}
		for _, mu := range []float64{1e-1, 10} {
			h := 1e-4 * mu
			want := -(norm2(mu+h) - norm2(mu-h)) / (4 * h)
			norm2(mu)
			if got := sys.bend(step, image); math.Abs(got-want) > 1e-6*want {
				t.Errorf("%d×%d, μ = %g: bend %g, differences give %g", d.rows, d.cols, mu, got, want)
			}
		}
	}
}

// Refinement with the Jacobian itself keeps the step accurate where the Gram matrix alone would lose half the digits.
func TestDampedSystemRefines(t *testing.T) {
	// J = U diag(σ) with orthonormal columns of U: the solution is known in closed form.
	const n = 4
	u := []float64{0.5, 0.5, 0.5, 0.5, 0.5, -0.5, 0.5, -0.5, 0.5, 0.5, -0.5, -0.5, 0.5, -0.5, -0.5, 0.5}
	sigma := []float64{1, 1e-2, 1e-4, 1e-6}
	jac := make([]float64, n*n)
	for i := range n {
		for j := range n {
			jac[i*n+j] = u[i*n+j] * sigma[j]
		}
	}
	ones := []float64{1, 1, 1, 1}
	r := []float64{1, 2, 3, -4}
	const mu = 1e-13
	sys := newDampedSystem(n, n)
	sys.set(jac, ones, ones)
	sys.factor(mu)
	step, image := make([]float64, n), make([]float64, n)
	sys.solve(step, image, r)
	for j := range n {
		var ur float64
		for i := range n {
			ur += u[i*n+j] * r[i]
		}
		want := -sigma[j] * ur / (sigma[j]*sigma[j] + mu)
		if math.Abs(step[j]-want) > 1e-9*math.Abs(want) {
			t.Errorf("element %d: %.12g, want %.12g", j, step[j], want)
		}
	}
}
