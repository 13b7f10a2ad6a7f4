package reaction

import (
	"fmt"

	"github.com/stiffnode/stiffnode/expr"
)

// GasConstant is R in J/(mol K): the SI brochure, 9th edition (2019).
const GasConstant = 8.31446261815324

// Species are the expressions of species by their names.
type Species map[string]expr.Expr

// power is the product of the concentrations, each to the power of its coefficient.
func power(g *expr.Graph, list []Term, species Species) (expr.Expr, error) {
	out := g.Num(1)
	for _, t := range list {
		x, ok := species[t.Species]
		if !ok {
			return out, fmt.Errorf("reaction: %q is no species", t.Species)
		}
		if t.Coefficient == 1 {
			out = out.Mul(x)
		} else {
			out = out.Mul(x.PowNum(t.Coefficient))
		}
	}
	return out, nil
}

// MassAction is k·Π reactants, each to the power of its coefficient, less the same of the products with kr where the reaction is reversible (Guldberg and Waage, 1864). kr is
// not used, and may be the zero Expr, where it is not. The error names a species that is not known.
func (r *Reaction) MassAction(g *expr.Graph, k, kr expr.Expr, species Species) (expr.Expr, error) {
	forward, err := power(g, r.Reactants, species)
	if err != nil {
		return forward, err
	}
	rate := k.Mul(forward)
	if !r.Reversible {
		return rate, nil
	}
	backward, err := power(g, r.Products, species)
	if err != nil {
		return backward, err
	}
	return rate.Sub(kr.Mul(backward)), nil
}

// Arrhenius is the constant k = exp(lnA − E/R·(1/T − 1/T0)): lnA is its logarithm at the reference temperature T0 (Schwaab and Pinto, Chemical Engineering Science 62, 2750, 2007). With
// 1/T0 = 0 it is the classical form, whose two parameters are all but perfectly correlated over the temperatures of an experiment.
func Arrhenius(lnA, activation, temperature expr.Expr, inverseReference expr.Expr) expr.Expr {
	one := temperature.Div(temperature)
	return lnA.Sub(activation.Mul(one.Div(temperature).Sub(inverseReference))).Exp()
}

// MichaelisMenten is Vmax·S/(Km + S) (Michaelis and Menten, 1913).
func MichaelisMenten(vmax, km, s expr.Expr) expr.Expr { return vmax.Mul(s).Div(km.Add(s)) }

// Hill is Vmax·Sⁿ/(Kⁿ + Sⁿ) (Hill, 1910).
func Hill(vmax, k, n, s expr.Expr) expr.Expr {
	return vmax.Mul(s.Pow(n)).Div(k.Pow(n).Add(s.Pow(n)))
}

// Balances are the derivatives of the species: the sum over reactions of the rate times what is formed less what is consumed.
func Balances(g *expr.Graph, species []string, reactions []*Reaction, rates []expr.Expr) ([]expr.Expr, error) {
	if len(rates) != len(reactions) {
		return nil, fmt.Errorf("reaction: %d rates for %d reactions", len(rates), len(reactions))
	}
	index := map[string]int{}
	out := make([]expr.Expr, len(species))
	for i, name := range species {
		index[name], out[i] = i, g.Num(0)
	}
	s, err := Stoichiometry(species, reactions)
	if err != nil {
		return nil, err
	}
	for i := range species {
		for j, rate := range rates {
			if c := s[i*len(reactions)+j]; c != 0 {
				out[i] = out[i].Add(rate.Scale(c))
			}
		}
	}
	return out, nil
}
