package formulas

import (
	"fmt"
	"strings"
)

var vanDerPol = []string{"y2", "((1 - y1^2)*y2 - y1)/eps"}

// written are the right-hand sides as in the sources that package problems gives, one formula for every state.
var written = map[string][]string{
	"Decay":         {"lambda*y"},
	"LotkaVolterra": {"a*prey - b*prey*predator", "d*prey*predator - c*predator"},
	"Spiral":        {"a11*u1^3 + a12*u2^3", "a21*u1^3 + a22*u2^3"},
	"ROBER":         {"-k1*y1 + k3*y2*y3", "k1*y1 - k3*y2*y3 - k2*y2^2", "k2*y2^2"},
	"ROBER-DAE":     {"-k1*y1 + k3*y2*y3", "k1*y1 - k3*y2*y3 - k2*y2^2", "y1 + y2 + y3 - 1"},
	"HIRES": {
		"oks - k1*y1 + k2*y2 + k6*y3", "k1*y1 - k2*y2 - k3*y2", "-k6*y3 - k1*y3 + k2*y4 + k5*y5", "k3*y2 + k1*y3 - k2*y4 - k4*y4",
		"-k5*y5 - k1*y5 + k2*y6 + k2*y7", "k4*y4 + k1*y5 - k2*y6 - k7*y6*y8 + k8*y7", "k7*y6*y8 - k8*y7 - k2*y7 - k9*y7", "-k7*y6*y8 + k8*y7 + k2*y7 + k9*y7",
	},
	"OREGO":            {"s*(y2 + y1*(1 - q*y1 - y2))", "(y3 - (1 + y1)*y2)/s", "w*(y1 - y3)"},
	"VDPOL":            vanDerPol,
	"VDPOL-1e-3":       vanDerPol,
	"VanDerPol":        {"v", "mu*(1 - x^2)*v - x"},
	"E5":               {"-A*y1 - B*y1*y3", "A*y1 - M*C*y2*y3", "A*y1 - B*y1*y3 - M*C*y2*y3 + C*y4", "B*y1*y3 - C*y4"},
	"ProtheroRobinson": {"lambda*(y - sin(t + pi/4)) + cos(t + pi/4)"},
	"Kaps":             {"-(2 + 1/eps)*y1 + y2^2/eps", "y1 - y2 - y2^2"},
	"CHEMAKZO": {
		"-2*k1*y1^4*sqrt(y2) + k2*y3*y4 - k2/K*y1*y5 - k3*y1*y4^2",
		"-0.5*k1*y1^4*sqrt(y2) - k3*y1*y4^2 - 0.5*k4*y6^2*sqrt(y2) + klA*(pCO2/H - y2)",
		"k1*y1^4*sqrt(y2) - k2*y3*y4 + k2/K*y1*y5",
		"-k2*y3*y4 + k2/K*y1*y5 - 2*k3*y1*y4^2",
		"k2*y3*y4 - k2/K*y1*y5 + k4*y6^2*sqrt(y2)",
		"Ks*y1*y4 - y6",
	},
}

// pollu are the reactions of POLLU.
var pollu = []reaction{
	{"k1*NO2", "-NO2 +NO +O3P"}, {"k2*NO*O3", "+NO2 -NO -O3"}, {"k3*HO2*NO", "+NO2 -NO -HO2 +OH"}, {"k4*HCHO", "+2*HO2 -HCHO +CO"}, {"k5*HCHO", "-HCHO +CO"},
	{"k6*HCHO*OH", "+HO2 -OH -HCHO +CO"}, {"k7*ALD", "+HO2 +CO -ALD +MEO2"}, {"k8*ALD*OH", "-OH -ALD +C2O3"}, {"k9*C2O3*NO", "+NO2 -NO +MEO2 -C2O3 +CO2"},
	{"k10*C2O3*NO2", "-NO2 -C2O3 +PAN"}, {"k11*PAN", "+NO2 +C2O3 -PAN"}, {"k12*MEO2*NO", "+NO2 -NO -MEO2 +CH3O"}, {"k13*CH3O", "+HO2 +HCHO -CH3O"},
	{"k14*NO2*OH", "-NO2 -OH +HNO3"}, {"k15*O3P", "-O3P +O3"}, {"k16*O3", "-O3 +O1D"}, {"k17*O3", "+O3P -O3"}, {"k18*O1D", "+2*OH -O1D"}, {"k19*O1D", "+O3P -O1D"},
	{"k20*SO2*OH", "+HO2 -OH -SO2 +SO4"}, {"k21*NO3", "+NO -NO3"}, {"k22*NO3", "+NO2 +O3P -NO3"}, {"k23*NO2*O3", "-NO2 -O3 +NO3"}, {"k24*NO3*NO2", "-NO2 -NO3 +N2O5"},
	{"k25*N2O5", "+NO2 +NO3 -N2O5"},
}

