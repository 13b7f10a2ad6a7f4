package data

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Corruption makes measurements of exact values.
type Corruption struct {
	Noise   float64 // standard deviation of additive Gaussian errors, in units of each state's range in the set
	Missing float64 // probability with which a value is missing, in [0, 1)
	Initial bool    // apply both to the initial rows too, which are left exact otherwise
	Seed    uint64
}

// Apply returns a corrupted copy. Times are exact and never missing. The same seed gives the same result; which
// values are missing does not depend on Noise, nor the errors on Missing, nor either on other trajectories.
func (c Corruption) Apply(s *Set) (*Set, error) {
	if !(c.Noise >= 0) || math.IsInf(c.Noise, 0) {
		return nil, &Error{Msg: fmt.Sprintf("a noise of %g is impossible", c.Noise), Remedy: "it is a share of each state's range, such as 0.01"}
	}
	if !(c.Missing >= 0 && c.Missing < 1) {
		return nil, &Error{Msg: fmt.Sprintf("a share of %g missing values is impossible", c.Missing), Remedy: "it is 0 or more and less than 1"}
	}
	out := s.Clone()
	out.Notes = nil
	n := len(s.States)
	ranges := make([]float64, n)
	for j := range ranges {
		ranges[j] = s.stateStats(j).Range()
	}
	for k := range out.Trajectories {
		tr := &out.Trajectories[k]
		errors := rand.New(rand.NewPCG(c.Seed, uint64(2*k)))
		gaps := rand.New(rand.NewPCG(c.Seed, uint64(2*k+1)))
		for i := range tr.Values {
			e, gap := errors.NormFloat64(), gaps.Float64()
			if i < n && !c.Initial {
				continue
			}
			if c.Noise > 0 {
				tr.Values[i] += c.Noise * ranges[i%n] * e
			}
			if gap < c.Missing {
				tr.Values[i] = math.NaN()
			}
		}
	}
	out.describe()
	return out, nil
}
