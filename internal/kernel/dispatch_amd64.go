//go:build amd64 && !purego

package kernel

import "golang.org/x/sys/cpu"

//go:generate go run -C gen . -family columns -out ../columns_amd64.s -pkg kernel
//go:generate go run -C gen . -family elementwise -out ../elementwise_amd64.s -pkg kernel
//go:generate go run -C gen . -family network -out ../network_amd64.s -pkg kernel
//go:generate go run -C gen . -family panel -out ../panel_amd64.s -pkg kernel
//go:generate go run -C gen . -family solve -out ../solve_amd64.s -pkg kernel
//go:generate go run -C gen . -family steps -out ../steps_amd64.s -pkg kernel
//go:generate go run -C gen . -family vector -out ../vector_amd64.s -pkg kernel
//go:generate go run -C gen . -avx512 -family columns -out ../columns_avx512_amd64.s -pkg kernel
//go:generate go run -C gen . -avx512 -family elementwise -out ../elementwise_avx512_amd64.s -pkg kernel
//go:generate go run -C gen . -avx512 -family network -out ../network_avx512_amd64.s -pkg kernel
//go:generate go run -C gen . -avx512 -family panel -out ../panel_avx512_amd64.s -pkg kernel
//go:generate go run -C gen . -avx512 -family solve -out ../solve_avx512_amd64.s -pkg kernel

// useAVX2 and useAVX512, which comes with it, choose the assembly. They are variables so that the tests can compare all. What has no kernel
// for AVX-512 gains nothing by it: vectors there are too short or wait for something else.
var (
	useAVX2   = cpu.X86.HasAVX2 && cpu.X86.HasFMA
	useAVX512 = useAVX2 && cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL
)

// hasBitManipulation says that there are instructions for the lowest bit of a mask.
var hasBitManipulation = cpu.X86.HasBMI1 && cpu.X86.HasBMI2

func expSlice(dst, x []float64) {
	if !useAVX2 {
		expSliceGo(dst, x)
		return
	}
	n := len(x) &^ (Lanes - 1)
	if n > 0 {
		expRegisters(&dst[0], &x[0], n)
	}
	if n < len(x) {
		var tail [Lanes]float64
		copy(tail[:], x[n:])
		expRegisters(&tail[0], &tail[0], Lanes)
		copy(dst[n:], tail[:])
	}
}

func expRegisters(dst, x *float64, n int) {
	if useAVX512 {
		expAVX512(dst, x, n)
	} else {
		expAVX2(dst, x, n)
	}
}

func (f Func) apply(order int, dst, d1, d2, z []float64) {
	if !useAVX2 {
		f.applyGo(order, dst, d1, d2, z)
		return
	}
	n := len(z) &^ (Lanes - 1)
	if n > 0 {
		f.applyRegisters(order, &dst[0], first(d1), first(d2), &z[0], n)
	}
	if n == len(z) {
		return
	}
	var tail [3][Lanes]float64
	copy(tail[0][:], z[n:])
	f.applyRegisters(order, &tail[0][0], &tail[1][0], &tail[2][0], &tail[0][0], Lanes)
	for k, to := range [...][]float64{dst, d1, d2} {
		if k <= order {
			copy(to[n:len(z)], tail[k][:])
		}
	}
}

func (f Func) applyRegisters(order int, dst, d1, d2, z *float64, n int) {
	if useAVX512 {
		applyAVX512(int(f), order, dst, d1, d2, z, n)
	} else {
		applyAVX2(int(f), order, dst, d1, d2, z, n)
	}
}

// first is the address of a slice's first element, nil for an empty one.
func first(x []float64) *float64 {
	if len(x) == 0 {
		return nil
	}
	return &x[0]
}

func (n *Net) forward(order int) {
	switch {
	case useAVX512:
		forwardAVX512(n, order, false)
	case useAVX2:
		forwardAVX2(n, order, false)
	default:
		n.forwardGo(order)
	}
}

// fusedInputs is up to how many inputs the panel of derivatives, a register wide, is made in the forward kernel: it is hidden there in the
// time that the activations take.
const fusedInputs = Lanes

