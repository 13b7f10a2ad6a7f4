package ode

// A BDFFormula is one accepted step of a BDF on a Tape: a linear map of the history and one equation for the correction, which
// is all that an exact derivative of the recursion with frozen orders and steps needs.
//
// The history after a step consists of the Nordsieck array z_0, …, z_q (z_j = h^j y^(j)/j!, so that z_0 is the state) and of
// the correction d of that step. A step of order q from it computes, with M the mass matrix and t the end of the step
// (TapeStep.Time),
//
//	z'_i = Σ_{j≤5} Predict[i][j] z_j + Predict[i][6] d        for i = 0, …, q
//	e solves  M (z'_1/L[1] + e) = Gamma f(t, z'_0 + e)
//	z_i ← z'_i + L[i] e,  d ← e
//
// Rows of z above the order of the step that made them are zero. Its derivative solves (M − Gamma J) δe = Gamma (J δz'_0 + ∂f/∂p δp) − M δz'_1/L[1]
// with J at the new state z'_0 + e, which TapeStep keeps as its only stage vector. The recursion is recorded as if
// Newton's iteration had converged: the numerical solution differs from that by a small fraction of the tolerance.
//
// The dense output of the step is Σ_{j≤q} z_j (θ−1)^j with the z_j after the step and θ = (t−T)/H.
type BDFFormula struct {
	// Order is q.
	Order int
	// Restart says that the history before the step is z_0 = y, z_1 = H·S f(T, y), d = 0 (at the time TapeStep.Time(0)) rather than that of the step before: at the
	// start of a solve, after a discontinuity, and where the error test failed so often that the history was given up. S is what
	// NewMassInverse makes of the mass matrix.
	Restart bool
	// Predict is the map from the history before the step to the predicted Nordsieck array.
	Predict [maxBDFOrder + 1][maxBDFOrder + 2]float64
	// L are the coefficients of the correction polynomial.
	L [maxBDFOrder + 1]float64
	// Gamma is H/L[1].
	Gamma float64
}

// bdfChange is the map that changes of order since the latest accepted step make of the history (z, d).
type bdfChange struct {
	any bool
	m   [maxBDFOrder + 1][maxBDFOrder + 2]float64
}

// need makes the map the identity unless it holds changes already.
func (b *bdfChange) need() {
	if b.any {
		return
	}
	*b = bdfChange{any: true}
	for i := range b.m {
		b.m[i][i] = 1
	}
}

func (b *bdfChange) raise(q int, l *nordsieckPolynomial, multiple float64) {
	b.need()
	for j := 2; j <= q; j++ {
		b.m[j][maxBDFOrder+1] += l[j] * multiple
	}
	b.m[q+1] = [maxBDFOrder + 2]float64{maxBDFOrder + 1: multiple}
}

func (b *bdfChange) lower(q int, l *nordsieckPolynomial) {
	b.need()
	for j := 2; j < q; j++ {
		for k, v := range b.m[q] {
			b.m[j][k] -= l[j] * v
		}
	}
	b.m[q] = [maxBDFOrder + 2]float64{}
}

// formula fills f for a step whose size is r times that to which the history is scaled.
func (b *bdfChange) formula(f *BDFFormula, q int, r float64) {
	f.Predict = [maxBDFOrder + 1][maxBDFOrder + 2]float64{}
	power := 1.0
	binomial := [maxBDFOrder + 1]float64{1} // row j of Pascal's triangle
	for j := 0; j <= q; j++ {
		for i := 0; i <= j; i++ {
			c := binomial[i] * power
			if !b.any {
				f.Predict[i][j] = c
				continue
			}
			for k, v := range b.m[j] {
				f.Predict[i][k] += c * v
			}
		}
		for i := min(j+1, maxBDFOrder); i > 0; i-- {
			binomial[i] += binomial[i-1]
		}
		power *= r
	}
}

// bdfFormulaBytes is the size of a BDFFormula: order and flag, Predict, L and Gamma.
const bdfFormulaBytes = 8 * (2 + (maxBDFOrder+1)*(maxBDFOrder+2) + maxBDFOrder + 1 + 1)

// newBDFFormula returns a formula that lives as long as the tape's record.
func (tp *Tape) newBDFFormula() *BDFFormula {
	if tp.nbdf == len(tp.bdf) {
		// a block at a time, so that recording hardly allocates
		block := make([]BDFFormula, 64)
		for i := range block {
			tp.bdf = append(tp.bdf, &block[i])
		}
	}
	tp.nbdf++
	return tp.bdf[tp.nbdf-1]
}

// record keeps y_n, the formula, and the new state as the only stage vector. The Jacobian and factors of the iteration
// belong to earlier points and are never kept.
func (st *bdfStepper) record(tape *Tape, t, h float64) {
	f := tape.newBDFFormula()
	f.Order, f.Restart = st.q, st.restart
	f.L, f.Gamma = st.form.l, st.form.gamma
	r := h / st.hz
	if st.restart {
		f.Predict = [maxBDFOrder + 1][maxBDFOrder + 2]float64{}
		f.Predict[0][0], f.Predict[0][1], f.Predict[1][1] = 1, 1, 1
	} else {
		st.change.formula(f, st.q, r)
	}
	tape.begin(f, st.q, t, h, st.c.y)
	tape.stage(st.c.ynew)
}
