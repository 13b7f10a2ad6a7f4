// Package kernel holds the vectorised primitives that the networks and solvers run on.
//
// Matrices are row-major []float64 with a row stride. Every primitive has one entry point that a caller uses and a plain
// Go twin that defines its meaning. No primitive allocates, and none panics for non-finite numbers: they propagate. A
// slice that is too short is a programmer's error and panics.
package kernel
