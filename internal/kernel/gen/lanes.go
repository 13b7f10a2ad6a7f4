package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A row of a lane vector: one number for each of 16 lanes, in four registers.
const (
	laneRegisters = 4
	laneRow       = 32 * laneRegisters
)

// The fields of kernel.LaneNet, in bytes.
const (
	laneLayers     = 0
	laneLayerCount = 8
	laneParams     = 24
	laneA          = 48
	laneD1         = 72
	lanePanel      = 96
	lanePanelNext  = 120
	laneInputs     = 144
	laneWidest     = 152
	laneScratch    = 160
)

func lanes() {
	laneForward()
	factorLanes()
	solveLanes()
	scaleLanes()
	normLanes()
}

// row loads a row.
func row(m Mem) vec {
	return each(laneRegisters, func(k int, z reg.VecVirtual) { VMOVUPD(shifted(m, 32*k), z) })
}

func (x vec) storeRow(m Mem) {
	for k, z := range x {
		VMOVUPD(z, shifted(m, 32*k))
	}
}

// broadcast is a number in all lanes of one register.
func broadcast(m Mem) reg.VecVirtual {
	z := YMM()
	VBROADCASTSD(m, z)
	return z
}

// rowsOf multiplies a count of rows to bytes, in place.
func rowsOf(n reg.Register) reg.Register {
	SHLQ(U8(7), n)
	return n
}

