//go:build !amd64 || purego

package kernel

func expSlice(dst, x []float64) { expSliceGo(dst, x) }

func (f Func) apply(order int, dst, d1, d2, z []float64) { f.applyGo(order, dst, d1, d2, z) }

func (n *Net) forward(order int) { n.forwardGo(order) }

func (n *Net) forwardJacobian(order int, jac []float64) {
	n.forwardGo(order)
	n.jacobian(jac)
}

func (n *Net) tangents(pairs int) { n.tangentsGo(pairs) }

func (n *Net) backward(pairs int, gp []float64, inputs bool) { n.backwardGo(pairs, gp, inputs) }

func mulPanel(y []float64, ldy int, a []float64, ra, ca int, x []float64, ldx, m, k, n int, b, scale, factor []float64, ldf int) {
	mulPanelGo(y, ldy, a, ra, ca, x, ldx, m, k, n, b, scale, factor, ldf)
}

func addPanel(y []float64, ldy int, a []float64, ra, ca int, x []float64, ldx, m, k, n int, scale, factor []float64, ldf int) {
	addPanelGo(y, ldy, a, ra, ca, x, ldx, m, k, n, scale, factor, ldf)
}

func addPanelTransposed(g []float64, ldg int, sums, y []float64, ldy int, x []float64, ldx, m, k, n int) {
	addPanelTransposedGo(g, ldg, sums, y, ldy, x, ldx, m, k, n)
}

func transpose(dst []float64, ldd int, src []float64, lds, m, n int) {
	transposePart(dst, ldd, src, lds, 0, m, 0, n)
}

func outer(dst, y, x, u, v []float64, k int) { outerGo(dst, y, x, u, v, k) }

func scaleRows(dst, src, scale []float64, m, n int) { scaleRowsGo(dst, src, scale, m, n) }

func substitute(a []float64, a0, ra, ca int, unit bool, b []float64, b0, ldb, n, c int) {
	substituteGo(a, a0, ra, ca, unit, b, b0, ldb, n, c)
}

func addScaled(y []float64, s float64, x []float64) { addScaledGo(y, s, x) }

func addFewRows(y, s, x []float64, ldx int) { addFewRowsGo(y, s, x, ldx) }

func dot(x, y []float64) float64 { return dotGo(x, y) }

func columnStride(int) int { return 0 }

func factorColumns(columns, inv []float64, order []int64, exchanged []int32, n, stride int) bool {
	return factorColumnsGo(columns, inv, order, exchanged, n, stride)
}

func invertColumns(inv, columns []float64, order []int64, n, stride int) int {
	return invertColumnsGo(inv, columns, order, n, stride)
}

func timesColumns(x, columns []float64, n, stride int) { timesColumnsGo(x, columns, n, stride) }

func solveColumns(x, columns, inv []float64, n, stride int) {
	solveColumnsGo(x, columns, inv, n, stride)
}

func inverseKernel() bool { return false }

func invert(inv, a []float64, n int, shift, scale float64) int {
	return invertGo(inv, a, n, shift, scale)
}

func timesInverse(x, inv []float64, n int) { timesInverseGo(x, inv, n) }
