package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// laneRow is the size of a row of a lane vector: one number for each of 16 lanes, or of 8.
var laneRow = 128

// laneSpan is a row in registers.
func laneSpan() span { return whole(laneRow / target.width) }

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
	laneForward("laneForward", 16)
	laneForward("laneForward8", 8)
	laneRow = 128
	laneBackward()
	factorLanes()
	solveLanes()
	scaleLanes()
	normLanes()
}

// row loads a row.
func row(m Mem) vec { return laneSpan().load(m) }

// broadcast is a number in all lanes of one register.
func broadcast(m Mem) reg.VecVirtual {
	z := register()
	VBROADCASTSD(m, z)
	return z
}

// rowsOf multiplies a count of rows to bytes, in place.
func rowsOf(n reg.Register) reg.Register {
	SHLQ(U8(map[int]uint64{64: 6, 128: 7}[laneRow]), n)
	return n
}

// laneForward emits the layers one after the other: for each the pre-activations of all neurons, then the activations in place,
// then the tangents. The three are apart because the processor looks ahead only so far: chains of the same kind overlap.
func laneForward(name string, lanes int) {
	laneRow = 8 * lanes
	function(name, "func(net *byte, order int, jacobian bool)",
		fmt.Sprintf("is LaneNet.forwardGo for %d lanes and, with jacobian set, forwardJacobianGo, which leaves its result in panelNext for an odd number of layers.", lanes))
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
		if !target.spreads {
			CMPQ(Mem{Base: layer, Disp: layerFunc}, U8(codeGELU))
			JNE(LabelRef("activations"))
			laneGELUs(rows, p, d1, field(net, laneScratch))
			JMP(LabelRef("activated"))
			Label("activations")
		}
		manyChains = target.spreads
		laneActivations(layer, p, d1, rowsOf(rows))
		manyChains = false
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
			scaledRow(Mem{Base: d1}, w).store(Mem{Base: to})
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

// laneActivations emits the activations of left bytes at p in place, and their derivatives at d1 if the order asks for them.
func laneActivations(layer, p, d1, left reg.Register) {
	apply := func(block span) {
		dispatch(fmt.Sprintf("apply%d", block.bytes()), Mem{Base: layer, Disp: layerFunc}, block,
			func(k int, _ bool, x reg.VecVirtual) { VMOVUPD(Mem{Base: p, Disp: block.at(k)}, x) },
			func(k, of int, y reg.Register) {
				if of < 2 {
					VMOVUPD(y, Mem{Base: []reg.Register{p, d1}[of], Disp: block.at(k)})
				}
			},
			func(of int, end string) {
				CMPQ(NewParamAddr("order", 8), U8(of+1))
				JLT(LabelRef(end))
			})
	}
	two, one := whole(2), whole(1)
	odd := laneRow%two.bytes() != 0 // one may be left
	if odd {
		CMPQ(left, immediate(one.bytes()))
		JEQ(LabelRef("activation_last"))
	}
	Label("activation")
	apply(two)
	for _, r := range []reg.Register{p, d1} {
		ADDQ(immediate(two.bytes()), r)
	}
	SUBQ(immediate(two.bytes()), left)
	JEQ(LabelRef("activated"))
	if !odd {
		JMP(LabelRef("activation"))
		return
	}
	CMPQ(left, immediate(one.bytes()))
	JNE(LabelRef("activation"))
	Label("activation_last")
	apply(one)
}

// laneGELUs emits GELU of rows by laneGELU, as many at a time as the registers hold.
func laneGELUs(rows, p, d1, scratch reg.Register) {
	for _, height := range laneHeights() {
		prefix := fmt.Sprintf("gelu_%d_", height)
		SUBQ(U8(height), rows)
		JLT(LabelRef(prefix + "finished"))
		leaveTwo(prefix, height, rows)
		Label(prefix + "rows")
		laneGELU(prefix, height*len(laneSpan()), p, d1, scratch)
		ADDQ(U32(height*laneRow), p)
		ADDQ(U32(height*laneRow), d1)
		SUBQ(U8(height), rows)
		JGE(LabelRef(prefix + "rows"))
		Label(prefix + "finished")
		ADDQ(U8(height), rows)
	}
}

// laneGELU emits GELU of n registers in place, and its derivative if the order asks for it, with as few instructions as can be: their number,
// and not the length of the chains, is what counts where so many chains are independent, and where a register holds four of them. Each part is done for all registers before
// the next begins, the polynomial by Horner's rule with its arguments in memory and a sum in every register.
func laneGELU(prefix string, n int, p, d1, scratch reg.Register) {
	at := func(i int) Mem { return Mem{Base: p, Disp: target.width * i} }
	remainder := func(i int) Mem { return Mem{Base: scratch, Disp: target.width * i} }
	scale := func(i int) Mem { return Mem{Base: scratch, Disp: target.width * (n + i)} }
	constant := func(c float64) reg.VecVirtual { return whole(1).constant(c)[0] }
	fresh := func(n int) vec { return whole(n).each(func(int, reg.VecVirtual) {}) }
	{
		lower, upper, linear, cubic := constant(geluLower), constant(geluUpper), constant(-2*geluA*log2e), constant(-2*geluA*geluB*log2e)
		group := divisor(n, 5)
		for first := 0; first < n; first += group {
			c, v := fresh(group), fresh(group)
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
				round(v[i], c[i])
			}
			for i := range c {
				VSUBPD(c[i], v[i], c[i])
				VMOVUPD(c[i], remainder(first+i))
			}
			for i := range c {
				constantOp(VADDPD, VADDPD_BCST, num(shifter), v[i], v[i])
				VPSLLQ(U8(52), v[i], v[i])
				VMOVUPD(v[i], scale(first+i))
			}
		}
	}
	coefficients := append([]float64{1}, exp2Coefficients...)
	last := len(coefficients) - 1
	e := whole(n).constant(coefficients[last])
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
		z := register()
		VFMADD132PD(scale(i), one, e[i])
		VMAXPD(at(i), lower, z)
		VDIVPD(e[i], z, z)
		VMOVUPD(z, at(i))
	}
	JMP(LabelRef(prefix + "end"))
	Label(prefix + "derivative")
	one = constant(1)
	for i := range e {
		z := register()
		VMULPD(scale(i), e[i], z)
		VFMADD132PD(scale(i), one, e[i])
		VMOVUPD(z, remainder(i))
		VMOVUPD(e[i], scale(i))
	}
	group := func(first int, of func(i int) Mem) vec {
		return whole(2).load(of(first))
	}
	for i := 0; i < n; i += 2 {
		c, ones := group(i, at).atLeast(geluLower), group(i, scale)
		c.div(ones).store(at(i))
		c = c.atMost(geluUpper)
		s := ones.like(func(j int, z reg.VecVirtual) { VDIVPD(ones[j], one, z) })
		u1 := c.mul(c).linear(2*geluA, 6*geluA*geluB)
		slope := group(i, remainder).atMost(math.MaxFloat64).mul(s).mul(s).mul(c)
		slope.timesPlus(u1, s)
		slope.store(Mem{Base: d1, Disp: target.width * i})
	}
	Label(prefix + "end")
}

