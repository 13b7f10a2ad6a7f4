// Package ode solves initial value problems M y' = f(t, y), stiff and non-stiff, ordinary and differential-algebraic of index 1.
//
// A Problem says what is solved, Options how, and a Solver does it any number of times without allocating per step. Methods
// are data: a tableau is a value and one stepper serves each family. One loop does step proposal, acceptance, output, events,
// failure and statistics for all of them.
//
// Error weights are 1/(atol_i + rtol·|y_i|) in a root-mean-square norm, atol per state. Local error control cannot promise a
// global error; Verify estimates it by solving again at a tenth of the tolerances.
//
// The package knows nothing of networks. Fields with parameters (ParamField) let package sens differentiate solves.
package ode
