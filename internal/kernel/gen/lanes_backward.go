package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sumRow is the size of a row of sums: one register of the widest, so that every instruction set adds in the same order.
const sumRow = 64

func sumSpan() span { return whole(sumRow / target.width) }

// laneBackward emits, from the last layer to the first, the products with the transposed weights, for which the layer before waits, and then what the
// layer adds to the sums.
func laneBackward() {
	function("laneBackward", "func(net *byte, sums *float64, inputs bool)",
		"is LaneNet.backwardGo for 16 lanes, which leaves the adjoints of the inputs in panelNext for an odd number of layers.")
	now, next := AllocLocal(8), AllocLocal(8)
	net := param("net")
	layer, count := field(net, laneLayers), field(net, laneLayerCount)
	SHLQ(U8(6), count) // a layer has 64 bytes
	LEAQ(Mem{Base: layer, Index: count, Scale: 1, Disp: -layerSize}, layer)
	{
		p := field(net, lanePanel)
		MOVQ(p, now)
		other := field(net, lanePanelNext)
		MOVQ(other, next)
		d1 := rowsOf(field(layer, layerAt))
		ADDQ(Mem{Base: net, Disp: laneD1}, d1)
		rows := field(layer, layerOut)
		Label("outputs")
		row(Mem{Base: p}).mul(row(Mem{Base: d1})).store(Mem{Base: p})
		ADDQ(U32(laneRow), p)
		ADDQ(U32(laneRow), d1)
		DECQ(rows)
		JNE(LabelRef("outputs"))
	}

	Label("layer")
	net = param("net")
	CMPQ(layer, Mem{Base: net, Disp: laneLayers})
	JNE(LabelRef("propagate"))
	inputs := GP64()
	Load(Param("inputs"), inputs.As8())
	TESTB(inputs.As8(), inputs.As8())
	JEQ(LabelRef("gradient"))
	Label("propagate")
	{
		d1 := rowsOf(field(layer, layerFrom))
		ADDQ(Mem{Base: net, Disp: laneD1}, d1)
		weights := at(field(net, laneParams), layer, layerWeight)
		from, to := GP64(), GP64()
		MOVQ(now, from)
		MOVQ(next, to)
		laneTransposed(weights, field(layer, layerIn), field(layer, layerOut), from, to, d1)
	}
	Label("gradient")
	{
		net = param("net")
		in, out := field(layer, layerIn), field(layer, layerOut)
		values := rowsOf(field(layer, layerFrom))
		ADDQ(Mem{Base: net, Disp: laneA}, values)
		sums := field(layer, layerWeight)
		SHLQ(U8(6), sums)
		ADDQ(param("sums"), sums)
		biases := copyOf(in)
		IMULQ(out, biases)
		SHLQ(U8(6), biases)
		ADDQ(sums, biases)
		eta := GP64()
		MOVQ(now, eta)
		laneGradient(in, out, values, eta, sums, biases)
	}
	a, b := GP64(), GP64()
	MOVQ(now, a)
	MOVQ(next, b)
	MOVQ(a, next)
	MOVQ(b, now)
	net = param("net")
	SUBQ(U8(layerSize), layer)
	CMPQ(layer, Mem{Base: net, Disp: laneLayers})
	JGE(LabelRef("layer"))
	VZEROUPPER()
	RET()
}

// laneTransposed emits in rows of sums over out rows from from on, whose weights are in apart, multiplied by the rows of factor. It uses up all its
// registers but in and out.
func laneTransposed(weights, in, out, from, to, factor reg.Register) {
	left := copyOf(in)
	for _, height := range laneHeights() {
		p := fmt.Sprintf("transposed_%d_", height)
		SUBQ(U8(height), left)
		JLT(LabelRef(p + "finished"))
		leaveTwo(p, height, left)
		Label(p + "rows")
		sums := make([]vec, height)
		for i := range sums {
			sums[i] = laneSpan().zero()
		}
		w, x, r := copyOf(weights), copyOf(from), copyOf(out)
		Label(p + "dot")
		spread := make([]reg.VecVirtual, height)
		for i := range spread {
			spread[i] = broadcast(Mem{Base: w, Disp: 8 * i})
		}
		for k, width := range laneSpan() {
			z := register()
			VMOVUPD(Mem{Base: x, Disp: k * width}, z)
			for i := range sums {
				VFMADD231PD(z, spread[i], sums[i][k])
			}
		}
		LEAQ(Mem{Base: w, Index: in, Scale: 8}, w)
		ADDQ(U32(laneRow), x)
		DECQ(r)
		JNE(LabelRef(p + "dot"))
		for i, sum := range sums {
			for k, z := range sum {
				here := laneRow*i + laneSpan().at(k)
				VMULPD(Mem{Base: factor, Disp: here}, z, z)
				VMOVUPD(z, Mem{Base: to, Disp: here})
			}
		}
		ADDQ(U32(laneRow*height), to)
		ADDQ(U32(laneRow*height), factor)
		ADDQ(U8(8*height), weights)
		SUBQ(U8(height), left)
		JGE(LabelRef(p + "rows"))
		Label(p + "finished")
		ADDQ(U8(height), left)
	}
}

// laneGradient emits the products of out rows of adjoints with in rows of values, added to the rows of sums.
func laneGradient(in, out, values, eta, sums, biases reg.Register) {
	Label("gradient_row")
	y := row(Mem{Base: eta})
	a, j := copyOf(values), copyOf(in)
	Label("gradient_column")
	s := sumSpan().load(Mem{Base: sums})
	for k := range y {
		VFMADD231PD(Mem{Base: a, Disp: laneSpan().at(k)}, y[k], s[k%len(s)])
	}
	s.store(Mem{Base: sums})
	ADDQ(U8(sumRow), sums)
	ADDQ(U32(laneRow), a)
	DECQ(j)
	JNE(LabelRef("gradient_column"))
	s = sumSpan().load(Mem{Base: biases})
	for k := range y {
		VADDPD(y[k], s[k%len(s)], s[k%len(s)])
	}
	s.store(Mem{Base: biases})
	ADDQ(U8(sumRow), biases)
	ADDQ(U32(laneRow), eta)
	DECQ(out)
	JNE(LabelRef("gradient_row"))
}
