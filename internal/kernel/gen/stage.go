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
	stageStride  = 72
	stageN       = 80
	stageScale   = 88
)

// stages emits the stages of a linearly implicit step, for AVX-512 alone. A vector is a span of registers whose last is masked, except where it is written
// for someone who reads it number by number at once: what a masked store leaves out would keep him waiting.
func stages() {
	for size := 4; size <= inverseTo; size += 4 {
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
	function(fmt.Sprintf("stage%d", size), "func(s *byte, i int, to, y, f, sums *float64)", fmt.Sprintf("is StageKernel.stageGo for %d < n ≤ %d.", size-4, size))
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

	v := e.solve(param("f"), field(st, stageSum), Mem{Base: st, Disp: stageScale})
	for r, z := range v {
		if r < len(v)-1 {
			VMOVUPD(z, Mem{Base: u, Disp: s.at(r)})
		} else {
			VMOVUPD(z, e.present, Mem{Base: u, Disp: s.at(r)})
		}
	}
	add(sums, v)
	to.store(Mem{Base: param("to")})
	c.store(Mem{Base: field(st, stageSum)})
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

// spread is a number in all lanes of registers as wide as those of a vector.
func (e *stageEmitter) spread(number Op) vec {
	z := register()
	VBROADCASTSD(number, z)
	v := make(vec, len(e.span))
	for r, width := range e.span {
		v[r] = z
		if width == 32 {
			v[r] = z.AsY().(reg.VecVirtual)
		}
	}
	return v
}

// solve is the product of the inverse with scale·f + sum. These are read number by number, as a field mostly writes them: a register could not be
// loaded before its stores are done. Two sums of columns, or four of single registers, do not wait for one another.
func (e *stageEmitter) solve(f, sum reg.Register, scale Mem) vec {
	column, left, factor := copyOf(e.inverse), copyOf(e.n), XMM()
	VMOVSD(scale, factor)
	parts := make([]vec, 2)
	if len(e.span) == 1 {
		parts = make([]vec, 4)
	}
	for k := range parts {
		parts[k] = e.zero()
	}
	add := func(part vec, k int) {
		x := XMM()
		VMOVSD(Mem{Base: f, Disp: 8 * k}, x)
		VFMADD213SD(Mem{Base: sum, Disp: 8 * k}, factor, x)
		w := e.spread(x)
		for r := range part {
			m := Mem{Base: column, Disp: e.at(r)}
			if r < len(part)-1 {
				VFMADD231PD(m, w[r], part[r])
			} else {
				VFMADD231PD(m, w[r], e.present, part[r])
			}
		}
		ADDQ(e.stride, column)
	}
	advance := func(columns int) {
		ADDQ(immediate(8*columns), f)
		ADDQ(immediate(8*columns), sum)
	}
	SUBQ(immediate(len(parts)), left)
	JLT(LabelRef("rest"))
	Label("several")
	for k, part := range parts {
		add(part, k)
	}
	advance(len(parts))
	SUBQ(immediate(len(parts)), left)
	JGE(LabelRef("several"))
	Label("rest")
	ADDQ(immediate(len(parts)), left)
	JEQ(LabelRef("multiplied"))
	Label("one")
	add(parts[0], 0)
	advance(1)
	DECQ(left)
	JNE(LabelRef("one"))
	Label("multiplied")
	for n := len(parts) / 2; n > 0; n /= 2 {
		for k := range n {
			for r := range e.span {
				VADDPD(parts[k+n][r], parts[k][r], parts[k][r])
			}
		}
	}
	return parts[0]
}
