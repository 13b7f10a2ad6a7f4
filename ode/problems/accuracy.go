package problems

import (
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// Mescd is the number of correct digits of a computed state at time t, by the mixed error of the Test Set for IVP Solvers:
// −log10 of the largest |y − ref|/(atol/rtol + |ref|). It is +Inf where nothing differs and NaN where y is not finite; ok is false where no
// solution is known at that time.
func (p *Problem) Mescd(y []float64, t float64) (digits float64, ok bool) {
	ref := make([]float64, len(p.Y0))
	if !p.Solution(ref, t) {
		return math.NaN(), false
	}
	worst := 0.0
	for i, v := range y {
		e := math.Abs(v-ref[i]) / (p.ATol[i] + math.Abs(ref[i]))
		if math.IsNaN(e) || math.IsInf(e, 0) {
			return math.NaN(), true
		}
		worst = max(worst, e)
	}
	return -math.Log10(worst), true
}

// Floor is the least number of correct digits, as Mescd counts them, that a method owes at a relative tolerance: for order p ≤ 3,
// −(p/(p+1))·log10 rtol − 2; for higher and for variable order, −log10 rtol − 3.
func Floor(info ode.Info, rtol float64) float64 {
	digits := -math.Log10(rtol)
	if info.Order <= 3 {
		p := float64(info.Order)
		return p/(p+1)*digits - 2
	}
	return digits - 3
}
