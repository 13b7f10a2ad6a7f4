//go:build amd64 && !purego

package kernel

//go:generate go run -C gen . -family lanes -out ../lanes_amd64.s -pkg kernel
//go:generate go run -C gen . -avx512 -family lanes -out ../lanes_avx512_amd64.s -pkg kernel

// laneForwardAVX2 is LaneNet.forwardGo and, with jacobian set, forwardJacobianGo, which leaves its result in panelNext for an odd number
// of layers.
//
//go:noescape
func laneForwardAVX2(net *LaneNet, order int, jacobian bool)

// laneForward8AVX2 is laneForwardAVX2 for StageLanes lanes.
//
//go:noescape
func laneForward8AVX2(net *LaneNet, order int, jacobian bool)

// laneBackwardAVX2 is LaneNet.backwardGo for 16 lanes, which leaves the adjoints of the inputs in panelNext for an odd number of layers.
//
//go:noescape
func laneBackwardAVX2(net *LaneNet, sums *float64, inputs bool)

// factorLanesAVX2 is factorLanesGo.
//
//go:noescape
func factorLanesAVX2(lu, pivot, gamma, jac *float64, k int)

// solveLanesAVX2 is solveLanesGo.
//
//go:noescape
func solveLanesAVX2(x, lu, pivot, gamma, f, c *float64, k int)

// scaleLanesAVX2 is ScaleLanes.
//
//go:noescape
func scaleLanesAVX2(x, gamma, f *float64, k int)

// normLanesAVX2 is normLanesGo.
//
//go:noescape
func normLanesAVX2(sum, e, y, z, atol *float64, rtol float64, k int)

// Those for AVX-512 do the same.

//go:noescape
func laneForwardAVX512(net *LaneNet, order int, jacobian bool)

//go:noescape
func laneForward8AVX512(net *LaneNet, order int, jacobian bool)

//go:noescape
func laneBackwardAVX512(net *LaneNet, sums *float64, inputs bool)

//go:noescape
func factorLanesAVX512(lu, pivot, gamma, jac *float64, k int)

//go:noescape
func solveLanesAVX512(x, lu, pivot, gamma, f, c *float64, k int)

//go:noescape
func scaleLanesAVX512(x, gamma, f *float64, k int)

//go:noescape
func normLanesAVX512(sum, e, y, z, atol *float64, rtol float64, k int)

func (n *LaneNet) forward(order int) {
	if useAVX2 {
		n.forwardRegisters(order, false)
	} else {
		n.forwardGo(order)
	}
}

func (n *LaneNet) forwardJacobian() {
	if !useAVX2 {
		n.forwardJacobianGo()
		return
	}
	n.forwardRegisters(1, true)
	if len(n.layers)%2 == 1 {
		n.panel, n.panelNext = n.panelNext, n.panel
	}
}

func (n *LaneNet) forwardRegisters(order int, jacobian bool) {
	switch {
	case useAVX512 && n.width == StageLanes:
		laneForward8AVX512(n, order, jacobian)
	case useAVX512:
		laneForwardAVX512(n, order, jacobian)
	case n.width == StageLanes:
		laneForward8AVX2(n, order, jacobian)
	default:
		laneForwardAVX2(n, order, jacobian)
	}
}

func (n *LaneNet) backward(sums []float64, inputs bool) {
	switch {
	case useAVX512:
		laneBackwardAVX512(n, &sums[0], inputs)
	case useAVX2:
		laneBackwardAVX2(n, &sums[0], inputs)
	default:
		n.backwardGo(sums, inputs)
	}
}

func factorLanes(lu, pivot, g, jac []float64, k int) {
	switch {
	case useAVX512:
		factorLanesAVX512(&lu[0], &pivot[0], &g[0], &jac[0], k)
	case useAVX2:
		factorLanesAVX2(&lu[0], &pivot[0], &g[0], &jac[0], k)
	default:
		factorLanesGo(lu, pivot, g, jac, k)
	}
}

func solveLanes(x, lu, pivot, g, f, c []float64, k int) {
	switch {
	case useAVX512:
		solveLanesAVX512(&x[0], &lu[0], &pivot[0], &g[0], &f[0], first(c), k)
	case useAVX2:
		solveLanesAVX2(&x[0], &lu[0], &pivot[0], &g[0], &f[0], first(c), k)
	default:
		solveLanesGo(x, lu, pivot, g, f, c, k)
	}
}

func scaleLanes(x, g, f []float64, k int) {
	switch {
	case useAVX512:
		scaleLanesAVX512(&x[0], &g[0], &f[0], k)
	case useAVX2:
		scaleLanesAVX2(&x[0], &g[0], &f[0], k)
	default:
		scaleLanesGo(x, g, f, k)
	}
}

func normLanes(sum, e, y, z, atol []float64, rtol float64) {
	switch {
	case useAVX512:
		normLanesAVX512(&sum[0], &e[0], &y[0], &z[0], &atol[0], rtol, len(atol))
	case useAVX2:
		normLanesAVX2(&sum[0], &e[0], &y[0], &z[0], &atol[0], rtol, len(atol))
	default:
		normLanesGo(sum, e, y, z, atol, rtol)
	}
}