// laneForward emits the layers one after the other: for each the pre-activations of all neurons, then the activations in place,
// then the tangents. The three are apart because the processor looks ahead only so far: chains of the same kind overlap.
func laneForward() {
	function("laneForwardAVX2", "func(net *byte, order int, jacobian bool)",
		"is LaneNet.forwardGo and, with jacobian set, forwardJacobianGo, which leaves its result in panelNext for an odd number of layers.")
	panel, panelNext, direction := AllocLocal(8), AllocLocal(8), AllocLocal(8)
	net := param("net")
	for _, f := range []struct {
		offset int
		to     Mem
	}{{lanePanel, panel}, {lanePanelNext, panelNext}} {
		MOVQ(field(net, f.offset), f.to)
	}
	layer := field(net, laneLayers)

	Label("layer")
	net = param("net")
	{
		in, out := field(layer, layerIn), field(layer, layerOut)
		values := field(net, laneA)
		from, to := rowsOf(field(layer, layerFrom)), rowsOf(field(layer, layerAt))
		ADDQ(values, from)
		ADDQ(values, to)
		weights := at(field(net, laneParams), layer, layerWeight)
		bias := copyOf(in)
		IMULQ(out, bias)
		LEAQ(Mem{Base: weights, Index: bias, Scale: 8}, bias)
		laneProducts("forward_", weights, in, out, from, to, bias, nil)
	}
	{
		net = param("net")
		p, d1 := rowsOf(field(layer, layerAt)), field(net, laneD1)
		ADDQ(p, d1)
		ADDQ(field(net, laneA), p)
		rows := field(layer, layerOut)
		CMPQ(Mem{Base: layer, Disp: layerFunc}, U8(codeGELU))
		JNE(LabelRef("activations"))
		scratch := field(net, laneScratch)
		for _, height := range laneHeights {
			prefix := fmt.Sprintf("gelu_%d_", height)
			SUBQ(U8(height), rows)
			JLT(LabelRef(prefix + "finished"))
			twoAndTwo(prefix, height, rows)
			Label(prefix + "rows")
			laneGELU(prefix, height*laneRegisters, p, d1, scratch)
			ADDQ(U32(height*laneRow), p)
			ADDQ(U32(height*laneRow), d1)
			SUBQ(U8(height), rows)
			JGE(LabelRef(prefix + "rows"))
			Label(prefix + "finished")
			ADDQ(U8(height), rows)
		}
		JMP(LabelRef("activated"))

		Label("activations")
		rowsOf(rows)
		Label("activation")
		dispatch("apply", Mem{Base: layer, Disp: layerFunc}, 2,
			func(k int, _ bool, x reg.VecVirtual) { VMOVUPD(Mem{Base: p, Disp: 32 * k}, x) },
			func(k, of int, y reg.Register) {
				if of < 2 {
					VMOVUPD(y, Mem{Base: []reg.Register{p, d1}[of], Disp: 32 * k})
				}
			},
			func(of int, end string) {
				CMPQ(NewParamAddr("order", 8), U8(of+1))
				JLT(LabelRef(end))
			})
		ADDQ(U8(64), p)
		ADDQ(U8(64), d1)
		SUBQ(U8(64), rows)
		JNE(LabelRef("activation"))
		Label("activated")
	}

	jacobian := GP64()
	Load(Param("jacobian"), jacobian.As8())
	TESTB(jacobian.As8(), jacobian.As8())
	JEQ(LabelRef("next"))
	first := GP64()
	XORQ(first, first)
	MOVQ(first, direction)
	Label("direction")
	{
		net = param("net")
		to := rowsOf(field(net, laneWidest))
		IMULQ(direction, to)
		from := copyOf(to)
		ADDQ(panelNext, to)
		ADDQ(panel, from)
		d1 := rowsOf(field(layer, layerAt))
		ADDQ(Mem{Base: net, Disp: laneD1}, d1)
		weights := at(field(net, laneParams), layer, layerWeight)
		in, out := field(layer, layerIn), field(layer, layerOut)
		CMPQ(layer, Mem{Base: net, Disp: laneLayers})
		JNE(LabelRef("later_layer"))
		{
			c := GP64()
			MOVQ(direction, c)
			LEAQ(Mem{Base: weights, Index: c, Scale: 8}, weights)
			Label("first_layer")
			w := broadcast(Mem{Base: weights})
			each(laneRegisters, func(k int, z reg.VecVirtual) {
				VMULPD(Mem{Base: d1, Disp: 32 * k}, w, z)
				VMOVUPD(z, Mem{Base: to, Disp: 32 * k})
			})
			ADDQ(U32(laneRow), d1)
			ADDQ(U32(laneRow), to)
			LEAQ(Mem{Base: weights, Index: in, Scale: 8}, weights)
			DECQ(out)
			JNE(LabelRef("first_layer"))
			JMP(LabelRef("next_direction"))
		}
		Label("later_layer")
		laneProducts("tangent_", weights, in, out, from, to, nil, d1)
	}
	Label("next_direction")
	c := GP64()
	MOVQ(direction, c)
	INCQ(c)
	MOVQ(c, direction)
	net = param("net")
	CMPQ(c, Mem{Base: net, Disp: laneInputs})
	JNE(LabelRef("direction"))
	now, other := GP64(), GP64()
	MOVQ(panel, now)
	MOVQ(panelNext, other)
	MOVQ(now, panelNext)
	MOVQ(other, panel)

	Label("next")
	net = param("net")
	end := field(net, laneLayerCount)
	SHLQ(U8(6), end) // a layer has 64 bytes
	ADDQ(Mem{Base: net, Disp: laneLayers}, end)
	ADDQ(U8(layerSize), layer)
	CMPQ(layer, end)
	JNE(LabelRef("layer"))
	VZEROUPPER()
	RET()
}

