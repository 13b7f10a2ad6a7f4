//go:build amd64 && !purego

package kernel

//go:generate go run -C gen . -family lanes -out ../lanes_amd64.s -pkg kernel

// laneForwardAVX2 is LaneNet.forwardGo and, with jacobian set, forwardJacobianGo, which leaves its result in panelNext for an odd number
// of layers.
//
//go:noescape
func laneForwardAVX2(net *LaneNet, order int, jacobian bool)

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

func (n *LaneNet) forward() {
	if useAVX2 {
		laneForwardAVX2(n, 0, false)
	} else {
		n.forwardGo(0)
	}
}

func (n *LaneNet) forwardJacobian() {
	if !useAVX2 {
		n.forwardJacobianGo()
		return
	}
	laneForwardAVX2(n, 1, true)
	if len(n.layers)%2 == 1 {
		n.panel, n.panelNext = n.panelNext, n.panel
	}
}

func factorLanes(lu, pivot, g, jac []float64, k int) {
	if useAVX2 {
		factorLanesAVX2(&lu[0], &pivot[0], &g[0], &jac[0], k)
	} else {
		factorLanesGo(lu, pivot, g, jac, k)
	}
}

func solveLanes(x, lu, pivot, g, f, c []float64, k int) {
	if useAVX2 {
		solveLanesAVX2(&x[0], &lu[0], &pivot[0], &g[0], &f[0], first(c), k)
	} else {
		solveLanesGo(x, lu, pivot, g, f, c, k)
	}
}

func scaleLanes(x, g, f []float64, k int) {
	if useAVX2 {
		scaleLanesAVX2(&x[0], &g[0], &f[0], k)
	} else {
		scaleLanesGo(x, g, f, k)
	}
}

func normLanes(sum, e, y, z, atol []float64, rtol float64) {
	if useAVX2 {
		normLanesAVX2(&sum[0], &e[0], &y[0], &z[0], &atol[0], rtol, len(atol))
	} else {
		normLanesGo(sum, e, y, z, atol, rtol)
	}
}
