package problems

import (
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// spectrumTrials are linear problems whose eigenvalues make them hard.
func spectrumTrials() []*Trial {
	return []*Trial{
		newTrial(notStiff(spectrum("Oscillator", "eigenvalues −1e-3 ± 1e4 i", 1, complex(-1e-3, 1e4)))),
		newTrial(notStiff(spectrum("FastOscillator", "eigenvalues ±1e6 i", 1e-3, complex(0, 1e6)))),
		newTrial(spectrum("StiffDetestB5", "eigenvalues −10 ± 100 i, −4, −1, −½, −0.1", 20, complex(-10, 100), -4, -1, -0.5, -0.1)),
		newTrial(notStiff(forcedOscillator(1e3))), newTrial(forcedOscillator(1e6)),
		newTrial(heat(40)),
	}
}

// spectrum is Linear over another interval.
func spectrum(name, title string, t1 float64, eigenvalues ...complex128) *Problem {
	p := Linear(eigenvalues...)
	p.Name, p.Title = name, title
	p.Source = "constructed; the spectrum −10 ± 100 i is that of problem B5 of Enright, Hull and Lindberg, Comparing numerical methods for stiff systems of ODEs, BIT 15, 10 (1975)"
	p.T1, p.Times, p.Checks = t1, linear(0, t1, 98), []float64{t1}
	return p
}

// forcedOscillator follows g(t) = (sin t, cos t) with eigenvalues ±iω: y' = ω J (y − g) + g' with J = (0 1; −1 0). The oscillation
// is there, but its amplitude is zero.
func forcedOscillator(omega float64) *Problem {
	field := &plainField{
		eval: func(dst []float64, t float64, y []float64) {
			s, c := math.Sincos(t)
			dst[0], dst[1] = omega*(y[1]-c)+c, -omega*(y[0]-s)-s
		},
		jacobian: func(jac *ode.Jacobian, dfdt []float64, t float64, _ []float64) {
			jac.Set(0, 1, omega)
			jac.Set(1, 0, -omega)
			if dfdt != nil {
				s, c := math.Sincos(t)
				dfdt[0], dfdt[1] = omega*s-s, omega*c-c
			}
		},
	}
	return known(fmt.Sprintf("ForcedOscillator-%.0e", omega), fmt.Sprintf("eigenvalues ±%.0e i under a slow force", omega), "constructed after Prothero and Robinson (1974)",
		field.problem(2), 10, 1, func(dst []float64, t float64) { dst[0], dst[1] = math.Sincos(t) })
}

// heat is the heat equation on n points inside (0, 1), zero at both ends: two modes of the discrete operator, which decay at its eigenvalues.
func heat(n int) *Problem {
	d := 1 / float64(n+1)
	k := 1 / (d * d)
	field := &plainField{
		eval: func(dst []float64, _ float64, y []float64) {
			for i := range n {
				left, right := 0.0, 0.0
				if i > 0 {
					left = y[i-1]
				}
				if i < n-1 {
					right = y[i+1]
				}
				dst[i] = k * (left - 2*y[i] + right)
			}
		},
		jacobian: func(jac *ode.Jacobian, _ []float64, _ float64, _ []float64) {
			for i := range n {
				jac.Set(i, i, -2*k)
				if i > 0 {
					jac.Set(i, i-1, k)
				}
				if i < n-1 {
					jac.Set(i, i+1, k)
				}
			}
		},
	}
	ivp := field.problem(n)
	ivp.Autonomous, ivp.Jacobian = true, ode.BandedJacobian(1, 1)
	rate := func(m float64) float64 { s := math.Sin(m * math.Pi * d / 2); return -4 * k * s * s }
	slow, fast := rate(1), rate(7)
	return known("Heat", "heat equation on 40 points", "the eigenvectors of the discrete Laplacian; Hairer and Wanner II, sec. IV.2", ivp, 0.3, 1e-2, func(dst []float64, t float64) {
		a, b := math.Exp(slow*t), math.Exp(fast*t)
		for i := range n {
			x := float64(i+1) * d
			dst[i] = a*math.Sin(math.Pi*x) + b*math.Sin(7*math.Pi*x)
		}
	})
}
