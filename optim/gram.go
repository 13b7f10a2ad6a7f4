package optim

import "github.com/stiffnode/stiffnode/internal/kernel"

// Rows are multiplied in pieces of gramColumns elements, gramRows of them with all others: the rows that are used again and
// again then stay in the first-level cache.
const (
	gramColumns = 96
	gramRows    = 16
)

// stopped says whether work whose result nobody waits for any more should end; nil never does. It is asked every few milliseconds.
type stopped func() bool

func (s stopped) now() bool { return s != nil && s() }

// gram writes the lower triangle of G = S Sᵀ, S being n×k and G n×n, both row-major. It does n²k/2 multiplications. What
// lies above the diagonal of G is undefined, and so is all of it once it has been stopped. Scratch has n elements.
func gram(g, s, scratch []float64, n, k int, stop stopped) {
	for i := range n {
		clear(g[i*n : i*n+i+1])
	}
	for j := 0; j < n; j += gramRows {
		rows := min(gramRows, n-j)
		addRowProducts(g[j*n+j:], n, s[j*k:], k, s[j*k:], k, scratch, n-j, rows, k, stop)
	}
}

// addRowProducts adds Y Xᵀ to G, Y being m×k, X n×k and G m×n, with rows ldy, ldx and ldg apart. Scratch has at least m elements.
func addRowProducts(g []float64, ldg int, y []float64, ldy int, x []float64, ldx int, scratch []float64, m, n, k int, stop stopped) {
	for c := 0; c < k && !stop.now(); c += gramColumns {
		kernel.AddPanelTransposed(g, ldg, scratch, y[c:], ldy, x[c:], ldx, m, n, min(gramColumns, k-c))
	}
}

// mulMatrix writes S x, S being n×k row-major, n = len(dst), k = len(x).
func mulMatrix(dst, s, x []float64) {
	k := len(x)
	for i := range dst {
		dst[i] = kernel.Dot(s[i*k:(i+1)*k], x)
	}
}

// mulTransposed writes Sᵀ x, S being n×k row-major, n = len(x), k = len(dst).
func mulTransposed(dst, s, x []float64) {
	clear(dst)
	k := len(dst)
	for i, xi := range x {
		kernel.AddScaled(dst, xi, s[i*k:(i+1)*k])
	}
}
