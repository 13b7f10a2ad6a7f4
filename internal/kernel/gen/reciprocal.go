package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

// manyChains says that so many independent chains are under way that the divider, which takes one number every other cycle, holds them up: where
// the target has an approximation of reciprocals, it is refined by multiplications instead, which is slower for one chain alone.
var manyChains bool

// largestDivisor is how large a divisor may be in place of an infinite one: its reciprocal is then no number that matters.
const largestDivisor = 0x1p1000

// reciprocal is 1/x for x ≥ 1: with many chains to about one unit in the last place, 14 bits doubled twice by Newton's iteration.
func (x vec) reciprocal() vec {
	if !manyChains {
		return x.fill(1).div(x)
	}
	x = x.atMost(largestDivisor)
	r := x.like(func(i int, z reg.VecVirtual) { VRCP14PD(x[i], z) })
	for range 2 {
		e := x.fill(1)
		e.subtractProduct(x, r)
		r.addProduct(r, e)
	}
	return r
}
