//go:build amd64 && !purego

package kernel

// The kernels for AVX-512 do what those for AVX2 do, in registers of eight numbers: with the same operations in the same order for each number.

//go:noescape
func applyAVX512(fn, order int, dst, d1, d2, z *float64, n int)

//go:noescape
func expAVX512(dst, x *float64, n int)

//go:noescape
func forwardAVX512(net *Net, order int, jacobian bool)

//go:noescape
func tangents1AVX512(net *Net)

//go:noescape
func tangents2AVX512(net *Net)

//go:noescape
func tangents3AVX512(net *Net)

//go:noescape
func tangents4AVX512(net *Net)

//go:noescape
func backward0AVX512(net *Net, gp *float64, inputs bool)

//go:noescape
func backward1AVX512(net *Net, gp *float64, inputs bool)

//go:noescape
func backward2AVX512(net *Net, gp *float64, inputs bool)

//go:noescape
func backward3AVX512(net *Net, gp *float64, inputs bool)

//go:noescape
func backward4AVX512(net *Net, gp *float64, inputs bool)

//go:noescape
func mulPanelAVX512(y *float64, ldy int, a *float64, ra, ca int, x *float64, ldx int, m, k, n int, b, scale, factor *float64, ldf, add int)

// substituteAVX512 is substituteGo, c a multiple of Lanes.
//
//go:noescape
func substituteAVX512(a *float64, ra, ca int, unit bool, b *float64, ldb int, n, c int)