func (n *Net) forwardJacobian(order int, jac []float64) {
	if !useAVX2 || n.layers[0].In > fusedInputs {
		n.forward(order)
		n.jacobian(jac)
		return
	}
	if useAVX512 {
		forwardAVX512(n, order, true)
	} else {
		forwardAVX2(n, order, true)
	}
	panel := n.panel
	if len(n.layers)%2 == 1 {
		panel = n.panelNext
	}
	n.unpad(jac, panel)
}

func (n *Net) tangents(pairs int) {
	switch {
	case !useAVX2:
		n.tangentsGo(pairs)
	case useAVX512:
		n.tangents512(pairs)
	case pairs == 1:
		tangents1AVX2(n)
	case pairs == 2:
		tangents2AVX2(n)
	case pairs == 3:
		tangents3AVX2(n)
	default:
		tangents4AVX2(n)
	}
}

func (n *Net) tangents512(pairs int) {
	switch pairs {
	case 1:
		tangents1AVX512(n)
	case 2:
		tangents2AVX512(n)
	case 3:
		tangents3AVX512(n)
	default:
		tangents4AVX512(n)
	}
}

func (n *Net) backward(pairs int, gp []float64, inputs bool) {
	switch {
	case !useAVX2:
		n.backwardGo(pairs, gp, inputs)
	case useAVX512:
		n.backward512(pairs, first(gp), inputs)
	case pairs == 0:
		backward0AVX2(n, first(gp), inputs)
	case pairs == 1:
		backward1AVX2(n, first(gp), inputs)
	case pairs == 2:
		backward2AVX2(n, first(gp), inputs)
	case pairs == 3:
		backward3AVX2(n, first(gp), inputs)
	default:
		backward4AVX2(n, first(gp), inputs)
	}
}

func (n *Net) backward512(pairs int, gp *float64, inputs bool) {
	switch pairs {
	case 0:
		backward0AVX512(n, gp, inputs)
	case 1:
		backward1AVX512(n, gp, inputs)
	case 2:
		backward2AVX512(n, gp, inputs)
	case 3:
		backward3AVX512(n, gp, inputs)
	default:
		backward4AVX512(n, gp, inputs)
	}
}

func mulPanel(y []float64, ldy int, a []float64, ra, ca int, x []float64, ldx, m, k, n int, b, scale, factor []float64, ldf int) {
	whole := 0
	if useAVX2 && k > 0 {
		whole = n &^ (Lanes - 1)
	}
	if whole > 0 {
		mulPanelRegisters(&y[0], ldy, &a[0], ra, ca, &x[0], ldx, m, k, whole, first(b), first(scale), first(factor), ldf, 0)
	}
	if whole < n {
		if factor != nil {
			factor = factor[whole:]
		}
		if k > 0 {
			x = x[whole:]
		}
		mulPanelGo(y[whole:], ldy, a, ra, ca, x, ldx, m, k, n-whole, b, scale, factor, ldf)
	}
}

func mulPanelRegisters(y *float64, ldy int, a *float64, ra, ca int, x *float64, ldx int, m, k, n int, b, scale, factor *float64, ldf, add int) {
	if useAVX512 {
		mulPanelAVX512(y, ldy, a, ra, ca, x, ldx, m, k, n, b, scale, factor, ldf, add)
	} else {
		mulPanelAVX2(y, ldy, a, ra, ca, x, ldx, m, k, n, b, scale, factor, ldf, add)
	}
}

// addPanel is mulPanel for the product added to Y.
func addPanel(y []float64, ldy int, a []float64, ra, ca int, x []float64, ldx, m, k, n int, scale, factor []float64, ldf int) {
	whole := 0
	if useAVX2 {
		whole = n &^ (Lanes - 1)
	}
	if whole > 0 {
		mulPanelRegisters(&y[0], ldy, &a[0], ra, ca, &x[0], ldx, m, k, whole, nil, first(scale), first(factor), ldf, 1)
	}
	if whole < n {
		if factor != nil {
			factor = factor[whole:]
		}
		addPanelGo(y[whole:], ldy, a, ra, ca, x[whole:], ldx, m, k, n-whole, scale, factor, ldf)
	}
}

