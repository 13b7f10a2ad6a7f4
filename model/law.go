package model

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Law is a linear conservation law Σ cᵢ yᵢ = const.
type Law struct {
	// Weights are the coefficients cᵢ, one per state.
	Weights []float64 `json:"weights"`
	// Total is the constant; nil means that every trajectory has its own, that of its initial state.
	Total *float64 `json:"total,omitempty"`
}

// A LawError says why conservation laws cannot be imposed.
type LawError struct {
	// Law as it was written, or as Format writes it.
	Law    string
	Reason string
	Remedy string
}

func (e *LawError) Error() string {
	msg := fmt.Sprintf("the conservation law %q %s", e.Law, e.Reason)
	if e.Remedy != "" {
		msg += "; " + e.Remedy
	}
	return msg
}

// Format writes a law so that ParseLaw reads the same: names that would be read as something else are in quotes.
func (l Law) Format(states []string) string {
	var b strings.Builder
	for i, w := range l.Weights {
		if w == 0 {
			continue
		}
		switch {
		case b.Len() == 0 && w < 0:
			b.WriteString("- ")
		case b.Len() > 0 && w < 0:
			b.WriteString(" - ")
		case b.Len() > 0:
			b.WriteString(" + ")
		}
		if a := math.Abs(w); a != 1 {
			// an exponent would be read as a sign
			b.WriteString(strconv.FormatFloat(a, 'f', -1, 64) + "*")
		}
		b.WriteString(lawName(states[i]))
	}
	if l.Total != nil {
		b.WriteString(" = " + strconv.FormatFloat(*l.Total, 'g', -1, 64))
	}
	return b.String()
}

// Value is Σ cᵢ yᵢ, summed with compensation (Neumaier, Z. Angew. Math. Mech. 54, 39, 1974).
func (l Law) Value(y []float64) float64 {
	sum, lost := 0.0, 0.0
	for i, w := range l.Weights {
		x := w * y[i]
		s := sum + x
		if math.Abs(sum) >= math.Abs(x) {
			lost += (sum - s) + x
		} else {
			lost += (x - s) + sum
		}
		sum = s
	}
	return sum + lost
}

// dependent is the part of a law, relative to what it was, below which it counts as a combination of others.
const dependent = 1e-10

// checkLaws says whether laws make sense for the states, of which only those that change are seen: sizes scales them.
func checkLaws(laws []Law, states []State, sizes []float64) error {
	all := names(states)
	free := 0
	for _, s := range states {
		if s.Role == Learned || s.Role == Algebraic {
			free++
		}
	}
	type row struct {
		w     []float64
		total float64
		known bool
		pivot int
	}
	var rows []row
	for _, l := range laws {
		text := func() string { return l.Format(all) }
		if len(l.Weights) != len(states) {
			return fmt.Errorf("model: a conservation law has %d coefficients for %d states", len(l.Weights), len(states))
		}
		r := row{w: make([]float64, len(states)), known: l.Total != nil}
		if r.known {
			r.total = *l.Total
		}
		size := 0.0
		for i, w := range l.Weights {
			if !finite(w) {
				return fmt.Errorf("model: a conservation law has the coefficient %g", w)
			}
			if states[i].Role == Learned || states[i].Role == Algebraic {
				r.w[i] = w * sizes[i]
				size = max(size, math.Abs(r.w[i]))
			} else {
				r.known = r.known && w == 0 // the values of states that are kept belong to the constant
			}
		}
		if size == 0 {
			return &LawError{Law: text(), Reason: "names only states that are kept as they are", Remedy: "it holds by itself: leave it out"}
		}
		magnitude := math.Abs(r.total)
		for _, p := range rows {
			if c := r.w[p.pivot] / p.w[p.pivot]; c != 0 {
				for i := range r.w {
					r.w[i] -= c * p.w[i]
				}
				magnitude = max(magnitude, math.Abs(c*p.total))
				r.total -= c * p.total
				r.known = r.known && p.known
			}
		}
		left := 0.0
		for i, w := range r.w {
			if math.Abs(w) > left {
				left, r.pivot = math.Abs(w), i
			}
		}
		if left <= dependent*size {
			if r.known && math.Abs(r.total) > 1e-9*magnitude {
				return &LawError{Law: text(), Reason: "contradicts the others: their combination has the same left side and another constant", Remedy: "correct one of the constants"}
			}
			return &LawError{Law: text(), Reason: "follows from the others", Remedy: "leave it out"}
		}
		rows = append(rows, r)
	}
	if len(laws) >= free {
		return &LawError{Law: laws[len(laws)-1].Format(all), Reason: fmt.Sprintf("is one too many: %d laws leave nothing of %d states to learn", len(laws), free), Remedy: "leave some out"}
	}
	return nil
}
