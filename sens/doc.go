// Package sens computes gradients of a loss through the solution of an initial value problem M y' = f(t, y; p), and the
// sensitivities of that solution, with respect to parameters and initial values.
//
// A Method is a value; New binds it to a Setup (a problem and the options of its solver) and returns an Evaluator that
// computes any number of gradients without allocating per step:
//
//	ev, err := sens.DiscreteReverse{}.New(sens.Setup{Problem: p, Options: ode.Options{Method: ode.Rosenbrock23}})
//	err = ev.Gradient(ctx, &g, params, y0, t0, t1, times, loss)   // g.Loss, g.Params, g.Initial
//
// Discrete methods give the exact derivative of the numerical solution with the sequence of steps held fixed, in forward or
// reverse mode, for every family of solvers. They agree with each other to rounding, and they inherit the stability of the
// solver. Continuous methods discretise the sensitivity or adjoint equations anew, with tolerances of their own. A combination of
// method, solver and problem that cannot work is refused by New with the reason; Combinations lists these.
//
// Which one to take:
//
//   - DiscreteReverse for training: its cost hardly depends on the number of parameters. It is exact for the numerical solution, whose
//     own derivative may be some way from the true one at loose tolerances; its option ErrorTest narrows that gap, MemoryLimit
//     bounds its memory.
//   - ForwardJacobian for least squares, where the derivatives of all saved states are wanted.
//   - GaussAdjoint, IMEXAdjoint or QuadratureAdjoint for gradients that are accurate for the true solution, at tight tolerances.
//   - ContinuousForward for sensitivities that are as accurate as the states, at the price of one column per parameter.
//   - Backsolve, InterpolatingAdjoint and UnsplitForward to see what the literature does and what it costs. Backsolve fails on stiff problems.
//
// Every gradient can be held against one forward derivative by a Checker.
package sens
