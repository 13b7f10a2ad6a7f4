package optim

import (
	"math"
	"slices"
)

// Scaling says in which norm ‖D d‖ a least-squares method measures its steps, D being diagonal.
type Scaling int

const (
	// ScaleMore is the largest norm so far of each column of the (weighted) Jacobian, which makes the method independent of the parameters'
	// units (Moré 1978, section 6, as in MINPACK) as far as LMConfig.ScaleFloor lets it. The default.
	ScaleMore Scaling = iota
	// ScaleNone is D = I.
	ScaleNone
	// ScaleMarquardt is the norm of each column of the current Jacobian (Marquardt, "An algorithm for least-squares estimation of nonlinear
	// parameters", SIAM Journal 11, 1963, 431–441).
	ScaleMarquardt
)

func (s Scaling) String() string {
	switch s {
	case ScaleNone:
		return "none"
	case ScaleMore:
		return "more"
	case ScaleMarquardt:
		return "marquardt"
	}
	return "unknown"
}

// updateScale brings D up to date with the norms of the Jacobian's columns, none of them taken for smaller than floor times the largest. D is made
// of ones at the start; first tells that it is so still. It reports whether D now holds norms, which a Jacobian of zeros has not.
func updateScale(s Scaling, scale, norms []float64, floor float64, first bool) bool {
	largest := slices.Max(norms)
	if s == ScaleNone || largest == 0 {
		return !first
	}
	for j, v := range norms {
		v = math.Max(v, floor*largest)
		if s == ScaleMore && !first {
			v = math.Max(v, scale[j])
		}
		scale[j] = v
	}
	return true
}
