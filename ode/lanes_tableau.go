package ode

// A laneTableau holds an explicit or a Rosenbrock method as a LaneSolver needs it: sums over the rows of a panel that holds y and then the
// stage vectors u_1 … u_s, which are h·k_i of an explicit and the u_i of a Rosenbrock method.
type laneTableau struct {
	stages   int
	implicit bool
	gamma    float64
	fsal     bool
	order    int       // of the error estimate plus one
	alpha    []float64 // times of the stages
	gammaI   []float64
	// arguments[i] holds the coefficients of stage i's argument over y, u_1 … u_i, and for an implicit method after them those of
	// γ Σ C_ij u_j.
	arguments [][]float64
	// result gives the new state unless it is the argument of the last stage.
	result []float64
	// errors holds rows over y, u_1 … u_s: the error estimate, and for an explicit method that can see stiffness the difference of the
	// last two h·k_i and that of the arguments of these stages.
	errors     []float64
	stiffLimit float64
	// polynomial is the stability polynomial of a method that can
	polynomial []float64
	// dense holds a row for each power θ, θ², … of the dense output over u_1 … u_s.
	dense  []float64
	degree int
	// stiffDense is that of a filterer
	stiffDense int
}

// stageSums appends a row of coefficients over y and the stages u_1 … u_n.
func stageSums(dst []float64, y float64, coefficients []float64, scale float64, n int) []float64 {
	dst = append(dst, y)
	for j := range n {
		v := 0.0
		if j < len(coefficients) {
			v = scale * coefficients[j]
		}
		dst = append(dst, v)
	}
	return dst
}

func explicitLanes(t *ExplicitTableau) *laneTableau {
	s := len(t.B)
	l := &laneTableau{stages: s, fsal: true, order: t.Info.Embedded + 1, alpha: t.C, arguments: make([][]float64, s), stiffLimit: t.StiffLimit}
	for i := 1; i < s; i++ {
		l.arguments[i] = stageSums(nil, 1, t.A[i], 1, i)
	}
	l.errors = stageSums(nil, 0, t.E, 1, s)
	if t.StiffLimit > 0 {
		slopes, places := make([]float64, s), make([]float64, s)
		slopes[s-1], slopes[s-2] = 1, -1
		copy(places, t.A[s-1])
		for j, a := range t.A[s-2] {
			places[j] -= a
		}
		l.errors = stageSums(l.errors, 0, slopes, 1, s)
		l.errors = stageSums(l.errors, 0, places, 1, s)
		l.polynomial = stabilityPolynomial(t)
	}
	l.setDense(t.D)
	return l
}

func rosenbrockLanes(t *RosenbrockTableau) *laneTableau {
	s := len(t.B)
	l := &laneTableau{
		stages: s, implicit: true, gamma: t.Gamma, fsal: t.FSAL, order: min(t.Info.Order, t.Info.Embedded) + 1,
		stiffDense: t.stiffDense(),
		alpha:      t.Alpha, gammaI: t.GammaI, arguments: make([][]float64, s),
	}
	for i := 1; i < s; i++ {
		l.arguments[i] = stageSums(nil, 1, t.A[i], 1, i)
		l.arguments[i] = stageSums(l.arguments[i], 0, t.C[i], t.Gamma, i)
	}
	l.result = stageSums(nil, 1, t.B, 1, s)
	l.errors = stageSums(nil, 0, t.E, 1, s)
	l.setDense(t.D)
	return l
}

func (l *laneTableau) setDense(d [][]float64) {
	l.degree = len(d[0])
	for p := range l.degree {
		for _, row := range d {
			l.dense = append(l.dense, row[p])
		}
	}
}