// laneGELU emits GELU of n registers in place, and its derivative if the order asks for it, with as few instructions as can be: their number,
// and not the length of the chains, is what counts where so many chains are independent. Each part is done for all registers before
// the next begins, the polynomial by Horner's rule with its arguments in memory and a sum in every register.
func laneGELU(prefix string, n int, p, d1, scratch reg.Register) {
	at := func(i int) Mem { return Mem{Base: p, Disp: 32 * i} }
	remainder := func(i int) Mem { return Mem{Base: scratch, Disp: 32 * i} }
	scale := func(i int) Mem { return Mem{Base: scratch, Disp: 32 * (n + i)} }
	constant := func(c float64) reg.VecVirtual { return constant(1, c)[0] }
	{
		lower, upper, linear, cubic := constant(geluLower), constant(geluUpper), constant(-2*geluA*log2e), constant(-2*geluA*geluB*log2e)
		for first := 0; first < n; first += 4 {
			c, v := newVec(4), newVec(4)
			for i := range c {
				VMAXPD(at(first+i), lower, c[i])
			}
			for i := range c {
				VMINPD(c[i], upper, c[i])
			}
			for i := range c {
				VMULPD(c[i], c[i], v[i])
			}
			for i := range c {
				VFMADD213PD(linear, cubic, v[i])
			}
			for i := range c {
				VMULPD(c[i], v[i], v[i])
			}
			for i := range c {
				VROUNDPD(U8(0), v[i], c[i])
			}
			for i := range c {
				VSUBPD(c[i], v[i], c[i])
				VMOVUPD(c[i], remainder(first+i))
			}
			for i := range c {
				VADDPD(num(shifter), v[i], v[i])
				VPSLLQ(U8(52), v[i], v[i])
				VMOVUPD(v[i], scale(first+i))
			}
		}
	}
	coefficients := append([]float64{1}, exp2Coefficients...)
	last := len(coefficients) - 1
	e := newVec(n)
	VMOVUPD(num(coefficients[last]), e[0])
	for _, z := range e[1:] {
		VMOVAPD(e[0], z)
	}
	for k := last - 1; k >= 0; k-- {
		c := constant(coefficients[k])
		for i := range e {
			VFMADD132PD(remainder(i), c, e[i]) // e·r + c
		}
	}
	CMPQ(NewParamAddr("order", 8), U8(0))
	JNE(LabelRef(prefix + "derivative"))
	one, lower := constant(1), constant(geluLower)
	for i := range e {
		z := YMM()
		VFMADD132PD(scale(i), one, e[i])
		VMAXPD(at(i), lower, z)
		VDIVPD(e[i], z, z)
		VMOVUPD(z, at(i))
	}
	JMP(LabelRef(prefix + "end"))
	Label(prefix + "derivative")
	one = constant(1)
	for i := range e {
		z := YMM()
		VMULPD(scale(i), e[i], z)
		VFMADD132PD(scale(i), one, e[i])
		VMOVUPD(z, remainder(i))
		VMOVUPD(e[i], scale(i))
	}
	group := func(first int, of func(i int) Mem) vec {
		return each(2, func(i int, z reg.VecVirtual) { VMOVUPD(of(first+i), z) })
	}
	for i := 0; i < n; i += 2 {
		c, ones := group(i, at).atLeast(geluLower), group(i, scale)
		for j, y := range c.div(ones) {
			VMOVUPD(y, at(i+j))
		}
		c = c.atMost(geluUpper)
		s := each(2, func(j int, z reg.VecVirtual) { VDIVPD(ones[j], one, z) })
		u1 := c.mul(c).linear(2*geluA, 6*geluA*geluB)
		slope := group(i, remainder).atMost(math.MaxFloat64).mul(s).mul(s).mul(c)
		slope.timesPlus(u1, s)
		for j, y := range slope {
			VMOVUPD(y, Mem{Base: d1, Disp: 32 * (i + j)})
		}
	}
	Label(prefix + "end")
}

