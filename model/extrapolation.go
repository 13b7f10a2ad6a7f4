package model

import (
	"fmt"
	"math"
)

// Range is the interval of values that a state had in the training data.
type Range struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// An Extrapolation says that a trajectory leads out of what a model was trained on.
type Extrapolation struct {
	// State is the index of the state that is far outside; −1 for the time.
	State int
	// At is the first time at which it is, Value the state's value there.
	At, Value float64
	// Trained is the interval of the training data.
	Trained Range
}

// farOutside is how far beyond its interval a state may go, in widths of the interval, before it is told of: nearer by, a smooth network rarely
// does anything else than what it has learned; there is nothing behind its answers further out.
const farOutside = 0.5

// Extrapolations returns in which respects the states at the times (len(times)×states, row-major) lead out of what the model was trained on: the
// time, where it lies outside the span, and each state that is more than half of its interval beyond it. Times are compared for models with a time
// input as for others, since a model that was never compared with data beyond the span may be wrong there whatever its inputs are. For models
// whose file gives no intervals, those from −1 to 1 of the states' typical magnitudes stand for them.
func (m *Model) Extrapolations(times, values []float64) []Extrapolation {
	var out []Extrapolation
	const rounding = 1e-9
	slack := rounding * max(m.Span.T1-m.Span.T0, math.Abs(m.Span.T1))
	for _, t := range times {
		if t < m.Span.T0-slack || t > m.Span.T1+slack {
			out = append(out, Extrapolation{State: -1, At: t, Value: t, Trained: Range{m.Span.T0, m.Span.T1}})
			break
		}
	}
	n := len(m.States)
	ranges := m.ranges()
	for j, s := range m.States {
		if s.Role == Constant { // nothing depends on it
			continue
		}
		r := ranges[j]
		// A steady input that was the same everywhere has no width, and its size says what is far.
		width := r.Max - r.Min
		if width <= rounding*max(math.Abs(r.Min), math.Abs(r.Max)) {
			width = max(math.Abs(r.Min), math.Abs(r.Max))
		}
		for i, t := range times {
			if y := values[i*n+j]; y < r.Min-farOutside*width || y > r.Max+farOutside*width {
				out = append(out, Extrapolation{State: j, At: t, Value: y, Trained: r})
				break
			}
		}
	}
	return out
}

func (m *Model) ranges() []Range {
	if len(m.Ranges) == len(m.States) {
		return m.Ranges
	}
	out := make([]Range, len(m.States))
	scale := m.RHS.Problem().Scale
	for i := range out {
		size := math.Inf(1)
		if i < len(scale) {
			size = scale[i]
		}
		out[i] = Range{-size, size}
	}
	return out
}

func (m *Model) checkRanges() error {
	if len(m.Ranges) != 0 && len(m.Ranges) != len(m.States) {
		return fmt.Errorf("model: %d ranges for %d states", len(m.Ranges), len(m.States))
	}
	for i, r := range m.Ranges {
		if !finite(r.Min) || !finite(r.Max) || r.Max < r.Min {
			return fmt.Errorf("model: the range of state %q, from %g to %g, is impossible", m.States[i].Name, r.Min, r.Max)
		}
	}
	return nil
}
