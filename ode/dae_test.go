package ode

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
)

// pair is a differential-algebraic problem with a known solution: y' = −y + z², 0 = z − cos t·(1 + y − Y(t)), with
// Y' = −Y + cos² t, so that y = Y, z = cos t from y(0) = Y(0).
func daePair(mass Mass, mix bool) *Problem {
	exact := func(t float64) float64 { // solution of Y' = −Y + cos² t with Y(0) = 0.6
		return 0.5 + 0.1*math.Cos(2*t) + 0.2*math.Sin(2*t)
	}
	eval := func(dst []float64, t float64, y []float64) {
		f := -y[0] + y[1]*y[1]
		g := y[1] - math.Cos(t)*(1+y[0]-exact(t))
		if mix {
			// the rows of a dense singular M: (1 1; 2 2)ᵀ-like combinations of both equations
			f, g = f+3*g, 2*f-g
		}
		dst[0], dst[1] = f, g
	}
	p := FuncJacobian(2, eval, func(j *Jacobian, t float64, y []float64) {
		f := [2]float64{-1, 2 * y[1]}
		g := [2]float64{-math.Cos(t), 1}
		for k := range 2 {
			a, b := f[k], g[k]
			if mix {
				a, b = a+3*b, 2*a-b
			}
			j.Set(0, k, a)
			j.Set(1, k, b)
		}
	})
	p.Mass = mass
	return p
}

func daeProblems() map[string]*Problem {
	return map[string]*Problem{
		"diagonal": daePair(DiagonalMass(1, 0), false),
		"dense":    daePair(Mass{Dense: []float64{1, 0, 2, 0}}, true),
	}
}

func TestDAEEveryMethod(t *testing.T) {
	const rtol, end = 1e-7, 3.0
	for name, p := range daeProblems() {
		for _, m := range Methods() {
			if !m.Info().Mass || m.Info().Split {
				continue
			}
			times := []float64{0.7, 1.9, end}
			sol, err := Solve(context.Background(), p, 0, end, []float64{0.6, 1}, Options{Method: m, RTol: rtol, ATol: []float64{1e-9}, SaveAt: times})
			if err != nil {
				t.Errorf("%s, %s: %v", name, m.Info().Name, err)
				continue
			}
			if len(sol.Initialized) > 0 {
				t.Errorf("%s, %s: consistent values were changed: %v", name, m.Info().Name, sol.Initialized)
			}
			// the global error of a method of order p behaves like rtol^{p/(p+1)}
			order := float64(m.Info().Order)
			tol := 100 * math.Pow(rtol, order/(order+1))
			for i, tt := range times {
				y, z := sol.State(i)[0], sol.State(i)[1]
				ey, ez := math.Abs(y-0.5-0.1*math.Cos(2*tt)-0.2*math.Sin(2*tt)), math.Abs(z-math.Cos(tt))
				if max(ey, ez) > tol {
					t.Errorf("%s, %s at %g: errors %.2g and %.2g, more than %.2g", name, m.Info().Name, tt, ey, ez, tol)
				}
			}
		}
	}
}

func TestInconsistentValuesAreAdjustedOrRefused(t *testing.T) {
	for name, p := range daeProblems() {
		sol, err := Solve(context.Background(), p, 0, 1, []float64{0.6, 5}, Options{Method: Rodas5P})
		if err != nil {
			t.Fatal(name, err)
		}
		if len(sol.Initialized) != 1 || sol.Initialized[0].State != 1 || sol.Initialized[0].From != 5 || math.Abs(sol.Initialized[0].To-1) > 1e-8 {
			t.Errorf("%s: adjustments %+v, want y2 from 5 to 1", name, sol.Initialized)
		}
		if e := math.Abs(sol.YEnd[1] - math.Cos(1)); e > 1e-5 {
			t.Errorf("%s: error %g after the adjustment", name, e)
		}
		_, err = Solve(context.Background(), p, 0, 1, []float64{0.6, 5}, Options{Method: Rodas5P, Initialize: InitializeRefuse})
		var f *Failure
		if !errors.As(err, &f) || f.Cause != CauseInconsistent || f.Component != 1 {
			t.Errorf("%s: not refused but %v", name, err)
		}
		if _, err = Solve(context.Background(), p, 0, 1, []float64{0.6, 1}, Options{Method: Rodas5P, Initialize: InitializeRefuse}); err != nil {
			t.Errorf("%s: consistent values refused: %v", name, err)
		}
	}
}

