package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rowsFrom addresses n ≤ 5 rows of neurons from row k on, at the block that p points to in row 0.
func rowsFrom(p, stride reg.Register, k, n int) []Mem {
	base := GP64()
	IMUL3Q(U8(k), stride, base)
	ADDQ(p, base)
	return rowsAt(base, stride, n)
}

// rowsAt addresses n ≤ 5 rows, the first of which is at base.
func rowsAt(base, stride reg.Register, n int) []Mem {
	rows := []Mem{{Base: base}, {Base: base, Index: stride, Scale: 1}, {Base: base, Index: stride, Scale: 2}}
	if n > 3 {
		third := GP64()
		LEAQ(Mem{Base: base, Index: stride, Scale: 2}, third)
		rows = append(rows, Mem{Base: third, Index: stride, Scale: 1}, Mem{Base: third, Index: stride, Scale: 2})
	}
	return rows[:n]
}

func shifted(m Mem, bytes int) Mem {
	m.Disp += bytes
	return m
}

// strideBytes is the distance of rows of neurons.
func strideBytes(net reg.Register) reg.GPVirtual {
	stride := field(net, netStride)
	SHLQ(U8(3), stride)
	return stride
}

// paddedBytes is the size of n numbers, n a field, padded to whole registers.
func paddedBytes(structure reg.Register, offset int) reg.GPVirtual {
	n := field(structure, offset)
	ADDQ(U8(3), n)
	ANDQ(I8(-4), n)
	SHLQ(U8(3), n)
	return n
}

// addRow adds s times a span in memory, s being a number in all lanes of a register of the target's width.
func (x vec) addRow(m Mem, s reg.VecVirtual) {
	of := x.span()
	for k := range x {
		VFMADD231PD(shifted(m, of.at(k)), narrowed(s, of[k]), x[k])
	}
}

// narrowed is the lower part of a register.
func narrowed(z reg.VecVirtual, bytes int) reg.Register {
	switch bytes {
	case 64:
		return z.AsZ()
	case 32:
		return z.AsY()
	}
	return z.AsX()
}

// products emits sums[v] = Σ_i factor_v[i]·weights[i] over count terms, for a block of weights and vectors v. The factors are
// consecutive numbers, the weights step bytes apart. The registers factors' bases, weights and count are used up.
func products(prefix string, factors []Mem, weights, step, count reg.Register, block span, advance func()) []vec {
	sums := make([]vec, len(factors))
	for v := range sums {
		sums[v] = block.zero()
	}
	if len(factors) == 1 {
		// One vector alone would wait for its own additions: two sums take turns.
		odd := block.zero()
		SUBQ(U8(2), count)
		JLT(LabelRef(prefix + "last"))
		Label(prefix + "dot")
		s, t := register(), register()
		VBROADCASTSD(factors[0], s)
		VBROADCASTSD(shifted(factors[0], 8), t)
		sums[0].addRow(Mem{Base: weights}, s)
		odd.addRow(Mem{Base: weights, Index: step, Scale: 1}, t)
		advance()
		advance()
		LEAQ(Mem{Base: weights, Index: step, Scale: 2}, weights)
		SUBQ(U8(2), count)
		JGE(LabelRef(prefix + "dot"))
		Label(prefix + "last")
		CMPQ(count, I8(-1))
		JNE(LabelRef(prefix + "done"))
		VBROADCASTSD(factors[0], s)
		sums[0].addRow(Mem{Base: weights}, s)
		Label(prefix + "done")
		for k := range block {
			VADDPD(odd[k], sums[0][k], sums[0][k])
		}
		return sums
	}
	Label(prefix + "dot")
	w := block.load(Mem{Base: weights})
	for v := range factors {
		s := register()
		VBROADCASTSD(factors[v], s)
		for k, width := range block {
			VFMADD231PD(w[k], narrowed(s, width), sums[v][k])
		}
	}
	advance()
	ADDQ(step, weights)
	DECQ(count)
	JNE(LabelRef(prefix + "dot"))
	return sums
}

