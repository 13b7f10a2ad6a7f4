package expr

import (
	"maps"
	"slices"
)

// function is one that formulas can call.
type function struct {
	least, most int // number of arguments; most < 0: any
	apply       func(a []Expr) Expr
}

func one(f func(Expr) Expr) function { return function{1, 1, func(a []Expr) Expr { return f(a[0]) }} }

func inverse(f func(Expr) Expr) function {
	return function{1, 1, func(a []Expr) Expr { return a[0].g.Num(1).Div(f(a[0])) }}
}

func ofInverse(f func(Expr) Expr) function {
	return function{1, 1, func(a []Expr) Expr { return f(a[0].g.Num(1).Div(a[0])) }}
}

func fold(f func(a, b Expr) Expr) function {
	return function{2, -1, func(a []Expr) Expr {
		e := a[0]
		for _, o := range a[1:] {
			e = f(e, o)
		}
		return e
	}}
}

// functions are PEtab's, and erf, floor and ceil besides.
var functions = map[string]function{
	"exp": one(Expr.Exp), "ln": one(Expr.Log), "log2": one(Expr.Log2), "log10": one(Expr.Log10), "sqrt": one(Expr.Sqrt),
	"log": {1, 2, func(a []Expr) Expr {
		if len(a) == 1 {
			return a[0].Log()
		}
		switch {
		case a[1].is(10):
			return a[0].Log10()
		case a[1].is(2):
			return a[0].Log2()
		}
		return a[0].Log().Div(a[1].Log())
	}},
	"pow": {2, 2, func(a []Expr) Expr { return a[0].Pow(a[1]) }},
	"abs": one(Expr.Abs), "sign": one(Expr.Sign), "floor": one(Expr.Floor), "ceil": one(Expr.Ceil), "erf": one(Expr.Erf),
	"min": fold(Expr.Min), "max": fold(Expr.Max),
	"piecewise": {3, -1, piecewise},
	"sin":       one(Expr.Sin), "cos": one(Expr.Cos), "tan": one(Expr.Tan), "cot": inverse(Expr.Tan), "sec": inverse(Expr.Cos), "csc": inverse(Expr.Sin),
	"sinh": one(Expr.Sinh), "cosh": one(Expr.Cosh), "tanh": one(Expr.Tanh), "coth": inverse(Expr.Tanh), "sech": inverse(Expr.Cosh), "csch": inverse(Expr.Sinh),
	"arcsin": one(Expr.Asin), "arccos": one(Expr.Acos), "arctan": one(Expr.Atan),
	"arccot": ofInverse(Expr.Atan), "arcsec": ofInverse(Expr.Acos), "arccsc": ofInverse(Expr.Asin),
	"arcsinh": one(Expr.Asinh), "arccosh": one(Expr.Acosh), "arctanh": one(Expr.Atanh),
	"arccoth": ofInverse(Expr.Atanh), "arcsech": ofInverse(Expr.Acosh), "arccsch": ofInverse(Expr.Asinh),
}

// The short names of inverse functions mean the same.
func init() {
	for _, f := range []string{"sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "sech", "csch"} {
		functions["a"+f] = functions["arc"+f]
	}
}

// piecewise takes value, condition, value, condition, …, value otherwise.
func piecewise(a []Expr) Expr {
	e := a[len(a)-1]
	for i := len(a) - 3; i >= 0; i -= 2 {
		e = a[i+1].If(a[i], e)
	}
	return e
}

// Functions are the names of the functions that formulas can call, sorted.
func Functions() []string { return slices.Sorted(maps.Keys(functions)) }
