package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// collocation emits what lies between values at stages and the lanes of substituteLanes, for methods whose systems are one real and one or two complex ones.
func collocation() {
	for _, stages := range []int{3, 5} {
		stagesToLanes(stages)
		lanesToStages(stages)
	}
}

func stagesToLanes(stages int) {
	function(fmt.Sprintf("stagesToLanes%d", stages), "func(dst *float64, places *int32, f *float64, n int, coef, u, mass *float64, scale float64, shift *float64)", "is stagesToLanesGo for that many stages.")
	dst, places, n := param("dst"), param("places"), param("n")
	coef, u, mass := param("coef"), param("u"), param("mass")
	scale, shift, shiftIm := every("scale"), YMM(), YMM()
	{
		m := Mem{Base: param("shift")}
		VMOVUPD(m, shift)
		VMOVUPD(imaginary(m), shiftIm)
	}
	f := rowsAt(param("f"), bytesParam("n"), stages)
	Label("component")
	re, im := YMM(), YMM()
	for i := range stages {
		v, c := YMM(), Mem{Base: coef, Disp: 64 * i}
		VBROADCASTSD(f[i], v)
		if i == 0 {
			VMULPD(c, v, re)
			VMULPD(imaginary(c), v, im)
		} else {
			VFMADD231PD(c, v, re)
			VFMADD231PD(imaginary(c), v, im)
		}
	}
	VMULPD(scale, re, re)
	VMULPD(scale, im, im)
	ur, ui, pr, pi, m := YMM(), YMM(), YMM(), YMM(), YMM()
	at := Mem{Base: u}
	VMOVUPD(at, ur)
	VMOVUPD(imaginary(at), ui)
	VMULPD(ur, shift, pr)
	VMULPD(ui, shift, pi)
	VFNMADD231PD(ui, shiftIm, pr)
	VFMADD231PD(ur, shiftIm, pi)
	VBROADCASTSD(Mem{Base: mass}, m)
	VFNMADD231PD(pr, m, re)
	VFNMADD231PD(pi, m, im)
	to := Mem{Base: dst, Index: index(places, 0), Scale: 8}
	VMOVUPD(re, to)
	VMOVUPD(im, imaginary(to))
	ADDQ(U8(4), places)
	ADDQ(U8(64), u)
	ADDQ(U8(8), mass)
	advanceRows(f, 8)
	DECQ(n)
	JNE(LabelRef("component"))
	VZEROUPPER()
	RET()
}

func lanesToStages(stages int) {
	function(fmt.Sprintf("lanesToStages%d", stages), "func(z, states, u, x *float64, places *int32, y, w, t *float64, n int) float64", "is lanesToStagesGo for that many stages.")
	k := &laneGroup{u: param("u"), x: param("x"), places: param("places"), y: param("y"), w: param("w"), t: param("t"), sum: YMM()}
	n, ld := param("n"), bytesParam("n")
	k.z, k.states = rowsAt(param("z"), ld, stages), rowsAt(param("states"), ld, stages)
	VXORPD(k.sum, k.sum, k.sum)
	SUBQ(U8(4), n)
	JLT(LabelRef("rest"))
	Label("four")
	k.group(4)
	ADDQ(U8(16), k.places)
	ADDQ(U32(256), k.u)
	for _, p := range []reg.Register{k.y, k.w} {
		ADDQ(U8(32), p)
	}
	advanceRows(k.z, 32)
	advanceRows(k.states, 32)
	SUBQ(U8(4), n)
	JGE(LabelRef("four"))
	Label("rest")
	for _, rest := range []int{3, 2, 1} {
		next := fmt.Sprintf("not_%d", rest)
		CMPQ(n, I8(int8(rest-4)))
		JNE(LabelRef(next))
		k.group(rest)
		JMP(LabelRef("done"))
		Label(next)
	}
	Label("done")
	Store(horizontalSum(k.sum).AsX(), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// laneGroup is what lanesToStages does with four states, or with the rest of them.
type laneGroup struct {
	u, x, places, y, w, t reg.Register
	z, states             []Mem
	sum                   reg.VecVirtual
}

func (k *laneGroup) group(count int) {
	var re, im [4]reg.VecVirtual
	for j := range 4 {
		re[j], im[j] = YMM(), YMM()
		if j >= count {
			VXORPD(re[j], re[j], re[j])
			VXORPD(im[j], im[j], im[j])
			continue
		}
		from := Mem{Base: k.x, Index: index(k.places, j), Scale: 8}
		at := Mem{Base: k.u, Disp: 64 * j}
		s, xr, xi := YMM(), YMM(), YMM()
		VMOVUPD(from, xr)
		VMOVUPD(imaginary(from), xi)
		VADDPD(at, xr, re[j])
		VADDPD(imaginary(at), xi, im[j])
		VMOVUPD(re[j], at)
		VMOVUPD(im[j], imaginary(at))
		VBROADCASTSD(Mem{Base: k.w, Disp: 8 * j}, s)
		VMULPD(s, xr, xr)
		VMULPD(s, xi, xi)
		VFMADD231PD(xr, xr, k.sum)
		VFMADD231PD(xi, xi, k.sum)
	}
	// of the real parts lane 0 as well, of the imaginary ones those of the complex systems alone
	complex := []int{1, 2}[:len(k.z)/2]
	variables := append(transposedLanes(re, append([]int{0}, complex...)...), transposedLanes(im, complex...)...)
	var present reg.VecVirtual // which states there are
	if count < 4 {
		present = YMM()
		lanes := make([]uint64, 4)
		for j := range count {
			lanes[j] = math.MaxUint64
		}
		VMOVUPD(pattern(lanes), present)
	}
	store := func(v reg.VecVirtual, to Mem) {
		if count < 4 {
			VMASKMOVPD(v, present, to)
		} else {
			VMOVUPD(v, to)
		}
	}
	start := YMM()
	if count < 4 {
		VMASKMOVPD(Mem{Base: k.y}, present, start)
	} else {
		VMOVUPD(Mem{Base: k.y}, start)
	}
	for i := range k.z {
		v, c := YMM(), YMM()
		for l, variable := range variables {
			VBROADCASTSD(Mem{Base: k.t, Disp: 8 * (len(variables)*i + l)}, c)
			if l == 0 {
				VMULPD(c, variable, v)
			} else {
				VFMADD231PD(c, variable, v)
			}
		}
		store(v, k.z[i])
		VADDPD(start, v, v)
		store(v, k.states[i])
	}
}

// transposedLanes returns some lanes of four registers, each lane's numbers in a register.
func transposedLanes(x [4]reg.VecVirtual, lanes ...int) (out []reg.VecVirtual) {
	var pairs [2][2]reg.VecVirtual // of the even and of the odd lanes
	for odd := range 2 {
		for k := range 2 {
			z := YMM()
			if odd == 0 {
				VUNPCKLPD(x[2*k+1], x[2*k], z)
			} else {
				VUNPCKHPD(x[2*k+1], x[2*k], z)
			}
			pairs[odd][k] = z
		}
	}
	for _, lane := range lanes {
		z := YMM()
		VPERM2F128(U8(0x20+0x11*(lane/2)), pairs[lane%2][1], pairs[lane%2][0], z)
		out = append(out, z)
	}
	return out
}
