package data

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// An Invariant is a linear combination of the states, with small whole coefficients, that the data keep constant.
type Invariant struct {
	// Weights are the coefficients, one per state.
	Weights []float64
	// Violation is the largest |Σ cᵢ (yᵢ − yᵢ(t0))|, relative to the largest Σ |cᵢ yᵢ|.
	Violation float64
}

// Levels of relative accuracy at which invariants are looked for, finest first; at a coarser one only if a finer finds none.
var invariantLevels = []float64{1e-12, 1e-9, 1e-6}

const (
	maxCircuits    = 20_000 // sets of states that are tried
	maxCoefficient = 12
	// sameAccuracy is how many times worse than the best law another may hold: data are of one accuracy, and what is much worse is an accident.
	sameAccuracy = 1e3
	// epsilon is the spacing of numbers at 1, maxTurn how far roundoff may turn the space of laws.
	epsilon, maxTurn = 0x1p-52, 1e-5
	// roundoff is the violation below which all laws are exact.
	roundoff = 1e-15
)

// Invariants looks for linear conservation laws in the data. The increments y − y(t0), every state in units of its range, span
// the subspace in which the system moves; what is orthogonal to it, found by a singular value decomposition, is conserved as
// far as the data can tell. That space also holds accidents: combinations that a few smooth trajectories do not happen to visit, and
// quasi-steady relations that are almost exact. What tells a law from those is that its coefficients are small whole
// numbers and its states few, so the elementary vectors of the space (those with as few states as possible) are gone through, and the
// simplest that are whole to the accuracy of the data, and hold when made whole, are returned, as many as are independent.
// Rows with a missing value are left out. States that are steady are no part of any law. All trajectories count together; where there are
// no more rows than dimensions that they move in, nothing is found, since any rows so few leave combinations constant.
func (s *Set) Invariants() []Invariant {
	found, _ := s.FindInvariants()
	return found
}

// mostStates bounds the search for laws: it decomposes a matrix of so many rows and columns.
const mostStates = 1000

// FindInvariants is Invariants with the reason where there are none.
func (s *Set) FindInvariants() (found []Invariant, why string) {
	inc := s.increments()
	k := len(inc.free)
	switch {
	case k < 2:
		return nil, "fewer than two states vary"
	case k > mostStates:
		return nil, fmt.Sprintf("%d states vary: laws are looked for among %d at most; choose some with --states", k, mostStates)
	case inc.rows < 3:
		return nil, fmt.Sprintf("%d rows after the initial ones have a value of every state that varies (%d do not); a few more than there are independent states are needed", inc.rows, inc.incomplete)
	}
	m := mat.NewDense(inc.rows, k, inc.values)
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDFullV) {
		return nil, "the singular value decomposition of the data fails"
	}
	var v mat.Dense
	svd.VTo(&v)
	sizes := svd.Values(nil)
	search := &lawSearch{set: s, free: inc.free, scale: inc.scale}
	vague := false
	for _, level := range invariantLevels {
		rank := len(sizes)
		for rank > 0 && sizes[rank-1] <= level*math.Sqrt(float64(inc.rows)) {
			rank--
		}
		if rank == k || rank == 0 {
			continue
		}
		// Roundoff turns the space by its ratio to the smallest increment that counts: without a gap there it is not known.
		if rank == inc.rows || sets(k, k-rank-1) > maxCircuits || sizes[0]*epsilon > maxTurn*sizes[rank-1] {
			vague = true
			continue
		}
		search.level, search.turn = level, sizes[0]*epsilon/sizes[rank-1]
		if found := search.in(mat.DenseCopyOf(v.Slice(0, k, rank, k))); len(found) > 0 {
			return found, ""
		}
	}
	if vague {
		why = fmt.Sprintf("the %d complete rows of %d states that vary do not visit enough states to tell a law from what happens to be constant; give trajectories from other initial states, or more rows", inc.rows, k)
		if inc.incomplete > 0 {
			why += fmt.Sprintf(" (%d rows do not count, because a value is missing)", inc.incomplete)
		}
		return nil, why
	}
	for _, st := range s.Stats().States {
		if st.Noise > 0 {
			return nil, "the data carry measurement errors, which hide what is constant: only laws that hold to a millionth are found"
		}
	}
	return nil, fmt.Sprintf("no combination of states with whole coefficients up to %d is constant to a millionth", maxCoefficient)
}