// A pendulum with its constraint on the length is of index 3, a constraint without the algebraic state of index 2 or more.
func TestHigherIndexIsRefused(t *testing.T) {
	p := Func(2, func(dst []float64, t float64, y []float64) {
		dst[0] = y[1]
		dst[1] = y[0] - math.Sin(t)
	})
	p.Mass = DiagonalMass(1, 0)
	_, err := Solve(context.Background(), p, 0, 1, []float64{0, 1}, Options{Method: Radau})
	var f *Failure
	if !errors.As(err, &f) || f.Cause != CauseInconsistent || !errors.Is(err, errHigherIndex) {
		t.Errorf("index 2 not refused but %v", err)
	}
}

func TestUnsolvableConstraintIsRefused(t *testing.T) {
	p := Func(2, func(dst []float64, _ float64, y []float64) {
		dst[0] = -y[0]
		dst[1] = y[1]*y[1] + 1 // no real zero
	})
	p.Mass = DiagonalMass(1, 0)
	_, err := Solve(context.Background(), p, 0, 1, []float64{1, 3}, Options{Method: Radau})
	var f *Failure
	if !errors.As(err, &f) || f.Cause != CauseInconsistent {
		t.Errorf("not refused but %v", err)
	}
}

// The derivative at the start, algebraic states included, from which methods with an explicit first stage step.
func TestInitialSlope(t *testing.T) {
	for name, p := range daeProblems() {
		s, err := NewSolver(p, Options{Method: Radau})
		if err != nil {
			t.Fatal(err)
		}
		const t0 = 0.4
		y := 0.5 + 0.1*math.Cos(2*t0) + 0.2*math.Sin(2*t0)
		if _, err := s.Solve(context.Background(), t0, t0+1, []float64{y, math.Cos(t0)}); err != nil {
			t.Fatal(err)
		}
		want := [2]float64{-0.2*math.Sin(2*t0) + 0.4*math.Cos(2*t0), -math.Sin(t0)}
		for i, v := range s.c.slope {
			if math.Abs(v-want[i]) > 1e-6 {
				t.Errorf("%s: y%d' = %.9g, want %.9g", name, i+1, v, want[i])
			}
		}
	}
}

// A regular mass matrix is nothing but another way to write y' = M⁻¹f.
func TestRegularMassMatrix(t *testing.T) {
	m := []float64{2, 1, -1, 3}
	p := FuncJacobian(2, func(dst []float64, _ float64, y []float64) {
		// M (−y1, −50 y2)
		a, b := -y[0], -50*y[1]
		dst[0], dst[1] = m[0]*a+m[1]*b, m[2]*a+m[3]*b
	}, func(j *Jacobian, _ float64, _ []float64) {
		for i := range 2 {
			j.Set(i, 0, -m[2*i])
			j.Set(i, 1, -50*m[2*i+1])
		}
	})
	p.Mass, p.Autonomous = Mass{Dense: m}, true
	for _, method := range Methods() {
		if !method.Info().Mass || method.Info().Split {
			continue
		}
		sol, err := Solve(context.Background(), p, 0, 1, []float64{1, 1}, Options{Method: method, RTol: 1e-7, ATol: []float64{1e-10}})
		if err != nil {
			t.Fatal(err)
		}
		tol := 1e-5
		if method.Info().Order == 1 {
			tol = 1e-3
		}
		if e := math.Abs(sol.YEnd[0]*math.E - 1); e > tol {
			t.Errorf("%s: error %g", method.Info().Name, e)
		}
	}
}

// What InitializeRefuse names is the solution of the algebraic equations, where one step of Newton's iteration is far from it; the state stays as it was given.
func TestInitializeRefuseNamesTheSolution(t *testing.T) {
	p := FuncJacobian(2,
		func(dst []float64, _ float64, y []float64) { dst[0], dst[1] = -y[0], y[1]*y[1]*y[1]-8*y[0] },
		func(j *Jacobian, _ float64, y []float64) {
			j.Set(0, 0, -1)
			j.Set(1, 0, -8)
			j.Set(1, 1, 3*y[1]*y[1])
		})
	p.Mass = DiagonalMass(1, 0)
	// Newton's first step leads to y2 = 3.8
	sol, err := Solve(context.Background(), p, 0, 1, []float64{1, 0.9}, Options{Method: Radau, Initialize: InitializeRefuse})
	var f *Failure
	if !errors.As(err, &f) || f.Cause != CauseInconsistent || !strings.Contains(err.Error(), "y2 = 2 in place of 0.9") {
		t.Fatal(err)
	}
	if f.Value != 0.9 || sol.YEnd[1] != 0.9 || len(sol.Initialized) != 0 {
		t.Errorf("value %g, state %g, %d adjustments", f.Value, sol.YEnd[1], len(sol.Initialized))
	}
}
