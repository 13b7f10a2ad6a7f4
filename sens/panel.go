package sens

import "github.com/stiffnode/stiffnode/internal/kernel"

// mulBlock writes A·X into dst, for a dense k×k matrix and k×width blocks.
func mulBlock(dst, a, x []float64, k, width int) {
	kernel.MulPanel(dst, width, a, k, 1, x, width, k, k, width, nil, nil, nil, 0)
}

// addScaledPlainly adds s·x to y. Unlike kernel.AddScaled, which fuses multiplication and addition for whole groups of numbers only, it gives a number
// the same bits wherever it stands in a row, so that the division of columns into chunks does not show.
func addScaledPlainly(y []float64, s float64, x []float64) {
	x = x[:len(y)]
	for len(y) >= 4 && len(x) >= 4 {
		y[0] += s * x[0]
		y[1] += s * x[1]
		y[2] += s * x[2]
		y[3] += s * x[3]
		y, x = y[4:], x[4:]
	}
	for i, v := range x {
		y[i] += s * v
	}
}
