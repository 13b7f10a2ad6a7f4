// Package kernel holds the vectorised primitives that the networks and solvers run on:
//
//   - elementwise functions: Exp, and the activations with their first and second derivatives (Func.Apply);
//   - networks at one point (Net): all layers in one call, lanes along the neurons of a layer, with the Jacobian, with tangents, and
//     backwards, also for the second-order products of Rosenbrock steps;
//   - panels: a small matrix applied to a block of columns (directions, points, right-hand sides), lanes along the columns: MulPanel,
//     AddPanelTransposed, SolveLower and SolveUpper, and Transpose, Outer, ScaleRows;
//   - vectors: AddScaled, Dot;
//   - lanes: LaneWidth points or trajectories at once, each in a lane of its own: networks with their Jacobians (LaneNet), factors and
//     solutions of small systems with pivots in every lane, error norms.
//
// Matrices are row-major []float64 with a row stride. No primitive allocates, and none panics for non-finite numbers: they propagate. A
// slice that is too short is a programmer's error and panics.
//
// Every primitive has a plain Go twin beside it that defines its meaning and runs where there is no assembly: on processors without AVX2
// and FMA, on other architectures, and in builds with the tag purego. The assembly is generated (go generate, module gen), for AVX2 and,
// where wider registers gain, for AVX-512, and committed; it is chosen at run time, in dispatch_amd64.go. Assembly and twin agree to
// rounding, not to the bit: the assembly fuses multiplications with additions and sums in another order. Either gives the same bits
// every time, wherever a number lies in a slice, and AVX-512 gives those of AVX2.
//
// Accuracy, as tested against arithmetic of 240 bits, in units of the last place: exp 2 (measured 1.5); tanh 4 (2.5); the other activations
// 5, those of GELU relative to the rounding of the exponent in its definition; derivatives 8, relative to the terms they are sums of.
package kernel
