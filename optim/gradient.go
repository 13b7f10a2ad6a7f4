package optim

import (
	"fmt"
	"math"
)

// Norm returns the Euclidean norm of v, without overflow or underflow of its squares. It is NaN where v holds a NaN and +Inf
// where it holds an infinity and no NaN.
func Norm(v []float64) float64 {
	var sum float64
	for _, x := range v {
		sum += x * x
	}
	if sum > 1e-280 && sum < math.MaxFloat64 {
		return math.Sqrt(sum)
	}
	var largest float64
	for _, x := range v {
		switch a := math.Abs(x); {
		case math.IsNaN(a):
			return a
		case a > largest:
			largest = a
		}
	}
	if largest == 0 || math.IsInf(largest, 1) {
		return largest
	}
	sum = 0
	for _, x := range v {
		x /= largest
		sum += x * x
	}
	return largest * math.Sqrt(sum)
}

// NonFiniteError says that an element of a vector is NaN or infinite.
type NonFiniteError struct {
	What  string // the vector
	Index int
	Value float64
}

func (e *NonFiniteError) Error() string {
	return fmt.Sprintf("optim: element %d of the %s is %v", e.Index, e.What, e.Value)
}

// CheckFinite returns a *NonFiniteError naming the first element of v that is NaN or infinite, nil where there is none. What is
// the vector's name for the message.
func CheckFinite(what string, v []float64) error {
	if i := firstNonFinite(v); i >= 0 {
		return &NonFiniteError{What: what, Index: i, Value: v[i]}
	}
	return nil
}

// firstNonFinite returns the index of the first element that is NaN or infinite, −1 where there is none.
func firstNonFinite(v []float64) int {
	for i, x := range v {
		if x-x != 0 {
			return i
		}
	}
	return -1
}

// ClipNorm scales g in place so that its norm is at most limit, keeping its direction (Pascanu, Mikolov and Bengio, "On the
// difficulty of training recurrent neural networks", ICML 2013, Algorithm 1), and returns the norm it had. A gradient
// whose norm is not finite is left alone: test the result, or call [CheckFinite].
func ClipNorm(g []float64, limit float64) float64 {
	norm := Norm(g)
	if norm > limit && !math.IsInf(norm, 1) {
		scaleTo(g, norm, limit)
	}
	return norm
}

// RescaleNorm scales g in place so that its norm is target, whatever it was, and returns the norm it had. The released script of
// Kim et al. (2021) for the POLLU problem does so with target 100. A gradient that is zero or whose norm is not finite is
// left alone.
func RescaleNorm(g []float64, target float64) float64 {
	norm := Norm(g)
	if norm > 0 && !math.IsInf(norm, 1) {
		scaleTo(g, norm, target)
	}
	return norm
}

// scaleTo divides before it multiplies, so that no factor overflows where the norm is tiny.
func scaleTo(g []float64, norm, target float64) {
	for i := range g {
		g[i] = g[i] / norm * target
	}
}
