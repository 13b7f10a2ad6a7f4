package kernel

// A panel is a row-major block of columns (directions, points or right-hand sides) that one matrix is applied to. Its lanes run along a row.

// MulPanel computes Y = A·X for an m×k matrix A and a k×n panel X, with options, in this order: if b is not nil, b[i] is added to row i; if
// scale is not nil, row i is multiplied by scale[i]; if factor is not nil, Y is multiplied element by element by the panel factor, whose
// rows are ldf apart: 0 multiplies every row by the same numbers.
//
// Element (i, j) of A is a[i*ra+j*ca], so the same call serves A and its transpose. The rows of X start ldx apart. Y must not overlap X.
func MulPanel(y []float64, ldy int, a []float64, ra, ca int, x []float64, ldx, m, k, n int, b, scale, factor []float64, ldf int) {
	if m <= 0 || n <= 0 {
		return
	}
	if len(y) < (m-1)*ldy+n || k > 0 && (len(a) < (m-1)*ra+(k-1)*ca+1 || len(x) < (k-1)*ldx+n) ||
		b != nil && len(b) < m || scale != nil && len(scale) < m || factor != nil && (ldf < 0 || len(factor) < (m-1)*ldf+n) || ra < 0 || ca < 0 {
		panic("kernel: MulPanel with a slice too short")
	}
	if m*k < tiledFrom {
		mulPanel(y, ldy, a, ra, ca, x, ldx, m, k, n, b, scale, factor, ldf)
		return
	}
	p := tiledPanel{y, a, x, b, scale, factor, ldy, ra, ca, ldx, ldf, m, k, n}
	p.multiply()
}

// A matrix of tiledFrom numbers and more is taken in tiles, so that what a tile needs stays in the caches while all columns pass and
// the matrix is read once. The order of additions is the same, and so is the result.
const tiledFrom = 1 << 14

// tiledPanel holds the arguments of MulPanel.
type tiledPanel struct {
	y, a, x, b, scale, factor      []float64
	ldy, ra, ca, ldx, ldf, m, k, n int
}

// The sizes of tiles: along the numbers of the matrix that lie side by side, across them, and in columns of the panel.
const (
	tileLong    = 64
	tileShort   = 32
	tileColumns = 32
)

func (p *tiledPanel) multiply() {
	if p.ra > p.ca { // rows lie side by side: a few of them stay in the second-level cache for all columns
		for i := 0; i < p.m; i += tileShort {
			for c := 0; c < p.n; c += tileColumns {
				for j := 0; j < p.k; j += tileLong {
					p.tile(i, min(tileShort, p.m-i), j, min(tileLong, p.k-j), c, min(tileColumns, p.n-c))
				}
			}
		}
		return
	}
	for j := 0; j < p.k; j += tileShort {
		for i := 0; i < p.m; i += tileLong {
			for c := 0; c < p.n; c += tileColumns {
				p.tile(i, min(tileLong, p.m-i), j, min(tileShort, p.k-j), c, min(tileColumns, p.n-c))
			}
		}
	}
}

// tile adds the terms j, …, j+k−1 to m rows and n columns of the product from row i and column c on.
func (p *tiledPanel) tile(i, m, j, k, c, n int) {
	y, a, x := p.y[i*p.ldy+c:], p.a[i*p.ra+j*p.ca:], p.x[j*p.ldx+c:]
	var b, scale, factor []float64
	if j+k == p.k {
		if p.scale != nil {
			scale = p.scale[i:]
		}
		if p.factor != nil {
			factor = p.factor[i*p.ldf+c:]
		}
	}
	if j > 0 {
		addPanel(y, p.ldy, a, p.ra, p.ca, x, p.ldx, m, k, n, scale, factor, p.ldf)
		return
	}
	if p.b != nil {
		b = p.b[i:]
	}
	mulPanel(y, p.ldy, a, p.ra, p.ca, x, p.ldx, m, k, n, b, scale, factor, p.ldf)
}

func mulPanelGo(y []float64, ldy int, a []float64, ra, ca int, x []float64, ldx, m, k, n int, b, scale, factor []float64, ldf int) {
	for i := range m {
		row := y[i*ldy : i*ldy+n]
		start := 0.
		if b != nil {
			start = b[i]
		}
		for c := range row {
			row[c] = start
		}
		for j := range k {
			addScaledGo(row, a[i*ra+j*ca], x[j*ldx:j*ldx+n])
		}
		finishRow(row, i, scale, factor, ldf)
	}
}

// addPanelGo is mulPanelGo for the product added to Y.
func addPanelGo(y []float64, ldy int, a []float64, ra, ca int, x []float64, ldx, m, k, n int, scale, factor []float64, ldf int) {
	for i := range m {
		row := y[i*ldy : i*ldy+n]
		for j := range k {
			addScaledGo(row, a[i*ra+j*ca], x[j*ldx:j*ldx+n])
		}
		finishRow(row, i, scale, factor, ldf)
	}
}

