package problems

import (
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// smoothTrials are problems whose solution is smooth and known in closed form.
func smoothTrials() []*Trial {
	return []*Trial{
		newTrial(kapsWith(1e-8)), newTrial(kapsWith(1e-10)),
		newTrial(davisSkodje(1e6)),
		newTrial(curtissHirschfelder()),
		newTrial(flame(1e-2)), newTrial(flame(1e-4)),
		newTrial(slowIntegral()),
		newTrial(followedSine()),
		newTrial(notStiff(tanhFront(1, 1e-4))), newTrial(tanhFront(1e3, 1e-4)),
		newTrial(notStiff(pulses())),
		newTrial(notStiff(kepler(0.6))),
		newTrial(bateman()),
		newTrial(notStiff(logistic())),
		newTrial(cubicRelaxation()),
		newTrial(algebraicDecay()),
	}
}

// kapsWith is Kaps's problem with another ε, as stiff as double precision allows.
func kapsWith(eps float64) *Problem {
	p, err := Kaps().WithParams(map[string]float64{"eps": eps})
	if err != nil {
		panic(err)
	}
	p.Name, p.Title = fmt.Sprintf("Kaps-%.0e", eps), fmt.Sprintf("Kaps's singularly perturbed problem, ε = %.0e", eps)
	return p
}

// davisSkodje has the slow manifold y2 = y1/(1 + y1), which it approaches at the rate γ:
//
//	y1' = −y1,  y2' = −γ y2 + ((γ − 1) y1 + γ y1²)/(1 + y1)².
func davisSkodje(gamma float64) *Problem {
	field := &plainField{
		eval: func(dst []float64, _ float64, y []float64) {
			s := 1 + y[0]
			dst[0], dst[1] = -y[0], -gamma*y[1]+((gamma-1)*y[0]+gamma*y[0]*y[0])/(s*s)
		},
		jacobian: func(jac *ode.Jacobian, _ []float64, _ float64, y []float64) {
			s := 1 + y[0]
			jac.Set(0, 0, -1)
			jac.Set(1, 0, (gamma-1+2*gamma*y[0])/(s*s)-2*((gamma-1)*y[0]+gamma*y[0]*y[0])/(s*s*s))
			jac.Set(1, 1, -gamma)
		},
	}
	ivp := field.problem(2)
	ivp.Autonomous = true
	return known("DavisSkodje", "slow manifold of Davis and Skodje, γ = 1e6",
		"Davis and Skodje, Geometric investigation of low-dimensional manifolds in systems approaching equilibrium, J. Chem. Phys. 111, 859 (1999)",
		ivp, 5, 1e-2, func(dst []float64, t float64) {
			a := 3 * math.Exp(-t)
			dst[0], dst[1] = a, 1.25*math.Exp(-gamma*t)+a/(1+a)
		})
}

// curtissHirschfelder is y' = −50 (y − cos t) from y(0) = 0.
func curtissHirschfelder() *Problem {
	ivp := scalar(func(t, y float64) float64 { return -50 * (y - math.Cos(t)) },
		func(float64, float64) float64 { return -50 },
		func(t, _ float64) float64 { return -50 * math.Sin(t) })
	return known("CurtissHirschfelder", "y' = −50 (y − cos t)",
		"Curtiss and Hirschfelder, Integration of stiff equations, Proc. Natl. Acad. Sci. 38, 235 (1952); Hairer and Wanner II, eq. IV.1.1",
		ivp, 10, 1, func(dst []float64, t float64) {
			s, c := math.Sincos(t)
			dst[0] = (2500*(c-math.Exp(-50*t)) + 50*s) / 2501
		})
}

// flame is the ball of flame y' = y² − y³ from y(0) = δ: 1/y = 1 + W(a e^{a−t}) with a = 1/δ − 1.
func flame(delta float64) *Problem {
	ivp := scalar(func(_, y float64) float64 { return y*y - y*y*y },
		func(_, y float64) float64 { return 2*y - 3*y*y },
		func(float64, float64) float64 { return 0 })
	ivp.Autonomous = true
	a := 1/delta - 1
	return known(fmt.Sprintf("Flame-%.0e", delta), fmt.Sprintf("ball of flame y' = y² − y³, y(0) = %.0e", delta),
		"O'Malley, Singular Perturbation Methods for Ordinary Differential Equations, Springer (1991); Moler, Stiff differential equations, MATLAB News & Notes (2003); Corless et al., On the Lambert W function, Adv. Comput. Math. 5, 329 (1996)",
		ivp, 2/delta, 1e-2, func(dst []float64, t float64) {
			dst[0] = 1 / (1 + lambertExp(math.Log(a)+a-t))
		})
}

// lambertExp is W(e^x), which is the root of w + ln w = x; e^x may be too large for a float64.
func lambertExp(x float64) float64 {
	if x < -40 {
		return math.Exp(x)
	}
	w := math.Exp(min(x, 0))
	if x > 1 {
		w = x - math.Log(x)
	}
	for range 50 {
		step := w * (x - w - math.Log(w)) / (1 + w)
		w = max(w+step, w/4)
		if math.Abs(step) <= 1e-16*w {
			break
		}
	}
	return w
}

// slowIntegral follows a sine closely and integrates what it follows: y' = −1000 (y − sin t), z' = y. An error test that is blind shows in z.
func slowIntegral() *Problem {
	const k = 1000.
	field := &plainField{
		eval: func(dst []float64, t float64, y []float64) { dst[0], dst[1] = -k*(y[0]-math.Sin(t)), y[0] },
		jacobian: func(jac *ode.Jacobian, dfdt []float64, t float64, _ []float64) {
			jac.Set(0, 0, -k)
			jac.Set(1, 0, 1)
			if dfdt != nil {
				dfdt[0] = k * math.Cos(t)
			}
		},
	}
	return known("SlowIntegral", "y' = −1000 (y − sin t), z' = y", "constructed", field.problem(2), 10, 1, func(dst []float64, t float64) {
		s, c := math.Sincos(t)
		e := math.Exp(-k * t)
		m := k * k / (1 + k*k)
		dst[0] = m * (s - c/k + e/k)
		dst[1] = m * ((1 - c) - s/k + (1-e)/(k*k))
	})
}

// followedSine is y' = −1e6 (y − sin t) + cos t, whose steps are large and whose saved values lie far within them.
func followedSine() *Problem {
	const k = 1e6
	ivp := scalar(func(t, y float64) float64 { return -k*(y-math.Sin(t)) + math.Cos(t) },
		func(float64, float64) float64 { return -k },
		func(t, _ float64) float64 { return k*math.Cos(t) - math.Sin(t) })
	return known("FollowedSine", "y' = −1e6 (y − sin t) + cos t",
		"Prothero and Robinson, On the stability and accuracy of one-step methods for solving stiff systems of ordinary differential equations, Math. Comput. 28, 145 (1974)",
		ivp, 10, 1, func(dst []float64, t float64) { dst[0] = math.Sin(t) })
}

// tanhFront follows φ(t) = tanh((t − ½)/w), which is constant but for a front of width w: y' = −λ (y − φ) + φ'.
func tanhFront(lambda, w float64) *Problem {
	front := func(t float64) (phi, d, dd float64) {
		phi = math.Tanh((t - 0.5) / w)
		c := math.Cosh(min(math.Abs(t-0.5)/w, 350))
		d = 1 / (w * c * c)
		return phi, d, -2 * phi * d / w
	}
	ivp := scalar(func(t, y float64) float64 { phi, d, _ := front(t); return -lambda*(y-phi) + d },
		func(float64, float64) float64 { return -lambda },
		func(t, _ float64) float64 { _, d, dd := front(t); return lambda*d + dd })
	return known(fmt.Sprintf("TanhFront-%g", lambda), fmt.Sprintf("a front of width %.0e, followed at the rate %g", w, lambda), "constructed", ivp, 1, 1,
		func(dst []float64, t float64) { dst[0], _, _ = front(t) })
}

// pulses is y' = −y + Σ_k exp(−((t − k − ½)/w)²): a smooth pulse of width w in every unit of time.
func pulses() *Problem {
	const w, n = 0.05, 5
	input := func(t float64) (u, d float64) {
		x := (t - math.Floor(t) - 0.5) / w // pulses of other units are below 1e-43
		u = math.Exp(-x * x)
		return u, -2 * x / w * u
	}
	ivp := scalar(func(t, y float64) float64 { u, _ := input(t); return u - y },
		func(float64, float64) float64 { return -1 },
		func(t, _ float64) float64 { _, d := input(t); return d })
	return known("Pulses", "decay under a train of smooth pulses", "constructed", ivp, n, 1, func(dst []float64, t float64) {
		dst[0] = 0
		for k := range n {
			c := float64(k) + 0.5
			at := func(s float64) float64 { return math.Erf((s - c - w*w/2) / w) }
			dst[0] += math.Exp(c+w*w/4-t) * w * math.Sqrt(math.Pi) / 2 * (at(t) - at(0))
		}
	})
}

// kepler is the two-body problem of eccentricity e, from the pericentre.
func kepler(e float64) *Problem {
	field := &plainField{
		eval: func(dst []float64, _ float64, y []float64) {
			r := math.Hypot(y[0], y[1])
			r3 := r * r * r
			dst[0], dst[1], dst[2], dst[3] = y[2], y[3], -y[0]/r3, -y[1]/r3
		},
		jacobian: func(jac *ode.Jacobian, _ []float64, _ float64, y []float64) {
			r := math.Hypot(y[0], y[1])
			r3 := r * r * r
			r5 := r3 * r * r
			jac.Set(0, 2, 1)
			jac.Set(1, 3, 1)
			jac.Set(2, 0, 3*y[0]*y[0]/r5-1/r3)
			jac.Set(2, 1, 3*y[0]*y[1]/r5)
			jac.Set(3, 0, 3*y[0]*y[1]/r5)
			jac.Set(3, 1, 3*y[1]*y[1]/r5-1/r3)
		},
	}
	ivp := field.problem(4)
	ivp.Autonomous = true
	return known("Kepler", "two bodies, eccentricity 0.6", "Kepler's equation; problem D of Hull, Enright, Fellen and Sedgwick, Comparing numerical methods for ordinary differential equations, SIAM J. Numer. Anal. 9, 603 (1972)",
		ivp, 20, 1, func(dst []float64, t float64) {
			u := t
			for range 60 {
				step := (u - e*math.Sin(u) - t) / (1 - e*math.Cos(u))
				u -= step
				if math.Abs(step) < 1e-16*(1+math.Abs(u)) {
					break
				}
			}
			s, c := math.Sincos(u)
			b, d := math.Sqrt(1-e*e), 1-e*c
			dst[0], dst[1], dst[2], dst[3] = c-e, b*s, -s/d, b*c/d
		})
}

// bateman is A → B → C with the rates 1e4 and 1.
func bateman() *Problem {
	const a, b = 1e4, 1.
	field := &plainField{
		eval: func(dst []float64, _ float64, y []float64) {
			dst[0], dst[1], dst[2] = -a*y[0], a*y[0]-b*y[1], b*y[1]
		},
		jacobian: func(jac *ode.Jacobian, _ []float64, _ float64, _ []float64) {
			jac.Set(0, 0, -a)
			jac.Set(1, 0, a)
			jac.Set(1, 1, -b)
			jac.Set(2, 1, b)
		},
	}
	ivp := field.problem(3)
	ivp.Autonomous = true
	return known("Bateman", "A → B → C with rates of 1e4 and 1", "Bateman, The solution of a system of differential equations occurring in the theory of radioactive transformations, Proc. Camb. Philos. Soc. 15, 423 (1910)",
		ivp, 5, 1e-2, func(dst []float64, t float64) {
			x, y := math.Exp(-a*t), math.Exp(-b*t)
			dst[0], dst[1] = x, a/(a-b)*(y-x)
			dst[2] = (b*math.Expm1(-a*t) - a*math.Expm1(-b*t)) / (a - b)
		})
}

// logistic is y' = 10 y (1 − y).
func logistic() *Problem {
	const k = 10
	ivp := scalar(func(_, y float64) float64 { return k * y * (1 - y) },
		func(_, y float64) float64 { return k * (1 - 2*y) },
		func(float64, float64) float64 { return 0 })
	ivp.Autonomous = true
	return known("Logistic", "logistic growth", "Verhulst, Notice sur la loi que la population suit dans son accroissement, Corr. Math. Phys. 10, 113 (1838)",
		ivp, 3, 1e-2, func(dst []float64, t float64) { dst[0] = 1 / (1 + 999*math.Exp(-k*t)) })
}

// cubicRelaxation is y' = −1e4 (y³ − φ³) + φ' with φ = 2 + sin t, a nonlinear problem of the kind of Prothero and Robinson.
func cubicRelaxation() *Problem {
	const k = 1e4
	ivp := scalar(func(t, y float64) float64 {
		s, c := math.Sincos(t)
		p := 2 + s
		return -k*(y*y*y-p*p*p) + c
	}, func(_, y float64) float64 { return -3 * k * y * y }, func(t, _ float64) float64 {
		s, c := math.Sincos(t)
		p := 2 + s
		return 3*k*p*p*c - s
	})
	return known("CubicRelaxation", "y' = −1e4 (y³ − φ³) + φ', φ = 2 + sin t", "constructed after Prothero and Robinson (1974)", ivp, 10, 1,
		func(dst []float64, t float64) { dst[0] = 2 + math.Sin(t) })
}

// algebraicDecay is the differential-algebraic problem y' = −z, 0 = z³ + z − y³ − y, of index 1, with y = z = e^{−t}.
func algebraicDecay() *Problem {
	field := &plainField{
		eval: func(dst []float64, _ float64, y []float64) {
			dst[0], dst[1] = -y[1], y[1]*y[1]*y[1]+y[1]-y[0]*y[0]*y[0]-y[0]
		},
		jacobian: func(jac *ode.Jacobian, _ []float64, _ float64, y []float64) {
			jac.Set(0, 1, -1)
			jac.Set(1, 0, -3*y[0]*y[0]-1)
			jac.Set(1, 1, 3*y[1]*y[1]+1)
		},
	}
	ivp := field.problem(2)
	ivp.Autonomous, ivp.Mass = true, ode.DiagonalMass(1, 0)
	return known("AlgebraicDecay", "y' = −z, 0 = z³ + z − y³ − y", "constructed", ivp, 5, 1e-2,
		func(dst []float64, t float64) { dst[0], dst[1] = math.Exp(-t), math.Exp(-t) })
}
