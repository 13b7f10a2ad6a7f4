// Package problems holds initial value problems with known solutions: the classical stiff test problems of chemical kinetics,
// and others that show one thing clearly. Each is a value that says what is solved, over which interval, from which initial values,
// with which parameters, and what the solution is.
//
// Every right-hand side has an exact Jacobian and implements ode.ParamField: first- and second-order derivative products with
// respect to states and parameters. Those that split naturally into a stiff and a non-stiff part implement ode.SplitField.
//
// Reference solutions lie in the folder reference, a CSV file per problem, whose first lines say how it was computed.
package problems