// copyOf is a fresh register with the same value.
func copyOf(r reg.Register) reg.GPVirtual {
	c := GP64()
	MOVQ(r, c)
	return c
}

func tangents(pairs int) {
	function(fmt.Sprintf("tangents%d", pairs), "func(net *byte)", fmt.Sprintf("is Net.tangentsGo for %d pairs.", pairs))
	net := Load(Param("net"), GP64())
	layer, count := field(net, netLayers), field(net, netLayerCount)
	stride := strideBytes(net)
	Label("layer")
	slab := field(net, netSlab)
	from := at(slab, layer, layerFrom)
	p := at(slab, layer, layerAt)
	weights := at(field(net, netColumns), layer, layerColumns)
	column := paddedBytes(layer, layerOut)
	bySpans("", copyOf(column), func(prefix string, block span) {
		inputs := rowsFrom(from, stride, rowTA, pairs)
		sums := products(prefix, inputs, copyOf(weights), column, field(layer, layerIn), block, func() { advanceRows(inputs, 8) })
		d1 := block.load(neurons{p, stride}.d1())
		tz, ta := rowsFrom(p, stride, rowTangent, pairs), rowsFrom(p, stride, rowTA, pairs)
		for c, sum := range sums {
			for k := range sum {
				VMOVUPD(sum[k], shifted(tz[c], block.at(k)))
				VMULPD(d1[k], sum[k], sum[k])
				VMOVUPD(sum[k], shifted(ta[c], block.at(k)))
			}
		}
	}, func(bytes int) {
		ADDQ(immediate(bytes), p)
		ADDQ(immediate(bytes), weights)
	})
	ADDQ(U8(layerSize), layer)
	DECQ(count)
	JNE(LabelRef("layer"))
	VZEROUPPER()
	RET()
}

// advanceRows moves the bases of rows by a number of bytes.
func advanceRows(rows []Mem, bytes int) {
	ADDQ(U8(bytes), rows[0].Base)
	if len(rows) > 3 {
		ADDQ(U8(bytes), rows[3].Base)
	}
}

// backward emits Net.backwardGo for a number of pairs. Vector 0 is eta, vector 1+c is zeta of pair c. Addresses are made anew from the
// arguments where they are needed: general registers are scarce.
func backward(pairs int) {
	function(fmt.Sprintf("backward%d", pairs), "func(net *byte, gp *float64, inputs bool)",
		fmt.Sprintf("is Net.backwardGo with %d pairs.", pairs))
	net := Load(Param("net"), GP64())
	layer, count := field(net, netLayers), field(net, netLayerCount)
	SHLQ(U8(6), count) // a layer has 64 bytes
	LEAQ(Mem{Base: layer, Index: count, Scale: 1, Disp: -layerSize}, layer)
	stride := strideBytes(net)

	// The outputs: adjoints of φ(z) stand where those of z are to be.
	p := at(field(net, netSlab), layer, layerAt)
	bySpans("outputs_", paddedBytes(layer, layerOut), func(_ string, block span) {
		eta, zeta := rowsFrom(p, stride, rowEta, 1), rowsOrNone(p, stride, rowZeta, pairs)
		var alpha []vec
		for _, m := range append(eta, zeta...) {
			alpha = append(alpha, block.load(m))
		}
		adjointOfZ(p, stride, alpha)
	}, func(bytes int) { ADDQ(immediate(bytes), p) })

	// The adjoints of the inputs come before the gradient of the weights: the next layer waits for them, and the gradient fills that time.
	Label("layer")
	net = Load(Param("net"), GP64())
	CMPQ(layer, Mem{Base: net, Disp: netLayers})
	JNE(LabelRef("propagate"))
	inputs := GP64()
	Load(Param("inputs"), inputs.As8())
	TESTB(inputs.As8(), inputs.As8())
	JEQ(LabelRef("gradient"))
	Label("propagate")
	slab := field(net, netSlab)
	to := at(slab, layer, layerFrom)
	outputs := at(slab, layer, layerAt)
	weights := at(field(net, netRows), layer, layerRows)
	row := paddedBytes(layer, layerIn)
	bySpans("inputs_", copyOf(row), func(prefix string, block span) {
		factors := append(rowsFrom(outputs, stride, rowEta, 1), rowsOrNone(outputs, stride, rowZeta, pairs)...)
		alpha := products(prefix, factors, copyOf(weights), row, field(layer, layerOut), block, func() {
			ADDQ(U8(8), factors[0].Base)
			if pairs > 0 {
				advanceRows(factors[1:], 8)
			}
		})
		adjointOfZ(to, stride, alpha)
	}, func(bytes int) {
		ADDQ(immediate(bytes), to)
		ADDQ(immediate(bytes), weights)
	})

	Label("gradient")
	gp := Load(Param("gp"), GP64())
	TESTQ(gp, gp)
	JEQ(LabelRef("next"))
	addGradient(pairs, layer, stride, gp)

	Label("next")
	net = Load(Param("net"), GP64())
	SUBQ(U8(layerSize), layer)
	CMPQ(layer, Mem{Base: net, Disp: netLayers})
	JGE(LabelRef("layer"))
	VZEROUPPER()
	RET()
}