// generated are the right-hand sides that follow a rule.
func generated(name string, states []string) ([]string, error) {
	switch name {
	case "POLLU":
		return sums(states, pollu), nil
	case "Brusselator":
		return brusselator(len(states) / 2), nil
	case "PLEIADES":
		return pleiades(len(states) / 4), nil
	}
	return nil, fmt.Errorf("formulas: there are none for %s", name)
}

// brusselator has n inner points; u = 1 and v = 3 at both ends.
func brusselator(n int) []string {
	var out []string
	at := func(x, edge string, i int) string {
		if i < 1 || i > n {
			return edge
		}
		return fmt.Sprintf("%s%d", x, i)
	}
	for i := 1; i <= n; i++ {
		diffusion := func(x, edge string) string {
			return fmt.Sprintf("alpha*%d*(%s - 2*%s%d + %s)", (n+1)*(n+1), at(x, edge, i-1), x, i, at(x, edge, i+1))
		}
		out = append(out,
			fmt.Sprintf("A + u%d^2*v%d - (B + 1)*u%d + %s", i, i, i, diffusion("u", "1")),
			fmt.Sprintf("B*u%d - u%d^2*v%d + %s", i, i, i, diffusion("v", "3")))
	}
	return out
}

// pleiades has n stars at (x_i, y_i) with velocities (vx_i, vy_i) and masses m_i.
func pleiades(n int) []string {
	var out []string
	for _, x := range []string{"vx", "vy"} {
		for i := 1; i <= n; i++ {
			out = append(out, fmt.Sprintf("%s%d", x, i))
		}
	}
	for _, x := range []string{"x", "y"} {
		for i := 1; i <= n; i++ {
			var terms []string
			for j := 1; j <= n; j++ {
				if j != i {
					terms = append(terms, fmt.Sprintf("m%d*(%s%d - %s%d)/((x%d - x%d)^2 + (y%d - y%d)^2)^1.5", j, x, j, x, i, j, i, j, i))
				}
			}
			out = append(out, strings.Join(terms, " + "))
		}
	}
	return out
}

// Smooth is a right-hand side of formulas that are not mass action: n cells of enzymes with cooperative, saturating and thermal rates, each
// exciting the next; exponentials, logarithms, powers with broken exponents, roots and trigonometric functions.
func Smooth(n int) (states, params, rhs []string) {
	params = []string{"kcat", "Km", "h", "Ea", "w", "beta"}
	for i := range n {
		x, y := fmt.Sprintf("x%d", i), fmt.Sprintf("y%d", i)
		before := fmt.Sprintf("x%d", (i+n-1)%n)
		states = append(states, x, y)
		rhs = append(rhs,
			fmt.Sprintf("kcat*%s^h/(Km^h + %s^h) - exp(-Ea/(1 + %s))*%s + beta*log(1 + %s)", y, y, x, x, before),
			fmt.Sprintf("tanh(%s - %s) + sqrt(1 + %s^2)*sin(w*t) - kcat*%s/(1 + %s)", x, y, y, y, x))
	}
	return states, params, rhs
}
