package reaction

import (
	"fmt"
	"math"
	"math/big"
	"slices"
)

// Stoichiometry is the matrix S, species × reactions, row-major: what a reaction forms of a species less what it consumes. The error names a species that is not among
// those given.
func Stoichiometry(species []string, reactions []*Reaction) ([]float64, error) {
	n := len(reactions)
	s := make([]float64, len(species)*n)
	for j, r := range reactions {
		for side, list := range [][]Term{r.Reactants, r.Products} {
			for _, t := range list {
				i := slices.Index(species, t.Species)
				if i < 0 {
					return nil, fmt.Errorf("reaction: %q in %s is no species", t.Species, r)
				}
				s[i*n+j] += t.Coefficient * float64(2*side-1)
			}
		}
	}
	return s, nil
}

// Laws are a basis of the vectors w with wᵀS = 0, each with whole numbers without a common divisor and a first one above zero: the weighted sums of species that no
// reaction changes. Arithmetic is exact, with coefficients taken as the decimal fractions that they are written as.
func Laws(species []string, reactions []*Reaction) ([][]float64, error) {
	s, err := Stoichiometry(species, reactions)
	if err != nil {
		return nil, err
	}
	k, n := len(species), len(reactions)
	// rows of Sᵀ; its null space is what is looked for
	a := make([][]*big.Rat, n)
	for j := range n {
		a[j] = make([]*big.Rat, k)
		for i := range k {
			a[j][i] = decimal(s[i*n+j])
		}
	}
	pivots := reduce(a, k)
	var out [][]float64
	for free := range k {
		if slices.Contains(pivots, free) {
			continue
		}
		w := make([]*big.Rat, k)
		for i := range w {
			w[i] = new(big.Rat)
		}
		w[free].SetInt64(1)
		for row, p := range pivots {
			w[p].Neg(a[row][free])
		}
		out = append(out, whole(w))
	}
	return out, nil
}

// decimal is the number as it is written.
func decimal(v float64) *big.Rat {
	r, ok := new(big.Rat).SetString(fmt.Sprintf("%.12g", v))
	if !ok {
		return new(big.Rat)
	}
	return r
}

// reduce brings rows into reduced echelon form and returns the columns of the pivots.
func reduce(a [][]*big.Rat, cols int) []int {
	var pivots []int
	row := 0
	for c := 0; c < cols && row < len(a); c++ {
		p := row
		for p < len(a) && a[p][c].Sign() == 0 {
			p++
		}
		if p == len(a) {
			continue
		}
		a[row], a[p] = a[p], a[row]
		inv := new(big.Rat).Inv(a[row][c])
		for j := range a[row] {
			a[row][j].Mul(a[row][j], inv)
		}
		for i := range a {
			if i == row || a[i][c].Sign() == 0 {
				continue
			}
			f := new(big.Rat).Set(a[i][c])
			for j := range a[i] {
				a[i][j].Sub(a[i][j], new(big.Rat).Mul(f, a[row][j]))
			}
		}
		pivots = append(pivots, c)
		row++
	}
	return pivots
}

// whole multiplies by the denominators and divides by the common divisor.
func whole(w []*big.Rat) []float64 {
	scale := big.NewInt(1)
	for _, v := range w {
		g := new(big.Int).GCD(nil, nil, scale, v.Denom())
		scale.Mul(scale, new(big.Int).Div(v.Denom(), g))
	}
	common := new(big.Int)
	ints := make([]*big.Int, len(w))
	for i, v := range w {
		x := new(big.Rat).Mul(v, new(big.Rat).SetInt(scale))
		ints[i] = new(big.Int).Set(x.Num())
		common.GCD(nil, nil, common, new(big.Int).Abs(ints[i]))
	}
	sign := 0.0
	out := make([]float64, len(w))
	for i, v := range ints {
		if common.Sign() > 0 {
			v.Div(v, common)
		}
		out[i], _ = new(big.Float).SetInt(v).Float64()
		if sign == 0 && out[i] != 0 {
			sign = math.Copysign(1, out[i])
		}
	}
	for i := range out {
		out[i] *= sign
		if out[i] == 0 {
			out[i] = 0 // no negative zeros
		}
	}
	return out
}
