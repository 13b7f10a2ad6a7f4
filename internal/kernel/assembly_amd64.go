//go:build amd64 && !purego

package kernel

// applyAVX2 applies an activation to n numbers, a multiple of Lanes: the value, and derivatives up to the order.
//
//go:noescape
func applyAVX2(fn, order int, dst, d1, d2, z *float64, n int)

// expAVX2 writes exp(x) for n numbers, a multiple of Lanes.
//
//go:noescape
func expAVX2(dst, x *float64, n int)

// forwardAVX2 is Net.forwardGo and, with jacobian set, Net.jacobianPanel interleaved with it, for at most Lanes inputs.
//
//go:noescape
func forwardAVX2(net *Net, order int, jacobian bool)

// tangents1AVX2 … tangents4AVX2 are Net.tangentsGo for that many pairs.

//go:noescape
func tangents1AVX2(net *Net)

//go:noescape
func tangents2AVX2(net *Net)

//go:noescape
func tangents3AVX2(net *Net)

//go:noescape
func tangents4AVX2(net *Net)

// backward0AVX2 … backward4AVX2 are Net.backwardGo for that many pairs.

//go:noescape
func backward0AVX2(net *Net, gp *float64, inputs bool)

//go:noescape
func backward1AVX2(net *Net, gp *float64, inputs bool)

//go:noescape
func backward2AVX2(net *Net, gp *float64, inputs bool)

//go:noescape
func backward3AVX2(net *Net, gp *float64, inputs bool)

//go:noescape
func backward4AVX2(net *Net, gp *float64, inputs bool)

// mulPanelAVX2 is MulPanel or, with add other than 0, adds to Y; n a multiple of Lanes.
//
//go:noescape
func mulPanelAVX2(y *float64, ldy int, a *float64, ra, ca int, x *float64, ldx int, m, k, n int, b, scale, factor *float64, ldf, add int)

// addPanelTransposedAVX2 is AddPanelTransposed, n a multiple of Lanes.
//
//go:noescape
func addPanelTransposedAVX2(dst *float64, ldd int, sums, y *float64, ldy int, x *float64, ldx int, m, k, n int)

// transposeAVX2 is Transpose, m and n multiples of Lanes.
//
//go:noescape
func transposeAVX2(dst *float64, ldd int, src *float64, lds int, m, n int)

// outerAVX2 is Outer: whole rows by registers, which write up to three numbers beyond them, then single rows to their exact end.
//
//go:noescape
func outerAVX2(dst, y, x, u, v *float64, whole, single, k int)

// scaleRowsAVX2 is ScaleRows, n a multiple of Lanes.
//
//go:noescape
func scaleRowsAVX2(dst, src, scale *float64, m, n int)

// substituteAVX2 is substituteGo, c a multiple of Lanes.
//
//go:noescape
func substituteAVX2(a *float64, ra, ca int, unit bool, b *float64, ldb int, n, c int)

// addScaledAVX2 is AddScaled, n a multiple of Lanes.
//
//go:noescape
func addScaledAVX2(y *float64, s float64, x *float64, n int)

// addRows2AVX2 … addRows4AVX2 are addRows for that many rows, n a positive multiple of Lanes.

//go:noescape
func addRows2AVX2(y, s, x *float64, ldx, n int)

//go:noescape
func addRows3AVX2(y, s, x *float64, ldx, n int)

//go:noescape
func addRows4AVX2(y, s, x *float64, ldx, n int)

// dotAVX2 is Dot, n a positive multiple of 16.
//
//go:noescape
func dotAVX2(x, y *float64, n int) float64
