package optim_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/optim"
	"github.com/stiffnode/stiffnode/optim/functions"
)

var losses = []optim.Loss{optim.Squares{}, optim.Absolute{Floor: 0.1}, optim.Huber{Delta: 0.5}, optim.Cauchy{Delta: 0.3}}

// The weight is ρ′(r)/r, and the weighted square that touches ρ at r lies nowhere below it.
func TestLossesAndTheirWeights(t *testing.T) {
	points := []float64{-3, -0.5001, -0.2, -0.05, 1e-3, 0.0999, 0.3, 0.499, 2, 100}
	for _, l := range losses {
		for _, r := range points {
			const h = 1e-6
			slope := (l.Rho(r+h) - l.Rho(r-h)) / (2 * h)
			if got := l.Weight(r) * r; math.Abs(got-slope) > 1e-7*(1+math.Abs(slope)) {
				t.Errorf("%T: weight·r = %v at %v, ρ′ = %v", l, got, r, slope)
			}
			for _, s := range points {
				above := l.Rho(r) + 0.5*l.Weight(r)*(s*s-r*r)
				if l.Rho(s) > above+1e-15*(1+r*r) {
					t.Errorf("%T: ρ(%v) = %v lies above the parabola of %v, %v", l, s, l.Rho(s), r, above)
				}
			}
		}
		if l.True(0) != 0 || l.Weight(0) <= 0 || math.IsInf(l.Weight(0), 0) {
			t.Errorf("%T at 0: true %v, weight %v", l, l.True(0), l.Weight(0))
		}
	}
	for _, bad := range []optim.Loss{optim.Absolute{}, optim.Absolute{Floor: math.NaN()}, optim.Huber{Delta: -1}, optim.Cauchy{}} {
		var ce *optim.ConfigError
		if err := bad.Validate(); !errors.As(err, &ce) {
			t.Errorf("%+v is accepted: %v", bad, err)
		}
		if _, err := optim.NewLevenbergMarquardt(functions.Bard(), functions.Bard().Start, optim.LMConfig{Loss: bad}); !errors.As(err, &ce) {
			t.Errorf("%+v is accepted by Levenberg–Marquardt: %v", bad, err)
		}
	}
}

// line is the fit of a straight line to ten points of which three are far off.
func line() *functions.Problem {
	y := make([]float64, 10)
	for i := range y {
		y[i] = 2 - 3*float64(i)
	}
	y[1] += 40
	y[4] -= 25
	y[8] += 90
	return &functions.Problem{
		Name: "line with outliers", M: 10, N: 2, Start: []float64{0, 0},
		Eval: func(r, jac, x []float64) {
			for i := range r {
				r[i] = x[0] + x[1]*float64(i) - y[i]
				if jac != nil {
					jac[2*i], jac[2*i+1] = 1, float64(i)
				}
			}
		},
	}
}

// With the absolute value the line goes through the seven good points: three outliers in ten cannot move it (Huber, Robust Statistics, 1981,
// chapter 7). Least squares misses them.
func TestReweightingIgnoresOutliers(t *testing.T) {
	makers := map[string]func(l optim.Loss) (optim.Stepwise, error){
		"Levenberg–Marquardt": func(l optim.Loss) (optim.Stepwise, error) {
			return optim.NewLevenbergMarquardt(line(), line().Start, optim.LMConfig{Loss: l})
		},
		"trust region": func(l optim.Loss) (optim.Stepwise, error) {
			return optim.NewLevenbergMarquardt(line(), line().Start, optim.LMConfig{Loss: l, Damping: optim.DampingTrustRegion, Curvature: optim.CurvatureGeodesic})
		},
		"Gauss–Newton–CG": func(l optim.Loss) (optim.Stepwise, error) {
			return optim.NewGaussNewtonCG(&jacobianProducts{Residuals: line()}, line().Start, optim.GNCGConfig{Loss: l})
		},
		"L-BFGS": func(l optim.Loss) (optim.Stepwise, error) {
			o, err := optim.NewLossObjective(line(), l)
			if err != nil {
				return nil, err
			}
			return optim.NewLBFGS(o, line().Start, optim.LBFGSConfig{})
		},
	}
	for name, maker := range makers {
		for _, c := range []struct {
			loss optim.Loss
			tol  float64
		}{{optim.Absolute{Floor: 1e-6}, 1e-4}, {optim.Huber{Delta: 1e-2}, 0.1}} {
			m, err := maker(c.loss)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := optim.Minimise(t.Context(), m, nil); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			x := params(m, 2)
			if math.Abs(x[0]-2) > c.tol || math.Abs(x[1]+3) > c.tol {
				t.Errorf("%s, %+v: line %v after %d iterations, want 2, −3", name, c.loss, x, m.Report().Iteration)
			}
			if name == "L-BFGS" {
				continue
			}
			// The outliers alone make the loss: 40 + 25 + 90.
			if _, ok := c.loss.(optim.Absolute); ok && math.Abs(m.Report().Loss-155) > 1e-3 {
				t.Errorf("%s: loss %v, want 155", name, m.Report().Loss)
			}
		}
		m, err := maker(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := optim.Minimise(t.Context(), m, nil); err != nil {
			t.Fatal(err)
		}
		if x := params(m, 2); math.Abs(x[1]+3) < 0.5 {
			t.Errorf("%s: least squares is not misled by the outliers: %v", name, x)
		}
	}
}

// The floor is lowered as the fit gets better, without evaluating the problem again.
func TestSetLoss(t *testing.T) {
	m, err := optim.NewLevenbergMarquardt(line(), line().Start, optim.LMConfig{Loss: optim.Absolute{Floor: 100}})
	if err != nil {
		t.Fatal(err)
	}
	for _, floor := range []float64{10, 1, 1e-2, 1e-4, 1e-8} {
		if _, err := optim.Minimise(t.Context(), m, nil); err != nil {
			t.Fatal(err)
		}
		before := m.Report()
		if err := m.SetLoss(optim.Absolute{Floor: floor}); err != nil {
			t.Fatal(err)
		}
		if after := m.Report(); after.Jacobians != before.Jacobians || after.Loss != before.Loss || after.Objective >= before.Objective {
			t.Errorf("floor %g: report before %+v, after %+v", floor, before, after)
		}
	}
	if _, err := optim.Minimise(t.Context(), m, nil); err != nil {
		t.Fatal(err)
	}
	r := make([]float64, 10)
	m.Residuals(r)
	if math.Abs(r[0]) > 1e-6 || math.Abs(m.Report().Loss-155) > 1e-6 {
		t.Errorf("loss %v, residuals %v", m.Report().Loss, r)
	}
	if err := m.SetLoss(optim.Huber{}); err == nil {
		t.Error("a Huber loss without a delta is accepted")
	}
}