// laneProducts emits out rows of sums over in rows from on, up to three at a time so that every row that is loaded is used as often: they begin
// with the biases or zero, and are multiplied by the rows of factor, unless it is nil. It uses up all its registers but in.
func laneProducts(prefix string, weights, in, out, from, to, bias, factor reg.Register) {
	twice := copyOf(in)
	ADDQ(in, twice)
	for _, height := range laneHeights {
		p := fmt.Sprintf("%s%d_", prefix, height)
		SUBQ(U8(height), out)
		JLT(LabelRef(p + "finished"))
		twoAndTwo(p, height, out)
		Label(p + "rows")
		sums := make([]vec, height)
		for i := range sums {
			if bias == nil {
				sums[i] = each(laneRegisters, func(_ int, z reg.VecVirtual) { VXORPD(z, z, z) })
				continue
			}
			sums[i] = newVec(laneRegisters)
			VBROADCASTSD(Mem{Base: bias, Disp: 8 * i}, sums[i][0])
			for k := 1; k < laneRegisters; k++ {
				VMOVAPD(sums[i][0], sums[i][k])
			}
		}
		x, j := copyOf(from), copyOf(in)
		elements := []Mem{{Base: weights}, {Base: weights, Index: in, Scale: 8}, {Base: weights, Index: twice, Scale: 8}}[:height]
		Label(p + "dot")
		w := make([]reg.VecVirtual, height)
		for i := range w {
			w[i] = broadcast(elements[i])
		}
		for k := range laneRegisters {
			z := YMM()
			VMOVUPD(Mem{Base: x, Disp: 32 * k}, z)
			for i := range sums {
				VFMADD231PD(z, w[i], sums[i][k])
			}
		}
		ADDQ(U8(8), weights)
		ADDQ(U32(laneRow), x)
		DECQ(j)
		JNE(LabelRef(p + "dot"))
		for i, sum := range sums {
			for k, z := range sum {
				if factor != nil {
					VMULPD(Mem{Base: factor, Disp: laneRow*i + 32*k}, z, z)
				}
				VMOVUPD(z, Mem{Base: to, Disp: laneRow*i + 32*k})
			}
		}
		ADDQ(U32(laneRow*height), to)
		if factor != nil {
			ADDQ(U32(laneRow*height), factor)
		}
		if bias != nil {
			ADDQ(U8(8*height), bias)
		}
		switch height {
		case 3:
			LEAQ(Mem{Base: weights, Index: twice, Scale: 8}, weights)
		case 2:
			LEAQ(Mem{Base: weights, Index: in, Scale: 8}, weights)
		}
		SUBQ(U8(height), out)
		JGE(LabelRef(p + "rows"))
		Label(p + "finished")
		ADDQ(U8(height), out)
	}
}

// laneHeights are the numbers of rows that are made at a time: three fill the registers with sums.
var laneHeights = []int{3, 2, 1}

// twoAndTwo leaves blocks of three rows for those of two where four are left, one of them beyond the first three.
func twoAndTwo(prefix string, height int, left reg.Register) {
	if height == 3 {
		CMPQ(left, U8(1))
		JEQ(LabelRef(prefix + "finished"))
	}
}

// laneCount loads the argument k and makes it the bytes of k rows.
func laneCount() reg.Register { return rowsOf(param("k")) }

