package expr

import "math"

// op is what a node does.
type op uint8

const (
	opConst op = iota
	opVar      // a: varKind, b: index
	opAdd
	opSub
	opMul
	opDiv
	opNeg
	opPow
	opGuard // a·b, and 0 wherever a is 0
	opExp
	opLog
	opLog2
	opLog10
	opSqrt
	opSin
	opCos
	opTan
	opAsin
	opAcos
	opAtan
	opSinh
	opCosh
	opTanh
	opAsinh
	opAcosh
	opAtanh
	opErf
	opAbs
	opSign
	opFloor
	opCeil
	opMin
	opMax
	opLt
	opLe
	opEq
	opNe
	opAnd
	opOr
	opNot
	opIf  // a: condition, b: value where it holds, c: otherwise
	opNet // a: call of a network, a vector of values that opOut takes from it
	opOut // a: a node of opNet, b: which of its numbers
	numOps
)

// varKind says which vector a variable is a component of.
type varKind int32

const (
	varTime varKind = iota
	varState
	varParam
	varInput
	varWeights // not a variable: all weights and biases of networks
	varSwitch  // the side of a switch, in frozen programs
	// seeds of derivative programs: directions and adjoints
	varSeedY
	varSeedT
	varSeedU
	varSeedP
	varAdjoint
	numVarKinds
)

// arity is the number of arguments that are nodes.
var arity = [numOps]int{
	opAdd: 2, opSub: 2, opMul: 2, opDiv: 2, opNeg: 1, opPow: 2, opGuard: 2,
	opExp: 1, opLog: 1, opLog2: 1, opLog10: 1, opSqrt: 1, opSin: 1, opCos: 1, opTan: 1, opAsin: 1, opAcos: 1, opAtan: 1,
	opSinh: 1, opCosh: 1, opTanh: 1, opAsinh: 1, opAcosh: 1, opAtanh: 1, opErf: 1, opAbs: 1, opSign: 1, opFloor: 1, opCeil: 1,
	opMin: 2, opMax: 2, opLt: 2, opLe: 2, opEq: 2, opNe: 2, opAnd: 2, opOr: 2, opNot: 1, opIf: 3, opOut: 1,
}

// commutative operations have their arguments sorted, so that a*b and b*a are one node.
var commutative = [numOps]bool{opAdd: true, opMul: true, opMin: true, opMax: true, opEq: true, opNe: true, opAnd: true, opOr: true}

// opNames are names as in formulas; those of functions are called by them.
var opNames = [numOps]string{
	opAdd: "+", opSub: "-", opMul: "*", opDiv: "/", opNeg: "-", opPow: "^", opGuard: "*",
	opExp: "exp", opLog: "log", opLog2: "log2", opLog10: "log10", opSqrt: "sqrt", opSin: "sin", opCos: "cos", opTan: "tan",
	opAsin: "arcsin", opAcos: "arccos", opAtan: "arctan", opSinh: "sinh", opCosh: "cosh", opTanh: "tanh",
	opAsinh: "arcsinh", opAcosh: "arccosh", opAtanh: "arctanh", opErf: "erf", opAbs: "abs", opSign: "sign", opFloor: "floor", opCeil: "ceil",
	opMin: "min", opMax: "max", opLt: "<", opLe: "<=", opEq: "==", opNe: "!=", opAnd: "&&", opOr: "||", opNot: "!", opIf: "piecewise",
}

// unary and binary are the operations at one point.
var unary = [numOps]func(float64) float64{
	opNeg: func(x float64) float64 { return -x },
	opExp: math.Exp, opLog: math.Log, opLog2: math.Log2, opLog10: math.Log10, opSqrt: math.Sqrt,
	opSin: math.Sin, opCos: math.Cos, opTan: math.Tan, opAsin: math.Asin, opAcos: math.Acos, opAtan: math.Atan,
	opSinh: math.Sinh, opCosh: math.Cosh, opTanh: math.Tanh, opAsinh: math.Asinh, opAcosh: math.Acosh, opAtanh: math.Atanh,
	opErf: math.Erf, opAbs: math.Abs, opSign: sign, opFloor: math.Floor, opCeil: math.Ceil,
	opNot: func(x float64) float64 { return truth(x == 0) },
}

var binary = [numOps]func(a, b float64) float64{
	opAdd:   func(a, b float64) float64 { return a + b },
	opSub:   func(a, b float64) float64 { return a - b },
	opMul:   func(a, b float64) float64 { return a * b },
	opDiv:   func(a, b float64) float64 { return a / b },
	opPow:   math.Pow,
	opGuard: guard,
	opMin:   minimum,
	opMax:   maximum,
	opLt:    func(a, b float64) float64 { return truth(a < b) },
	opLe:    func(a, b float64) float64 { return truth(a <= b) },
	opEq:    func(a, b float64) float64 { return truth(a == b) },
	opNe:    func(a, b float64) float64 { return truth(a != b) },
	opAnd:   func(a, b float64) float64 { return truth(a != 0 && b != 0) },
	opOr:    func(a, b float64) float64 { return truth(a != 0 || b != 0) },
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x // ±0 and NaN
}

// guard is a·b, but 0 where a is 0.
func guard(a, b float64) float64 {
	if a == 0 {
		return 0
	}
	return a * b
}

// minimum and maximum take the first argument of two equal ones, and NaN if either is NaN.
func minimum(a, b float64) float64 {
	if a <= b || a != a {
		return a
	}
	return b
}

func maximum(a, b float64) float64 {
	if a >= b || a != a {
		return a
	}
	return b
}