func addPanelTransposed(g []float64, ldg int, sums, y []float64, ldy int, x []float64, ldx, m, k, n int) {
	whole := 0
	if useAVX2 {
		whole = n &^ (Lanes - 1)
	}
	if whole > 0 {
		addPanelTransposedAVX2(&g[0], ldg, &sums[0], &y[0], ldy, &x[0], ldx, m, k, whole)
	}
	if whole < n {
		addPanelTransposedGo(g, ldg, sums, y[whole:], ldy, x[whole:], ldx, m, k, n-whole)
	}
}

func transpose(dst []float64, ldd int, src []float64, lds, m, n int) {
	if !useAVX2 || m < Lanes || n < Lanes {
		transposePart(dst, ldd, src, lds, 0, m, 0, n)
		return
	}
	rows, columns := m&^(Lanes-1), n&^(Lanes-1)
	transposeAVX2(&dst[0], ldd, &src[0], lds, rows, columns)
	transposePart(dst, ldd, src, lds, 0, m, columns, n)
	transposePart(dst, ldd, src, lds, rows, m, 0, columns)
}

func outer(dst, y, x, u, v []float64, k int) {
	if !useAVX2 {
		outerGo(dst, y, x, u, v, k)
		return
	}
	whole := 0 // rows whose whole registers end within dst
	if room := len(dst) - Padded(k); room >= 0 {
		whole = room/k + 1
	}
	outerAVX2(&dst[0], &y[0], &x[0], first(u), first(v), whole, len(y)-whole, k)
}

func scaleRows(dst, src, scale []float64, m, n int) {
	if !useAVX2 || n%Lanes != 0 {
		scaleRowsGo(dst, src, scale, m, n)
		return
	}
	scaleRowsAVX2(&dst[0], &src[0], &scale[0], m, n)
}

func substitute(a []float64, a0, ra, ca int, unit bool, b []float64, b0, ldb, n, c int) {
	whole := 0
	if useAVX2 {
		whole = c &^ (Lanes - 1)
	}
	switch {
	case whole > 0 && useAVX512:
		substituteAVX512(&a[a0], ra, ca, unit, &b[b0], ldb, n, whole)
	case whole > 0:
		substituteAVX2(&a[a0], ra, ca, unit, &b[b0], ldb, n, whole)
	}
	if whole < c {
		substituteGo(a, a0, ra, ca, unit, b, b0+whole, ldb, n, c-whole)
	}
}

// Below these lengths the call costs more than the assembly saves.
const (
	minAddScaled = 16
	minDot       = 32
)

func addScaled(y []float64, s float64, x []float64) {
	if !useAVX2 || len(y) < minAddScaled {
		addScaledGo(y, s, x)
		return
	}
	n := len(y) &^ (Lanes - 1)
	addScaledAVX2(&y[0], s, &x[0], n)
	for i := n; i < len(y); i++ {
		y[i] += s * x[i]
	}
}

// addFewRows is addRows for two to four rows.
func addFewRows(y, s, x []float64, ldx int) {
	n := 0
	if useAVX2 && len(y) >= minAddScaled {
		n = len(y) &^ (Lanes - 1)
		switch len(s) {
		case 2:
			addRows2AVX2(&y[0], &s[0], &x[0], ldx, n)
		case 3:
			addRows3AVX2(&y[0], &s[0], &x[0], ldx, n)
		default:
			addRows4AVX2(&y[0], &s[0], &x[0], ldx, n)
		}
	}
	if n < len(y) {
		addFewRowsGo(y[n:], s, x[n:], ldx)
	}
}

func dot(x, y []float64) float64 {
	if !useAVX2 || len(x) < minDot {
		return dotGo(x, y)
	}
	n := len(x) &^ 15
	return dotAVX2(&x[0], &y[0], n) + dotGo(x[n:], y[n:])
}
