package accuracy

import (
	"context"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/internal/linalg"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// The step sequence along which the variational equation is solved, and bounds on the work.
const (
	pathTolerance      = 1e-7
	largePathTolerance = 1e-5 // of more than largePath states
	largePath          = 100
	pathSteps          = 2_000_000
	uniformSteps       = 2000 // where no solve gets to the end
	substeps           = 4    // pieces of a step whose lengths are added up
	mostSources        = 1500 // points s_j; of more, every second, third, … counts twice, three times, …
	productWork        = 4e9  // multiplications of matrices of solutions
)

// Amplification computes problems.Trial.Amplification and Size: along the steps of a solve by Radau, the variational equation
// M Φ' = J(t, y(t)) Φ is solved over every step, and the matrices of the steps are multiplied. It is solved by exponentials of J, which leave alone an
// oscillation that the solution does not show and that a method for stiff problems would damp; and by the Radau IIA method of order 5 where M
// is singular, where there are many states, or where the step is so large that an exponential would drown in roundoff.
func Amplification(ctx context.Context, p *problems.Trial) (kappa float64, size []float64, err error) {
	pa := &path{p: p, n: p.IVP.Dim}
	if err := pa.find(ctx); err != nil {
		return 0, nil, err
	}
	if p.Ends {
		return 1, pa.size, nil
	}
	pa.measure()
	kappa, err = pa.amplify(ctx)
	return kappa, pa.size, err
}

// A path is a solution with the ends of steps.
type path struct {
	p     *problems.Trial
	n     int
	times []float64
	dense *ode.Dense
	size  []float64
	// sources are the numbers of the steps at whose starts there is an s_j, and weights how many
	sources, weights []int
}

// find solves the problem and finds the sizes of its states.
func (pa *path) find(ctx context.Context) error {
	p := pa.p
	rtol := pathTolerance
	if pa.n > largePath {
		rtol = largePathTolerance
	}
	method := ode.Radau
	sol, err := ode.Solve(ctx, p.IVP, p.T0, p.T1, p.Y0, ode.Options{Method: method, RTol: rtol, ATol: p.AbsTol(rtol), Hit: p.Hit, Dense: true, MaxSteps: pathSteps})
	pa.size = make([]float64, pa.n)
	switch {
	case p.Ends:
		pa.times = []float64{p.T0}
	case err == nil:
		pa.times, pa.dense = append([]float64(nil), sol.Times...), sol.Dense
	case p.Exact() && ctx.Err() == nil:
		for i := range uniformSteps + 1 {
			pa.times = append(pa.times, p.T0+(p.T1-p.T0)*float64(i)/uniformSteps)
		}
	default:
		return fmt.Errorf("accuracy: %s: %w", p.Name, err)
	}
	y := make([]float64, pa.n)
	grow := func() {
		for i, v := range y {
			pa.size[i] = max(pa.size[i], math.Abs(v))
		}
	}
	copy(y, p.Y0)
	grow()
	for i := range pa.times[1:] {
		for k := 1; k <= substeps; k++ {
			pa.at(y, i, float64(k)/substeps)
			grow()
		}
	}
	for i, s := range pa.size {
		if s == 0 {
			pa.size[i] = p.ATol[i]
		}
	}
	return nil
}

// at writes the solution within step i into y.
func (pa *path) at(y []float64, i int, theta float64) {
	t := pa.times[i] + theta*(pa.times[i+1]-pa.times[i])
	if theta == 1 {
		t = pa.times[i+1]
	}
	if pa.p.Exact() {
		pa.p.Solution(y, t)
		return
	}
	pa.dense.At(y, t)
}

// measure finds the points at which the solution has travelled once more its own size.
func (pa *path) measure() {
	y, before := make([]float64, pa.n), append([]float64(nil), pa.p.Y0...)
	pa.sources, pa.weights = []int{0}, []int{1}
	way, counted := 0.0, 0.0
	for i := range len(pa.times) - 1 {
		for k := 1; k <= substeps; k++ {
			pa.at(y, i, float64(k)/substeps)
			d := 0.0
			for j, v := range y {
				d = max(d, math.Abs(v-before[j])/pa.size[j])
			}
			way += d
			copy(before, y)
		}
		if whole := math.Floor(way); whole > counted {
			pa.sources, pa.weights = append(pa.sources, i+1), append(pa.weights, int(whole-counted))
			counted = whole
		}
	}
	if stride := (len(pa.sources) + mostSources - 1) / mostSources; stride > 1 {
		var s, w []int
		for i := range pa.sources {
			if i%stride == 0 {
				s, w = append(s, pa.sources[i]), append(w, 0)
			}
			w[len(w)-1] += pa.weights[i]
		}
		pa.sources, pa.weights = s, w
	}
}

// Nodes and matrix of the Radau IIA method of order 5 (Hairer and Wanner II, table IV.5.6).
var (
	radauNodes  = [3]float64{(4 - math.Sqrt(6)) / 10, (4 + math.Sqrt(6)) / 10, 1}
	radauMatrix = [3][3]float64{
		{(88 - 7*math.Sqrt(6)) / 360, (296 - 169*math.Sqrt(6)) / 1800, (-2 + 3*math.Sqrt(6)) / 225},
		{(296 + 169*math.Sqrt(6)) / 1800, (88 + 7*math.Sqrt(6)) / 360, (-2 - 3*math.Sqrt(6)) / 225},
		{(16 - math.Sqrt(6)) / 36, (16 + math.Sqrt(6)) / 36, 1. / 9},
	}
)

// A propagator takes W⁻¹ΦW over single steps.
type propagator struct {
	pa    *path
	field ode.Field
	jac   *ode.Jacobian
	lu    *linalg.LU
	right []float64 // 3n×n
	y, f  []float64
	mass  []float64 // n×n
	// of the exponential
	power, term, sum, out []float64 // n×n
}

func newPropagator(pa *path) *propagator {
	n := pa.n
	pr := &propagator{
		pa: pa, field: pa.p.IVP.New(), jac: ode.NewJacobian(n, pa.p.IVP.Jacobian), lu: linalg.NewLU(3 * n), right: make([]float64, 3*n*n),
		y: make([]float64, n), f: make([]float64, n), mass: make([]float64, n*n),
		power: make([]float64, n*n), term: make([]float64, n*n), sum: make([]float64, n*n), out: make([]float64, n*n),
	}
	unit, column := make([]float64, n), make([]float64, n)
	for j := range n {
		clear(unit)
		unit[j] = 1
		pa.p.IVP.Mass.MulVec(column, unit)
		for i, v := range column {
			pr.mass[i*n+j] = v * pa.size[j] / pa.size[i]
		}
	}
	return pr
}

// step returns the matrix of step i, valid until the next call.
func (pr *propagator) step(i int) ([]float64, error) {
	if pr.pa.p.IVP.Mass.IsIdentity() && pr.pa.n <= largePath {
		if ok, err := pr.exponential(i); ok || err != nil {
			return pr.out, err
		}
	}
	return pr.collocation(i)
}

// An exponential is taken where h‖J‖ is at most this, so that its roundoff is at most 1e-6.
const mostExponent = 1e9

// exponential makes the product of e^{hJ} over the pieces of step i, J being that of their midpoints; ok is false where it cannot.
func (pr *propagator) exponential(i int) (ok bool, err error) {
	n, size := pr.pa.n, pr.pa.size
	h := (pr.pa.times[i+1] - pr.pa.times[i]) / substeps
	for k := range substeps {
		theta := (float64(k) + 0.5) / substeps
		pr.pa.at(pr.y, i, theta)
		t := pr.pa.times[i] + theta*(pr.pa.times[i+1]-pr.pa.times[i])
		if err := pr.field.EvalJacobian(pr.f, pr.jac, nil, t, pr.y); err != nil {
			return false, err
		}
		for r := range n {
			for s := range n {
				pr.power[r*n+s] = h * pr.jac.At(r, s) * size[s] / size[r]
			}
		}
		if !(maxNorm(pr.power, n) <= mostExponent) {
			return false, nil
		}
		pr.exp()
		if k == 0 {
			copy(pr.out, pr.sum)
			continue
		}
		multiply(pr.term, pr.sum, pr.out, n)
		pr.term, pr.out = pr.out, pr.term
	}
	return true, nil
}

// exp writes e^power into sum, by Taylor's series of power/2^s and s squarings (Moler and Van Loan, SIAM Rev. 45, 3, 2003, method 3).
func (pr *propagator) exp() {
	const terms = 14
	n := pr.pa.n
	squarings := 0
	if norm := maxNorm(pr.power, n); norm > 0.5 {
		squarings = int(math.Ceil(math.Log2(norm / 0.5)))
	}
	for i, v := range pr.power {
		pr.power[i] = math.Ldexp(v, -squarings)
	}
	// Horner: I + A (I + A/2 (I + A/3 …))
	clear(pr.sum)
	for i := range n {
		pr.sum[i*n+i] = 1
	}
	for k := terms; k >= 1; k-- {
		multiply(pr.term, pr.power, pr.sum, n)
		for i, v := range pr.term {
			pr.sum[i] = v / float64(k)
		}
		for i := range n {
			pr.sum[i*n+i]++
		}
	}
	for range squarings {
		multiply(pr.term, pr.sum, pr.sum, n)
		pr.sum, pr.term = pr.term, pr.sum
	}
}

// collocation solves (δ_kl M − h a_kl J_l) Y_l = M, of which Y_3 is wanted.
func (pr *propagator) collocation(i int) ([]float64, error) {
	n, size := pr.pa.n, pr.pa.size
	h := pr.pa.times[i+1] - pr.pa.times[i]
	a := pr.lu.Matrix()
	for l, c := range radauNodes {
		t := pr.pa.times[i] + c*h
		if l == 2 && i+2 < len(pr.pa.times) || l == 2 && len(pr.pa.p.Hit) > 0 {
			t = math.Nextafter(pr.pa.times[i+1], pr.pa.times[i]) // this side of a jump
		}
		pr.pa.at(pr.y, i, c)
		if err := pr.field.EvalJacobian(pr.f, pr.jac, nil, t, pr.y); err != nil {
			return nil, err
		}
		for r := range n {
			for s := range n {
				v := pr.jac.At(r, s) * size[s] / size[r]
				for k := range 3 {
					w := -h * radauMatrix[k][l] * v
					if k == l {
						w += pr.mass[r*n+s]
					}
					a[(k*n+r)*3*n+l*n+s] = w
				}
			}
		}
	}
	if err := pr.lu.FactorInPlace(); err != nil {
		return nil, err
	}
	for k := range 3 {
		copy(pr.right[k*n*n:], pr.mass)
	}
	pr.lu.SolveBlock(pr.right, n)
	return pr.right[2*n*n:], nil
}

// amplify multiplies the matrices of the steps, from every source to where it is, and returns the largest sum of norms.
func (pa *path) amplify(ctx context.Context) (float64, error) {
	n := pa.n
	pr := newPropagator(pa)
	steps := len(pa.times) - 1
	// products are looked at every few steps where they would take too long
	stride := 1 + int(float64(steps)*float64(len(pa.sources))*float64(n*n*n)/(2*productWork))
	var products [][]float64
	var weights []int
	matrix := func() []float64 {
		m := make([]float64, n*n)
		for i := range n {
			m[i*n+i] = 1
		}
		return m
	}
	pending, scratch := matrix(), make([]float64, n*n)
	fresh := true
	flush := func() float64 {
		sum := 0.0
		for j, m := range products {
			if !fresh {
				multiply(scratch, pending, m, n)
				copy(m, scratch)
			}
			sum += float64(weights[j]) * maxNorm(m, n)
		}
		pending, fresh = matrix(), true
		return sum
	}
	kappa, source := 1.0, 0
	for i := range steps {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		if source < len(pa.sources) && pa.sources[source] == i {
			kappa = max(kappa, flush())
			products, weights = append(products, matrix()), append(weights, pa.weights[source])
			source++
		}
		m, err := pr.step(i)
		if err != nil {
			return 0, fmt.Errorf("accuracy: %s at t = %g: %w", pa.p.Name, pa.times[i], err)
		}
		multiply(scratch, m, pending, n)
		pending, scratch, fresh = scratch, pending, false
		if i%stride == 0 || i == steps-1 {
			kappa = max(kappa, flush())
		}
	}
	return kappa, nil
}

// multiply writes a b into dst.
func multiply(dst, a, b []float64, n int) {
	clear(dst)
	for i := range n {
		row := dst[i*n : (i+1)*n]
		for k, v := range a[i*n : (i+1)*n] {
			if v == 0 {
				continue
			}
			for j, w := range b[k*n : (k+1)*n] {
				row[j] += v * w
			}
		}
	}
}

// maxNorm is the largest sum of a row's magnitudes.
func maxNorm(m []float64, n int) float64 {
	most := 0.0
	for i := range n {
		sum := 0.0
		for _, v := range m[i*n : (i+1)*n] {
			sum += math.Abs(v)
		}
		most = max(most, sum)
	}
	return most
}