func factorLanes() {
	function("factorLanesAVX2", "func(lu, pivot, gamma, jac *float64, k int)", "is factorLanesGo.")
	// W = I − g·J
	{
		lu, jac, g := param("lu"), param("jac"), row(Mem{Base: param("gamma")})
		left := param("k")
		IMULQ(left, left)
		Label("fill")
		for k := range laneRegisters {
			z := YMM()
			VXORPD(z, z, z)
			VFNMADD231PD(Mem{Base: jac, Disp: 32 * k}, g[k], z)
			VMOVUPD(z, Mem{Base: lu, Disp: 32 * k})
		}
		ADDQ(U32(laneRow), lu)
		ADDQ(U32(laneRow), jac)
		DECQ(left)
		JNE(LabelRef("fill"))
	}
	{
		lu, step, left := param("lu"), laneCount(), param("k")
		ADDQ(U32(laneRow), step)
		one := constant(1, 1)[0]
		Label("identity")
		for k := range laneRegisters {
			z := YMM()
			VADDPD(Mem{Base: lu, Disp: 32 * k}, one, z)
			VMOVUPD(z, Mem{Base: lu, Disp: 32 * k})
		}
		ADDQ(step, lu)
		DECQ(left)
		JNE(LabelRef("identity"))
	}
	column := laneCount()        // bytes of a column
	diagonal := param("lu")      // the pivot's element
	left, p := param("k"), YMM() // rows from the pivot's on, and its number
	pivot := param("pivot")
	VXORPD(p, p, p)
	Label("column")
	{
		best := row(Mem{Base: diagonal}).abs()
		at := each(laneRegisters, func(_ int, z reg.VecVirtual) { VMOVAPD(p, z) })
		i, number := copyOf(diagonal), YMM()
		VMOVAPD(p, number)
		count := copyOf(left)
		JMP(LabelRef("search_next"))
		Label("search")
		ADDQ(U32(laneRow), i)
		VADDPD(num(1), number, number)
		for k := range laneRegisters {
			x, larger := YMM(), YMM()
			VMOVUPD(Mem{Base: i, Disp: 32 * k}, x)
			VANDPD(bits(signBit-1), x, x)
			VCMPPD(U8(compareGreater), best[k], x, larger)
			VBLENDVPD(larger, x, best[k], best[k])
			VBLENDVPD(larger, number, at[k], at[k])
		}
		Label("search_next")
		DECQ(count)
		JNE(LabelRef("search"))
		at.storeRow(Mem{Base: pivot})
	}
	{
		i, count, number := GP64(), copyOf(left), YMM() // i is the distance of the other row from the pivot's
		XORQ(i, i)
		VMOVAPD(p, number)
		JMP(LabelRef("swap_next"))
		Label("swap")
		ADDQ(U32(laneRow), i)
		VADDPD(num(1), number, number)
		mask := each(laneRegisters, func(k int, z reg.VecVirtual) { VCMPPD(U8(0), Mem{Base: pivot, Disp: 32 * k}, number, z) })
		laneAny(mask, "swap_next")
		a, columns := GP64(), param("k")
		// from the first column on: that of the pivot is k − left columns on
		MOVQ(columns, a)
		SUBQ(left, a)
		IMULQ(column, a)
		NEGQ(a)
		ADDQ(diagonal, a)
		Label("swap_column")
		swapLanes(mask, Mem{Base: a}, Mem{Base: a, Index: i, Scale: 1})
		ADDQ(column, a)
		DECQ(columns)
		JNE(LabelRef("swap_column"))
		Label("swap_next")
		DECQ(count)
		JNE(LabelRef("swap"))
	}
	{
		inverse := constant(laneRegisters, 1).div(row(Mem{Base: diagonal}))
		inverse.storeRow(Mem{Base: diagonal})
		i, count := copyOf(diagonal), copyOf(left)
		JMP(LabelRef("scale_next"))
		Label("scale")
		ADDQ(U32(laneRow), i)
		row(Mem{Base: i}).mul(inverse).storeRow(Mem{Base: i})
		Label("scale_next")
		DECQ(count)
		JNE(LabelRef("scale"))
	}
	{
		top, columns := copyOf(diagonal), copyOf(left)
		JMP(LabelRef("eliminate_next"))
		Label("eliminate")
		ADDQ(column, top)
		u := row(Mem{Base: top})
		l, to, count := copyOf(diagonal), copyOf(top), copyOf(left)
		DECQ(count)
		Label("eliminate_row")
		ADDQ(U32(laneRow), l)
		ADDQ(U32(laneRow), to)
		x := row(Mem{Base: to})
		for k := range x {
			VFNMADD231PD(Mem{Base: l, Disp: 32 * k}, u[k], x[k])
		}
		x.storeRow(Mem{Base: to})
		DECQ(count)
		JNE(LabelRef("eliminate_row"))
		Label("eliminate_next")
		DECQ(columns)
		JNE(LabelRef("eliminate"))
	}
	VADDPD(num(1), p, p)
	ADDQ(U32(laneRow), pivot)
	LEAQ(Mem{Base: diagonal, Index: column, Scale: 1, Disp: laneRow}, diagonal)
	DECQ(left)
	JNE(LabelRef("column"))
	VZEROUPPER()
	RET()
}

