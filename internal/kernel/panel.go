package kernel

// A panel is a row-major block of columns (directions, points or right-hand sides) that one matrix is applied to. Its lanes run along a row.

// MulPanel computes Y = A·X for an m×k matrix A and a k×n panel X. Element (i, j) of A is a[i*ra+j*ca], so the same call serves A and its
// transpose; the rows of X and Y start ldx and ldy apart. Y must not overlap X.
func MulPanel(y []float64, ldy int, a []float64, ra, ca int, x []float64, ldx, m, k, n int) {
	for i := range m {
		row := y[i*ldy : i*ldy+n]
		clear(row)
		addRowTimesPanel(row, a[i*ra:], ca, x, ldx, k)
	}
}

// AffinePanel computes Y = A·X + b·1ᵀ: MulPanel with b[i] added to row i.
func AffinePanel(y []float64, ldy int, a []float64, ra, ca int, b, x []float64, ldx, m, k, n int) {
	for i := range m {
		row := y[i*ldy : i*ldy+n]
		bi := b[i]
		for c := range row {
			row[c] = bi
		}
		addRowTimesPanel(row, a[i*ra:], ca, x, ldx, k)
	}
}

func addRowTimesPanel(row, a []float64, ca int, x []float64, ldx, k int) {
	for j := range k {
		AddScaled(row, a[j*ca], x[j*ldx:j*ldx+len(row)])
	}
}

// AddPanelTransposed adds Y·Xᵀ to G: element (i, j) of G, g[i*ldg+j], gets Σ_c y[i*ldy+c]·x[j*ldx+c] for the m rows of Y and k rows of X.
// It is the gradient of a layer's weights summed over the points of a block.
func AddPanelTransposed(g []float64, ldg int, y []float64, ldy int, x []float64, ldx, m, k, n int) {
	for i := range m {
		row := y[i*ldy : i*ldy+n]
		gi := g[i*ldg : i*ldg+k]
		for j := range gi {
			gi[j] += Dot(row, x[j*ldx:j*ldx+n])
		}
	}
}
