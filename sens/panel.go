package sens

import "github.com/stiffnode/stiffnode/internal/kernel"

// mulBlock writes A·X into dst, for a dense k×k matrix and k×width blocks.
func mulBlock(dst, a, x []float64, k, width int) {
	kernel.MulPanel(dst, width, a, k, 1, x, width, k, k, width, nil, nil, nil, 0)
}
