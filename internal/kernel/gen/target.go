package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An instructionSet is what assembly is written for.
type instructionSet struct {
	suffix string // of the functions' names
	width  int    // of its registers, in bytes
	// spreads says whether an instruction can take one number from memory for all lanes, and whether comparisons write mask registers.
	spreads bool
}

var (
	avx2   = instructionSet{suffix: "AVX2", width: 32}
	avx512 = instructionSet{suffix: "AVX512", width: 64, spreads: true}
	target = avx2
)

// register is one of the target's width.
func register() reg.VecVirtual { return registerOf(target.width) }

func registerOf(bytes int) reg.VecVirtual {
	switch bytes {
	case 64:
		return ZMM()
	case 32:
		return YMM()
	}
	return XMM()
}

// A span is a run of numbers that code handles at once: the widths of the registers that hold them, in bytes.
type span []int

// registers is a span of n registers of the target's width.
func whole(n int) span {
	s := make(span, n)
	for i := range s {
		s[i] = target.width
	}
	return s
}

// at is the distance of register k's numbers from the first.
func (s span) at(k int) int {
	offset := 0
	for _, width := range s[:k] {
		offset += width
	}
	return offset
}

func (s span) bytes() int { return s.at(len(s)) }

// each makes a fresh vec, register by register.
func (s span) each(emit func(k int, z reg.VecVirtual)) vec {
	v := make(vec, len(s))
	for k, width := range s {
		v[k] = registerOf(width)
	}
	for k := range v {
		emit(k, v[k])
	}
	return v
}

// load fetches a span from memory.
func (s span) load(m Mem) vec {
	return s.each(func(k int, z reg.VecVirtual) { VMOVUPD(shifted(m, s.at(k)), z) })
}

func (s span) zero() vec {
	return s.each(func(_ int, z reg.VecVirtual) { VXORPD(z, z, z) })
}

// mainSpan is what loops over many numbers handle at a time, and rests are the spans of what may be left, a multiple of 32 bytes.
func mainSpan() span { return whole(2) }

func rests() []span {
	if target.width == 32 {
		return []span{{32}}
	}
	return []span{{64, 32}, {64}, {32}}
}

// immediate is a small number as an operand of the shortest form.
func immediate(n int) Op {
	if n < 128 {
		return U8(n)
	}
	return U32(n)
}

// bySpans emits a loop over left bytes, a multiple of 32: the body for the main span as often as possible, then for the rest. The body must leave
// left alone and is followed by advance, which moves its pointers by a number of bytes; not so after the rest.
func bySpans(prefix string, left reg.Register, body func(prefix string, s span), advance func(bytes int)) {
	loop := mainSpan()
	SUBQ(immediate(loop.bytes()), left)
	JLT(LabelRef(prefix + "rest"))
	Label(prefix + "main")
	body(prefix+"main_", loop)
	advance(loop.bytes())
	SUBQ(immediate(loop.bytes()), left)
	JGE(LabelRef(prefix + "main"))
	Label(prefix + "rest")
	restSpans(prefix, left, loop.bytes(), body)
}

// restSpans emits the body for what is left beyond −less bytes, if anything.
func restSpans(prefix string, left reg.Register, less int, body func(prefix string, s span)) {
	for i, s := range rests() {
		next := prefix + "end"
		if i < len(rests())-1 {
			next = prefix + restName(s) + "not"
		}
		CMPQ(left, I8(s.bytes()-less))
		JNE(LabelRef(next))
		body(prefix+restName(s), s)
		if i < len(rests())-1 {
			JMP(LabelRef(prefix + "end"))
			Label(next)
		}
	}
	Label(prefix + "end")
}

func restName(s span) string {
	return map[int]string{32: "rest4_", 64: "rest8_", 96: "rest12_"}[s.bytes()]
}
