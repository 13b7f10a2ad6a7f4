package data

import (
	"fmt"
	"math"
	"slices"
)

// Stats describes a set.
type Stats struct {
	T0, T1   float64 // of the trajectory that spans the longest time
	LogTimes bool    // the times are spread over decades
	States   []StateStats
}

// StateStats describes a state, pooled over all trajectories and all observed values, initial ones included.
type StateStats struct {
	Name     string
	Min, Max float64 // NaN if the state was never observed
	Observed int     // number of values
	Missing  int

	// Constant says that the state was observed more than once and never changed: a bath gas. Changes that are not
	// larger than 1e-12 of the largest magnitude are taken for rounding. Constant states have no part in the metric.
	Constant bool

	// Steady says that the state is constant within every trajectory, though perhaps at another value in each. Its derivative is zero.
	Steady bool

	// Decades says that the values, none negative, spread over three decades or more (leaving out the lowest tenth of the positive
	// ones), so that only a logarithmic axis shows them all.
	Decades bool

	// Noise is an estimate of the standard deviation of the measurement error; see Set.Noise.
	Noise float64
}

// Range returns max − min, and 0 for a state that is constant, or was observed at most once.
func (s StateStats) Range() float64 {
	if s.Constant || s.Observed < 2 || negligible(s.Min, s.Max) {
		return 0
	}
	return min(s.Max-s.Min, math.MaxFloat64)
}

// leastNormal is the smallest number of full precision, whose inverse is finite.
const leastNormal = 0x1p-1022

// negligible says whether the difference of two values is rounding, or too small to divide by.
func negligible(lo, hi float64) bool {
	const rounding = 1e-12
	return hi-lo <= rounding*max(math.Abs(lo), math.Abs(hi)) || hi-lo < leastNormal
}

// Scaling is a way to choose y_scale in Eq. 13 of Kim et al., Chaos 31, 093122 (2021).
type Scaling int

const (
	ScaleRange Scaling = iota // max − min of every state: the paper's text
	ScaleMax                  // the largest magnitude of every state: the paper's script for Robertson's problem
)

func (k Scaling) String() string {
	switch k {
	case ScaleRange:
		return "range"
	case ScaleMax:
		return "max"
	}
	return fmt.Sprintf("Scaling(%d)", int(k))
}

// ParseScaling is the inverse of Scaling.String.
func ParseScaling(s string) (Scaling, error) {
	for _, k := range []Scaling{ScaleRange, ScaleMax} {
		if s == k.String() {
			return k, nil
		}
	}
	return 0, &Error{Msg: fmt.Sprintf("%s is not a scaling", quote(s)), Remedy: "scalings are range (max − min) and max"}
}

// Scale returns y_scale. It is positive and finite: a state without a range has its magnitude for a scale, and a
// state that is zero throughout or was never observed has 1.
func (st *Stats) Scale(k Scaling) []float64 {
	scale := make([]float64, len(st.States))
	for j, s := range st.States {
		scale[j] = s.Range()
		if magnitude := max(math.Abs(s.Min), math.Abs(s.Max)); k == ScaleMax || scale[j] == 0 {
			scale[j] = magnitude
		}
		if !(scale[j] >= leastNormal) { // NaN, zero, or too small to divide by
			scale[j] = 1
		}
	}
	return scale
}

// Ranges returns max − min for every state, as the metric takes it: 0 means that the state has no part in it.
func (st *Stats) Ranges() []float64 {
	r := make([]float64, len(st.States))
	for j, s := range st.States {
		r[j] = s.Range()
	}
	return r
}

// TimeScale returns t₁ − t₀, t_scale in Eq. 13, and 1 if that is zero.
func (st *Stats) TimeScale() float64 {
	if d := min(st.T1-st.T0, math.MaxFloat64); d > 0 {
		return d
	}
	return 1
}

// Stats describes the set.
func (s *Set) Stats() *Stats {
	st := &Stats{States: make([]StateStats, len(s.States)), LogTimes: s.LogTimes()}
	longest := -1.0
	for k := range s.Trajectories {
		times := s.Trajectories[k].Times
		if d := times[len(times)-1] - times[0]; d > longest {
			longest, st.T0, st.T1 = d, times[0], times[len(times)-1]
		}
	}
	noise := s.Noise()
	for j := range st.States {
		st.States[j] = s.stateStats(j)
		st.States[j].Noise = noise[j]
	}
	return st
}

func (s *Set) stateStats(j int) StateStats {
	st := StateStats{Name: s.States[j], Min: math.NaN(), Max: math.NaN(), Steady: true}
	n, repeated := len(s.States), false
	var positive []float64
	for k := range s.Trajectories {
		tr := &s.Trajectories[k]
		lo, hi, seen := math.Inf(1), math.Inf(-1), 0
		for i := j; i < len(tr.Values); i += n {
			x := tr.Values[i]
			if math.IsNaN(x) {
				st.Missing++
				continue
			}
			lo, hi = min(lo, x), max(hi, x)
			seen++
			if x > 0 {
				positive = append(positive, x)
			}
		}
		if seen == 0 {
			continue
		}
		if st.Observed == 0 {
			st.Min, st.Max = lo, hi
		}
		st.Min, st.Max = min(st.Min, lo), max(st.Max, hi)
		st.Observed += seen
		repeated = repeated || seen > 1
		st.Steady = st.Steady && negligible(lo, hi)
	}
	st.Steady = st.Steady && repeated
	st.Constant = st.Steady && negligible(st.Min, st.Max)
	st.Decades = st.Min >= 0 && spansDecades(positive)
	return st
}

func spansDecades(positive []float64) bool {
	const least = 8
	if len(positive) < least {
		return false
	}
	slices.Sort(positive)
	return positive[len(positive)-1] >= 1e3*positive[len(positive)/10]
}

// MissingInitial returns, for every trajectory, the states whose initial value was not observed.
func (s *Set) MissingInitial() [][]int {
	missing := make([][]int, len(s.Trajectories))
	for k := range s.Trajectories {
		for j, x := range s.Trajectories[k].Row(0, len(s.States)) {
			if math.IsNaN(x) {
				missing[k] = append(missing[k], j)
			}
		}
	}
	return missing
}

// describe adds to the notes what a person should know before training on the data.
func (s *Set) describe() {
	note := func(format string, args ...any) { s.Notes = append(s.Notes, fmt.Sprintf(format, args...)) }
	missing := s.MissingInitial()
	for j, name := range s.States {
		st := s.stateStats(j)
		var without []string
		for k, m := range missing {
			if slices.Contains(m, j) {
				without = append(without, s.Trajectories[k].Name)
			}
		}
		switch {
		case st.Observed == 0:
			note("%s was never observed", name)
			continue
		case st.Constant:
			note("%s is constant (%g): it is kept as it is", name, st.Min)
		case st.Steady:
			note("%s is constant within every trajectory: it is kept as it is", name)
		}
		switch {
		case len(without) == 1 && len(missing) == 1:
			note("the initial value of %s is missing", name)
		case len(without) > 0:
			note("the initial value of %s is missing in %d of %d trajectories: %s", name, len(without), len(missing), list(without))
		}
	}
}
