package optim

import "math"

// Scaling says in which norm ‖D d‖ a least-squares method measures its steps, D being diagonal.
type Scaling int

const (
	// ScaleNone is D = I: parameters are of like size, as the weights of a network are. The default.
	ScaleNone Scaling = iota
	// ScaleMore is the largest norm so far of each column of the (weighted) Jacobian, which makes the method independent of the parameters'
	// units (Moré 1978, section 6, as in MINPACK).
	ScaleMore
	// ScaleMarquardt is the norm of each column of the current Jacobian, no smaller than 1e-6 times the largest (Marquardt, "An algorithm for
	// least-squares estimation of nonlinear parameters", SIAM Journal 11, 1963, 431–441).
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

// updateScale brings D up to date with the norms of the Jacobian's columns. D is made of ones at the start, and first tells that it is so
// still. A column that is zero has no scale: it keeps 1 until it has one.
func updateScale(s Scaling, scale, norms []float64, first bool) {
	switch s {
	case ScaleNone:
	case ScaleMore:
		for j, v := range norms {
			switch {
			case first && v > 0:
				scale[j] = v
			case !first:
				scale[j] = math.Max(scale[j], v)
			}
		}
	case ScaleMarquardt:
		var largest float64
		for _, v := range norms {
			largest = math.Max(largest, v)
		}
		if largest == 0 {
			return
		}
		for j, v := range norms {
			scale[j] = math.Max(v, 1e-6*largest)
		}
	}
}