// finishRow multiplies row i of a product by its scale and factors.
func finishRow(row []float64, i int, scale, factor []float64, ldf int) {
	if scale != nil {
		Scale(row, scale[i])
	}
	if factor != nil {
		Mul(row, row, factor[i*ldf:])
	}
}

// AddPanelTransposed adds Y·Xᵀ to G and the sums of Y's rows to sums: g[i*ldg+j] gets Σ_c y[i*ldy+c]·x[j*ldx+c] and sums[i] gets
// Σ_c y[i*ldy+c], for the m rows of Y, k rows of X and n columns. It is the gradient of a layer's weights and biases, summed over the
// points of a block.
func AddPanelTransposed(g []float64, ldg int, sums, y []float64, ldy int, x []float64, ldx, m, k, n int) {
	if m <= 0 || n <= 0 {
		return
	}
	if k < 1 || len(g) < (m-1)*ldg+k || len(sums) < m || len(y) < (m-1)*ldy+n || len(x) < (k-1)*ldx+n {
		panic("kernel: AddPanelTransposed with a slice too short")
	}
	if m*k < tiledFrom {
		addPanelTransposed(g, ldg, sums, y, ldy, x, ldx, m, k, n)
		return
	}
	const rows = 32
	columns := max(16, 2048/n&^15)
	var spare [rows]float64 // the sums belong to the first columns
	for i := 0; i < m; i += rows {
		tm := min(rows, m-i)
		for j := 0; j < k; j += columns {
			to := spare[:]
			if j == 0 {
				to = sums[i:]
			}
			addPanelTransposed(g[i*ldg+j:], ldg, to, y[i*ldy:], ldy, x[j*ldx:], ldx, tm, min(columns, k-j), n)
		}
	}
}

func addPanelTransposedGo(g []float64, ldg int, sums, y []float64, ldy int, x []float64, ldx, m, k, n int) {
	for i := range m {
		row := y[i*ldy : i*ldy+n]
		gi := g[i*ldg : i*ldg+k]
		for j := range gi {
			gi[j] += dotGo(row, x[j*ldx:j*ldx+n])
		}
		s := 0.
		for _, v := range row {
			s += v
		}
		sums[i] += s
	}
}

// Transpose writes the transpose of the m×n matrix src into dst; rows start lds and ldd apart.
func Transpose(dst []float64, ldd int, src []float64, lds, m, n int) {
	if m <= 0 || n <= 0 {
		return
	}
	if len(dst) < (n-1)*ldd+m || len(src) < (m-1)*lds+n {
		panic("kernel: Transpose with a slice too short")
	}
	transpose(dst, ldd, src, lds, m, n)
}

// transposePart writes the transpose of the rows from i0 and columns from j0 on.
func transposePart(dst []float64, ldd int, src []float64, lds, i0, m, j0, n int) {
	if m-i0 < n-j0 { // along the longer side
		for i := i0; i < m; i++ {
			at := j0*ldd + i
			for _, v := range src[i*lds+j0 : i*lds+n] {
				dst[at] = v
				at += ldd
			}
		}
		return
	}
	for j := j0; j < n; j++ {
		row := dst[j*ldd : j*ldd+m]
		for i := i0; i < m; i++ {
			row[i] = src[i*lds+j]
		}
	}
}

// Outer writes y·xᵀ + u·vᵀ into the len(y)×k matrix dst; without the second term if u is nil. x and v hold k numbers and their padding to whole
// registers.
func Outer(dst, y, x, u, v []float64, k int) {
	m := len(y)
	if m == 0 || k <= 0 {
		return
	}
	if len(dst) < m*k || len(x) < Padded(k) || u != nil && (len(u) < m || len(v) < Padded(k)) {
		panic("kernel: Outer with a slice too short")
	}
	outer(dst[:m*k], y, x, u, v, k)
}

func outerGo(dst, y, x, u, v []float64, k int) {
	x = x[:k]
	for i, s := range y {
		row := dst[i*k : (i+1)*k]
		if u == nil {
			for j := range row {
				row[j] = s * x[j]
			}
			continue
		}
		t, v := u[i], v[:k]
		for j := range row {
			row[j] = s*x[j] + t*v[j]
		}
	}
}

// ScaleRows writes the m×n matrix src, row i multiplied by scale[i], into dst, which may be src. Rows are contiguous.
func ScaleRows(dst, src, scale []float64, m, n int) {
	if m <= 0 || n <= 0 {
		return
	}
	if len(dst) < m*n || len(src) < m*n || len(scale) < m {
		panic("kernel: ScaleRows with a slice too short")
	}
	scaleRows(dst, src, scale, m, n)
}

func scaleRowsGo(dst, src, scale []float64, m, n int) {
	for i, s := range scale[:m] {
		row := dst[i*n : (i+1)*n]
		for j, v := range src[i*n : (i+1)*n] {
			row[j] = s * v
		}
	}
}
