package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The fields of kernel.Net and kernel.Layer, in bytes.
const (
	netLayers     = 0
	netLayerCount = 8
	netParams     = 24
	netColumns    = 48
	netRows       = 72
	netSlab       = 96
	netStride     = 120
	netPanel      = 128
	netPanelNext  = 152

	layerIn      = 0
	layerOut     = 8
	layerFunc    = 16
	layerFrom    = 24
	layerAt      = 32
	layerWeight  = 40
	layerColumns = 48
	layerRows    = 56
	layerSize    = 64
)

// The rows of neurons, as in kernel.
const (
	maxPairs   = 4
	rowEta     = 3
	rowD2      = 4
	rowTangent = 5
	rowTA      = rowTangent + maxPairs
	rowZeta    = rowTA + maxPairs
)

func network() {
	forward()
	for pairs := 1; pairs <= maxPairs; pairs++ {
		tangents(pairs)
	}
	for pairs := range maxPairs + 1 {
		backward(pairs)
	}
}

// field loads a field of a structure.
func field(base reg.Register, offset int) reg.GPVirtual {
	r := GP64()
	MOVQ(Mem{Base: base, Disp: offset}, r)
	return r
}

// at is base + 8·index in a fresh register, index being a field in units of numbers.
func at(base reg.Register, structure reg.Register, offset int) reg.GPVirtual {
	r := field(structure, offset)
	LEAQ(Mem{Base: base, Index: r, Scale: 8}, r)
	return r
}

// neurons addresses the rows of a block of neurons: p points to it in row 0, and the rows lie stride bytes apart.
type neurons struct{ p, stride reg.Register }

func (n neurons) a() Mem  { return Mem{Base: n.p} }
func (n neurons) z() Mem  { return Mem{Base: n.p, Index: n.stride, Scale: 1} }
func (n neurons) d1() Mem { return Mem{Base: n.p, Index: n.stride, Scale: 2} }
func (n neurons) d2() Mem { return Mem{Base: n.p, Index: n.stride, Scale: 4} }

// forward keeps in registers only what its inner loops need: general registers are scarce.
func forward() {
	function("forward", "func(net *byte, order int, jacobian bool)",
		"is Net.forwardGo and, with jacobian set, Net.jacobianPanel interleaved with it.")
	net := Load(Param("net"), GP64())
	layer := field(net, netLayers)
	stride := strideBytes(net)
	panel, panelNext := field(net, netPanel), field(net, netPanelNext)
	var kept reg.VecVirtual // the values of a layer that fill one register
	if target.spreads {
		kept = register()
		VXORPD(kept, kept, kept)
	}

	Label("layer")
	net = Load(Param("net"), GP64())
	slab := field(net, netSlab)
	from, p := at(slab, layer, layerFrom), at(slab, layer, layerAt)
	weights := at(field(net, netColumns), layer, layerColumns)
	column := paddedBytes(layer, layerOut) // from column to column
	bySpans("", copyOf(column), func(prefix string, s span) {
		forwardBlock(prefix, s, layer, column, from, weights, neurons{p, stride}, kept)
	}, func(bytes int) {
		ADDQ(immediate(bytes), p)
		ADDQ(immediate(bytes), weights)
	})

	jacobian := GP64()
	Load(Param("jacobian"), jacobian.As8())
	TESTB(jacobian.As8(), jacobian.As8())
	JEQ(LabelRef("next"))
	forwardPanel(layer, stride, panel, panelNext)
	XCHGQ(panel, panelNext)

	Label("next")
	net = Load(Param("net"), GP64())
	end := field(net, netLayerCount)
	SHLQ(U8(6), end) // a layer has 64 bytes
	ADDQ(Mem{Base: net, Disp: netLayers}, end)
	ADDQ(U8(layerSize), layer)
	CMPQ(layer, end)
	JNE(LabelRef("layer"))
	VZEROUPPER()
	RET()
}

