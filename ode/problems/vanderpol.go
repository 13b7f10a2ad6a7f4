package problems

import "fmt"

// vanDerPolEps is the singularly perturbed form y1' = y2, eps y2' = (1 − y1²) y2 − y1.
func vanDerPolEps(name string, eps float64) *Problem {
	names := numbered(2)
	params := []Param{{"eps", eps}}
	laws := []law{
		{"y2", "+y1"},
		{"eps^-1 y2", "+y2"},
		{"eps^-1 y1^2 y2", "-y2"},
		{"eps^-1 y1", "-y2"},
	}
	return &Problem{
		Name: name, Title: fmt.Sprintf("van der Pol's oscillator, ε = %.0e", eps),
		Source: "van der Pol, On relaxation-oscillations, Philos. Mag. 2, 978 (1926); Hairer and Wanner II, eq. IV.10.1",
		IVP:    newPowerLaw(names, params, 0, laws).written(vanDerPolEval, vanDerPolJacobian).problem(names, uniform(2, 2)),
		T0:     0, T1: 2, Y0: []float64{2, 0}, Params: params,
		Stiff: true, Times: linear(0, 2, 101),
		ATol: uniform(2, 1), Checks: []float64{2},
	}
}

// VDPOL is van der Pol's oscillator with ε = 1e-6: y1' = y2, ε y2' = (1 − y1²) y2 − y1.
func VDPOL() *Problem {
	p := vanDerPolEps("VDPOL", 1e-6)
	p.Reference, p.ReferenceNote = reference("vdpol")
	return p
}

// VDPOLMild is van der Pol's oscillator with ε = 1e-3.
func VDPOLMild() *Problem {
	p := vanDerPolEps("VDPOL-1e-3", 1e-3)
	p.Reference, p.ReferenceNote = reference("vdpol-1e-3")
	return p
}

// VanDerPol is van der Pol's oscillator in the form x” = μ (1 − x²) x' − x with μ = 100, over one and a half periods.
func VanDerPol() *Problem {
	names := []string{"x", "v"}
	params := []Param{{"mu", 100}}
	laws := []law{
		{"v", "+x"},
		{"mu v", "+v"},
		{"mu x^2 v", "-v"},
		{"x", "-v"},
	}
	points, note := reference("vanderpol")
	return &Problem{
		Name: "VanDerPol", Title: "van der Pol's oscillator, μ = 100",
		Source: "van der Pol, On relaxation-oscillations, Philos. Mag. 2, 978 (1926)",
		IVP:    newPowerLaw(names, params, 0, laws).written(vanDerPolEval, vanDerPolJacobian).problem(names, []float64{2, 1}),
		T0:     0, T1: 250, Y0: []float64{2, 0}, Params: params,
		Stiff: true, Times: linear(0, 250, 200),
		ATol: uniform(2, 1), Checks: []float64{250},
		Reference: points, ReferenceNote: note,
	}
}