// increments are the rows y − y(t0) of the states that vary, in units of their ranges.
type increments struct {
	free             []int // states
	scale            []float64
	values           []float64
	rows, incomplete int
}

func (s *Set) increments() *increments {
	stats := s.Stats()
	inc := &increments{scale: stats.Scale(ScaleRange)}
	for i, st := range stats.States {
		if !st.Steady && st.Observed > 1 && st.Range() > 0 {
			inc.free = append(inc.free, i)
		}
	}
	k := len(s.States)
	for i := range s.Trajectories {
		tr := &s.Trajectories[i]
		y0 := tr.Row(0, k)
		for r := 1; r < len(tr.Times); r++ {
			row, complete := tr.Row(r, k), true
			for _, j := range inc.free {
				complete = complete && !math.IsNaN(row[j]-y0[j])
			}
			if !complete {
				inc.incomplete++
				continue
			}
			for _, j := range inc.free {
				inc.values = append(inc.values, (row[j]-y0[j])/inc.scale[j])
			}
			inc.rows++
		}
	}
	return inc
}

// lawSearch looks for whole-numbered vectors in a space of scaled laws.
type lawSearch struct {
	set   *Set
	free  []int
	scale []float64
	level float64 // relative accuracy of laws
	turn  float64 // of the space's vectors
}

// sets is the number of sets of m of n, at most a little more than maxCircuits.
func sets(n, m int) int {
	c := 1
	for i := range m {
		if c = c * (n - i) / (i + 1); c > maxCircuits {
			break
		}
	}
	return c
}

// in goes through the elementary vectors of the column space of basis (states×r): those that vanish on r − 1 states.
func (l *lawSearch) in(basis *mat.Dense) []Invariant {
	n, r := basis.Dims()
	var found []Invariant
	seen := map[string]bool{}
	zero := make([]int, r-1)
	for i := range zero {
		zero[i] = i
	}
	sub := mat.NewDense(max(r-1, 1), r, nil)
	var svd mat.SVD
	var right mat.Dense
	for {
		direction := make([]float64, r)
		unique := true
		if r == 1 {
			direction[0] = 1
		} else {
			for i, z := range zero {
				sub.SetRow(i, basis.RawRowView(z))
			}
			unique = svd.Factorize(sub, mat.SVDFullV)
			if unique {
				values := svd.Values(nil)
				unique = values[r-2] > 1e-6*values[0] // otherwise more than one vector vanishes there
				svd.VTo(&right)
				mat.Col(direction, r-1, &right)
			}
		}
		if unique {
			vector := make([]float64, n)
			mat.NewVecDense(n, vector).MulVec(basis, mat.NewVecDense(r, direction))
			if inv, key, ok := l.whole(vector); ok && !seen[key] {
				seen[key] = true
				found = append(found, inv)
			}
		}
		// the next set in lexicographic order
		i := r - 2
		for i >= 0 && zero[i] == n-(r-1)+i {
			i--
		}
		if i < 0 {
			break
		}
		zero[i]++
		for j := i + 1; j < r-1; j++ {
			zero[j] = zero[j-1] + 1
		}
	}
	best := roundoff
	if len(found) > 0 {
		best = max(best, slices.MinFunc(found, func(a, b Invariant) int { return cmp.Compare(a.Violation, b.Violation) }).Violation)
	}
	found = slices.DeleteFunc(found, func(v Invariant) bool { return v.Violation > sameAccuracy*best })
	slices.SortStableFunc(found, func(a, b Invariant) int {
		return cmp.Or(cmp.Compare(complexity(a), complexity(b)), slices.Compare(b.Weights, a.Weights))
	})
	return independent(found, r)
}

// complexity is the sum of the coefficients' moduli, and the number of negative ones breaks ties: A + B comes before A − B.
func complexity(v Invariant) float64 {
	sum, negative := 0.0, 0.0
	for _, w := range v.Weights {
		sum += math.Abs(w)
		if w < 0 {
			negative++
		}
	}
	return sum + negative/1000
}