// laneAny jumps to the label where no lane has a bit of the mask set.
func laneAny(mask vec, label string) {
	any := YMM()
	VORPD(mask[0], mask[1], any)
	for _, m := range mask[2:] {
		VORPD(m, any, any)
	}
	found := GP32()
	VMOVMSKPD(any, found)
	TESTL(found, found)
	JEQ(LabelRef(label))
}

// swapLanes exchanges two rows in the lanes of the mask.
func swapLanes(mask vec, a, b Mem) {
	for k := range laneRegisters {
		x, y, z := YMM(), YMM(), YMM()
		VMOVUPD(shifted(a, 32*k), x)
		VMOVUPD(shifted(b, 32*k), y)
		VBLENDVPD(mask[k], y, x, z)
		VBLENDVPD(mask[k], x, y, y)
		VMOVUPD(z, shifted(a, 32*k))
		VMOVUPD(y, shifted(b, 32*k))
	}
}

func solveLanes() {
	function("solveLanesAVX2", "func(x, lu, pivot, gamma, f, c *float64, k int)", "is solveLanesGo.")
	{
		x, f, c, left := param("x"), param("f"), param("c"), param("k")
		g := row(Mem{Base: param("gamma")})
		TESTQ(c, c)
		JEQ(LabelRef("scale"))
		Label("combine")
		z := row(Mem{Base: c})
		for k := range z {
			VFMADD231PD(Mem{Base: f, Disp: 32 * k}, g[k], z[k])
		}
		z.storeRow(Mem{Base: x})
		for _, r := range []reg.Register{x, f, c} {
			ADDQ(U32(laneRow), r)
		}
		DECQ(left)
		JNE(LabelRef("combine"))
		JMP(LabelRef("exchange"))
		Label("scale")
		scaleRow(g, f, x)
		DECQ(left)
		JNE(LabelRef("scale"))
	}
	Label("exchange")
	{
		x, pivot, left, p := param("x"), param("pivot"), param("k"), YMM()
		VXORPD(p, p, p)
		JMP(LabelRef("exchange_next"))
		Label("exchange_row")
		mask := each(laneRegisters, func(k int, z reg.VecVirtual) { VCMPPD(U8(4), Mem{Base: pivot, Disp: 32 * k}, p, z) })
		laneAny(mask, "exchanged")
		i, count, number := copyOf(x), copyOf(left), YMM()
		VMOVAPD(p, number)
		Label("exchange_with")
		ADDQ(U32(laneRow), i)
		VADDPD(num(1), number, number)
		mask = each(laneRegisters, func(k int, z reg.VecVirtual) { VCMPPD(U8(0), Mem{Base: pivot, Disp: 32 * k}, number, z) })
		swapLanes(mask, Mem{Base: x}, Mem{Base: i})
		DECQ(count)
		JNE(LabelRef("exchange_with"))
		Label("exchanged")
		VADDPD(num(1), p, p)
		ADDQ(U32(laneRow), x)
		ADDQ(U32(laneRow), pivot)
		Label("exchange_next")
		DECQ(left)
		JNE(LabelRef("exchange_row"))
	}
	column := laneCount()
	// forward: x_i − Σ_{j<i} l_ij x_j
	{
		x, l, i := param("x"), param("lu"), GP64() // of row i, and its number
		MOVQ(U32(1), i)
		JMP(LabelRef("forward_next"))
		Label("forward")
		ADDQ(U32(laneRow), x)
		ADDQ(U32(laneRow), l)
		sum := row(Mem{Base: x})
		element, other, count := copyOf(l), param("x"), copyOf(i)
		Label("forward_dot")
		z := row(Mem{Base: other})
		for k := range sum {
			VFNMADD231PD(Mem{Base: element, Disp: 32 * k}, z[k], sum[k])
		}
		ADDQ(column, element)
		ADDQ(U32(laneRow), other)
		DECQ(count)
		JNE(LabelRef("forward_dot"))
		sum.storeRow(Mem{Base: x})
		INCQ(i)
		Label("forward_next")
		CMPQ(i, NewParamAddr("k", 48))
		JNE(LabelRef("forward"))
	}
	// backward: (x_i − Σ_{j>i} u_ij x_j)/u_ii
	{
		k := param("k")
		DECQ(k)
		rows := rowsOf(copyOf(k))
		x, u := param("x"), param("lu") // of row i, on the diagonal
		ADDQ(rows, x)
		ADDQ(rows, u)
		IMULQ(column, k)
		ADDQ(k, u)
		done := GP64()
		XORQ(done, done)
		Label("backward")
		sum := row(Mem{Base: x})
		element, other, count := copyOf(u), copyOf(x), copyOf(done)
		INCQ(count)
		JMP(LabelRef("backward_next"))
		Label("backward_dot")
		ADDQ(column, element)
		ADDQ(U32(laneRow), other)
		z := row(Mem{Base: other})
		for k := range sum {
			VFNMADD231PD(Mem{Base: element, Disp: 32 * k}, z[k], sum[k])
		}
		Label("backward_next")
		DECQ(count)
		JNE(LabelRef("backward_dot"))
		for k := range sum {
			VMULPD(Mem{Base: u, Disp: 32 * k}, sum[k], sum[k])
		}
		sum.storeRow(Mem{Base: x})
		SUBQ(U32(laneRow), x)
		SUBQ(U32(laneRow), u)
		SUBQ(column, u)
		INCQ(done)
		CMPQ(done, NewParamAddr("k", 48))
		JNE(LabelRef("backward"))
	}
	VZEROUPPER()
	RET()
}