// forwardBlock makes a span of outputs: z = b + Σ_j a_j·column_j, and the activation.
func forwardBlock(prefix string, block span, layer, column, from, weights reg.Register, to neurons, kept reg.VecVirtual) {
	// The biases are the column after the last.
	w, a, j := GP64(), GP64(), GP64()
	MOVQ(Mem{Base: layer, Disp: layerIn}, j)
	IMULQ(column, j)
	ADDQ(weights, j)
	even, odd := block.load(Mem{Base: j}), block.zero()
	MOVQ(weights, w)
	if kept != nil {
		dotKept(prefix, layer, w, column, kept, even, odd)
	}
	MOVQ(from, a)
	MOVQ(Mem{Base: layer, Disp: layerIn}, j)
	SUBQ(U8(2), j)
	JLT(LabelRef(prefix + "dot_last"))
	Label(prefix + "dot")
	s, t := register(), register()
	VBROADCASTSD(Mem{Base: a}, s)
	VBROADCASTSD(Mem{Base: a, Disp: 8}, t)
	even.addRow(Mem{Base: w}, s)
	odd.addRow(Mem{Base: w, Index: column, Scale: 1}, t)
	ADDQ(U8(16), a)
	LEAQ(Mem{Base: w, Index: column, Scale: 2}, w)
	SUBQ(U8(2), j)
	JGE(LabelRef(prefix + "dot"))
	Label(prefix + "dot_last")
	CMPQ(j, I8(-1))
	JNE(LabelRef(prefix + "dot_done"))
	VBROADCASTSD(Mem{Base: a}, s)
	even.addRow(Mem{Base: w}, s)
	Label(prefix + "dot_done")
	z := even
	for k := range z {
		VADDPD(odd[k], z[k], z[k])
		VMOVUPD(z[k], shifted(to.z(), block.at(k)))
	}

	dispatch(prefix, Mem{Base: layer, Disp: layerFunc}, block,
		func(k int, again bool, x reg.VecVirtual) {
			if again {
				VMOVUPD(shifted(to.z(), block.at(k)), x)
			} else {
				VMOVAPD(z[k], x)
			}
		},
		func(k, of int, y reg.Register) {
			VMOVUPD(y, shifted([]Mem{to.a(), to.d1(), to.d2()}[of], block.at(k)))
			if kept != nil && of == 0 && len(block) == 1 && block[0] == target.width {
				VMOVAPD(y, kept)
			}
		},
		func(of int, end string) {
			CMPQ(NewParamAddr("order", 8), U8(of+1))
			JLT(LabelRef(end))
		})
}

// dotKept makes the products with inputs that fill one register, which it still holds: spread from there they are ready sooner than from memory, to
// which they have just been written. Where the inputs are not kept it does nothing; otherwise the products are done. Sums are those of the loop over
// inputs in memory.
func dotKept(prefix string, layer, w, column reg.Register, kept reg.VecVirtual, even, odd vec) {
	in := field(layer, layerIn)
	CMPQ(layer, Mem{Base: Load(Param("net"), GP64()), Disp: netLayers})
	JEQ(LabelRef(prefix + "from_memory"))
	most, least := target.width/8, target.width/16+1 // fewer are kept in a narrower register
	CMPQ(in, U8(most))
	JGT(LabelRef(prefix + "from_memory"))
	CMPQ(in, U8(least))
	JLT(LabelRef(prefix + "from_memory"))
	for j := range most {
		index, s := register(), register()
		loadConstant(bits(uint64(j)), index)
		VPERMPD(kept, index, s)
		[]vec{even, odd}[j%2].addRow(Mem{Base: w}, s)
		if j+1 == most {
			break
		}
		if j+1 >= least {
			CMPQ(in, U8(j+1))
			JEQ(LabelRef(prefix + "dot_done"))
		}
		ADDQ(column, w)
	}
	JMP(LabelRef(prefix + "dot_done"))
	Label(prefix + "from_memory")
}

