package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The fields of kernel.StageKernel.
const (
	stageInverse = 0
	stageU       = 24
	stageSum     = 48
	stageSolved  = 72
	stageStride  = 96
	stageN       = 104
	stageCount   = 112
	stageScale   = 120
)

// stages emits the stages of a linearly implicit step, for AVX-512 alone. A vector is a span of registers whose last is masked: with all lanes set, that of
// sizes divisible by four, it is read back as soon as it is written.
func stages() {
	for size := 8; size <= inverseTo; size += 4 {
		s := whole(size / 8)
		if size%8 != 0 {
			s = append(s, 32)
		}
		stage(size, s)
	}
}

// A stageEmitter knows how long vectors are.
type stageEmitter struct {
	span
	present         reg.OpmaskVirtual // numbers in the last register
	n               reg.Register
	inverse, stride reg.Register
}

func stage(size int, s span) {
	less := size - 4
	if size == 8 {
		less = 0
	}
	function(fmt.Sprintf("stage%d", size), "func(s *byte, i int, to, y, f, sums *float64)", fmt.Sprintf("is StageKernel.stageGo for %d < n ≤ %d.", less, size))
	st := param("s")
	e := &stageEmitter{span: s, n: field(st, stageN), inverse: field(st, stageInverse), stride: field(st, stageStride)}
	SHLQ(U8(3), e.stride)
	in := GP64()
	LEAQ(Mem{Base: e.n, Disp: -s.at(len(s)-1) / 8}, in)
	e.present = lowest(in)

	// the sums over the stages before, for which no one waits
	to, c, u, left := e.load(Mem{Base: param("y")}), e.zero(), field(st, stageU), param("i")
	bytes, sums := copyOf(e.n), param("sums")
	SHLQ(U8(3), bytes)
	add := func(k reg.Register, v vec) {
		for which, sum := range []vec{to, c} {
			w := e.spread(Mem{Base: k, Disp: 8 * which})
			for r := range v {
				VFMADD231PD(v[r], w[r], sum[r])
			}
		}
	}
	TESTQ(left, left)
	JEQ(LabelRef("summed"))
	Label("before")
	add(sums, e.load(Mem{Base: u}))
	ADDQ(U8(16), sums)
	ADDQ(bytes, u)
	DECQ(left)
	JNE(LabelRef("before"))
	Label("summed")

	v, scale := e.multiply("f_", param("f")), e.spread(Mem{Base: st, Disp: stageScale})
	solved := field(st, stageSolved)
	before := e.load(Mem{Base: solved})
	for r := range v {
		VFMADD213PD(before[r], scale[r], v[r])
	}
	e.store(v, Mem{Base: u})
	add(sums, v)
	e.store(to, Mem{Base: param("to")})
	sum := field(st, stageSum)
	e.store(c, Mem{Base: sum})
	next := param("i")
	INCQ(next)
	CMPQ(next, Mem{Base: st, Disp: stageCount})
	JEQ(LabelRef("last"))
	e.store(e.multiply("s_", sum), Mem{Base: solved})
	Label("last")
	VZEROUPPER()
	RET()
}

// load fetches a vector, zeros beyond its end.
func (e *stageEmitter) load(m Mem) vec {
	return e.each(func(r int, z reg.VecVirtual) {
		if r < len(e.span)-1 {
			VMOVUPD(shifted(m, e.at(r)), z)
		} else {
			VMOVUPD_Z(shifted(m, e.at(r)), e.present, z)
		}
	})
}

func (e *stageEmitter) store(v vec, m Mem) {
	for r, z := range v {
		if r < len(v)-1 {
			VMOVUPD(z, shifted(m, e.at(r)))
		} else {
			VMOVUPD(z, e.present, shifted(m, e.at(r)))
		}
	}
}

// spread is a number in all lanes of registers as wide as those of a vector.
func (e *stageEmitter) spread(m Mem) vec {
	z := register()
	VBROADCASTSD(m, z)
	v := make(vec, len(e.span))
	for r, width := range e.span {
		v[r] = z
		if width == 32 {
			v[r] = z.AsY().(reg.VecVirtual)
		}
	}
	return v
}

// multiply is the product of the inverse with a vector in memory, which is read number by number: a register could not be loaded before a field's
// stores are done. Two sums, or four of single registers, do not wait for one another.
func (e *stageEmitter) multiply(label string, x reg.Register) vec {
	from, column, left := copyOf(x), copyOf(e.inverse), copyOf(e.n)
	sums := make([]vec, 2)
	if len(e.span) == 1 {
		sums = make([]vec, 4)
	}
	for k := range sums {
		sums[k] = e.zero()
	}
	add := func(sum vec, k int) {
		w := e.spread(Mem{Base: from, Disp: 8 * k})
		for r := range sum {
			m := Mem{Base: column, Disp: e.at(r)}
			if r < len(sum)-1 {
				VFMADD231PD(m, w[r], sum[r])
			} else {
				VFMADD231PD(m, w[r], e.present, sum[r])
			}
		}
		ADDQ(e.stride, column)
	}
	SUBQ(immediate(len(sums)), left)
	JLT(LabelRef(label + "rest"))
	Label(label + "several")
	for k, sum := range sums {
		add(sum, k)
	}
	ADDQ(immediate(8*len(sums)), from)
	SUBQ(immediate(len(sums)), left)
	JGE(LabelRef(label + "several"))
	Label(label + "rest")
	ADDQ(immediate(len(sums)), left)
	JEQ(LabelRef(label + "multiplied"))
	Label(label + "one")
	add(sums[0], 0)
	ADDQ(U8(8), from)
	DECQ(left)
	JNE(LabelRef(label + "one"))
	Label(label + "multiplied")
	for n := len(sums) / 2; n > 0; n /= 2 {
		for k := range n {
			for r := range e.span {
				VADDPD(sums[k+n][r], sums[k][r], sums[k][r])
			}
		}
	}
	return sums[0]
}
