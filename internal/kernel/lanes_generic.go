//go:build !amd64 || purego

package kernel

func (n *LaneNet) forward(order int) { n.forwardGo(order) }

func (n *LaneNet) forwardJacobian() { n.forwardJacobianGo() }

func (n *LaneNet) backward(sums []float64, inputs bool) { n.backwardGo(sums, inputs) }

func factorLanes(lu, pivot, g, jac []float64, k int) { factorLanesGo(lu, pivot, g, jac, k) }

func solveLanes(x, lu, pivot, g, f, c []float64, k int) { solveLanesGo(x, lu, pivot, g, f, c, k) }

func normLanes(sum, e, y, z, atol []float64, rtol float64) { normLanesGo(sum, e, y, z, atol, rtol) }

func scaleLanes(x, g, f []float64, k int) { scaleLanesGo(x, g, f, k) }
