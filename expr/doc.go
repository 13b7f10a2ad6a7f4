// Package expr holds programs: graphs of expressions over time, states, inputs, parameters and the outputs of networks, with common parts
// shared, and everything that solvers and gradients ask of them, each made by transforming the graph.
//
// A Graph makes expressions. Names for them are made once, in the order of the vectors that they are the components of:
//
//	g := expr.NewGraph()
//	a, b := g.State("A"), g.State("B")    // y[0], y[1]
//	k := g.Param("k")                     // p[0]
//	rate := k.Mul(a).Mul(b)               // operators are methods,
//	same, err := g.Parse("k*A*B", nil)    // and formulas are text; both are the same node
//
// A Program is a vector of expressions as a function of (t, y, u; p), immutable and shared by goroutines. It knows its sparsity and makes, when
// first asked, programs of its derivatives: sparse ∂/∂y, ∂/∂p and ∂/∂u, ∂/∂t, products with vectors from both sides, and those of the second
// derivatives. An Evaluator is the workspace of one goroutine. A right-hand side is a program with one output per state; Program.Problem makes
// an ode.Problem of it whose fields are ode.ParamFields, so that every solver and every gradient method takes it.
//
//	f, err := expr.NewProgram(g, rate.Neg(), rate)
//	ivp, err := f.Problem(expr.Setup{Params: []float64{0.04}})
//
// The parameters of a program are first those of Graph.Param, in order, then the flat vectors of the networks, in the order of Graph.Network.
//
// # Formulas
//
// Text follows the grammar of PEtab's math expressions (version 2): + - * / and ^, which binds closest, associates to the right and stands above
// the sign (−2^2 = −4); comparisons; ! && || (the latter two of equal precedence); calls. log(x) is natural, log(x, b) has base b. Truth values are
// the numbers 0 and 1, and whatever is not 0 is true. Functions lists the functions. Time is "time" or "t" where a scope says so.
//
// # The edges of the domain
//
// Programs follow IEEE arithmetic with one exception: a product with log b, whose other factor vanishes together with b (x log x), is 0 at b = 0, as its
// limit is, and so are its derivatives where they have a limit. A field refuses a value that is not finite with a *DomainError that
// names the part of the formula and the values in it; it wraps an ode.Rejection, so that a solver tries a smaller step.
//
// # Switches
//
// Where a comparison, min, max, abs, sign, floor or ceil changes sides, the formula or its derivative jumps. Program.Switches lists these places, Program.Roots is
// the program of their root functions, and Program.Frozen the smooth one in which every switch stays on the side that it is told. A derivative at a
// switch is the one of the side that the value is on.
//
// Evaluation makes no machine code and does not allocate. Programs are made in time linear in the size of the text, whatever its depth.
package expr
