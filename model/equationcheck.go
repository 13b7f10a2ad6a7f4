package model

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// A DerivativeError says that a derivative which an Equation gives is not that of its value.
type DerivativeError struct {
	// Equation is the number of the equation, from 0; State is what it was differentiated by, "" for the time; Of is what was differentiated: g,
	// or ∂g/∂y·u where second derivatives are wrong.
	Equation  int
	Of, State string
	T         float64
	// Given is what the equation says, Difference what differences of its values are.
	Given, Difference float64
}

func (e *DerivativeError) Error() string {
	by, method := "t", "Derivatives"
	if e.State != "" {
		by = e.State
	}
	if e.Of != "g" {
		method = "Curvature"
	}
	return fmt.Sprintf("the derivative of %s of equation %d by %s at t = %.6g is %.6g by %s, and %.6g by differences; correct %s", e.Of, e.Equation+1, by, e.T, e.Given, method, e.Difference, method)
}

// CheckEquation compares the derivatives of algebraic equations for some states with central differences of order 4 at a point; size holds a
// typical size of every state, tau one of the time. The error is a *DerivativeError, or that of the equations' values; an error of these where only a
// neighbouring point is outside their domain is not one.
func CheckEquation(g Equation, states []string, t float64, y, size []float64, tau float64) error {
	err := checkEquation(g, states, t, y, size, tau, 1e-3)
	var d *DerivativeError
	if errors.As(err, &d) { // unless the equations bend within a thousandth of a state's size
		err = checkEquation(g, states, t, y, size, tau, 1e-5)
	}
	return err
}

// checkEquation is CheckEquation with differences of step sizes.
func checkEquation(g Equation, states []string, t float64, y, size []float64, tau, step float64) error {
	const slack = 1e-5
	r, k := g.Len(), len(y)
	value := make([]float64, r)
	if err := g.Value(value, t, y); err != nil {
		return err
	}
	dy, dt := make([]float64, r*k), make([]float64, r)
	g.Derivatives(dy, dt, t, y)
	// in all directions of size one, time included, g and its derivative along a direction u
	at, u := make([]float64, k), make([]float64, k)
	for i, s := range size {
		u[i] = s * (0.5 + math.Abs(math.Sin(float64(i+1))))
	}
	second := make([]float64, r*k)
	g.Curvature(second, t, y, u, tau)
	for j := range k + 1 {
		samples, slopes := [4][]float64{}, [4][]float64{}
		inside := true
		for n, c := range []float64{-2, -1, 1, 2} {
			copy(at, y)
			when := t
			if j < k {
				at[j] += c * step * size[j]
			} else {
				when += c * step * tau
			}
			samples[n], slopes[n] = make([]float64, r), make([]float64, r)
			if err := g.Value(samples[n], when, at); err != nil {
				inside = false
				break
			}
			d, byTime := make([]float64, r*k), make([]float64, r)
			g.Derivatives(d, byTime, when, at)
			for i := range r {
				slopes[n][i] = byTime[i]*tau + inner(d[i*k:(i+1)*k], u)
			}
		}
		if !inside {
			continue
		}
		for i := range r {
			unit, given, name := tau, dt[i], ""
			if j < k {
				unit, given, name = size[j], dy[i*k+j], states[j]
			}
			scale := math.Abs(dt[i])*tau + math.Abs(value[i])
			for c, s := range size {
				scale = max(scale, math.Abs(dy[i*k+c])*s)
			}
			bend := 0.0
			check := func(of string, given float64, v [4][]float64, scale float64) error {
				difference := (v[0][i] - 8*v[1][i] + 8*v[2][i] - v[3][i]) / (12 * step)
				if d := math.Abs(given*unit - difference); d <= slack*max(scale, math.Abs(difference)) || !finite(difference) && finite(given) {
					return nil
				}
				return &DerivativeError{Equation: i, Of: of, State: name, T: t, Given: given, Difference: difference / unit}
			}
			if err := check("g", given, samples, scale); err != nil {
				return err
			}
			if j == k {
				continue // second derivatives are by the states only
			}
			for c, s := range size {
				bend = max(bend, math.Abs(second[i*k+c])*s)
			}
			if err := check("∂g/∂y·u", second[i*k+j], slopes, max(scale, bend)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Equation is the system of algebraic equations.
func (d *DAE) Equation() Equation { return d.g }

// Correction returns what would have to be added to the algebraic states at (t, y), to first order, for the equations to hold; the indices of
// those states are returned with it. The error is an *IndexError where ∂g/∂z is singular: the index is above 1 there.
func (d *DAE) Correction(t float64, y []float64) (dz []float64, states []int, err error) {
	r, k := d.g.Len(), len(y)
	value, dy, dt := make([]float64, r), make([]float64, r*k), make([]float64, r)
	if err := d.g.Value(value, t, y); err != nil {
		return nil, nil, err
	}
	d.g.Derivatives(dy, dt, t, y)
	m := mat.NewDense(r, r, nil)
	for i := range r {
		row := 0.0
		for c, s := range d.cfg.Magnitude {
			row = max(row, math.Abs(dy[i*k+c])*s)
		}
		if row == 0 {
			row = 1
		}
		value[i] /= -row
		for j, s := range d.alg {
			m.Set(i, j, dy[i*k+s]*d.cfg.Magnitude[s]/row)
		}
	}
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDFull) || svd.Values(nil)[r-1] <= dependent {
		var at []string
		for _, i := range d.alg {
			at = append(at, d.cfg.States[i].Name)
		}
		return nil, nil, &IndexError{States: at, Reason: fmt.Sprintf("∂g/∂z is singular at t = %.6g: the equations do not determine them there, and their derivatives would have to be differentiated (index above 1)", t)}
	}
	var x mat.VecDense
	svd.SolveVecTo(&x, mat.NewVecDense(r, value), r)
	dz = make([]float64, r)
	for j, s := range d.alg {
		dz[j] = x.AtVec(j) * d.cfg.Magnitude[s]
	}
	return dz, d.alg, nil
}