// forwardPanel makes the next panel of derivatives with respect to the inputs, D1·W·panel, or D1·W in the first layer.
func forwardPanel(layer, stride, panel, panelNext reg.Register) {
	net := Load(Param("net"), GP64())
	in, out := field(layer, layerIn), field(layer, layerOut)
	d1 := at(field(net, netSlab), layer, layerAt)
	LEAQ(Mem{Base: d1, Index: stride, Scale: 2}, d1)
	dst := copyOf(panelNext)
	CMPQ(layer, Mem{Base: net, Disp: netLayers})
	JNE(LabelRef("panel_later"))
	rows := field(net, netRows)
	Label("panel_first")
	t, d := YMM(), YMM()
	VBROADCASTSD(Mem{Base: d1}, d)
	VMULPD(Mem{Base: rows}, d, t)
	VMOVUPD(t, Mem{Base: dst})
	ADDQ(U8(32), rows)
	ADDQ(U8(32), dst)
	ADDQ(U8(8), d1)
	DECQ(out)
	JNE(LabelRef("panel_first"))
	JMP(LabelRef("next_panel"))

	Label("panel_later")
	params := field(net, netParams)
	w := at(params, layer, layerWeight)
	row := GP64() // bytes from one row of weights to the next
	MOVQ(in, row)
	SHLQ(U8(3), row)
	SUBQ(U8(4), out)
	JLT(LabelRef("panel_rest"))
	Label("panel_four")
	{
		w3, x, j := GP64(), GP64(), GP64()
		LEAQ(Mem{Base: w, Index: row, Scale: 2}, w3)
		ADDQ(row, w3)
		MOVQ(panel, x)
		MOVQ(in, j)
		sum := span{32, 32, 32, 32}.zero()
		Label("panel_four_dot")
		t := YMM()
		VMOVUPD(Mem{Base: x}, t)
		for k, m := range []Mem{{Base: w}, {Base: w, Index: row, Scale: 1}, {Base: w, Index: row, Scale: 2}, {Base: w3}} {
			s := YMM()
			VBROADCASTSD(m, s)
			VFMADD231PD(t, s, sum[k])
		}
		ADDQ(U8(8), w)
		ADDQ(U8(8), w3)
		ADDQ(U8(32), x)
		DECQ(j)
		JNE(LabelRef("panel_four_dot"))
		for k := range sum {
			VBROADCASTSD(Mem{Base: d1, Disp: 8 * k}, t)
			VMULPD(t, sum[k], sum[k])
			VMOVUPD(sum[k], Mem{Base: dst, Disp: 32 * k})
		}
		MOVQ(w3, w) // the end of the fourth row
	}
	ADDQ(U8(32), d1)
	ADDQ(U32(128), dst)
	SUBQ(U8(4), out)
	JGE(LabelRef("panel_four"))
	Label("panel_rest")
	ADDQ(U8(4), out)
	JEQ(LabelRef("next_panel"))
	Label("panel_one")
	{
		x, j := GP64(), GP64()
		MOVQ(panel, x)
		MOVQ(in, j)
		sum, s := YMM(), YMM()
		VXORPD(sum, sum, sum)
		Label("panel_one_dot")
		VBROADCASTSD(Mem{Base: w}, s)
		VFMADD231PD(Mem{Base: x}, s, sum)
		ADDQ(U8(8), w)
		ADDQ(U8(32), x)
		DECQ(j)
		JNE(LabelRef("panel_one_dot"))
		VBROADCASTSD(Mem{Base: d1}, s)
		VMULPD(s, sum, sum)
		VMOVUPD(sum, Mem{Base: dst})
	}
	ADDQ(U8(8), d1)
	ADDQ(U8(32), dst)
	DECQ(out)
	JNE(LabelRef("panel_one"))
	Label("next_panel")
}
