package problems

import (
	"slices"

	"github.com/stiffnode/stiffnode/ode"
)

// A Trial is a problem that a method is put through, and by what its answer is judged.
type Trial struct {
	*Problem
	// Saved are the times at which the solution is known and compared, the last one T1.
	Saved []float64
	// Hit are the times at which f jumps and that are declared to the solver.
	Hit []float64
	// Ends says that the solution ceases to exist before T1, so that whatever is returned as a success is wrong.
	Ends bool
	// Size holds max |y_i| over the interval.
	Size []float64
	// Amplification is κ, by how much the problem itself enlarges errors: the largest over t of Σ_j ‖W⁻¹ Φ(t, s_j) W‖∞, at least 1, with
	// W = diag(Size), Φ the solution of the variational equation and s_j the start and the points at which the solution has
	// travelled once more its own size, ∫ max_i |y_i'|/Size_i dt. 0 means that it is not known.
	Amplification float64
}

// savedTimes is the number of times at which a trial compares.
const savedTimes = 9

// newTrial compares at times spread over those that are suggested, or over those of the reference table.
func newTrial(p *Problem) *Trial {
	t := &Trial{Problem: p}
	var times []float64
	if p.Exact() {
		times = p.Times
	} else {
		for _, r := range p.Reference {
			times = append(times, r.T)
		}
	}
	times = slices.DeleteFunc(slices.Clone(times), func(x float64) bool { return x <= p.T0 || x >= p.T1 })
	for i := range savedTimes - 1 {
		if n := len(times); n > 0 {
			t.Saved = append(t.Saved, times[i*n/(savedTimes-1)])
		}
	}
	t.Saved = append(slices.Compact(t.Saved), p.T1)
	return t
}

// hitting declares jumps.
func (t *Trial) hitting(times ...float64) *Trial {
	t.Hit = times
	return t
}

// ending says that there is no solution up to T1.
func (t *Trial) ending() *Trial {
	t.Ends = true
	return t
}

// Trials lists the problems of the accuracy matrix: those of All, and others, whose fields have an exact Jacobian but no derivatives with respect to
// parameters.
func Trials() []*Trial {
	var out []*Trial
	for _, p := range All() {
		out = append(out, newTrial(p))
	}
	out = append(out, smoothTrials()...)
	out = append(out, spectrumTrials()...)
	out = append(out, jumpTrials()...)
	out = append(out, largeTrials()...)
	for _, t := range out {
		if a, ok := amplifications()[t.Name]; ok {
			t.Amplification, t.Size = a.kappa, a.size
		}
	}
	return out
}

// TrialByName finds a trial, ignoring case and punctuation. The error is an *UnknownError with the nearest name.
func TrialByName(name string) (*Trial, error) {
	var names []string
	for _, t := range Trials() {
		if plain(t.Name) == plain(name) {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return nil, &UnknownError{What: "trial", Name: name, Nearest: nearest(name, names), Known: names}
}

// plainField is a right-hand side with an exact Jacobian and no parameters; its functions keep nothing between calls.
type plainField struct {
	eval func(dst []float64, t float64, y []float64)
	// jacobian fills a matrix of zeros and, where it is not nil, ∂f/∂t, which is zero too
	jacobian func(jac *ode.Jacobian, dfdt []float64, t float64, y []float64)
}

// Eval implements ode.Field.
func (f *plainField) Eval(dst []float64, t float64, y []float64) error {
	f.eval(dst, t, y)
	return nil
}

// EvalJacobian implements ode.Field.
func (f *plainField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	f.eval(dst, t, y)
	jac.Zero()
	clear(dfdt)
	f.jacobian(jac, dfdt, t, y)
	return nil
}

// problem makes the problem for package ode.
func (f *plainField) problem(dim int) *ode.Problem {
	return &ode.Problem{Dim: dim, Names: numbered(dim), New: func() ode.Field { return f }}
}

// a scalar right-hand side with its derivatives with respect to y and t
func scalar(f, dfdy, dfdt func(t, y float64) float64) *ode.Problem {
	field := &plainField{
		eval: func(dst []float64, t float64, y []float64) { dst[0] = f(t, y[0]) },
		jacobian: func(jac *ode.Jacobian, dt []float64, t float64, y []float64) {
			jac.Set(0, 0, dfdy(t, y[0]))
			if dt != nil {
				dt[0] = dfdt(t, y[0])
			}
		},
	}
	return field.problem(1)
}

// known is a problem whose solution is known: over [0, t1] with the given ratio atol/rtol of all states.
func known(name, title, source string, ivp *ode.Problem, t1, atol float64, exact func(dst []float64, t float64)) *Problem {
	y0 := make([]float64, ivp.Dim)
	exact(y0, 0)
	return &Problem{
		Name: name, Title: title, Source: source, IVP: ivp, T0: 0, T1: t1, Y0: y0, Stiff: true,
		Times: linear(0, t1, 98), ATol: uniform(ivp.Dim, atol), Checks: []float64{t1},
		exact: func(dst []float64, t float64, _, _ []float64) { exact(dst, t) },
	}
}

// notStiff marks a problem that explicit methods are made for.
func notStiff(p *Problem) *Problem {
	p.Stiff = false
	return p
}
