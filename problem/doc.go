// Package problem describes what is known and what is unknown: states and their equations, reactions, inputs, networks, observables with their noise, parameters with
// bounds and priors, and experiments with their data. It solves nothing. A Problem is made in Go or read from a file (Read); Compile checks it and makes a Model, the programs and
// experiments that solvers and fits take:
//
//	p := &problem.Problem{
//		States:     []problem.State{{Name: "A", Start: problem.Formula("1")}, {Name: "B", Start: problem.Formula("0")}},
//		Parameters: []problem.Parameter{{Name: "k", Value: 0.1, Min: 1e-3, Max: 1e3, Scale: problem.Log, Estimate: true}},
//		Reactions:  []problem.Reaction{{Name: "decay", Equation: "A -> B", Law: problem.MassAction("k", "")}},
//	}
//	m, err := p.Compile()
//
// All that is wrong with a problem is reported at once, as Faults: each names the key of the file that it belongs to and, for formulas, the character.
package problem