// divisor is the largest divisor of n up to a bound.
func divisor(n, bound int) int {
	for n%bound != 0 {
		bound--
	}
	return bound
}

// laneProducts emits out rows of sums over in rows from on, several at a time so that every row that is loaded is used as often: they begin
// with the biases or zero, and are multiplied by the rows of factor, unless it is nil. It uses up all its registers but in.
func laneProducts(prefix string, weights, in, out, from, to, bias, factor reg.Register) {
	twice := copyOf(in)
	ADDQ(in, twice)
	for _, height := range laneHeights() {
		p := fmt.Sprintf("%s%d_", prefix, height)
		SUBQ(U8(height), out)
		JLT(LabelRef(p + "finished"))
		leaveTwo(p, height, out)
		Label(p + "rows")
		sums := make([]vec, height)
		for i := range sums {
			if bias == nil {
				sums[i] = laneSpan().zero()
				continue
			}
			sums[i] = laneSpan().each(func(int, reg.VecVirtual) {})
			sums[i].spread(Mem{Base: bias, Disp: 8 * i})
		}
		x, j := copyOf(from), copyOf(in)
		elements := []Mem{{Base: weights}, {Base: weights, Index: in, Scale: 8}, {Base: weights, Index: twice, Scale: 8}}
		if height > 3 {
			fourth := GP64()
			LEAQ(Mem{Base: weights, Index: in, Scale: 8}, fourth)
			LEAQ(Mem{Base: fourth, Index: twice, Scale: 8}, fourth)
			elements = append(elements, Mem{Base: fourth}, Mem{Base: fourth, Index: in, Scale: 8})
		}
		elements = elements[:height]
		Label(p + "dot")
		w := make([]reg.VecVirtual, height)
		for i := range w {
			w[i] = broadcast(elements[i])
		}
		for k, width := range laneSpan() {
			z := register()
			VMOVUPD(Mem{Base: x, Disp: k * width}, z)
			for i := range sums {
				VFMADD231PD(z, w[i], sums[i][k])
			}
		}
		ADDQ(U8(8), weights)
		if height > 3 {
			ADDQ(U8(8), elements[3].Base)
		}
		ADDQ(U32(laneRow), x)
		DECQ(j)
		JNE(LabelRef(p + "dot"))
		for i, sum := range sums {
			for k, z := range sum {
				here := laneRow*i + laneSpan().at(k)
				if factor != nil {
					VMULPD(Mem{Base: factor, Disp: here}, z, z)
				}
				VMOVUPD(z, Mem{Base: to, Disp: here})
			}
		}
		ADDQ(U32(laneRow*height), to)
		if factor != nil {
			ADDQ(U32(laneRow*height), factor)
		}
		if bias != nil {
			ADDQ(U8(8*height), bias)
		}
		for rows := height - 1; rows > 0; {
			step := min(rows, 2)
			LEAQ(Mem{Base: weights, Index: []reg.Register{nil, in, twice}[step], Scale: 8}, weights)
			rows -= step
		}
		SUBQ(U8(height), out)
		JGE(LabelRef(p + "rows"))
		Label(p + "finished")
		ADDQ(U8(height), out)
	}
}

// laneHeights are the numbers of rows that are made at a time: three fill the registers with sums where there are 16, five keep the
// multiply-add units busy where a row has two registers.
func laneHeights() []int {
	if target.width == 32 {
		return []int{3, 2, 1}
	}
	return []int{5, 4, 3, 2, 1}
}

// leaveTwo ends the greatest blocks of rows where one row more than one of them is left: two lower blocks take them then.
func leaveTwo(prefix string, height int, left reg.Register) {
	if height == laneHeights()[0] {
		CMPQ(left, U8(1))
		JEQ(LabelRef(prefix + "finished"))
	}
}