func rowsOrNone(p, stride reg.Register, k, n int) []Mem {
	if n == 0 {
		return nil
	}
	return rowsFrom(p, stride, k, n)
}

// adjointOfZ emits, for the neurons at p, η = φ′·α_0 + φ″·Σ_c ż_c·α_{1+c} and ζ_c = φ′·α_{1+c}, and stores them.
func adjointOfZ(p, stride reg.Register, alpha []vec) {
	pairs := len(alpha) - 1
	at := neurons{p, stride}
	tz, zeta := rowsOrNone(p, stride, rowTangent, pairs), rowsOrNone(p, stride, rowZeta, pairs)
	eta := rowsFrom(p, stride, rowEta, 1)[0]
	block := alpha[0].span()
	for k, width := range block {
		d1, here := registerOf(width), block.at(k)
		VMOVUPD(shifted(at.d1(), here), d1)
		VMULPD(d1, alpha[0][k], alpha[0][k])
		if pairs > 0 {
			sum := registerOf(width)
			VMULPD(shifted(tz[0], here), alpha[1][k], sum)
			for c := 1; c < pairs; c++ {
				VFMADD231PD(shifted(tz[c], here), alpha[1+c][k], sum)
			}
			VFMADD231PD(shifted(at.d2(), here), sum, alpha[0][k])
		}
		VMOVUPD(alpha[0][k], shifted(eta, here))
		for c := range pairs {
			VMULPD(d1, alpha[1+c][k], alpha[1+c][k])
			VMOVUPD(alpha[1+c][k], shifted(zeta[c], here))
		}
	}
}

// piece is a part of a row of the gradient that one instruction handles: 8, 4, 2 or 1 numbers.
type piece struct{ offset, numbers int }

func pieces(n int) []piece {
	var list []piece
	offset := 0
	for _, size := range []int{8, 4, 4, 2, 1} {
		if n >= size && 8*size <= target.width {
			list = append(list, piece{8 * offset, size})
			offset += size
			n -= size
		}
	}
	return list
}

