package problems

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stiffnode/stiffnode/ode"
)

// A powerLaw is a right-hand side in power-law form, of which mass-action kinetics is the common case: with z = (y, p),
//
//	f_i = Σ_j S_ij r_j,   r_j = κ_j Π_v z_v^{e_jv}.
//
// S holds net stoichiometric coefficients. Since each r_j has few factors and each column of S few entries, all derivatives
// are short sparse sums. States whose exponent is not an integer must not be negative; such points are rejected.
type powerLaw struct {
	n, m   int // states, parameters
	values []float64
	terms  []term
	// domain holds for every state that must not be negative the rejection of a point where it is; it is nil where there is none
	domain []*ode.Rejection
	split  bool

	// Most rates have at most two factors: r_j = c_j z[first_j] z[second_j], z being followed by a 1. The others are long.
	first, second []int32
	long          []int
	// f_i are sums over rates; the entries (rows, cols) of ∂f/∂y that are not always zero are sums over partial derivatives.
	f, jac     sums
	rows, cols []int
	partials   int // number of partial derivatives, one per factor

	// evaluate and jacobian, where not nil, are f and the entries of ∂f/∂y in a row-major matrix written out for the coefficients c_j
	evaluate, jacobian func(dst, y, coef []float64)
}

// A term is one rate and what it feeds.
type term struct {
	kappa float64
	// factors, those of states first
	factors []factor
	states  int
	net     []entry
	// implicit terms belong to fI of a split right-hand side
	implicit bool
	// offset of its partial derivatives; short says that the factors of states are at most two
	offset int
	short  bool
}

// A factor is z_v^e.
type factor struct {
	v int
	e float64
}

// An entry is the coefficient s of a rate in row i.
type entry struct {
	i int
	s float64
}

// A law is how a term is written down: a rate such as "k2 y2^2" or "0.5 k1 y1 eps^-1" and its net effect such as
// "-y2 +2*y3".
type law struct{ rate, net string }

// maxFactors bounds the factors of one term.
const maxFactors = 8

// newPowerLaw compiles laws; the first implicit ones are the stiff part of a split right-hand side (0: not split). The laws are
// part of the program, so a mistake in one is a bug and panics.
func newPowerLaw(states []string, params []Param, implicit int, laws []law) *powerLaw {
	p := &powerLaw{n: len(states), m: len(params), split: implicit > 0}
	names := slices.Clone(states)
	for _, q := range params {
		names = append(names, q.Name)
		p.values = append(p.values, q.Value)
	}
	lookup := func(name string, n int) int {
		i := slices.Index(names[:n], name)
		if i < 0 {
			panic(fmt.Sprintf("power law names %q, which is not among %v", name, names[:n]))
		}
		return i
	}
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			panic(fmt.Sprintf("power law: %v", err))
		}
		return v
	}
	for k, l := range laws {
		t := term{kappa: 1, implicit: k < implicit}
		for _, word := range strings.Fields(l.rate) {
			if v, err := strconv.ParseFloat(word, 64); err == nil {
				t.kappa *= v
				continue
			}
			name, power, raised := strings.Cut(word, "^")
			f := factor{v: lookup(name, len(names)), e: 1}
			if raised {
				f.e = number(power)
			}
			if f.v < p.n && f.e != float64(int(f.e)) {
				if p.domain == nil {
					p.domain = make([]*ode.Rejection, p.n)
				}
				p.domain[f.v] = &ode.Rejection{Reason: "state " + name + " is negative where a root of it is taken"}
			}
			t.factors = append(t.factors, f)
		}
		slices.SortFunc(t.factors, func(a, b factor) int { return a.v - b.v })
		for _, f := range t.factors {
			if f.v < p.n {
				t.states++
			}
		}
		if len(t.factors) > maxFactors {
			panic(fmt.Sprintf("power law: rate %q has more than %d factors", l.rate, maxFactors))
		}
		for _, word := range strings.Fields(l.net) {
			s := 1.0
			switch {
			case strings.HasPrefix(word, "-"):
				s, word = -1, word[1:]
			case strings.HasPrefix(word, "+"):
				word = word[1:]
			}
			if c, name, ok := strings.Cut(word, "*"); ok {
				s, word = s*number(c), name
			}
			t.net = append(t.net, entry{lookup(word, p.n), s})
		}
		p.terms = append(p.terms, t)
	}
	p.compile()
	return p
}

// compile lays the sums out for evaluation, once all terms are known.
func (p *powerLaw) compile() {
	one := int32(p.n + p.m)
	rows := make([][]entry, p.n)
	type place struct{ row, col int }
	jacobian := map[place][]entry{}
	for j := range p.terms {
		t := &p.terms[j]
		t.offset = p.partials
		p.partials += len(t.factors)
		var powers []int32
		for _, q := range t.factors[:t.states] {
			if q.e != 1 && q.e != 2 {
				powers = make([]int32, 3)
				break
			}
			for range int(q.e) {
				powers = append(powers, int32(q.v))
			}
		}
		t.short = len(powers) <= 2
		if !t.short {
			powers = nil
			p.long = append(p.long, j)
		}
		powers = append(powers, one, one)
		p.first, p.second = append(p.first, powers[0]), append(p.second, powers[1])
		for _, e := range t.net {
			rows[e.i] = append(rows[e.i], entry{j, e.s})
			for k, q := range t.factors[:t.states] {
				at := place{e.i, q.v}
				jacobian[at] = append(jacobian[at], entry{t.offset + k, e.s})
			}
		}
	}
	for _, r := range rows {
		p.f.add(r)
	}
	for i := range p.n {
		for j := range p.n {
			if sum := jacobian[place{i, j}]; sum != nil {
				p.rows, p.cols = append(p.rows, i), append(p.cols, j)
				p.jac.add(sum)
			}
		}
	}
}

// sums are many short sums Σ_k coef_k x[of_k], one after the other.
type sums struct {
	end  []int32
	of   []int32
	coef []float64
}

func (s *sums) add(terms []entry) {
	for _, e := range terms {
		s.of, s.coef = append(s.of, int32(e.i)), append(s.coef, e.s)
	}
	s.end = append(s.end, int32(len(s.of)))
}

// written says that f and the entries of its Jacobian are written out.
func (p *powerLaw) written(evaluate, jacobian func(dst, y, coef []float64)) *powerLaw {
	p.evaluate, p.jacobian = evaluate, jacobian
	return p
}

// newField makes a field for one goroutine.
func (p *powerLaw) newField() ode.Field {
	f := &powerLawField{p: p, z: make([]float64, p.n+p.m+1), coef: make([]float64, len(p.terms)), rates: make([]float64, len(p.terms)), partial: make([]float64, p.partials)}
	f.z[p.n+p.m] = 1
	f.Bind(p.values)
	if p.split {
		return &splitPowerLawField{f}
	}
	return f
}

// problem makes the problem for package ode.
func (p *powerLaw) problem(names []string, scale []float64) *ode.Problem {
	return &ode.Problem{Dim: p.n, Names: names, Autonomous: true, Scale: scale, Jacobian: ode.SparseJacobian(p.rows, p.cols), New: p.newField}
}
