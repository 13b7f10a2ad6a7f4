// Package reaction reads reactions as chemists write them and makes expressions of their rates and of the balances of the species.
//
//	r, err := reaction.Parse("A + 2 B -> C")
//	rate, err := r.MassAction(g, k, species)          // k·A·B²
//	rhs, err := reaction.Balances(g, names, reactions, rates)
//
// A network's stoichiometric matrix S has a row for every species and a column for every reaction; the balances are S·rates. Whole-number vectors w with wᵀS = 0
// are conservation laws, which every solver of this module keeps to roundoff: Laws finds them.
package reaction
