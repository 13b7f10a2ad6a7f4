package sens

import "math"

// newtonToRoundoff iterates until the increments stop shrinking. The function makes one iteration and returns the size of its
// increment relative to the unknown.
func newtonToRoundoff(iterate func() (size float64)) {
	prev := math.Inf(1)
	for range 30 {
		size := iterate()
		if size == 0 || size < 1e-12 && size >= 0.5*prev || math.IsNaN(size) {
			return
		}
		prev = size
	}
}

// addIncrement adds d to z and returns the largest |d_j| relative to the largest |z_j|.
func addIncrement(z, d []float64) float64 {
	size, most := 0.0, 0.0
	for j, v := range d {
		z[j] += v
		most = max(most, math.Abs(z[j]))
		size = max(size, math.Abs(v))
	}
	if most == 0 {
		return size
	}
	return size / most
}
