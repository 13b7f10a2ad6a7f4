// Package nn evaluates multilayer perceptrons as vector fields f(x, p): values, Jacobians, and the products of their first and second
// derivatives that solvers and their exact derivatives need.
//
// A network is described by an MLP value, its parameters are one flat vector p, and an Evaluator, the workspace of one goroutine,
// computes:
//
//	e, err := nn.NewEvaluator(net)
//	e.Bind(p)                        // after every change of p
//	e.ValueJacobian(f, jac, x)       // f(x, p) and ∂f/∂x in one pass; remembers the point
//	e.VJP(gx, gp, w)                 // wᵀ∂f/∂x, wᵀ∂f/∂p at that point, without a second forward pass
//
// With layers z_l = W_l a_{l−1} + b_l, a_l = φ(z_l), a_0 = x, the parameter vector holds W_1 (out×in, row-major), b_1, W_2, b_2, …
//
// Nothing allocates after construction, but for the first call on as many points. Numbers that are not finite propagate into the results. A slice of the wrong length is a
// programmer's error and panics. Results are the same bits whenever the same calls are made on the same kind of processor.
package nn
