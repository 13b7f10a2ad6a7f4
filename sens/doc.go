// Package sens computes gradients of a loss through the solution of an initial value problem M y' = f(t, y; p), and the
// sensitivities of that solution, with respect to parameters and initial values.
//
// A Method is a value; New binds it to a Setup (a problem and the options of its solver) and returns an Evaluator that
// computes any number of gradients without allocating:
//
//	ev, err := sens.DiscreteReverse{}.New(sens.Setup{Problem: p, Options: ode.Options{Method: ode.Rosenbrock23}})
//	err = ev.Gradient(ctx, &g, params, y0, t0, t1, times, loss)   // g.Loss, g.Params, g.Initial
//
// Discrete methods give the exact derivative of the numerical solution with the sequence of steps held fixed, in forward or
// reverse mode. They agree with each other to rounding, and they inherit the stability of the solver. Continuous methods
// discretise the sensitivity or adjoint equations again, with tolerances of their own. A combination of method, solver and
// problem that cannot work is refused by New with the reason.
package sens
