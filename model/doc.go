// Package model holds learnable right-hand sides of differential equations, and the file that a trained one is kept in.
//
// A Model is complete: states with names and units, a right-hand side (RHS) with its scalings, the parameters, and the tolerances
// that it was trained for. Nothing else is needed to predict with it. The kinds of right-hand side are the scaled neural ODE (Scaled)
// of Kim et al., Chaos 31, 093122 (2021), Eq. 13, and two ways to make it keep what must be kept: the projection of its vector field
// onto linear conservation laws (Projected), and algebraic equations for some of the states (DAE; Eqs. 21–24). Another kind is another
// implementation of RHS and an entry in the list of kinds that a file may name.
//
// # Model file
//
// A safetensors file: float64 tensors layers.N.weight (out × in) and layers.N.bias, and a metadata entry stiffnode, a JSON object that
// says all the rest. Loading executes nothing and trusts nothing: a file that is cut short, of an unknown version, whose
// shapes do not fit its description or that holds a number that is not finite is refused with a *FileError.
package model