// scaleRow writes a row of f times g into x and advances both.
func scaleRow(g vec, f, x reg.Register) {
	for k := range g {
		z := YMM()
		VMULPD(Mem{Base: f, Disp: 32 * k}, g[k], z)
		VMOVUPD(z, Mem{Base: x, Disp: 32 * k})
	}
	ADDQ(U32(laneRow), f)
	ADDQ(U32(laneRow), x)
}

func scaleLanes() {
	function("scaleLanesAVX2", "func(x, gamma, f *float64, k int)", "is ScaleLanes.")
	x, f, left := param("x"), param("f"), param("k")
	g := row(Mem{Base: param("gamma")})
	Label("row")
	scaleRow(g, f, x)
	DECQ(left)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}

func normLanes() {
	function("normLanesAVX2", "func(sum, e, y, z, atol *float64, rtol float64, k int)", "is normLanesGo.")
	e, y, z, atol, left := param("e"), param("y"), param("z"), param("atol"), param("k")
	rtol := broadcast(NewParamAddr("rtol", 40))
	zero := YMM()
	VXORPD(zero, zero, zero)
	sum := each(laneRegisters, func(_ int, s reg.VecVirtual) { VXORPD(s, s, s) })
	Label("row")
	a := broadcast(Mem{Base: atol})
	for k := range sum {
		w, v, x := YMM(), YMM(), YMM()
		VMOVUPD(Mem{Base: y, Disp: 32 * k}, w)
		VANDPD(bits(signBit-1), w, w)
		VMOVUPD(Mem{Base: z, Disp: 32 * k}, v)
		VFMADD231PD(v, zero, sum[k])
		VANDPD(bits(signBit-1), v, v)
		VMAXPD(v, w, w)
		VFMADD213PD(a, rtol, w)
		VMAXPD(num(0x1p-1022), w, w)
		VMOVUPD(Mem{Base: e, Disp: 32 * k}, x)
		VDIVPD(w, x, x)
		VFMADD231PD(x, x, sum[k])
	}
	for _, r := range []reg.Register{e, y, z} {
		ADDQ(U32(laneRow), r)
	}
	ADDQ(U8(8), atol)
	DECQ(left)
	JNE(LabelRef("row"))
	sum.storeRow(Mem{Base: param("sum")})
	VZEROUPPER()
	RET()
}
