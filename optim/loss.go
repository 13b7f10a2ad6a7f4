package optim

import "math"

var (
	_ Loss = Squares{}
	_ Loss = Absolute{}
	_ Loss = Huber{}
	_ Loss = Cauchy{}
)

// Loss is a function ρ of one residual; a least-squares method minimises Σ ρ(rᵢ) by reweighting: at every iteration each residual has
// the weight w = ρ′(r)/r, with which the weighted sum of squares has the gradient of Σ ρ and, ρ being concave in r²,
// lies above it (Holland and Welsch, "Robust regression using iteratively reweighted least-squares", Communications in Statistics
// A6, 1977, 813–827).
type Loss interface {
	// Rho returns ρ(r), what is minimised.
	Rho(r float64) float64
	// Weight returns ρ′(r)/r, positive and bounded.
	Weight(r float64) float64
	// True returns the loss without any smoothing, what is reported.
	True(r float64) float64
	// Validate returns a *ConfigError where a constant is impossible.
	Validate() error
}

// Squares is ρ(r) = r²/2.
type Squares struct{}

// Rho implements Loss.
func (Squares) Rho(r float64) float64 { return 0.5 * r * r }

// Weight implements Loss.
func (Squares) Weight(float64) float64 { return 1 }

// True implements Loss.
func (Squares) True(r float64) float64 { return 0.5 * r * r }

// Validate implements Loss.
func (Squares) Validate() error { return nil }

// Absolute is ρ(r) = |r|, whose corner is rounded off where |r| ≤ Floor: ρ(r) = r²/(2 Floor) + Floor/2. Without the floor the weight 1/|r|
// of a residual that vanishes would be infinite. A floor above the typical residual makes it least squares; lower it
// as the residuals fall.
type Absolute struct {
	Floor float64 // above 0
}

// Rho implements Loss.
func (l Absolute) Rho(r float64) float64 {
	a := math.Abs(r)
	if a >= l.Floor {
		return a
	}
	return 0.5 * (a/l.Floor*a + l.Floor)
}

// Weight implements Loss.
func (l Absolute) Weight(r float64) float64 { return 1 / math.Max(math.Abs(r), l.Floor) }

// True implements Loss: |r|.
func (l Absolute) True(r float64) float64 { return math.Abs(r) }

// Validate implements Loss.
func (l Absolute) Validate() error {
	var e configErrors
	e.check(l.Floor > 0 && !math.IsInf(l.Floor, 0), "floor", l.Floor, "above 0 and finite")
	return e.err("absolute loss")
}

// Huber is ρ(r) = r²/2 where |r| ≤ Delta and Delta (|r| − Delta/2) beyond (Huber, "Robust estimation of a location
// parameter", Annals of Mathematical Statistics 35, 1964, 73–101).
type Huber struct {
	Delta float64 // above 0
}

// Rho implements Loss.
func (l Huber) Rho(r float64) float64 {
	a := math.Abs(r)
	if a <= l.Delta {
		return 0.5 * a * a
	}
	return l.Delta * (a - 0.5*l.Delta)
}

// Weight implements Loss.
func (l Huber) Weight(r float64) float64 {
	if a := math.Abs(r); a > l.Delta {
		return l.Delta / a
	}
	return 1
}

// True implements Loss.
func (l Huber) True(r float64) float64 { return l.Rho(r) }

// Validate implements Loss.
func (l Huber) Validate() error {
	var e configErrors
	e.check(l.Delta > 0 && !math.IsInf(l.Delta, 0), "delta", l.Delta, "above 0 and finite")
	return e.err("Huber loss")
}

// Cauchy is ρ(r) = ½ Delta² log(1 + (r/Delta)²), but for a constant the negative logarithm of Cauchy's density: residuals far beyond Delta have
// next to no influence, as their weight falls with the square of their size (Holland and Welsch 1977, Table 1).
type Cauchy struct {
	Delta float64 // above 0
}

// Rho implements Loss.
func (l Cauchy) Rho(r float64) float64 {
	q := r / l.Delta
	return 0.5 * l.Delta * l.Delta * math.Log1p(q*q)
}

// Weight implements Loss.
func (l Cauchy) Weight(r float64) float64 {
	q := r / l.Delta
	return 1 / (1 + q*q)
}

// True implements Loss.
func (l Cauchy) True(r float64) float64 { return l.Rho(r) }

// Validate implements Loss.
func (l Cauchy) Validate() error {
	var e configErrors
	e.check(l.Delta > 0 && !math.IsInf(l.Delta, 0), "delta", l.Delta, "above 0 and finite")
	return e.err("Cauchy loss")
}

// evaluated is what a loss makes of a vector of residuals.
func evaluateLoss(loss Loss, r []float64) (objective, reported float64) {
	for _, x := range r {
		objective += loss.Rho(x)
		reported += loss.True(x)
	}
	return objective, reported
}
