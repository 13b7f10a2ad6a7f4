package plots

import "math"

// scale takes values between lo and hi to [0, 1].
type scale struct {
	log    bool
	lo, hi float64
}

const (
	largest  = 1e300 // of the magnitudes that can be drawn, so that differences do not overflow
	smallest = 1e-300
)

// drawable says whether a value has a place on an axis, in or out of sight.
func drawable(v float64, log bool) bool {
	return math.Abs(v) <= largest && (!log || v >= smallest)
}

// at returns the place of a drawable value. Values far out of sight are kept near, where a line still leaves the panel in
// much the same direction.
func (s scale) at(v float64) float64 {
	var x float64
	if s.log {
		x = (math.Log(v) - math.Log(s.lo)) / (math.Log(s.hi) - math.Log(s.lo)) // v/lo could overflow
	} else {
		x = (v - s.lo) / (s.hi - s.lo)
	}
	return min(1e4, max(-1e4, x))
}

// shows says whether a value is in sight, apart from rounding.
func (s scale) shows(v float64) bool {
	if s.log && !(v > 0) {
		return false
	}
	x := s.at(v)
	return x >= -1e-9 && x <= 1+1e-9
}

// span collects the smallest and the largest of some values.
type span struct{ lo, hi float64 }

func newSpan() span { return span{math.Inf(1), math.Inf(-1)} }

func (s *span) add(v float64) { s.lo, s.hi = min(s.lo, v), max(s.hi, v) }

func (s *span) empty() bool { return s.lo > s.hi }

// newScale chooses the scale of an axis on which drawable values span s.
func newScale(a Axis, s span) scale {
	sc := scale{log: a.Log, lo: s.lo, hi: s.hi}
	if s.empty() {
		sc.lo, sc.hi = 0, 1
		if a.Log {
			sc.lo, sc.hi = 1, 10
		}
	} else {
		sc.pad()
	}
	given := func(v float64) bool { return !(a.Min == 0 && a.Max == 0) && drawable(v, a.Log) }
	lo, hi := sc.lo, sc.hi
	if given(a.Min) {
		lo = a.Min
	}
	if given(a.Max) {
		hi = a.Max
	}
	if lo < hi && !sc.tight(lo, hi) {
		sc.lo, sc.hi = lo, hi
	}
	return sc
}

// tight says whether two bounds are too near for arithmetic to tell the values between them apart.
func (s scale) tight(lo, hi float64) bool {
	return hi-lo <= 1e-11*max(math.Abs(lo), math.Abs(hi)) || hi-lo < smallest
}

// pad widens the bounds, so that no point lies on the frame, and makes a range of a single value.
func (s *scale) pad() {
	const margin = 0.04
	switch {
	case s.log && s.tight(s.lo, s.hi):
		s.lo, s.hi = max(s.lo/3, smallest), min(s.hi*3, largest)
	case s.log:
		f := math.Exp(margin * (math.Log(s.hi) - math.Log(s.lo)))
		s.lo, s.hi = max(s.lo/f, smallest), min(s.hi*f, largest)
	case s.tight(s.lo, s.hi):
		d := max(math.Abs(s.lo), math.Abs(s.hi)) * 0.1
		if d < smallest {
			d = 1
		}
		s.lo, s.hi = s.lo-d, s.hi+d
	default:
		d := margin * (s.hi - s.lo)
		s.lo, s.hi = s.lo-d, s.hi+d
	}
}