// whole turns a scaled vector into whole coefficients; ok says that there are such, and that the data keep to them.
func (l *lawSearch) whole(vector []float64) (inv Invariant, key string, ok bool) {
	w := make([]float64, len(l.scale))
	largest := 0.0
	for _, x := range vector {
		largest = max(largest, math.Abs(x))
	}
	// A state is in the law if its part is larger than what the data resolve; where it is not much larger it may be roundoff. The
	// largest part is the best known.
	best := 0.0
	faint, rounded := make([]bool, len(w)), make([]float64, len(w))
	for j, x := range vector {
		i := l.free[j]
		if math.Abs(x) <= 10*l.level*largest {
			continue
		}
		w[i] = x / l.scale[i]
		faint[i] = math.Abs(x) <= max(1000*l.level, 10*l.turn)*largest
		if math.Abs(x) == largest {
			best = math.Abs(w[i])
		}
	}
	const accuracy = 3e-3
	for d := 1; d <= maxCoefficient; d++ {
		factor := float64(d) / best
		ok = true
		for i, x := range w {
			c := math.Round(x * factor)
			whole := math.Abs(x*factor-c) <= accuracy*max(1, math.Abs(c)) && math.Abs(c) <= maxCoefficient && (x == 0 || c != 0)
			ok = ok && (whole || faint[i])
			rounded[i] = 0
			if math.Abs(c) <= maxCoefficient { // whether a faint one is right will be seen from the data
				rounded[i] = c + 0 // no negative zero
			}
		}
		if !ok {
			continue
		}
		sum := 0.0
		for _, c := range rounded {
			sum += c
		}
		w := rounded
		first := slices.IndexFunc(w, func(x float64) bool { return x != 0 })
		if sum < 0 || sum == 0 && w[first] < 0 {
			for i := range w {
				w[i] = 0 - w[i]
			}
		}
		inv = Invariant{Weights: w, Violation: l.set.Violation(w).Relative}
		b := make([]byte, len(w))
		states := 0
		for i, x := range w {
			b[i] = byte(int(x) + 64)
			if x != 0 {
				states++
			}
		}
		return inv, string(b), states > 1 && inv.Violation <= 10*l.level
	}
	return inv, "", false
}

// independent keeps the vectors that are not combinations of those before, at most r.
func independent(all []Invariant, r int) []Invariant {
	var out []Invariant
	var rows [][]float64
	for _, v := range all {
		w := slices.Clone(v.Weights)
		for _, o := range rows {
			at := slices.IndexFunc(o, func(x float64) bool { return x != 0 })
			if c := w[at] / o[at]; c != 0 {
				for i := range w {
					if w[i] -= c * o[i]; math.Abs(w[i]) < 1e-9 {
						w[i] = 0
					}
				}
			}
		}
		if len(out) < r && slices.ContainsFunc(w, func(x float64) bool { return x != 0 }) {
			out, rows = append(out, v), append(rows, w)
		}
	}
	return out
}

// A Violation is where data depart most from Σ cᵢ yᵢ = const.
type Violation struct {
	// Amount is the largest |Σ cᵢ yᵢ − const|, Relative the same relative to the largest Σ |cᵢ yᵢ|.
	Amount, Relative float64
	// Trajectory and Row are where it is.
	Trajectory, Row int
}

// Violation measures how far the data depart from Σ wᵢ yᵢ = const, the constant being that of each trajectory's initial row. Rows in which a
// state of the law is missing do not count.
func (s *Set) Violation(w []float64) Violation { return s.violation(w, nil) }

// ViolationOf is Violation with a given constant.
func (s *Set) ViolationOf(w []float64, total float64) Violation { return s.violation(w, &total) }

func (s *Set) violation(w []float64, total *float64) Violation {
	k := len(s.States)
	var out Violation
	size := 0.0
	for i := range s.Trajectories {
		tr := &s.Trajectories[i]
		sum := func(r int) (v, size float64) {
			row := tr.Row(r, k)
			for j, c := range w {
				if c != 0 {
					v += c * row[j]
					size += math.Abs(c * row[j])
				}
			}
			return v, size
		}
		want, _ := sum(0)
		if total != nil {
			want = *total
		}
		for r := range tr.Times {
			v, sz := sum(r)
			if math.IsNaN(v - want) {
				continue
			}
			size = max(size, sz)
			if d := math.Abs(v - want); d > out.Amount {
				out.Amount, out.Trajectory, out.Row = d, i, r
			}
		}
	}
	if size > 0 {
		out.Relative = out.Amount / size
	}
	return out
}
