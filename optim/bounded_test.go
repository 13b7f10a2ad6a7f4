package optim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stiffnode/stiffnode/optim"
	"github.com/stiffnode/stiffnode/optim/functions"
)

// kkt is the largest violation of the conditions of Karush, Kuhn and Tucker: the cosine between s and a column of J that may still move.
func kkt(s, jac, p, lower, upper []float64) float64 {
	n := len(p)
	worst := 0.0
	for j := range n {
		g, a, b := 0.0, 0.0, 0.0
		for i, v := range s {
			g += v * jac[i*n+j]
			a, b = a+v*v, b+jac[i*n+j]*jac[i*n+j]
		}
		size := math.Sqrt(a * b)
		if p[j] == lower[j] && g > 0 || p[j] == upper[j] && g < 0 || size == 0 {
			continue
		}
		worst = math.Max(worst, math.Abs(g)/size)
	}
	return worst
}

func TestBoundedFindsPublishedMinima(t *testing.T) {
	for _, p := range functions.All() {
		b, err := optim.NewBounded(optim.LeastSquares(p), p.Start, optim.BoundedConfig{Stop: optim.Stop{Iterations: 2000}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := optim.Minimise(context.Background(), b, nil); err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		f, ok := 2*b.Report().Objective, false
		for _, m := range p.Minima {
			if p.Flat {
				ok = ok || f <= m.F+1e-7*(1+m.F)
			} else {
				ok = ok || math.Abs(f-m.F) <= 1e-5*m.F+1e-10
			}
		}
		if !ok {
			t.Errorf("%s: ended at %g after %d iterations, minima %v", p.Name, f, b.Report().Iteration, p.Minima)
		}
	}
}

// With bounds that cut the minimum off, every start ends where the conditions of Karush, Kuhn and Tucker hold, also starts on bounds and in corners.
func TestBoundedEndsWhereConditionsHold(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, p := range functions.All() {
		if p.Flat || p.Minima[0].X == nil {
			continue
		}
		x := p.Minima[0].X
		for trial := range 6 {
			lower, upper, start := make([]float64, p.N), make([]float64, p.N), make([]float64, p.N)
			for j := range p.N {
				width := math.Abs(x[j]) + math.Abs(p.Start[j]) + 0.1
				lower[j], upper[j] = math.Min(x[j], p.Start[j])-width*r.Float64(), math.Max(x[j], p.Start[j])+width*r.Float64()
				start[j] = p.Start[j]
			}
			// one bound cuts the minimum off; the start is on that bound, in a corner, or inside
			j := r.IntN(p.N)
			if cut := (x[j] + p.Start[j]) / 2; cut > x[j] {
				lower[j] = cut
			} else if cut < x[j] {
				upper[j] = cut
			}
			for i := range start {
				switch trial % 3 {
				case 1:
					start[i] = []float64{lower[i], upper[i]}[r.IntN(2)]
				case 2:
					if i == j {
						start[i] = math.Max(lower[i], math.Min(upper[i], x[i]))
					}
				}
			}
			b, err := optim.NewBounded(optim.LeastSquares(p), start, optim.BoundedConfig{Lower: lower, Upper: upper, Stop: optim.Stop{Iterations: 5000, Decrease: 1e-15}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := optim.Minimise(context.Background(), b, nil); err != nil {
				var start *optim.StartError
				if errors.As(err, &start) {
					continue // the corner has no value
				}
				t.Errorf("%s, trial %d: %v", p.Name, trial, err)
				continue
			}
			got := make([]float64, p.N)
			b.Params(got)
			for i, v := range got {
				if v < lower[i] || v > upper[i] {
					t.Fatalf("%s: parameter %d = %g outside of its bounds", p.Name, i, v)
				}
			}
			s, jac := b.Jacobian()
			if w := kkt(s, jac, got, lower, upper); w > 1e-5 && b.Report().Objective > 1e-20 {
				t.Errorf("%s, trial %d: conditions violated by %.2g after %d iterations, f = %g", p.Name, trial, w, b.Report().Iteration, b.Report().Objective)
			}
		}
	}
}

// bentDecay is y = a e^{−kt} against data made with a = 2, k = 0.7.
type bentDecay struct{}

func (bentDecay) Dims() (int, int) { return 20, 2 }
func (bentDecay) Residual(_ context.Context, r, p []float64) error {
	for i := range r {
		x := 0.3 * float64(i)
		r[i] = p[0]*math.Exp(-p[1]*x) - 2*math.Exp(-0.7*x)
	}
	return nil
}
func (d bentDecay) ResidualJacobian(ctx context.Context, r, jac, p []float64) error {
	for i := range r {
		x := 0.3 * float64(i)
		jac[2*i], jac[2*i+1] = math.Exp(-p[1]*x), -p[0]*x*math.Exp(-p[1]*x)
	}
	return d.Residual(ctx, r, p)
}

// lmfit 1.3 started on an upper bound stops there and calls it a success; clipping, as in LeastSquaresOptim, does not reach an optimum on a bound.
func TestBoundedFromAndOntoBounds(t *testing.T) {
	for _, c := range []struct {
		start, lower, upper, want []float64
	}{
		{[]float64{5, 3}, []float64{0, 0}, []float64{5, 3}, []float64{2, 0.7}},
		{[]float64{0, 0}, []float64{0, 0}, []float64{5, 3}, []float64{2, 0.7}},
		{[]float64{5, 0}, []float64{0, 0}, []float64{5, 3}, []float64{2, 0.7}},
		{[]float64{1, 1}, []float64{0, 1}, []float64{5, 3}, []float64{math.NaN(), 1}},
		{[]float64{1.5, 1}, []float64{0, 0}, []float64{1.5, 3}, []float64{1.5, math.NaN()}},
		{[]float64{9, 9}, []float64{3, 0.1}, []float64{4, 0.2}, []float64{3, 0.2}},
	} {
		b, err := optim.NewBounded(optim.LeastSquares(bentDecay{}), c.start, optim.BoundedConfig{Lower: c.lower, Upper: c.upper})
		if err != nil {
			t.Fatal(err)
		}
		status, err := optim.Minimise(context.Background(), b, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float64, 2)
		b.Params(got)
		s, jac := b.Jacobian()
		if w := kkt(s, jac, got, c.lower, c.upper); w > 1e-6 && b.Report().Objective > 1e-20 {
			t.Errorf("start %v: ended at %v (%s), conditions violated by %g", c.start, got, status, w)
		}
		for j, w := range c.want {
			if !math.IsNaN(w) && math.Abs(got[j]-w) > 1e-7 {
				t.Errorf("start %v: ended at %v (%s), want %v", c.start, got, status, c.want)
			}
		}
	}
}

// brokenDecay has no value where the first parameter exceeds 2.5.
type brokenDecay struct{ bentDecay }

func (f brokenDecay) Residual(ctx context.Context, r, p []float64) error {
	if p[0] > 2.5 {
		return &optim.FailedError{Err: errors.New("cannot be solved")}
	}
	return f.bentDecay.Residual(ctx, r, p)
}

func TestBoundedSurvivesFailures(t *testing.T) {
	b, err := optim.NewBounded(optim.LeastSquares(brokenDecay{}), []float64{1, 3}, optim.BoundedConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := optim.Minimise(context.Background(), b, nil); err != nil {
		t.Fatal(err)
	}
	if b.Report().Objective > 1e-20 {
		t.Errorf("ended at %g", b.Report().Objective)
	}
}

func TestBoundedStateIsExact(t *testing.T) {
	cfg := optim.BoundedConfig{Lower: []float64{0, 0}, Upper: []float64{1.9, 3}}
	run := func(b *optim.Bounded, n int) {
		for range n {
			if _, err := b.Iterate(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	a, _ := optim.NewBounded(optim.LeastSquares(bentDecay{}), []float64{1, 3}, cfg)
	run(a, 2)
	state, err := a.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	b, _ := optim.NewBounded(optim.LeastSquares(bentDecay{}), []float64{0.1, 0.1}, cfg)
	if err := b.UnmarshalBinary(state); err != nil {
		t.Fatal(err)
	}
	run(a, 4)
	run(b, 4)
	x, _ := a.MarshalBinary()
	y, _ := b.MarshalBinary()
	if !bytes.Equal(x, y) {
		t.Errorf("a resumed run differs: %v, %v", fmt.Sprintf("%+v", a.Report()), fmt.Sprintf("%+v", b.Report()))
	}
	var se *optim.StateError
	for cut := range state {
		if err := b.UnmarshalBinary(state[:cut]); !errors.As(err, &se) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
	inside, _ := optim.NewBounded(optim.LeastSquares(bentDecay{}), []float64{0.1, 0.1}, optim.BoundedConfig{Upper: []float64{0.5, 0.5}})
	if err := inside.UnmarshalBinary(state); !errors.As(err, &se) {
		t.Errorf("a state outside of the bounds was taken: %v", err)
	}
}

func TestBoundedRefusesBadInput(t *testing.T) {
	for _, cfg := range []optim.BoundedConfig{
		{Lower: []float64{0}}, {Lower: []float64{1, 0}, Upper: []float64{0, 1}}, {Lower: []float64{math.NaN(), 0}, Upper: []float64{1, 1}}, {MaxStep: -1}, {MaxTrials: -1},
	} {
		if _, err := optim.NewBounded(optim.LeastSquares(bentDecay{}), []float64{1, 1}, cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}

// normalSample is the likelihood of observations y of mean p0 and standard deviation e^p1, both to be estimated.
type normalSample struct{ y []float64 }

func (n normalSample) Dims() (int, int) { return 2 * len(n.y), 2 }
func (n normalSample) Value(_ context.Context, p []float64) (float64, error) {
	f := 0.0
	for _, y := range n.y {
		r := (p[0] - y) / math.Exp(p[1])
		f += r*r/2 + p[1]
	}
	return f, nil
}
func (n normalSample) Score(ctx context.Context, s, jac, p []float64) (float64, error) {
	for i, y := range n.y {
		r := (p[0] - y) / math.Exp(p[1])
		s[2*i], jac[4*i], jac[4*i+1] = r, math.Exp(-p[1]), 0
		s[2*i+1], jac[4*i+2], jac[4*i+3] = (1-r*r)/math.Sqrt2, 0, math.Sqrt2
	}
	return n.Value(ctx, p)
}

func TestBoundedEstimatesNoise(t *testing.T) {
	n := normalSample{[]float64{1, 2, 4, 7, 1.5, 3}}
	b, err := optim.NewBounded(n, []float64{-30, 4}, optim.BoundedConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := optim.Minimise(context.Background(), b, nil); err != nil {
		t.Fatal(err)
	}
	mean, square := 0.0, 0.0
	for _, y := range n.y {
		mean += y / 6
	}
	for _, y := range n.y {
		square += (y - mean) * (y - mean) / 6
	}
	got := make([]float64, 2)
	b.Params(got)
	if math.Abs(got[0]-mean) > 1e-7 || math.Abs(math.Exp(got[1])-math.Sqrt(square)) > 1e-7 {
		t.Errorf("mean %g, deviation %g; want %g, %g", got[0], math.Exp(got[1]), mean, math.Sqrt(square))
	}
}