// addGradient emits the addition of η·aᵀ + Σ_c ζ_c·ȧ_cᵀ to the layer's weights in gp and of η to its biases. Rows of weights are contiguous,
// whatever their length: columns are taken eight at a time, and the last one to eleven by code of their own.
func addGradient(pairs int, layer, stride, gp reg.Register) {
	g := at(gp, layer, layerWeight)
	a := at(field(Load(Param("net"), GP64()), netSlab), layer, layerFrom)
	left := field(layer, layerIn)
	Label("columns")
	CMPQ(left, U8(12))
	JLT(LabelRef("columns_last"))
	gradientColumns("columns_8_", pairs, layer, stride, a, copyOf(g), 8)
	ADDQ(U8(64), g)
	ADDQ(U8(64), a)
	SUBQ(U8(8), left)
	JMP(LabelRef("columns"))
	Label("columns_last")
	widths := []int{5, 10, 3, 8, 4, 6, 2, 1, 7, 9, 11}
	for i, width := range widths {
		next := fmt.Sprintf("columns_not_%d", width)
		if i < len(widths)-1 {
			CMPQ(left, U8(width))
			JNE(LabelRef(next))
		}
		gradientColumns(fmt.Sprintf("columns_last_%d_", width), pairs, layer, stride, a, g, width)
		if i < len(widths)-1 {
			JMP(LabelRef("biases"))
			Label(next)
		}
	}

	Label("biases")
	outputs := at(field(Load(Param("net"), GP64()), netSlab), layer, layerAt)
	eta := rowsFrom(outputs, stride, rowEta, 1)[0].Base
	in, out := field(layer, layerIn), field(layer, layerOut)
	b := at(Load(Param("gp"), GP64()), layer, layerWeight)
	IMULQ(out, in)
	LEAQ(Mem{Base: b, Index: in, Scale: 8}, b)
	SUBQ(U8(4), out)
	JLT(LabelRef("biases_last"))
	Label("biases_4")
	y := YMM()
	VMOVUPD(Mem{Base: eta}, y)
	VADDPD(Mem{Base: b}, y, y)
	VMOVUPD(y, Mem{Base: b})
	ADDQ(U8(32), eta)
	ADDQ(U8(32), b)
	SUBQ(U8(4), out)
	JGE(LabelRef("biases_4"))
	Label("biases_last")
	ADDQ(U8(4), out)
	JEQ(LabelRef("next"))
	Label("biases_1")
	x := XMM()
	VMOVSD(Mem{Base: eta}, x)
	VADDSD(Mem{Base: b}, x, x)
	VMOVSD(x, Mem{Base: b})
	ADDQ(U8(8), eta)
	ADDQ(U8(8), b)
	DECQ(out)
	JNE(LabelRef("biases_1"))
}

// gradientColumns emits the loop over all rows of g, for a number of columns.
func gradientColumns(prefix string, pairs int, layer, stride, a, g reg.Register, width int) {
	outputs := at(field(Load(Param("net"), GP64()), netSlab), layer, layerAt)
	factors := append(rowsFrom(outputs, stride, rowEta, 1), rowsOrNone(outputs, stride, rowZeta, pairs)...)
	inputs := append([]Mem{{Base: a}}, rowsOrNone(a, stride, rowTA, pairs)...)
	row, count := field(layer, layerIn), field(layer, layerOut)
	SHLQ(U8(3), row)
	Label(prefix + "row")
	s := whole(len(factors)).each(func(v int, z reg.VecVirtual) { VBROADCASTSD(factors[v], z) })
	for _, part := range pieces(width) {
		to, bytes := Mem{Base: g, Disp: part.offset}, 8*part.numbers
		y := registerOf(bytes)
		move, add := VMOVUPD, VFMADD231PD
		if part.numbers == 1 {
			move, add = VMOVSD, VFMADD231SD
		}
		move(to, y)
		for v := range s {
			add(shifted(inputs[v], part.offset), narrowed(s[v], bytes), y)
		}
		move(y, to)
	}
	ADDQ(U8(8), factors[0].Base)
	if pairs > 0 {
		advanceRows(factors[1:], 8)
	}
	ADDQ(row, g)
	DECQ(count)
	JNE(LabelRef(prefix + "row"))
}
